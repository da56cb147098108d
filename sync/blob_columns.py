"""Which columns of records name files by content."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.kernel.ids import Id
from domain.kernel.record import shared_tables
from sync.shapes import shape_of

_SHA256_DIGITS = 64
_NAMES = ("sha256", "document_sha256")


def blob_columns() -> list[tuple[Table, str]]:
    """Return (table, column) of every shared column that names a file: ``sha256`` or ``document_sha256``."""
    return [
        (table, column.name) for table in shared_tables() for column in table.columns if column.name in _NAMES
    ]


def named_blobs(entity: str, fields: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield (hash, lane, size or 0) of each file that a change of a record names."""
    for name in _NAMES:
        value = fields.get(name)
        if isinstance(value, str) and len(value) == _SHA256_DIGITS:
            shape = shape_of(entity)
            if shape is not None and name in shape.groups:
                yield value, int(fields.get("lane") or 2), int(fields.get("size") or 0)


def blob_visible(connection: Connection, sha256: str, orgs: Iterable[Id]) -> bool:
    """Tell whether a record of these organisations names the file."""
    wanted = list(orgs)
    for table, name in blob_columns():
        query = select(table.c.id).where(table.c[name] == sha256, table.c.org_id.in_(wanted)).limit(1)
        if connection.execute(query).first() is not None:
            return True
    return False
