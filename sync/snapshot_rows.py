"""Rows of a snapshot's part into the store of a branch: quickly where nothing is in the way, else with care."""

import contextlib
import functools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from domain.exchange.rules import jsonable
from domain.kernel.ids import Id
from domain.kernel.prepared import write_rows
from domain.kernel.record import shared_tables
from domain.kernel.store import Store
from sync.guard import lifted
from sync.page_cipher import said_key
from sync.pending import Pending
from sync.search import REBUILD_CHUNK, SearchIndex
from sync.search_ready import TERMS, take_clients
from sync.snapshot_file import Span, Tables, listed
from sync.snapshot_file import Table as TableOfPart
from sync.snapshot_format import Block
from sync.uncollected import uncollected

CLIENTS = "patient"
_MANY = 500
"""Rows of a table from which on it pays to lift its guard."""
_MOST_NAMED = 5000
_STEP_S = 0.02
"""What a step is to take: somebody who writes waits for one, and for what it takes to commit."""
_FIRST_ROWS, _FEWEST_ROWS, _MOST_ROWS = 400, 50, 20_000

Write = Callable[[Connection, Block], None]
"""How rows are written: `add`, `replace` or `replace_with_care`."""


class Pace:
    """How many rows a step is to write, by how long the one before took."""

    def __init__(self) -> None:
        self.rows = _FIRST_ROWS

    def timed(self, step: "Step", rows: int) -> "Step":
        def taken(connection: Connection, pending: Pending) -> None:
            begun = time.perf_counter()
            step(connection, pending)
            a_row_s = (time.perf_counter() - begun) / rows
            fitting_rows = int(_STEP_S / max(a_row_s, 1e-9))
            self.rows = min(max(fitting_rows, _FEWEST_ROWS), _MOST_ROWS, 4 * self.rows)

        return taken


Step = Callable[[Connection, Pending], None]
"""Writes some of a part's rows, those with something pending excepted, and lets clients among them be found."""


class Content(Protocol):
    """A part that was fetched and proven."""

    def writing(self, store: Store) -> AbstractContextManager[Connection]:
        """Give the writing connection in a transaction in which steps can be taken."""

    def unguarded(self, connection: Connection) -> AbstractContextManager[None]:
        """Make ready for steps within a transaction."""

    def steps(self, write: Write) -> Iterator[Step]:
        """Yield what there is to do, in order; between any two a transaction may end.

        A step raises `IntegrityError` where something is in the way; another `write` may get round it.
        """


@dataclass(frozen=True)
class BlockPart:
    """A part of the form `BLOCKS`."""

    blocks: Sequence[Block]

    def writing(self, store: Store) -> AbstractContextManager[Connection]:
        return store.write()

    def unguarded(self, connection: Connection) -> AbstractContextManager[None]:
        del connection
        return contextlib.nullcontext()

    def steps(self, write: Write) -> Iterator[Step]:
        for block in self.blocks:
            yield functools.partial(self._load, block, write)

    @staticmethod
    def _load(block: Block, write: Write, connection: Connection, pending: Pending) -> None:
        entity, names, rows = block
        known = _known()
        with uncollected():
            free = pending.untouched(entity, rows)
            if entity in known and free:
                write(connection, fitting(known[entity], (entity, names, free)))
            if entity == CLIENTS:
                index_clients(connection, [uuid.UUID(bytes=row[0]) for row in rows])


