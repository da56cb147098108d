"""What happened to one record, from the change log: when, who, by which command, which fields from what to what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from client.station import Context
from domain.kernel.change_log import DONE, MERGED, Change, Entry
from domain.kernel.columns import from_microseconds, from_wire
from domain.kernel.commands import commands
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import Record, column_info
from sync.response_state import entries_about


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change as text; `at` in clinic time."""

    at: str
    who: str
    what: str
    fields: tuple[str, ...]


def read_history(
    connection: Connection, context: Context, kind: type[Record], record_id: Id
) -> Iterator[HistoryLine]:
    """Yield the changes of a record, the newest first, as the reader may see their values."""
    entity = kind.record_info.entity
    for entry in entries_about(connection, record_id):
        for change in entry.body.changes:
            if (
                change.entity == entity
                and change.record_id == record_id.bytes
                and entry.outcome in {DONE, MERGED}
            ):
                yield _line(connection, context, kind, entry, change)


def _line(
    connection: Connection, context: Context, kind: type[Record], entry: Entry, change: Change
) -> HistoryLine:
    command = commands().get(entry.body.command)
    return HistoryLine(
        context.formatter.moment(from_microseconds(entry.at)),
        _who(connection, context, entry),
        command.label if command is not None else entry.body.command,
        tuple(changed_fields(context, kind, change)),
    )


def _who(connection: Connection, context: Context, entry: Entry) -> str:
    if entry.body.actor_id is None:
        return context.say("record.system")
    from uuid import UUID

    from domain.people.records import Staff

    table = Staff.__table__
    name = connection.execute(
        select(table.c.name).where(table.c.id == UUID(bytes=entry.body.actor_id))
    ).scalar()
    return str(name) if name else context.say("record.somebody")


def changed_fields(context: Context, kind: type[Record], change: Change) -> Iterator[str]:
    """Yield what a change made of each field, as the reader may see the values; references are left out."""
    for name, wire in change.fields.items():
        column: Any = kind.__table__.columns.get(name)
        info = column_info(column) if column is not None else None
        if info is None or info.ref is not None:
            continue
        after = _text(context, kind, column, wire)
        if name in change.base and change.base[name] is not None:
            before = _text(context, kind, column, change.base[name])
            yield context.say("record.changed", label=info.label, before=before, after=after)
        elif after:
            yield context.say("record.set", label=info.label, after=after)


def _text(context: Context, kind: type[Record], column: Any, wire: Any) -> str:
    value = masked(column_info(column), from_wire(column.type, wire), context.actor.clearance)
    return context.formatter.value(value, kind.record_info.entity, column.name)
