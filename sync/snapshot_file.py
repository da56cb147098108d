"""A part of a snapshot as a small SQLite file: plain tables of stored values, and nothing else.

Such a part is attached to the store and its rows are copied by the database itself, without an object for each value,
and without holding up the threads that draw. Each entity has a table of its name with the columns of the centre,
without types, keys or indexes; a client's ``rowid`` is its number in the search index. What the index needs stands in
the tables of `sync.search_ready`.

Nothing of a file is used before it was proven: its hash is in the signed manifest, it unpacks to the size that is
told there, its schema is exactly what `table_of` writes (no view, no trigger, no expression that would run), and its
pages hold together.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import DomainError
from sync.snapshot_format import MAX_RAW, Part

PAGE = 16 << 10
INDEX_TABLES = "search_"
"""How the names of tables begin that bear no records."""
_NAME = "(?!sqlite_)[a-z_0-9]{1,60}"
_TABLE = re.compile(f'CREATE TABLE "({_NAME})" \\(("{_NAME}"(?:, "{_NAME}")*)\\)')
_PIECE = 1 << 20
_WINDOW = 32 << 20
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a part: its columns, and how many rows it has."""

    columns: tuple[str, ...]
    rows: int


Tables = dict[str, Table]


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Return names as they stand in a statement."""
    return ", ".join(f'"{name}"' for name in names)


def table_of(name: str, columns: tuple[str, ...] | list[str], schema: str = "main") -> str:
    """Return the statement that makes a table of a part."""
    return f'CREATE TABLE {schema}."{name}" ({listed(columns)})'


def packed_file(source: Path, target: Path) -> tuple[str, int]:
    """Compress the file of a part; returns the hash and the size of what was written."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    data = compressor.compress(source.read_bytes())
    target.write_bytes(data)
    return hashlib.sha256(data).hexdigest(), len(data)


def unpack(source: Path, target: Path, part: Part) -> None:
    """Write the file of a part whose hash was proven; ``snapshot.damaged`` unless it has exactly the size told."""
    done = 0
    try:
        with source.open("rb") as packed, target.open("wb") as file:
            reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(packed)
            while done <= min(part.raw, MAX_RAW) and (piece := reader.read(_PIECE)):
                done += file.write(piece)
    except zstandard.ZstdError as error:
        raise DomainError("snapshot.damaged", name=part.name) from error
    if done != part.raw or done > MAX_RAW:
        raise DomainError("snapshot.damaged", name=part.name)


def examined(path: Path, part: Part) -> Tables:
    """Return the tables of an unpacked part.

    Raises:
        DomainError: ``snapshot.damaged``: it holds anything but plain tables, or its pages do not hold together.
    """
    try:
        with contextlib.closing(_opened(path)) as connection:
            tables = dict(_tables(connection, part))
            rows = sum(table.rows for name, table in tables.items() if not name.startswith(INDEX_TABLES))
            sound = [row[0] for row in connection.execute("PRAGMA quick_check")] == ["ok"]
            if not sound or rows != part.rows:
                raise DomainError("snapshot.damaged", name=part.name)
    except (sqlcipher.Error, UnicodeDecodeError) as error:
        raise DomainError("snapshot.damaged", name=part.name) from error
    return tables


def _opened(path: Path) -> Any:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlcipher.connect(address, uri=True, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _tables(connection: Any, part: Part) -> Iterator[tuple[str, Table]]:
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    for kind, name, table, sql in found:
        said = _TABLE.fullmatch(sql or "")
        columns = said[2].replace('"', "").split(", ") if said is not None else []
        whole = name.startswith(INDEX_TABLES) or {"id", "org_id", "extra"}.issubset(columns)
        if kind != "table" or said is None or {name, table} != {said[1]} or not whole:
            raise DomainError("snapshot.damaged", name=part.name)
        count = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 (letters alone)
        yield name, Table(tuple(columns), count)
