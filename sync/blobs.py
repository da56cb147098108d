"""Content-addressed files in a directory: the name of a blob is the SHA-256 of its bytes.

A blob appears whole or not at all (temporary file, fsync, rename, fsync of the directory), on Linux and Windows.
Reading proves the content, so a flipped bit on the disk is an error and never a wrong picture.
"""

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.kernel.errors import DomainError, UnavailableError
from sync.failpoints import reached

PIECE_BYTES = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class BlobStore:
    """Blobs under one directory; threads and processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"
        self._temporary.mkdir(parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        """The directory."""
        return self._root

    def put(self, pieces: Iterable[bytes], expected: str | None = None) -> str:
        """Store the joined `pieces` and return their SHA-256; storing what is there already changes nothing.

        Raises:
            DomainError: blob.hash_mismatch, the content is not `expected`; nothing is stored.
            UnavailableError: blob.disk_full or blob.storage_failed; nothing is stored.
        """
        temporary = self._temporary / uuid.uuid4().hex
        digest = hashlib.sha256()
        with self._translated():
            try:
                with temporary.open("xb") as file:
                    for piece in pieces:
                        file.write(piece)
                        digest.update(piece)
                    file.flush()
                    os.fsync(file.fileno())
                name = digest.hexdigest()
                if expected is not None and name != expected:
                    raise DomainError("blob.hash_mismatch", expected=expected, found=name)
                self._move_in(temporary, name)
            finally:
                temporary.unlink(missing_ok=True)
        return name

    def adopt(self, path: Path, sha256: str) -> None:
        """Move in a file whose content is known to have this hash and to be on the disk; it heals a damaged blob.

        A file that is gone is accepted if the blob is there: so the receiver of finished uploads may be called
        again after a crash.

        Raises:
            UnavailableError: blob.missing, neither file nor blob is there; else as `put`.
        """
        if not path.exists():
            self.size(sha256)
        elif path.stat().st_dev == self._root.stat().st_dev:
            with self._translated():
                self._move_in(path, sha256)
        else:
            self.put(_pieces(path), sha256)
            path.unlink(missing_ok=True)

    def has(self, sha256: str) -> bool:
        return self._path(sha256).exists()

    def size(self, sha256: str) -> int:
        """Return the bytes of a blob; UnavailableError blob.missing."""
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError as error:
            raise UnavailableError("blob.missing", sha256=sha256) from error

    def get(self, sha256: str) -> bytes:
        """Return the whole, proven content; raises as `read`."""
        return b"".join(self.read(sha256))

    def read(self, sha256: str) -> Iterator[bytes]:
        """Yield the content in pieces; use none of them before the last has come.

        Raises:
            UnavailableError: blob.missing, or blob.damaged after the last piece.
        """
        digest = hashlib.sha256()
        try:
            for piece in _pieces(self._path(sha256)):
                digest.update(piece)
                yield piece
        except FileNotFoundError as error:
            raise UnavailableError("blob.missing", sha256=sha256) from error
        except OSError as error:  # the disk cannot read a sector
            raise UnavailableError("blob.damaged", sha256=sha256) from error
        if digest.hexdigest() != sha256:
            raise UnavailableError("blob.damaged", sha256=sha256)

    def verify(self, sha256: str) -> None:
        """Read the blob through; raises as `read`."""
        for _ in self.read(sha256):
            pass

    def path(self, sha256: str) -> Path:
        """Return the file of a blob, for streaming it to others who check the hash themselves."""
        return self._path(sha256)

    def names(self) -> Iterator[str]:
        """Yield the hash of every blob, in no order."""
        for folder in self._root.iterdir():
            if folder != self._temporary:
                yield from (path.name for path in folder.iterdir())

    def remove(self, sha256: str) -> None:
        """Delete a blob nobody refers to any more; a missing one is no error."""
        self._path(sha256).unlink(missing_ok=True)

    def sweep(self, older_than: float) -> int:
        """Delete what crashed writers left before `older_than` (seconds since 1970); return how many."""
        stale = [path for path in self._temporary.iterdir() if path.stat().st_mtime < older_than]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._root).free

    def _path(self, sha256: str) -> Path:
        if not _NAME.fullmatch(sha256):
            raise DomainError("blob.bad_name", sha256=sha256[:80])
        return self._root / sha256[:2] / sha256

    def _move_in(self, source: Path, sha256: str) -> None:
        target = self._path(sha256)
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            sync_directory(self._root)
        reached("blob-before-rename")
        source.replace(target)
        reached("blob-renamed")
        sync_directory(target.parent)
        reached("blob-adopted")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            code = "blob.disk_full" if error.errno in _FULL else "blob.storage_failed"
            raise UnavailableError(code, reason=error.strerror or "") from error


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def sync_directory(folder: Path) -> None:
    """Bring the names of a folder to the disk."""
    if os.name == "nt":
        return  # Windows has no fsync of directories; NTFS journals names
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
