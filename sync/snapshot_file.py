"""A part of a snapshot as a small SQLite file: plain tables of stored values, and nothing else.

Such a part is attached to the store and its rows are copied by the database itself, without an object for each
value, and without holding up the threads that draw. It is sealed on its way from the packed bytes to the disk,
under a key that nobody keeps; those of the form `FILES`, from an older centre, have pages that do not allow it.
Each entity has a table of its name with the columns of the centre, without types, keys or indexes; a client's
``rowid`` is its number in the search index. What the index needs stands in the tables of `sync.search_ready`.

Nothing of a file is used before it was proven: its hash is in the signed manifest, it unpacks to the size that is
told there, its schema is exactly what `table_of` writes (no view, no trigger, no expression that would run), and its
pages hold together.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import zstandard

from domain.kernel.errors import DomainError
from sync.page_cipher import NotPagesError, seal_pages
from sync.snapshot_format import MAX_RAW, Part

INDEX_TABLES = "search_"
"""How the names of tables begin that bear no records."""
_NAME = "(?!sqlite_)[a-z_0-9]{1,60}"
_TABLE = re.compile(f'CREATE TABLE "({_NAME})" \\(("{_NAME}"(?:, "{_NAME}")*)\\)')
_WINDOW = 32 << 20
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a part: its columns, how many rows it has, and the number of the first; the others follow it."""

    columns: tuple[str, ...]
    rows: int
    first: int = 1

    @property
    def last(self) -> int:
        return self.first + self.rows - 1


class Span(NamedTuple):
    """Rows of a table from one number to another, both among them."""

    first: int
    last: int


Tables = dict[str, Table]


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Return names as they stand in a statement."""
    return ", ".join(f'"{name}"' for name in names)


def table_of(name: str, columns: tuple[str, ...] | list[str], schema: str = "main") -> str:
    """Return the statement that makes a table of a part."""
    return f'CREATE TABLE {schema}."{name}" ({listed(columns)})'


def packed_file(image: bytes) -> bytes:
    """Return the file of a part compressed."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(image)


def unpacked(packed: bytes, part: Part) -> bytes:
    """Return the file of a part whose hash was proven; ``snapshot.damaged`` unless it has exactly the size told."""
    try:
        if part.raw > MAX_RAW or zstandard.get_frame_parameters(packed).content_size != part.raw:
            raise DomainError("snapshot.damaged", name=part.name)
        return zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompress(
            packed, max_output_size=part.raw, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise DomainError("snapshot.damaged", name=part.name) from error


def lay_out(image: bytes, target: Path, part: Part, key: bytes | None) -> None:
    """Write the file of a part for `Store.write_from`, sealed under `key` unless that is None.

    Raises:
        DomainError: ``snapshot.damaged``: it has no pages that can be sealed.
    """
    with target.open("wb") as file:
        if key is None:
            file.write(image)
            return
        try:
            seal_pages(image, file, key)
        except NotPagesError as error:
            raise DomainError("snapshot.damaged", name=part.name) from error


def examined(image: bytes, part: Part) -> Tables:
    """Return the tables of an unpacked part.

    Raises:
        DomainError: ``snapshot.damaged``: it holds anything but plain tables, or its pages do not hold together.
    """
    if not image:
        raise DomainError("snapshot.damaged", name=part.name)
    try:
        with contextlib.closing(_opened(image)) as connection:
            tables = dict(_tables(connection, part))
            rows = sum(table.rows for name, table in tables.items() if not name.startswith(INDEX_TABLES))
            sound = [row[0] for row in connection.execute("PRAGMA quick_check")] == ["ok"]
            if not sound or rows != part.rows:
                raise DomainError("snapshot.damaged", name=part.name)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise DomainError("snapshot.damaged", name=part.name) from error
    return tables


def _opened(image: bytes) -> sqlite3.Connection:
    # In memory, by the SQLite that comes with Python: neither on the disk nor in the store before it was looked into.
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.deserialize(image)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _tables(connection: sqlite3.Connection, part: Part) -> Iterator[tuple[str, Table]]:
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    for kind, name, table, sql in found:
        said = _TABLE.fullmatch(sql or "")
        columns = said[2].replace('"', "").split(", ") if said is not None else []
        whole = name.startswith(INDEX_TABLES) or {"id", "org_id", "extra"}.issubset(columns)
        if kind != "table" or said is None or {name, table} != {said[1]} or not whole:
            raise DomainError("snapshot.damaged", name=part.name)
        query = f'SELECT count(*), coalesce(min(rowid), 1), coalesce(max(rowid), 0) FROM "{name}"'  # noqa: S608
        count, first, last = connection.execute(query).fetchone()
        if last - first + 1 != count and not name.startswith(INDEX_TABLES):
            raise DomainError("snapshot.damaged", name=part.name)
        yield name, Table(tuple(columns), count, first)
