"""Putting a backup back: into an empty home for good, or into a scratch folder to see that it would go."""

import base64
import contextlib
import dataclasses
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import select

from domain import features
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.store import Store
from domain.version import VERSION
from server.backups.copying import copy_in, row_counts
from server.backups.erasures import leave_due
from server.backups.making import KEYS, STORAGE_KEY, STORE, proven, whole_digest
from server.backups.shelf import Manifest, Part, Shelf, told
from server.identity import write_new
from sync.blobs import BlobStore, sync_directory
from sync.digest import differing
from sync.failpoints import reached
from sync.local_tables import installation
from sync.schema import current_version, known_versions, prepare_store
from sync.sealed_files import derived_key
from sync.stores import open_embedded_store, open_mysql_store

OLD = timedelta(hours=48)
"""A newest backup older than this is put back only by whoever says so: perhaps the newer ones lie elsewhere."""
_STORE_FILE, _KEY_FILE, _WORK = "centre.db", "centre.key", "restore-work"
Told = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True, slots=True)
class PutBack:
    """What was put back, proven to be what was copied."""

    name: str
    made: datetime
    org: str
    position: int
    rows: int
    files: int


def chosen(shelf: Shelf, name: str | None, now: datetime, *, accept_old: bool = False) -> str:
    """Return the backup to put back: the one named, or the newest.

    Raises:
        DomainError: ``backup.old``: the newest is older than two days and nobody said that this is known.
        UnavailableError: ``backup.none``, ``backup.unknown``, ``backup.damaged``.
    """
    found = name or shelf.newest()
    if found is None:
        raise UnavailableError("backup.none", path=str(shelf.root))
    made = shelf.manifest(found).made
    if name is None and not accept_old and now - made > OLD:
        raise DomainError("backup.old", field="name", name=found, days=(now - made).days)
    return found


def restore(
    shelf: Shelf,
    name: str,
    home: Path,
    *,
    store_url: str = "",
    blobs_of: Callable[[Path], BlobStore],
    tell: Told,
) -> PutBack:
    """Put a backup back into an empty home (and an empty MariaDB database, if the centre is to run on one).

    The database file gets its name last: a home that was cut off half-way is no centre, and the same command begins
    again.

    Raises:
        DomainError: ``backup.home_not_empty``, ``backup.database_not_empty``.
        UnavailableError: ``backup.damaged``, ``backup.newer``, ``backup.no_room``, ``backup.differs``, …
    """
    manifest = shelf.manifest(name)
    _refuse(manifest, home, store_url)
    home.mkdir(parents=True, exist_ok=True)
    _check_room(manifest, home)
    scratch = home / _WORK
    with told():
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
    _unpack(shelf, name, manifest, scratch)
    key = _store_key(scratch)
    rows = _prove(scratch / _STORE_FILE, key, manifest)
    _place_keys(scratch, home)
    leave_due(shelf, home)
    _place_files(shelf, manifest, blobs_of(home), tell)
    if store_url:
        _into_database(scratch / _STORE_FILE, key, store_url, manifest)
    with told():
        for part in manifest.parts:
            if part not in {STORE, KEYS}:
                (scratch / part).replace(home / part)
        reached("restore-before-named")
        if not store_url:
            (scratch / _STORE_FILE).replace(home / _STORE_FILE)
        sync_directory(home)
        shutil.rmtree(scratch)
    return PutBack(name, manifest.made, manifest.org, manifest.position, rows, len(manifest.files))


def rehearse(shelf: Shelf, name: str, folder: Path) -> PutBack:
    """Put a backup back into a scratch folder, prove every byte of it, and remove it again; raises as `restore`."""
    manifest = shelf.manifest(name)
    with told():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
    try:
        _check_room(manifest, folder, files=False)
        _unpack(shelf, name, manifest, folder)
        rows = _prove(folder / _STORE_FILE, _store_key(folder), manifest)
        for sha256, size in manifest.files:
            _prove_file(shelf, sha256, size)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return PutBack(name, manifest.made, manifest.org, manifest.position, rows, len(manifest.files))


