"""The bytes of unfinished uploads in one directory (POSIX; the centre's side only).

`<id>.data` holds the bytes, or where there is a key `<id>.sealed` (`sync.tus.sealed_storage`); `<id>.lock` is what
requests of any process lock while they check their fence and write, so that a taken-over request cannot slip a write
in afterwards.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ_BYTES = 1 << 20
ALIGNED_BYTES = 4096
LEAST_DIRECT = 64 << 10
NO_SPACE_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class UploadFile:
    """Lock and data file of one upload; belongs to one request."""

    def __init__(self, data: Path, lock: Path) -> None:
        self.path = data
        self._lock_fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._fd = self._direct_fd = -1

    def open_data(self) -> None:
        """Open the data, made when missing; its name is then durable. Only while `exclusive`."""
        missing = not self.path.exists()
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if missing:
            sync_directory(self.path.parent)
        with contextlib.suppress(OSError):  # a file system that cannot, e.g. an old tmpfs
            self._direct_fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_DIRECT", 0))

    def close(self) -> None:
        for fd in (self._fd, self._direct_fd, self._lock_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._direct_fd = self._lock_fd = -1

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other request for this upload out, in this and in other processes. Not re-entrant."""
        fcntl.flock(self._lock_fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_fd, fcntl.LOCK_UN)

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def write_at(self, offset: int, data: memoryview) -> int:
        """Write what the disk takes and return the count; raises OSError only when nothing was written.

        Args:
            offset: Where in the file.
            data: Bytes whose address is as far from a page as `offset` is (see `Blocks`): whole pages then go past
                the page cache.
        """
        until_page = -offset % ALIGNED_BYTES
        pages = (len(data) - until_page) // ALIGNED_BYTES * ALIGNED_BYTES
        if self._direct_fd < 0 or pages < LEAST_DIRECT:
            return os.pwrite(self._fd, data, offset)
        if until_page:
            return os.pwrite(self._fd, data[:until_page], offset)
        try:
            return os.pwrite(self._direct_fd, data[:pages], offset)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            os.close(self._direct_fd)  # a disk with larger sectors
            self._direct_fd = -1
            return os.pwrite(self._fd, data, offset)

    @property
    def holds(self) -> bool:
        """Tell whether bytes are in the memory of this object alone, until `flush`."""
        return False

    def flush(self) -> None:
        """Let everybody who opens the file find what was written; only while `exclusive`."""

    def sync(self, *, whole: bool = False) -> None:
        """Bring what was written to the disk; it is `whole` if nothing more will come."""
        os.fdatasync(self._fd)

    def finish(self) -> None:
        """Make the file what its receiver gets; everything is here."""

    def truncate(self, length: int) -> None:
        os.ftruncate(self._fd, length)
        os.fsync(self._fd)

    def sha256(self, length: int) -> str:
        """Hash the first `length` bytes as they are on the disk."""
        digest, position = hashlib.sha256(), 0
        while position < length:
            block = os.pread(self._fd, min(READ_BYTES, length - position), position)
            if not block:
                break
            digest.update(block)
            position += len(block)
        return digest.hexdigest()


def sync_directory(folder: Path) -> None:
    """Make names made or renamed in `folder` survive a power cut."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
