"""A shelf: one folder that holds backups and the pool of files they share; on this machine or mounted from another.

    SHELF/backups/20261130T183000Z/{store,keys,NAME,manifest}.sealed
    SHELF/pool/ab/abcd…          one sealed file a content, named by the hash of its plain bytes

A backup's folder gets its name when everything in it is on the disk, so that half a backup is never taken for one.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from domain.kernel.errors import UnavailableError
from domain.kernel.facts import from_microseconds
from sync.blobs import sync_directory
from sync.failpoints import reached
from sync.sealed_files import SealBrokenError, SealedWriter, open_sealed

PIECE = 1 << 20
FORM = 1
NAME = re.compile(r"\d{8}T\d{6}Z")
_UNFINISHED, _MANIFEST = ".part", "manifest"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Part(msgspec.Struct, frozen=True):
    """One sealed file of a backup: its plain bytes and their hash."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds and what its store must look like when it is put back.

    Attributes:
        form: Of the backup; a program puts back those it knows.
        made_at: Moment of the copy, microseconds since 1970 UTC.
        version: Of the program that made it.
        schema: Of the store.
        device_id: Whose backup it is: the installation.
        org: Its name.
        life: Of the log.
        position: End of the log.
        digest: Count and digest of every shared entity.
        rows: Count of every table.
        parts: Sealed files by name.
        files: Hash and size of every file of the centre.
    """

    form: int
    made_at: int
    version: str
    schema: str
    device_id: str
    org: str
    life: str
    position: int
    digest: dict[str, tuple[int, str]]
    rows: dict[str, int]
    parts: dict[str, Part]
    files: list[tuple[str, int]]

    @property
    def made(self) -> datetime:
        """The moment of the copy."""
        return from_microseconds(self.made_at)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell what the disk refuses in the product's words: ``backup.disk_full``, ``backup.place_failed``."""
    try:
        yield
    except SealBrokenError as error:
        raise UnavailableError("backup.damaged", what=str(error)) from error
    except OSError as error:
        code = "backup.disk_full" if error.errno in _FULL else "backup.place_failed"
        raise UnavailableError(code, reason=error.strerror or "", path=str(error.filename or "")) from error


