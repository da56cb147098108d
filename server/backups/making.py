"""Making a backup: the store as of one moment, keys and queues, and what is new among the files."""

import base64
import contextlib
import dataclasses
import hashlib
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from domain import features
from domain.kernel.change_log import log_head
from domain.kernel.errors import UnavailableError
from domain.kernel.facts import to_microseconds
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from domain.people.records import Organization
from domain.version import VERSION
from server.backups.copying import copy_out, row_counts
from server.backups.sealing import Sealed, seal_files
from server.backups.shelf import FORM, PIECE, Manifest, Part, Shelf, Unfinished, told
from server.storage_key import QUEUES, queue_key_of
from sync.blobs import BlobStore
from sync.digest import Digest, store_digest
from sync.lives import life_of
from sync.local_tables import installation
from sync.schema import HEAD
from sync.sealed_files import derived_key
from sync.store_sealing import lies_in_the_clear
from sync.stores import open_embedded_store
from sync.tus.durable import connected

STORE, KEYS = "store", "keys"
STORAGE_KEY = "storage.key"
KEY_FILES = ("centre.key", "consent.key", "storage.check", "channels.toml", "tls/*")
"""Beside the database and needed with it; what is elsewhere (a key lent by the service manager) is the operator's."""
SPARE = 64 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """A backup that lies on its shelf."""

    name: str
    bytes: int
    new_files: int
    files: int
    position: int
    seconds: float
    damaged: tuple[str, ...] = ()
    """Files of the centre that are not what they were: the backup is whole but for them."""


def make_backup(
    *, store: Store, blobs: BlobStore, data_dir: Path, shelf: Shelf, moment: datetime, storage_key: bytes
) -> Made:
    """Make one backup of a running centre; nobody waits for it.

    `storage_key` is the raw key that files and embedded stores are sealed under (`server.storage_key`).

    Raises:
        UnavailableError: ``backup.no_room`` before anything is written; ``backup.disk_full``, ``backup.place_failed``
            or ``store.*`` later: then nothing of this backup is left, and the earlier ones are whole.
    """
    began = time.monotonic()
    with _work_folder(data_dir) as work:
        copy = work / "store.db"
        with told():
            copy_out(store, copy, derived_key(storage_key, STORE))
        _check_room(shelf, copy.stat().st_size)
        facts = _facts(copy, derived_key(storage_key, STORE))
        unfinished = shelf.begin(moment)
        try:
            unfinished.put(STORE, _read(copy))
            unfinished.put(KEYS, [_keys(data_dir, storage_key)])
            _put_queues(data_dir, work, unfinished, queue_key_of(storage_key))
            files, new, damaged = _put_files(blobs, shelf)
            manifest = dataclasses.replace(
                facts, made_at=to_microseconds(moment), parts=unfinished.parts, files=files
            ).manifest()
            unfinished.finish(manifest)
        except BaseException:
            unfinished.give_up()
            raise
    size = sum(part.bytes for part in unfinished.parts.values()) + new[1]
    return Made(unfinished.name, size, new[0], len(files), facts.position, time.monotonic() - began, damaged)


@dataclasses.dataclass(frozen=True, slots=True)
class _Facts:
    device_id: str
    org: str
    life: str
    position: int
    digest: Digest
    rows: dict[str, int]
    made_at: int = 0
    parts: dict[str, Part] = dataclasses.field(default_factory=dict)
    files: list[tuple[str, int]] = dataclasses.field(default_factory=list)

    def manifest(self) -> Manifest:
        said = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return Manifest(form=FORM, version=VERSION, schema=HEAD, **said)


def whole_digest(connection: Connection) -> Digest:
    """Return the digest of all organisations and the catalogue."""
    orgs = connection.execute(select(Organization.id)).scalars().all()
    return store_digest(connection, [*orgs, CATALOGUE_SCOPE])


def _facts(copy: Path, key: bytes) -> _Facts:
    """Look into the copy, not the store: it says what will be put back."""
    features.load("records")  # what is counted is what is declared, whoever makes the backup
    store = open_embedded_store(copy, key)
    try:
        with store.read() as connection:
            own = connection.execute(select(installation)).one()
            org = connection.execute(select(Organization.name).where(Organization.id == own.org_id)).scalar()
            position = connection.execute(select(log_head.c.position)).scalar() or 0
            return _Facts(
                str(own.device_id), org or "", life_of(connection), position, whole_digest(connection),
                row_counts(connection),
            )  # fmt: skip
    finally:
        store.close()


@contextlib.contextmanager
def _work_folder(data_dir: Path) -> Iterator[Path]:
    work = data_dir / "backup-work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_room(shelf: Shelf, store_bytes: int) -> None:
    free, needed = shelf.free_bytes(), store_bytes + SPARE
    if free < needed:
        raise UnavailableError("backup.no_room", path=str(shelf.root), free=free >> 20, needed=needed >> 20)


def _keys(data_dir: Path, storage_key: bytes) -> bytes:
    found = {
        path.relative_to(data_dir).as_posix(): base64.b64encode(path.read_bytes()).decode()
        for pattern in KEY_FILES
        for path in sorted(data_dir.glob(pattern))
        if path.is_file()
    }
    found[STORAGE_KEY] = base64.b64encode(storage_key).decode()  # wherever it lies
    return msgspec.json.encode(found)


def _put_queues(data_dir: Path, work: Path, unfinished: Unfinished, key: bytes) -> None:
    for name in QUEUES:
        if not (data_dir / name).is_file():
            continue
        source_path, copy = data_dir / name, work / name
        kept = None if lies_in_the_clear(source_path) else key
        with (
            contextlib.closing(connected(source_path, kept)) as source,
            contextlib.closing(connected(copy, kept)) as sink,
        ):
            source.backup(sink)
        unfinished.put(name, _read(copy))


def _put_files(
    blobs: BlobStore, shelf: Shelf
) -> tuple[list[tuple[str, int]], tuple[int, int], tuple[str, ...]]:
    """Return every file with its size, how many were new and their bytes, and which are damaged."""
    files: list[tuple[str, int]] = []
    wanted: list[tuple[str, int]] = []
    damaged: list[str] = []
    for sha256 in blobs.names():
        try:
            (files if shelf.has(sha256) else wanted).append((sha256, blobs.size(sha256)))
        except UnavailableError as error:
            if error.code == "blob.damaged":
                damaged.append(sha256)
            elif error.code != "blob.missing":  # one forgotten meanwhile is missed by nobody
                raise
    new = [(sha256, size) for sha256, size, wrong in _sealed(blobs, shelf, wanted, damaged) if not wrong]
    return sorted(files + new), (len(new), sum(size for _, size in new)), tuple(sorted(damaged))


def _sealed(
    blobs: BlobStore, shelf: Shelf, wanted: list[tuple[str, int]], damaged: list[str]
) -> Iterator[Sealed]:
    for one in seal_files(blobs, shelf, wanted):
        if one[2] == "blob.damaged":
            damaged.append(one[0])
        yield one


def _read(path: Path) -> Iterator[bytes]:
    with told(), path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def proven(pieces: Iterator[bytes], part: Part, what: str) -> Iterator[bytes]:
    """Yield the pieces of a part; UnavailableError ``backup.damaged`` after the last if they are not what was put."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        yield piece
    if (size, digest.hexdigest()) != (part.bytes, part.sha256):
        raise UnavailableError("backup.damaged", what=what)
