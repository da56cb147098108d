"""Steps of a migration that may be taken twice.

MariaDB commits each statement by itself, so a migration that stopped half-way (power, disk, a lost line) has left
a part of its tables. Every step here looks first and does only what is missing: the migration is started again and
ends where it should. On SQLite the whole of it is one transaction, and the steps simply run.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from domain.kernel.columns import Id16, JsonText


def create_table(name: str, *parts: sa.schema.SchemaItem, **options: Any) -> None:
    """Create a table that is not there yet; its indexes come by `create_index`.

    `options` are those of `sqlalchemy.Table`.
    """
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *parts, **options)


def create_record_table(name: str, *columns: sa.schema.SchemaItem, indexed: tuple[str, ...] = ()) -> None:
    """Create the table of a record: its own columns between those every record has, an index each of `indexed`."""
    create_table(
        name,
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        *columns,
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    for column in ("org_id", *indexed):
        create_index(f"ix_{name}_{column}", name, [column])


def long_text() -> sa.Text:
    """Return the type of a text of any length."""
    return sa.Text(length=16777215)


def add_columns(table: str, *columns: sa.Column[Any]) -> None:
    """Add the columns a table has not; each is nullable or has a server default, for the rows that are there."""
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
    for column in columns:
        if column.name not in there:
            op.add_column(table, column)


def create_index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str = "") -> None:
    """Create an index that is not there yet; on SQLite only over the rows that `where` names."""
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        only: dict[str, Any] = {"sqlite_where": sa.text(where)} if where else {}
        op.create_index(name, table, columns, unique=unique, **only)


def drop_index(name: str, table: str) -> None:
    """Drop an index that is still there."""
    if name in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.drop_index(name, table_name=table)