class Shelf:
    """Backups under one folder, which is there already: a mount that is not mounted must not be written into.

    Raises:
        UnavailableError: ``backup.place_missing``.
    """

    def __init__(self, root: Path, key: bytes) -> None:
        if not root.is_dir():
            raise UnavailableError("backup.place_missing", path=str(root))
        self.root = root
        self._key = key

    def names(self) -> list[str]:
        """Return the backups that are whole, oldest first."""
        folder = self.root / "backups"
        with told():
            return (
                sorted(p.name for p in folder.iterdir() if NAME.fullmatch(p.name)) if folder.is_dir() else []
            )

    def newest(self) -> str | None:
        """Return the name of the newest backup."""
        return next(reversed(self.names()), None)

    def manifest(self, name: str) -> Manifest:
        """Return what a backup says of itself.

        Raises:
            UnavailableError: ``backup.unknown``, ``backup.damaged`` (another key too), ``backup.newer``.
        """
        path = self._backup(name) / f"{_MANIFEST}.sealed"
        if not NAME.fullmatch(name) or not path.is_file():
            raise UnavailableError("backup.unknown", name=name, path=str(self.root))
        with told(), open_sealed(path, self._key) as file:
            content = file.read()
        try:
            form = msgspec.json.decode(content, type=dict).get("form")
            if form != FORM:
                raise UnavailableError("backup.newer", found=form, known=FORM)
            return msgspec.json.decode(content, type=Manifest)
        except msgspec.MsgspecError as error:
            raise UnavailableError("backup.damaged", what=name) from error

    def begin(self, moment: datetime) -> "Unfinished":
        """Begin a backup; what a crash left of an earlier one is removed."""
        name = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        with told():
            self._sweep()
            folder = self._backup(name + _UNFINISHED)
            folder.mkdir(parents=True)
        return Unfinished(self, name, folder, self._key)

    def open_part(self, name: str, part: str) -> Iterator[bytes]:
        """Yield the plain bytes of a part; whoever reads them compares the hash."""
        return self._pieces(self._backup(name) / f"{part}.sealed")

    def open_file(self, sha256: str) -> Iterator[bytes]:
        """Yield the plain bytes of a file of the pool."""
        return self._pieces(self._pooled(sha256))

    def has(self, sha256: str) -> bool:
        """Tell whether the pool has a file."""
        return self._pooled(sha256).exists()

    def add(self, sha256: str, pieces: Iterable[bytes]) -> None:
        """Put a file into the pool, whole or not at all."""
        target = self._pooled(sha256)
        with told():
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(target.name + _UNFINISHED)
            _write_sealed(unfinished, self._key, pieces)  # whoever reads the pieces proves them
            unfinished.replace(target)
            sync_directory(target.parent)

    def seal_beside(self, name: str, content: bytes) -> None:
        """Keep something beside the backups, in the place of what had that name."""
        target = self.root / f"{name}.sealed"
        with told():
            unfinished = target.with_name(target.name + _UNFINISHED)
            _seal(unfinished, self._key, [content])
            unfinished.replace(target)
            sync_directory(self.root)

    def read_beside(self, name: str) -> bytes | None:
        """Return what is kept beside the backups, None if nothing is; UnavailableError ``backup.damaged``."""
        path = self.root / f"{name}.sealed"
        return b"".join(self._pieces(path)) if path.is_file() else None

    def copy_from(self, other: "Shelf") -> int:
        """Copy what another shelf has and this one lacks, sealed as it is; returns the bytes copied.

        A backup comes after the files it refers to, and its manifest last.
        """
        copied = 0
        for name in other.names():
            if self._backup(name).is_dir():
                continue
            for sha256, _ in other.manifest(name).files:
                if not self.has(sha256):
                    copied += self._take(other._pooled(sha256), self._pooled(sha256))
            with told():
                self._sweep()
                unfinished = self._backup(name + _UNFINISHED)
                unfinished.mkdir(parents=True)
                for path in sorted(other._backup(name).iterdir()):
                    copied += self._take(path, unfinished / path.name)
                reached("backup-before-copied")
                unfinished.replace(self._backup(name))
                sync_directory(self.root / "backups")
        return copied

    def forget(self, now: datetime, *, days: int, weeks: int) -> int:
        """Remove backups older than `days`, but for the newest of each of the last `weeks`; returns how many.

        The newest three stay whatever their age: a clock that jumped must not empty the shelf. Files that no
        backup refers to any more go too.
        """
        kept, seen = set(self.names()[-3:]), set()
        for name in reversed(self.names()):
            made = datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            week = made.isocalendar()[:2]
            young = now - made <= timedelta(days=days)
            if young or (week not in seen and now - made <= timedelta(weeks=weeks)):
                kept.add(name)
            seen.add(week)
        gone = [name for name in self.names() if name not in kept]
        # Read before anything is removed: one that cannot be read keeps all its files.
        needed = {sha256 for name in kept for sha256, _ in self.manifest(name).files} if gone else set()
        with told():
            for name in gone:
                shutil.rmtree(self._backup(name))
            if gone:
                for path in (self.root / "pool").glob("??/*"):
                    if path.name not in needed:
                        path.unlink(missing_ok=True)
        return len(gone)

    def free_bytes(self) -> int:
        """Return the room on its disk."""
        return shutil.disk_usage(self.root).free

    def _take(self, source: Path, target: Path) -> int:
        with told():
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(target.name + _UNFINISHED)
            with source.open("rb") as file, unfinished.open("wb") as copy:
                shutil.copyfileobj(file, copy, PIECE)
                copy.flush()
                os.fsync(copy.fileno())
            unfinished.replace(target)
            sync_directory(target.parent)
            return target.stat().st_size

    def _pieces(self, path: Path) -> Iterator[bytes]:
        if not path.is_file():
            raise UnavailableError("backup.damaged", what=path.name)
        with told(), open_sealed(path, self._key) as file:
            while piece := file.read(PIECE):
                yield piece

    def _sweep(self) -> None:
        for left in (self.root / "backups").glob(f"*{_UNFINISHED}"):
            shutil.rmtree(left)

    def _backup(self, name: str) -> Path:
        return self.root / "backups" / name

    def _pooled(self, sha256: str) -> Path:
        return self.root / "pool" / sha256[:2] / sha256


class Unfinished:
    """A backup being made."""

    def __init__(self, shelf: Shelf, name: str, folder: Path, key: bytes) -> None:
        self.name = name
        self._shelf = shelf
        self._folder = folder
        self._key = key
        self.parts: dict[str, Part] = {}

    def put(self, part: str, pieces: Iterable[bytes]) -> None:
        """Seal one part."""
        with told():
            self.parts[part] = _seal(self._folder / f"{part}.sealed", self._key, pieces)

    def finish(self, manifest: Manifest) -> None:
        """Write what the backup says of itself, and give it its name."""
        with told():
            _seal(self._folder / f"{_MANIFEST}.sealed", self._key, [msgspec.json.encode(manifest)])
            sync_directory(self._folder)
            reached("backup-before-named")
            self._folder.replace(self._folder.with_name(self.name))
            sync_directory(self._folder.parent)

    def give_up(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _seal(path: Path, key: bytes, pieces: Iterable[bytes]) -> Part:
    digest, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece

    _write_sealed(path, key, counted())
    return Part(size, digest.hexdigest())


def _write_sealed(path: Path, key: bytes, pieces: Iterable[bytes]) -> None:
    with SealedWriter(path, key) as writer:
        for piece in pieces:
            writer.write(piece)
        writer.finish()
