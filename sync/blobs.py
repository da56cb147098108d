"""Content-addressed files in a directory: the name of a blob is the SHA-256 of its bytes.

A blob appears whole or not at all (temporary file, fsync, rename, fsync of the directory), on Linux and Windows.
Reading proves the content, so a flipped bit on the disk is an error and never a wrong picture.

With a key the files lie sealed (`sync.sealed_files`); a blob's name stays the hash of its plain bytes. What an
older program left in the clear is read as it is until `seal_plain` has sealed it.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from domain.kernel.errors import DomainError, UnavailableError
from sync.failpoints import reached
from sync.sealed_files import SealedWriter, is_sealed, open_sealed, plain_size

PIECE_BYTES = 1 << 20
LITTLE_ROOM = "blob.little_room"
_NAME = re.compile(r"[0-9a-f]{64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class BlobStore:
    """Blobs under one directory; threads and processes may share it.

    Args:
        root: The directory.
        key: 32 bytes that seal what is stored; None leaves it in the clear.
        spare_bytes: Room on the disk that new files have to leave to records; see `check_room`.
    """

    def __init__(self, root: Path, key: bytes | None = None, spare_bytes: int = 0) -> None:
        self._root = root
        self._spare_bytes = spare_bytes
        self._key = key
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
                with self._writing(temporary) as write:
                    for piece in pieces:
                        write(piece)
                        digest.update(piece)
                name = digest.hexdigest()
                if expected is not None and name != expected:
                    raise DomainError("blob.hash_mismatch", expected=expected, found=name)
                self._move_in(temporary, name)
            finally:
                temporary.unlink(missing_ok=True)
        return name

    def adopt(self, path: Path, sha256: str, *, sealed: bool = False) -> None:
        """Move in a file whose content is known to have this hash and to be on the disk; it heals a damaged blob.

        It is `sealed` already if it was written under our key; else it is sealed now.

        A file that is gone is accepted if the blob is there: so the receiver of finished uploads may be called
        again after a crash.

        Raises:
            UnavailableError: blob.missing, neither file nor blob is there; else as `put`.
        """
        if not path.exists():
            self.size(sha256)
        elif sealed == (self._key is not None) and path.stat().st_dev == self._root.stat().st_dev:
            with self._translated():
                self._move_in(path, sha256)
        else:
            self.put(_pieces(path, self._key if sealed else None), sha256)
            path.unlink(missing_ok=True)

    def landing(self, folder: Path, sha256: str) -> "Landing":
        """Return where a file that is fetched in pieces lies until it is whole."""
        return Landing(folder / f"{self._path(sha256).name}.part", self._key)

    def land(self, landing: "Landing", sha256: str) -> None:
        """Take in what came to a landing; nothing is left of it.

        Raises:
            UnavailableError, DomainError: As `put`.
        """
        try:
            with self._translated():
                self.put(landing.pieces(), sha256)
        finally:
            landing.path.unlink(missing_ok=True)

    def has(self, sha256: str) -> bool:
        return self._path(sha256).exists()

    def size(self, sha256: str) -> int:
        """Return the bytes of a blob; UnavailableError blob.missing."""
        path = self._path(sha256)
        try:
            size = path.stat().st_size
            return plain_size(size) if self._key and is_sealed(path) else size
        except FileNotFoundError as error:
            raise UnavailableError("blob.missing", sha256=sha256) from error

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob for reading at any place; each sealed chunk is proven before a byte of it is given.

        Raises:
            UnavailableError: ``blob.missing``, ``blob.damaged``. A read may raise OSError for what is damaged behind.
        """
        path = self._path(sha256)
        try:
            return open_sealed(path, self._key, or_plain=True) if self._key else path.open("rb")
        except FileNotFoundError as error:
            raise UnavailableError("blob.missing", sha256=sha256) from error
        except OSError as error:
            raise UnavailableError("blob.damaged", sha256=sha256) from error

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
            with self.open(sha256) as file:
                while piece := file.read(PIECE_BYTES):
                    digest.update(piece)
                    yield piece
        except OSError as error:  # the disk cannot read a sector, or it is not what was sealed
            raise UnavailableError("blob.damaged", sha256=sha256) from error
        if digest.hexdigest() != sha256:
            raise UnavailableError("blob.damaged", sha256=sha256)

    def verify(self, sha256: str) -> None:
        """Read the blob through; raises as `read`."""
        for _ in self.read(sha256):
            pass

    def path(self, sha256: str) -> Path:
        """Return the file of a blob as it lies on the disk; `open` reads what it holds."""
        return self._path(sha256)

    def seal_plain(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Seal what lies in the clear from before there was a key; returns how many. Others may read meanwhile.

        What is damaged is left as it is: whoever opens it is told. `stopped` is asked before each file.
        """
        if self._key is None:
            return 0
        sealed = 0
        for name in list(self.names()):
            if stopped():
                break
            with contextlib.suppress(UnavailableError, DomainError, FileNotFoundError):
                if not is_sealed(self._path(name)):
                    self.put(self.read(name), name)
                    sealed += 1
        return sealed

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

    def check_room(self, size: int) -> None:
        """Refuse a file of `size` bytes that people or the centre would bring, where records need the room.

        Small files that belong to a record (a signature, an issued report) are put without asking.

        Raises:
            UnavailableError: ``blob.little_room`` with MB that are free and that have to stay free.
        """
        free = self.free_bytes()
        if free - size < self._spare_bytes:
            raise UnavailableError(LITTLE_ROOM, free=free >> 20, least=self._spare_bytes >> 20)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._root).free

    def _path(self, sha256: str) -> Path:
        if not _NAME.fullmatch(sha256):
            raise DomainError("blob.bad_name", sha256=sha256[:80])
        return self._root / sha256[:2] / sha256

    @contextmanager
    def _writing(self, path: Path) -> Iterator[Callable[[bytes], object]]:
        """Write a new file, sealed if there is a key; at the end it is on the disk."""
        if self._key is not None:
            with SealedWriter(path, self._key) as sealed:
                yield sealed.write
                sealed.finish()
            return
        with path.open("xb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())

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


class BlobSource:
    """A blob as an upload reads it (`sync.tus.source.Source`); opened for each read, never kept open."""

    def __init__(self, blobs: BlobStore, sha256: str) -> None:
        """Take a blob. Raises as `read_into`."""
        self._blobs = blobs
        self.sha256 = sha256
        with self._readable():
            self.size = blobs.size(sha256)

    def read_into(self, offset: int, buffer: memoryview) -> None:
        with self._readable(), self._blobs.open(self.sha256) as file:
            file.seek(offset)
            while buffer and (count := file.readinto(buffer)):  # type: ignore[attr-defined]  # files have it
                buffer = buffer[count:]
        if buffer:
            raise DomainError("transfer.source_changed", name=self.sha256)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except UnavailableError as error:
            if error.code != "blob.missing":
                raise
            raise UnavailableError("transfer.source_unreadable", name=self.sha256, reason="") from error
        except OSError as error:
            reason = error.strerror or ""
            raise UnavailableError("transfer.source_unreadable", name=self.sha256, reason=reason) from error


class Landing:
    """A file that comes in pieces, over restarts: sealed like the blobs it will be one of.

    Of a sealed one whole chunks are kept; what is fetched again after a break is less than two.
    """

    def __init__(self, path: Path, key: bytes | None) -> None:
        self.path = path
        self._key = key
        self._sealed: SealedWriter | None = None
        self._plain: BinaryIO | None = None

    def open(self) -> int:
        """Open it and return how many bytes are kept."""
        if self._key is not None:
            self._sealed = SealedWriter(self.path, self._key, resume=True)
            return self._sealed.size
        self._plain = self.path.open("ab")
        return self._plain.tell()

    def restart(self) -> None:
        """Forget what is kept."""
        if self._sealed is not None and self._key is not None:
            self._sealed.restart(self._key)
        elif self._plain is not None:
            self._plain.truncate(0)

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._sealed is not None:
            self._sealed.write(data)
        elif self._plain is not None:
            self._plain.write(data)

    def close(self, *, whole: bool) -> None:
        """Close it; a whole one can be read."""
        if self._sealed is not None:
            if whole:
                self._sealed.finish()
            self._sealed.close()
        if self._plain is not None:
            self._plain.close()
        self._sealed = self._plain = None

    def pieces(self) -> Iterator[bytes]:
        """Yield what came."""
        return _pieces(self.path, self._key)


def _pieces(path: Path, key: bytes | None) -> Iterator[bytes]:
    with open_sealed(path, key) if key else path.open("rb") as file:
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
