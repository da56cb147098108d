"""Who wrote the value that stands: looked up when two values clash, so that people see who, when and where of both.

The audit knows the entries that speak of a record; the newest, which it may not have read yet, are looked through.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from domain.audit.chain import audit_table
from domain.audit.trail import rows_about
from domain.kernel.change_log import change_log, decode_body

_UNREAD = 200
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote something, by which command, and when by the clock there (microseconds UTC)."""

    actor_id: bytes | None
    command: str
    at: int


def author_of(connection: Connection, record_id: bytes, names: Iterable[str]) -> Author | None:
    """Return who last wrote one of some fields of a record; None if no entry of the log says so."""
    wanted = set(names)
    about = rows_about([uuid.UUID(bytes=record_id)])
    positions = select(about.c.position).order_by(about.c.position.desc()).limit(_LOOKED_AT)
    read = connection.execute(select(func.max(audit_table().c.position))).scalar() or 0
    unread = (
        select(change_log.c.position)
        .where(change_log.c.position > read)
        .order_by(change_log.c.position.desc())
        .limit(_UNREAD)
    )
    known = {*connection.scalars(unread), *connection.scalars(positions)}
    for position in sorted(known, reverse=True):
        row = connection.execute(select(change_log).where(change_log.c.position == position)).first()
        if row is None:
            continue  # pruned
        body = decode_body(row.body)
        for change in body.changes:
            if change.record_id == record_id and wanted & change.fields.keys():
                return Author(body.actor_id, body.command, row.at)
    return None
