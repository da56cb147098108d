"""Runs migrations on the connection it is given; see `sync.schema`."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import sync.local_tables  # noqa: F401  (declares the tables)
from domain import features
from domain.kernel import columns
from domain.kernel.record import Record

OWN_TYPES = {
    columns.Id16: "Id16",
    columns.UtcTime: "UtcTime",
    columns.IsoDate: "IsoDate",
    columns.JsonText: "JsonText",
}


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our storage types by name, and code lists as the text they are stored as."""
    if kind != "type":
        return False
    if isinstance(item, columns.Code):
        return "sa.String(40)"
    name = OWN_TYPES.get(type(item))
    if name is None:
        return False
    autogen.imports.add(f"from domain.kernel.columns import {name}")
    return f"{name}()"


features.load("records")
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    render_item=render_item,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
