"""Steps of a migration that may be taken twice.

MariaDB commits each statement by itself, so a migration that stopped half-way (power, disk, a lost line) has left
a part of its tables. Every step here looks first and does only what is missing: the migration is started again and
ends where it should. On SQLite the whole of it is one transaction, and the steps simply run.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op


def create_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Create a table that is not there yet; its indexes come by `create_index`."""
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *parts)


def add_columns(table: str, *columns: sa.Column[Any]) -> None:
    """Add the columns a table has not; each is nullable or has a server default, for the rows that are there."""
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
    for column in columns:
        if column.name not in there:
            op.add_column(table, column)


def create_index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str = "") -> None:
    """Create an index that is not there yet; on SQLite only over the rows that `where` names."""
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        only = {"sqlite_where": sa.text(where)} if where else {}
        op.create_index(name, table, columns, unique=unique, **only)


def drop_index(name: str, table: str) -> None:
    """Drop an index that is still there."""
    if name in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.drop_index(name, table_name=table)