@dataclass(frozen=True)
class FilePart:
    """A part of the form `FILES` or `SEALED`: its file, unpacked and examined, and what it is encrypted with."""

    path: Path
    tables: Tables
    key: bytes | None = None

    def writing(self, store: Store) -> AbstractContextManager[Connection]:
        return store.write_from(self.path, "" if self.key is None else said_key(self.key))

    def unguarded(self, connection: Connection) -> AbstractContextManager[None]:
        return lifted(connection, [name for name, table in self._here().items() if table.rows >= _MANY])

    def steps(self, write: Write) -> Iterator[Step]:
        for entity, table in self._here().items():
            plain = write is add and _known()[entity].issuperset(table.columns)
            if not plain:
                yield functools.partial(self._write, entity, write)
                continue
            numbered = entity != CLIENTS or TERMS in self.tables
            pace = Pace()
            first = table.first
            while first <= table.last:
                # An index that comes as a whole wants its clients as a whole too.
                last = first + pace.rows - 1 if numbered else table.last
                yield pace.timed(functools.partial(self._copy, entity, Span(first, last)), last + 1 - first)
                first = last + 1

    def _here(self) -> dict[str, TableOfPart]:
        return {entity: table for entity, table in self.tables.items() if entity in _known()}

    def _copy(self, entity: str, span: Span, connection: Connection, pending: Pending) -> None:
        touched = pending.records(entity)
        if len(touched) <= _MOST_NAMED:
            _copy(connection, entity, self.tables[entity].columns, touched, span)
        else:
            self._rows(entity, add, span, connection, pending)
        if entity == CLIENTS and not self._clients(connection, touched, span):
            self._index(connection, span)

    def _write(self, entity: str, write: Write, connection: Connection, pending: Pending) -> None:
        """Write rows as those of a block: some need a closer look."""
        span = Span(self.tables[entity].first, self.tables[entity].last)
        self._rows(entity, write, span, connection, pending)
        if entity == CLIENTS:
            self._index(connection, span)

    def _rows(self, entity: str, write: Write, span: Span, connection: Connection, pending: Pending) -> None:
        names = list(self.tables[entity].columns)
        query = f'SELECT {listed(names)} FROM part."{entity}" WHERE rowid BETWEEN ? AND ?'  # noqa: S608
        found = connection.exec_driver_sql(query, span)
        with uncollected():
            rows = pending.untouched(entity, [list(row) for row in found])
            if rows:
                write(connection, fitting(_known()[entity], (entity, names, rows)))

    @staticmethod
    def _index(connection: Connection, span: Span) -> None:
        query = f"SELECT id FROM part.{CLIENTS} WHERE rowid BETWEEN ? AND ?"  # noqa: S608 (a constant)
        index_clients(
            connection, [uuid.UUID(bytes=row[0]) for row in connection.exec_driver_sql(query, span)]
        )

    def _clients(self, connection: Connection, touched: list[bytes], span: Span) -> bool:
        """Index clients by what the part brings; False if one of them was changed here, or it does not fit."""
        query = (
            f"SELECT 1 FROM part.{CLIENTS} WHERE id IN ({_marks(touched)}) AND rowid BETWEEN ? AND ? LIMIT 1"  # noqa: S608
        )
        changed = len(touched) > _MOST_NAMED or connection.exec_driver_sql(query, (*touched, *span)).first()
        return not changed and take_clients(connection, self.tables, span)


@functools.cache
def _known() -> Mapping[str, frozenset[str]]:
    return {table.name: frozenset(column.name for column in table.columns) for table in shared_tables()}


def _copy(
    connection: Connection, entity: str, columns: tuple[str, ...], but: list[bytes], span: Span
) -> None:
    names = listed(columns)
    rows = f'SELECT {names} FROM part."{entity}" WHERE rowid BETWEEN ? AND ? AND id NOT IN ({_marks(but)})'  # noqa: S608
    connection.exec_driver_sql(f'INSERT INTO main."{entity}" ({names}) {rows}', (*span, *but))


def _marks(values: Sequence[bytes]) -> str:
    return ", ".join("?" * len(values))


def fitting(known: frozenset[str], block: Block) -> Block:
    """Return a block with columns this program has; those of a newer minor shape are kept aside, as sync does."""
    entity, names, rows = block
    unknown = [at for at, name in enumerate(names) if name not in known]
    if not unknown:
        return block
    extra = names.index("extra")
    for row in rows:
        aside = {names[at]: row[at] for at in unknown if row[at] is not None}
        kept = msgspec.json.decode(row[extra]) if row[extra] else {}
        row[extra] = msgspec.json.encode({**kept, **jsonable(aside)}).decode() if kept or aside else None
    keep = [at for at in range(len(names)) if at not in unknown]
    return entity, [names[at] for at in keep], [[row[at] for at in keep] for row in rows]


def add(connection: Connection, block: Block) -> None:
    """Write rows that are not here yet."""
    entity, names, rows = block
    write_rows(connection, _insertion(entity, names), rows)


def index_clients(connection: Connection, clients: Sequence[Id]) -> None:
    """Let clients be found; in pieces, for a part of small rows holds more of them than one query may name."""
    index = SearchIndex()
    for start in range(0, len(clients), REBUILD_CHUNK):
        index.renew(connection, clients[start : start + REBUILD_CHUNK])


def replace(connection: Connection, block: Block) -> None:
    """Write rows, over those that are here already."""
    entity, names, rows = block
    taken = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name != "id")
    write_rows(connection, f"{_insertion(entity, names)} ON CONFLICT (id) DO UPDATE SET {taken}", rows)


def replace_with_care(connection: Connection, block: Block) -> None:
    """Write what can be written: a unique value of something unsent here may stand in a row's way.

    Such a row comes by the comparison later.
    """
    entity, names, rows = block
    try:
        with connection.begin_nested():
            replace(connection, block)
    except IntegrityError:
        for row in rows:
            with contextlib.suppress(IntegrityError), connection.begin_nested():
                replace(connection, (entity, names, [row]))


def _insertion(entity: str, names: Sequence[str]) -> str:
    return f'INSERT INTO "{entity}" ({listed(list(names))}) VALUES ({", ".join("?" * len(names))})'  # noqa: S608
