"""Memory in which bodies wait for the disk, and the threads that write it: what receiving and writing share.

A buffer lies in memory as its block lies in the file (its start is a multiple of `BLOCK_BYTES`), so that it can go
to the disk without a copy into the page cache (O_DIRECT), which costs more than everything else the centre does.
Where the system has large pages it is one of them: the disk takes that three times as fast as 512 small ones.
"""

import contextlib
import mmap
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

BLOCK_BYTES = 2 << 20
_KEPT = 16
_WRITERS = 8


class Blocks:
    """Buffers of one block, used again because fresh memory costs a page fault every 4 KiB; one a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[mmap.mmap] = []
        self._writers = ThreadPoolExecutor(_WRITERS, "upload-disk")

    def borrow(self) -> mmap.mmap:
        """Return a buffer of `BLOCK_BYTES`, aligned to a page."""
        with self._lock:
            return self._free.pop() if self._free else new_block()

    def give_back(self, buffer: mmap.mmap) -> None:
        """Take a buffer that nobody reads or writes any more."""
        with self._lock:
            if len(self._free) < _KEPT:
                self._free.append(buffer)

    def write(self, job: Callable[[], None]) -> "Future[None]":
        """Do `job` in a thread of the disk's."""
        return self._writers.submit(job)


def new_block() -> mmap.mmap:
    """Return fresh memory of one block."""
    buffer = mmap.mmap(-1, BLOCK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(AttributeError, OSError):  # not Linux, or a kernel without large pages
        buffer.madvise(mmap.MADV_HUGEPAGE)
    return buffer
