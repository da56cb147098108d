"""Carrying a log to another store as sync does: rows, then the entry, in one transaction an entry."""

import uuid

from domain.kernel.change_log import append_entry, entries_after
from domain.kernel.columns import from_wire
from domain.kernel.record import record_classes
from domain.kernel.unit_of_work import scopes_of


def carry(source, target, after=0):
    """Apply what `source` logged after `after` to `target`, and ring once; returns the last position read."""
    with source.read() as connection:
        entries = entries_after(connection, after, 100_000)
    for entry in entries:
        with target.write() as connection:
            for change in entry.body.changes:
                _apply(connection, change)
            append_entry(
                connection,
                txn_id=uuid.UUID(bytes=entry.txn_id),
                device_id=uuid.UUID(bytes=entry.device_id),
                at=entry.at,
                body=entry.body,
                outcome=entry.outcome,
                origin=entry.dev_seq,
                scopes=scopes_of(entry.body.changes),
            )
    if entries:
        target.ring(entries[-1].position)
    return entries[-1].position if entries else after


def _apply(connection, change):
    table = record_classes()[change.entity].__table__
    row_id = uuid.UUID(bytes=change.record_id)
    values = {n: from_wire(table.c[n].type, v) for n, v in change.fields.items()}
    mine = table.c.id == row_id
    if change.op == "del":
        connection.execute(table.delete().where(mine))
    elif change.op == "upd":
        connection.execute(table.update().where(mine).values(**values))
    elif connection.execute(table.select().where(mine)).first() is None:
        blank = {"id": row_id, "org_id": uuid.UUID(bytes=change.org_id), "ver": 0}
        connection.execute(table.insert(), {**blank, **values})
