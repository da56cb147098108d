"""Making snapshots at the centre: the rows of some organisations in signed parts, the hot ones first.

Hot is what a person works with: the catalogue, staff, and everything about clients who were here in the last
twelve months. A snapshot is made in a folder of its own, which gets its name when it is whole, so a crash leaves
nothing that is taken for one, and several server processes may make one at a time.
"""

import hashlib
import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, text

from domain.kernel.change_log import SCHEMA_VERSION, head_position
from domain.kernel.columns import from_microseconds
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.record import Scope, column_info, shared_tables
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from domain.people.records import Patient
from sync.lives import held_life, life_of, mark_at
from sync.snapshot_format import MANIFEST, RAW_PART, Block, Manifest, Part, Sealed, message_of, packed

log = logging.getLogger(__name__)

HOT_FOR = timedelta(days=365)
KEPT = 2
"""Snapshots of the same organisations that are kept: the newest, and the one somebody may be fetching."""
HARDLY = 500
"""Entries the log may have moved for an old snapshot to be as good as a new one: one piece of a pull, and fewer than
`sync.pruning.LEAST`, so what came after it is never pruned."""
_ROWS = 500
_NAME = "snapshot-"


class Snapshots:
    """Snapshots in a folder.

    Args:
        store: The centre's store.
        folder: Where they lie.
        sign: Signs a message with the centre's key.
        now_us: Microseconds UTC.
        raw_part: Bytes of a part before compression.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        sign: Callable[[bytes], bytes],
        now_us: Callable[[], int],
        raw_part: int = RAW_PART,
    ) -> None:
        self._store = store
        self.folder = self._folder = folder
        self._sign = sign
        self._now_us = now_us
        self._raw_part = raw_part
        self._making: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def newest(self, orgs: Iterable[Id]) -> Path | None:
        """Return the folder of the newest snapshot of these organisations that is of the log's life."""
        with self._store.read() as connection:
            life = life_of(connection)
        for folder in sorted(self._folder.glob(f"{_NAME}{group_of(orgs)}-*"), reverse=True):
            if manifest_of(folder).life == life:
                return folder
        return None

    def good(self, orgs: Iterable[Id], fresher_than_us: int) -> Path | None:
        """Return the newest snapshot if it was made after a time, or the log has hardly moved since."""
        found = self.newest(orgs)
        if found is None:
            return None
        manifest = manifest_of(found)
        with self._store.read() as connection:
            moved = head_position(connection) - manifest.position
        same = manifest.schema_ver == SCHEMA_VERSION and moved < HARDLY
        return found if manifest.at >= fresher_than_us or same else None

    def ask(self, orgs: Iterable[Id], fresher_than_us: int) -> bytes:
        """Return the sealed manifest of a snapshot made after a time, and begin to make one if there is none.

        Raises:
            UnavailableError: ``snapshot.making``: ask again after `retry_after_s`.
        """
        wanted = frozenset(orgs)
        if (found := self.good(wanted, fresher_than_us)) is not None:
            return (found / MANIFEST).read_bytes()
        name = group_of(wanted)
        with self._lock:
            if name not in self._making or not self._making[name].is_alive():
                thread = threading.Thread(
                    target=self._make_quietly, args=(wanted,), name="snapshot", daemon=True
                )
                self._making[name] = thread
                thread.start()
        raise UnavailableError("snapshot.making", retry_after_s=2.0)

    def make(self, orgs: Iterable[Id]) -> Path:
        """Make a snapshot now and return its folder; older ones of the same organisations go."""
        wanted = sorted(set(orgs))
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._store.read() as connection:
            begun = life_of(connection)
        if not begun:
            with self._store.write() as connection:
                held_life(connection, head_position(connection), self._now_us())
        working = self._folder / f"making-{uuid.uuid4().hex}"
        working.mkdir()
        try:
            manifest = self._write(working, wanted)
            target = self._folder / manifest.snapshot_id
            if target.exists():
                shutil.rmtree(target)
            working.rename(target)
        except BaseException:
            shutil.rmtree(working, ignore_errors=True)
            raise
        for old in sorted(self._folder.glob(f"{_NAME}{group_of(wanted)}-*"))[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return target

    def part_path(self, snapshot_id: str, name: str, allowed: frozenset[Id]) -> Path:
        """Return the file of a part for somebody who may see `allowed`; ``snapshot.unknown`` if there is none."""
        folder = self._folder / snapshot_id
        if folder.parent != self._folder or not snapshot_id.startswith(_NAME) or not folder.is_dir():
            raise DomainError("snapshot.unknown")
        manifest = manifest_of(folder)
        if not set(manifest.orgs) <= allowed or name not in {part.name for part in manifest.parts}:
            raise DomainError("snapshot.unknown")
        return folder / name

    def _make_quietly(self, orgs: frozenset[Id]) -> None:
        try:
            self.make(orgs)
        except Exception:  # the edge of the thread: whoever waits asks again
            log.exception("a snapshot could not be made")

    def _write(self, folder: Path, orgs: list[Id]) -> Manifest:
        parts = {hot: _Parts(folder, hot=hot, limit=self._raw_part) for hot in (True, False)}
        with self._store.engine.connect() as connection:
            _steady(connection)
            position = head_position(connection)
            life, mark = life_of(connection), mark_at(connection, position)
            entities = dict.fromkeys((t.name for t in shared_tables()), 0)
            for entity, names, row, hot in _rows(connection, orgs, self._now_us()):
                parts[hot].add(entity, names, row)
                entities[entity] += 1
            connection.rollback()
        done = parts[True].end() + parts[False].end()
        manifest = Manifest(
            snapshot_id=f"{_NAME}{group_of(orgs)}-{self._now_us():020d}-{position}", life=life, position=position,
            mark=mark, schema_ver=SCHEMA_VERSION, at=self._now_us(), orgs=orgs, parts=done,
            entities={name: count for name, count in entities.items() if count},
        )  # fmt: skip
        data = msgspec.msgpack.encode(manifest)
        sealed = Sealed(data, self._sign(message_of(data)))
        (folder / MANIFEST).write_bytes(msgspec.msgpack.encode(sealed))
        return manifest


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a snapshot of our own."""
    sealed = msgspec.msgpack.decode((folder / MANIFEST).read_bytes(), type=Sealed)
    return msgspec.msgpack.decode(sealed.manifest, type=Manifest)


class _Parts:
    """Gathers rows and writes parts of about one size."""

    def __init__(self, folder: Path, *, hot: bool, limit: int) -> None:
        self._folder = folder
        self._hot = hot
        self._limit = limit
        self._blocks: list[Block] = []
        self._raw = self._rows = 0
        self._done: list[Part] = []

    def add(self, entity: str, names: list[str], row: list[Any]) -> None:
        if not self._blocks or self._blocks[-1][0] != entity:
            self._blocks.append((entity, names, []))
        self._blocks[-1][2].append(row)
        self._rows += 1
        self._raw += sum(len(v) if isinstance(v, str | bytes) else 5 for v in row) + len(row)
        if self._raw >= self._limit:
            self._write()

    def end(self) -> list[Part]:
        if self._blocks:
            self._write()
        return self._done

    def _write(self) -> None:
        data = packed(self._blocks)
        name = f"{'hot' if self._hot else 'old'}-{len(self._done):05d}.zst"
        (self._folder / name).write_bytes(data)
        self._done.append(Part(name, hashlib.sha256(data).hexdigest(), len(data), self._rows, self._hot))
        self._blocks, self._raw, self._rows = [], 0, 0


def _steady(connection: Connection) -> None:
    """Let everything read on a connection be of one moment."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")


