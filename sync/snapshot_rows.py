"""Rows of a snapshot's part into the store of a branch: quickly where nothing is in the way, else with care."""

import contextlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from domain.kernel.ids import Id
from domain.kernel.prepared import write_rows
from sync.search import REBUILD_CHUNK, SearchIndex
from sync.snapshot_format import Block


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
        row[extra] = msgspec.json.encode({**kept, **aside}).decode() if kept or aside else None
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
    listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    return f'INSERT INTO "{entity}" ({listed}) VALUES ({marks})'  # noqa: S608 (own names)
