"""The files of a centre into the pool of a shelf, several at once: sealing takes a processor more than a disk."""

import concurrent.futures
import multiprocessing
import os
from collections.abc import Iterable, Iterator

from domain.kernel.errors import UnavailableError
from server.backups.shelf import Shelf
from sync.blobs import BlobStore
from sync.sealed_files import seal_by, seals_by_sm4

WORTH_IT = 512 << 20
"""Bytes from which processes of their own are worth their beginning."""
MOST = 4
AT_ONCE = 16
"""Small files that one process is given together."""
NICE = 4
"""People who are waited for go first."""

Sealed = tuple[str, int, str]
"""Hash, bytes, and the code of what was wrong with it (empty)."""


def seal_files(blobs: BlobStore, shelf: Shelf, wanted: list[tuple[str, int]]) -> Iterator[Sealed]:
    """Put files with their sizes into the pool and tell each that is there, or why it is not.

    Raises:
        UnavailableError: What is wrong with the place (``backup.disk_full``, …), not with a file.
    """
    if sum(size for _, size in wanted) < WORTH_IT or len(wanted) < 2:
        yield from _together(blobs, shelf, wanted)
        return
    groups = _groups(wanted)
    with _pool(blobs, len(groups)) as pool:
        running = [pool.submit(_together_list, blobs, shelf, group) for group in groups]
        try:
            for one in concurrent.futures.as_completed(running):
                yield from one.result()
        except BaseException:
            for one in running:
                one.cancel()
            raise


def _groups(wanted: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """Cut the work so that small files share their way and no process is left with all of the large ones."""
    groups: list[list[tuple[str, int]]] = []
    room = 0
    for sha256, size in sorted(wanted, key=lambda one: -one[1]):
        if not groups or room < size or len(groups[-1]) >= AT_ONCE:
            groups.append([])
            room = 32 << 20
        groups[-1].append((sha256, size))
        room -= size
    return groups


def _pool(blobs: BlobStore, groups: int) -> concurrent.futures.Executor:
    count = min(MOST, os.cpu_count() or 1, groups)
    if type(blobs) is not BlobStore:  # an object store: its network is waited for, and it does not travel
        return concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix="backup")
    context = multiprocessing.get_context("spawn")  # the threads of a server do not survive a fork
    return concurrent.futures.ProcessPoolExecutor(
        count, mp_context=context, initializer=_begin, initargs=(seals_by_sm4(),)
    )


def _begin(guomi: bool) -> None:
    os.nice(NICE)
    seal_by(guomi=guomi)


def _together_list(blobs: BlobStore, shelf: Shelf, group: Iterable[tuple[str, int]]) -> list[Sealed]:
    return list(_together(blobs, shelf, group))


def _together(blobs: BlobStore, shelf: Shelf, group: Iterable[tuple[str, int]]) -> Iterator[Sealed]:
    for sha256, size in group:
        try:
            shelf.add(sha256, blobs.read(sha256))
            yield sha256, size, ""
        except UnavailableError as error:
            if error.code not in {"blob.damaged", "blob.missing"}:
                raise
            yield sha256, size, error.code