def _rows(
    connection: Connection, orgs: list[Id], now: int
) -> Iterator[tuple[str, list[str], list[Any], bool]]:
    """Yield (entity, columns, stored values, hot) of every row, parents before those that refer to them."""
    warm = _Warmth(connection, now)
    places = {f"o{n}": org.bytes for n, org in enumerate(orgs)}
    marks = ", ".join(f":{name}" for name in places)
    for table in _ordered():
        names = [str(column.name) for column in table.columns]
        listed = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)
        scoped = table.info["record"].scope is not Scope.CATALOGUE
        if not scoped and CATALOGUE_SCOPE not in orgs:
            continue
        query = f"SELECT {listed} FROM {table.name}" + (f" WHERE org_id IN ({marks})" if scoped else "")  # noqa: S608
        is_hot = warm.judge(table, names)
        result = connection.execution_options(yield_per=_ROWS).execute(text(query), places if scoped else {})
        for row in result:
            values = list(row)
            yield str(table.name), names, values, is_hot(values)


class _Warmth:
    """Tells which rows belong to clients who were here lately; what belongs to no client is hot."""

    def __init__(self, connection: Connection, now: int) -> None:
        since = from_microseconds(now) - HOT_FOR
        day = f"{since:%Y-%m-%d}"
        visits = text("SELECT DISTINCT patient_id FROM visit WHERE visit_date >= :day")
        self._clients = {bytes(i) for i in connection.scalars(visits, {"day": day})}
        self._since = int(since.timestamp() * 1000).to_bytes(6, "big")
        self._hot: dict[str, set[bytes]] = {Patient.__tablename__: self._clients}

    def judge(self, table: Table, names: list[str]) -> Callable[[list[Any]], bool]:
        """Return the rule for the rows of a table; those of tables that others refer to are remembered."""
        links = [(names.index(name), self._hot[entity]) for name, entity in _client_links(table)]
        own = self._hot.setdefault(table.name, set()) if table.name in _LINKED else None
        if table.name == Patient.__tablename__:
            return lambda row: row[0] in self._clients or row[0][:6] >= self._since
        if not links:
            return lambda row: True

        def is_hot(row: list[Any]) -> bool:
            known = [row[at] in hot for at, hot in links if row[at] is not None]
            hot = any(known) if known else True
            if hot and own is not None:
                own.add(row[0])
            return hot

        return is_hot


_LINKED = ("patient", "visit", "report", "specimen", "alert")


def _client_links(table: Table) -> list[tuple[str, str]]:
    """Return the columns by which a row belongs to a client, the shortest way alone."""
    refs = {
        c.name: info.ref
        for c in table.columns
        if (info := column_info(c)) is not None and info.ref in _LINKED
    }
    direct = [(name, ref) for name, ref in refs.items() if ref == "patient"]
    others = [(name, ref) for name, ref in refs.items() if ref not in {"patient", table.name}]
    return [(name, ref) for name, ref in direct or others if ref is not None]


def _ordered() -> list[Table]:
    """Return the shared tables, those that others refer to first."""
    tables = {table.name: table for table in shared_tables()}
    first = [tables[name] for name in _LINKED if name in tables]
    return (
        [t for t in tables.values() if t not in first and not _client_links(t)]
        + first
        + [t for t in tables.values() if t not in first and _client_links(t)]
    )


def group_of(orgs: Iterable[Id]) -> str:
    """Return the name of a group of organisations."""
    return hashlib.sha256(b"".join(sorted(org.bytes for org in set(orgs)))).hexdigest()[:16]
