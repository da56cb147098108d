"""Leaving an organisation: its rows go from the branch, and the readers of the local log are told."""

from sqlalchemy import Connection, delete, select

from domain.kernel.change_log import DONE, SCHEMA_VERSION, Body, Change, encode_body
from domain.kernel.ids import Id, new_id
from domain.kernel.record import Scope, shared_tables
from sync.entries import NewEntry, append_entries
from sync.identity import identity_of, progress_of
from sync.pending import Pending
from sync.shapes import shape_of

LEAVE = "sync.leave"
_CHUNK = 400


def leave(connection: Connection, org_id: Id, now: int) -> tuple[bool, int]:
    """Remove the rows of an organisation this branch follows no more, except those with something pending.

    One entry of the local log names what went (``evict``), so that search and open windows let go of it.

    Args:
        connection: The writing connection.
        org_id: The organisation.
        now: Microseconds UTC.

    Returns:
        Whether nothing of it is left, and the position of the local log (0 if nothing went).
    """
    identity = identity_of(connection)
    pending = Pending(identity, progress_of(connection).settled_seq).read(connection)
    changes: list[Change] = []
    left = 0
    for shape in filter(None, (shape_of(table.name) for table in shared_tables())):
        if shape.info.scope is Scope.CATALOGUE:
            continue
        key = shape.table.c.id
        ids = [bytes(i) for i in connection.scalars(select(key).where(shape.table.c.org_id == org_id.bytes))]
        gone = [record_id for record_id in ids if not pending.touched((shape.entity, record_id), 0)]
        left += len(ids) - len(gone)
        for start in range(0, len(gone), _CHUNK):
            connection.execute(delete(shape.table).where(key.in_(gone[start : start + _CHUNK])))
        changes += [Change(shape.entity, record_id, org_id.bytes, "evict", 0, {}, {}) for record_id in gone]
    if not changes:
        return left == 0, 0
    body = Body(LEAVE, None, "system", identity.org_id.bytes, SCHEMA_VERSION, changes)
    entry = NewEntry(new_id(), identity.device_id, identity.epoch, None, now, DONE, encode_body(body))
    return left == 0, append_entries(connection, [entry])
