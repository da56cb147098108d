"""Rows of a snapshot's part into the store of a branch: quickly where nothing is in the way, else with care."""

import contextlib
import functools
import uuid
from collections.abc import Callable, Mapping, Sequence
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
from sync.pending import Pending
from sync.search import REBUILD_CHUNK, SearchIndex
from sync.search_ready import take_clients
from sync.snapshot_file import Tables, listed
from sync.snapshot_format import Block
from sync.uncollected import uncollected

CLIENTS = "patient"
_MANY = 500
"""Rows of a table from which on it pays to lift its guard."""
_MOST_NAMED = 5000

Write = Callable[[Connection, Block], None]
"""How rows are written: `add`, `replace` or `replace_with_care`."""


class Content(Protocol):
    """A part that was fetched and proven."""

    def writing(self, store: Store) -> AbstractContextManager[Connection]:
        """Give the writing connection in a transaction in which `load` can be called."""

    def load(self, connection: Connection, pending: Pending, write: Write) -> None:
        """Write the rows, those with something pending excepted, and let clients be found.

        Raises:
            IntegrityError: Something is in the way; another `write` may get round it.
        """


@dataclass(frozen=True)
class BlockPart:
    """A part of the form `BLOCKS`."""

    blocks: Sequence[Block]

    def writing(self, store: Store) -> AbstractContextManager[Connection]:
        return store.write()

    def load(self, connection: Connection, pending: Pending, write: Write) -> None:
        known = _known()
        with uncollected():
            for entity, names, rows in self.blocks:
                free = pending.untouched(entity, rows)
                if entity in known and free:
                    write(connection, fitting(known[entity], (entity, names, free)))
                if entity == CLIENTS:
                    index_clients(connection, [uuid.UUID(bytes=row[0]) for row in rows])


@dataclass(frozen=True)
class FilePart:
    """A part of the form `FILES`: its file, unpacked and examined."""

    path: Path
    tables: Tables

    def writing(self, store: Store) -> AbstractContextManager[Connection]:
        return store.write_from(self.path)

    def load(self, connection: Connection, pending: Pending, write: Write) -> None:
        known = _known()
        here = {entity: table for entity, table in self.tables.items() if entity in known}
        with lifted(connection, [entity for entity, table in here.items() if table.rows >= _MANY]):
            for entity, table in here.items():
                touched = pending.records(entity)
                plain = write is add and known[entity].issuperset(table.columns)
                if plain and len(touched) <= _MOST_NAMED:
                    _copy(connection, entity, table.columns, touched)
                else:
                    self._write(connection, entity, pending, write)
        if CLIENTS in here and not (write is add and self._clients(connection, pending.records(CLIENTS))):
            ids = connection.exec_driver_sql(f"SELECT id FROM part.{CLIENTS}").all()  # noqa: S608 (a constant)
            index_clients(connection, [uuid.UUID(bytes=row[0]) for row in ids])

    def _write(self, connection: Connection, entity: str, pending: Pending, write: Write) -> None:
        """Write rows as those of a block: some need a closer look."""
        names = list(self.tables[entity].columns)
        found = connection.exec_driver_sql(f'SELECT {listed(names)} FROM part."{entity}"')  # noqa: S608
        with uncollected():
            rows = pending.untouched(entity, [list(row) for row in found])
            if rows:
                write(connection, fitting(_known()[entity], (entity, names, rows)))

    def _clients(self, connection: Connection, touched: list[bytes]) -> bool:
        """Index clients by what the part brings; False if one of them was changed here, or it does not fit."""
        query = f"SELECT 1 FROM part.{CLIENTS} WHERE id IN ({_marks(touched)}) LIMIT 1"  # noqa: S608 (only marks)
        changed = len(touched) > _MOST_NAMED or connection.exec_driver_sql(query, tuple(touched)).first()
        return not changed and take_clients(connection, self.tables)


@functools.cache
def _known() -> Mapping[str, frozenset[str]]:
    return {table.name: frozenset(column.name for column in table.columns) for table in shared_tables()}


def _copy(connection: Connection, entity: str, columns: tuple[str, ...], but: list[bytes]) -> None:
    names = listed(columns)
    rows = f'SELECT {names} FROM part."{entity}" WHERE id NOT IN ({_marks(but)})'  # noqa: S608 (names of ours)
    connection.exec_driver_sql(f'INSERT INTO main."{entity}" ({names}) {rows}', tuple(but))


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