def _refuse(manifest: Manifest, home: Path, store_url: str) -> None:
    if manifest.schema not in known_versions():
        raise UnavailableError("backup.newer_program", found=manifest.version, known=VERSION)
    lived_in = (home / _KEY_FILE).exists() and not (home / _WORK).exists()
    if (home / _STORE_FILE).exists() or lived_in:
        raise DomainError("backup.home_not_empty", field="home", path=str(home))
    if store_url:
        with contextlib.closing(open_mysql_store(store_url)) as store, store.read() as connection:
            if current_version(connection) and connection.execute(select(installation.c.id)).first():
                raise DomainError("backup.database_not_empty", field="store")


def _check_room(manifest: Manifest, folder: Path, *, files: bool = True) -> None:
    needed = sum(part.bytes for part in manifest.parts.values()) * 2
    needed += sum(size for _, size in manifest.files) if files else 0
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UnavailableError("backup.no_room", path=str(folder), free=free >> 20, needed=(needed >> 20) + 1)


def _unpack(shelf: Shelf, name: str, manifest: Manifest, folder: Path) -> None:
    for part, said in manifest.parts.items():
        target = folder / (_STORE_FILE if part == STORE else part)
        with told(), target.open("xb") as file:
            target.chmod(0o600)
            for piece in proven(shelf.open_part(name, part), said, f"{name}/{part}"):
                file.write(piece)


def _prove(copy: Path, key: bytes, manifest: Manifest) -> int:
    """Open the store and compare it with what it was; returns its rows."""
    with contextlib.closing(open_embedded_store(copy, key)) as store:
        found = _compare(store, manifest)
    for left in copy.parent.glob(f"{copy.name}-*"):
        left.unlink()
    return found


def _compare(store: Store, manifest: Manifest) -> int:
    features.load("records")  # a command for restoring has no other use for most of them
    with store.read() as connection:
        rows = row_counts(connection)
        digest = (
            whole_digest(connection) if current_version(connection) == manifest.schema else manifest.digest
        )
    wrong = differing(digest, manifest.digest) or sorted(
        name for name, count in manifest.rows.items() if rows.get(name, 0) != count
    )
    if wrong:
        raise UnavailableError("backup.differs", what="、".join(wrong[:5]), count=len(wrong))
    return sum(rows.values())


def _kept_keys(scratch: Path) -> dict[str, bytes]:
    kept = msgspec.json.decode((scratch / KEYS).read_bytes(), type=dict[str, str])
    return {name: base64.b64decode(content) for name, content in kept.items()}


def _store_key(scratch: Path) -> bytes:
    return derived_key(_kept_keys(scratch)[STORAGE_KEY], STORE)


def _place_keys(scratch: Path, home: Path) -> None:
    for name, content in _kept_keys(scratch).items():
        path = (home / name).resolve()
        if not path.is_relative_to(home.resolve()):
            raise UnavailableError("backup.damaged", what=name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write_new(path, content)


def _place_files(shelf: Shelf, manifest: Manifest, blobs: BlobStore, tell: Told) -> None:
    for done, (sha256, _) in enumerate(manifest.files, 1):
        if not blobs.has(sha256):
            blobs.put(shelf.open_file(sha256), sha256)
        tell(done, len(manifest.files))


def _prove_file(shelf: Shelf, sha256: str, size: int) -> None:
    for _ in proven(shelf.open_file(sha256), Part(size, sha256), sha256):
        pass


def _into_database(copy: Path, key: bytes, url: str, manifest: Manifest) -> None:
    with contextlib.closing(open_mysql_store(url)) as store:
        prepare_store(store)
        copy_in(copy, key, store)
        _compare(store, manifest)
