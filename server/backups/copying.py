"""The store of a centre as one SQLite file, from whatever database; and such a file put into a database again."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from domain.kernel.record import Record
from domain.kernel.store import Store
from sync.schema import current_version, prepare_store
from sync.stores import FileStore, open_embedded_store

ROWS = 2000
VERSION_TABLE = "alembic_version"


def copy_out(store: Store, target: Path, key: bytes) -> None:
    """Write the store, as of one moment, into the SQLite file `target` under the key of embedded stores.

    Other work goes on.

    Raises:
        UnavailableError: The disk is full, or the copy is not what was read.
    """
    if isinstance(store, FileStore):
        store.copy_to(target)
        return
    copy = open_embedded_store(target, key)
    try:
        prepare_store(copy)
        with _one_moment(store) as source, copy.write(bulk=True) as sink:
            _copy_rows(source, sink)
    finally:
        copy.close()


def copy_in(source: Path, key: bytes, store: Store) -> None:
    """Fill an empty, migrated database with the rows of such a file, in one transaction."""
    opened = open_embedded_store(source, key)
    try:
        prepare_store(opened)  # of an older program: brought to the shape of the database it goes into
        with opened.read() as rows, store.write(bulk=True) as sink:
            _copy_rows(rows, sink)
    finally:
        opened.close()


def row_counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has that this program knows and the store has."""
    from sqlalchemy import inspect

    there = set(inspect(connection).get_table_names())
    return {
        t.name: connection.execute(select(func.count()).select_from(t)).scalar() or 0
        for t in Record.metadata.sorted_tables
        if t.name in there
    }


def _copy_rows(source: Connection, sink: Connection) -> None:
    """Copy every table; `sink` has the first row of the log and the version of its own migration already."""
    found = current_version(source)
    for table in Record.metadata.sorted_tables:
        sink.execute(table.delete())
        for rows in _rows(source, table):
            sink.execute(table.insert(), rows)
    sink.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :found"), {"found": found})  # noqa: S608 (ours)


def _rows(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    result = source.execution_options(yield_per=ROWS).execute(select(table))
    for part in result.mappings().partitions():
        yield [dict(row) for row in part]


@contextlib.contextmanager
def _one_moment(store: Store) -> Iterator[Connection]:
    """Yield a reading connection of MariaDB that sees one moment however long it reads."""
    with store.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        connection.begin()
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        try:
            yield connection
        finally:
            connection.rollback()
