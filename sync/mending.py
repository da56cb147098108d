"""Comparing a branch's rows with the centre's, and mending what differs; nothing that stood there is lost unseen.

Both must stand at one position with nothing on its way. Digests say which entities differ, 256 digests of an entity
which of its buckets; only those rows travel. With nothing pending the centre's log is the truth, so a branch takes
over the centre's rows: by an entry in its log with what stood here, which goes up as well and stays in the centre's
log, so people can see what differed and where it came from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.kernel.change_log import (
    DONE,
    SCHEMA_VERSION,
    Body,
    Change,
    append_entry,
    decode_body,
    encode_body,
)
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, new_id, stable_id
from domain.kernel.record import Scope
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.digest import bucket_digests, bucket_of, differing, store_digest
from sync.entries import PulledEntry, decode_pulled, encode_txn
from sync.identity import cursors_of, identity_of, progress_of, set_cursors, set_progress
from sync.local_tables import parked_txn, refused_record
from sync.marks import life_read, marks_of
from sync.merge import value_of, whole
from sync.parking import CLASHES, UNKNOWN, Parked, park, parked, unpark
from sync.pending import Pending
from sync.protocol import Centre, Cursor, DigestRequest, RowsRequest, SharedRow
from sync.rebase import REFUSED
from sync.returning import Held, give_back
from sync.rows import Key, Rows
from sync.shapes import Shape, same, shape_of

MEND = "sync.mend"
OTHER_LIFE = "sync.other_life"
Fetched = tuple[list[int], Sequence[SharedRow]]
"""The differing buckets of an entity, and the centre's rows in them."""
_CATALOGUE = CATALOGUE_SCOPE.bytes
_MOST_TOLD = 500
"""Records whose former values go up with the entry; more than that is no slip, and stays in the local log alone."""


@dataclass(slots=True)
class Mended:
    """What a comparison did: `position` at which both stand, entities that differed, and records put right.

    `returned` are transactions with what the centre had written and lost; where there are any, nothing was put right:
    that is for the comparison after they have come back.
    """

    position: int
    entities: list[str] = field(default_factory=list)
    records: int = 0
    returned: int = 0


def shared_rows(
    connection: Connection, entity: str, buckets: Iterable[int], orgs: Iterable[Id]
) -> list[SharedRow]:
    """Return the rows of an entity in some buckets; arguments as for `sync.digest.bucket_digests`."""
    shape = shape_of(entity)
    if shape is None:
        return []
    wanted = set(buckets)
    query = select(shape.table.c.id)
    if shape.info.scope is not Scope.CATALOGUE:
        query = query.where(shape.table.c.org_id.in_([org.bytes for org in orgs]))
    ids = [bytes(i) for i in connection.scalars(query) if bucket_of(bytes(i)) in wanted]
    rows = Rows(connection)
    rows.load((entity, record_id) for record_id in ids)
    found = [row for record_id in ids if (row := rows.get((entity, record_id))) is not None]
    return [SharedRow(row["id"], row["org_id"], row["ver"], whole(shape, row)) for row in found]


def compare(store: Store, centre: Centre) -> tuple[int, list[str]] | None:
    """Compare digests; return (position, differing entities).

    None when nothing can be said: something is unsent or parked, or the centre has moved on since the last pull, or
    gone back.
    """
    with store.read() as connection:
        if not _at_rest(connection):
            return None
        cursors = cursors_of(connection)
        scopes = [cursor.org_id for cursor in cursors]
        mine = store_digest(connection, scopes)
        life = life_read(connection)
        mark = next(iter(marks_of(connection)), None)
    position = min((cursor.position for cursor in cursors), default=0)
    try:
        theirs = centre.digest(DigestRequest(scopes, position=position, life=life, mark=mark))
    except DomainError as error:
        if error.code != OTHER_LIFE:
            raise
        return None
    if any(cursor.position != theirs.position for cursor in cursors):
        return None
    return theirs.position, differing(mine, theirs.entities)


def mend(store: Store, centre: Centre, now: int, centre_id: Id | None = None) -> Mended | None:
    """Compare, and put right what differs; None as for `compare`.

    Args:
        store: The branch's store.
        centre: The centre.
        now: Time of this branch, microseconds UTC.
        centre_id: Device of the centre: what it had written and lost is given back first (`sync.returning`).
    """
    found = compare(store, centre)
    if found is None:
        return None
    done = Mended(*found)
    fetched: dict[str, Fetched] = {}
    for entity in done.entities:
        rows = _fetched(store, centre, entity, done.position)
        if rows is None:
            return None
        fetched[entity] = rows
    if not fetched:
        return done
    with store.write() as connection:
        if not _at_rest(connection) or any(c.position != done.position for c in cursors_of(connection)):
            return None
        position = 0
        if centre_id is not None:
            done.returned, position = _returned(connection, centre_id, fetched)
        if not done.returned:
            for entity, rows in fetched.items():
                count, last = _put_right(connection, entity, *rows, done.position, now)
                done.records += count
                position = max(position, last)
    if position:
        store.ring(position)
    return done


def _returned(connection: Connection, centre_id: Id, fetched: dict[str, Fetched]) -> tuple[int, int]:
    """Give back what only this store has of the centre's work."""
    scopes = [cursor.org_id for cursor in cursors_of(connection)]
    refused = {i.bytes for i in connection.scalars(select(refused_record.c.record_id))}
    held: Held = {}
    for entity, (buckets, theirs) in fetched.items():
        mine = {row.record_id: row.fields for row in shared_rows(connection, entity, buckets, scopes)}
        there = {row.record_id: row.fields for row in theirs}
        differ = {i for i in mine.keys() | there.keys() if mine.get(i) != there.get(i)} - refused
        held |= {(entity, i): dict(there[i]) if i in there else None for i in differ}
    device_id = identity_of(connection).device_id
    return give_back(connection, device_id, centre_id, {org.bytes for org in scopes} - {_CATALOGUE}, held)


def resync(store: Store, centre: Centre, now: int) -> int:
    """Take over the centre's rows wherever they differ, except those with something pending or refused here.

    Afterwards the cursors stand where the centre stood at the first question: what is read from there says what holds
    afterwards, so that rows fetched later than that come to the same. Returns how many records changed.
    """
    with store.read() as connection:
        scopes = [cursor.org_id for cursor in cursors_of(connection)]
        mine = store_digest(connection, scopes)
        life = life_read(connection)
    theirs = centre.digest(DigestRequest(scopes, life=life))
    changed = newest = 0
    for entity in differing(mine, theirs.entities):
        with store.read() as connection:
            parts = bucket_digests(connection, entity, scopes)
        for bucket in _differing_buckets(
            parts, centre.digest(DigestRequest(scopes, entity, life=life)).buckets
        ):
            rows = centre.rows(RowsRequest(scopes, entity, [bucket], life=life)).rows
            with store.write() as connection:
                count, position = _put_right(connection, entity, [bucket], rows, theirs.position, now)
            changed += count
            newest = max(newest, position)
    with store.write() as connection:
        _let_go_of_waiting(connection, theirs.position)
        set_cursors(connection, [Cursor(org_id, theirs.position) for org_id in scopes])
        set_progress(connection, settled_seq=progress_of(connection).acked_seq)
    if newest:
        store.ring(newest)
    return changed


def _differing_buckets(mine: Sequence[tuple[int, str]], theirs: Sequence[tuple[int, str]]) -> list[int]:
    return [i for i, (one, other) in enumerate(zip(mine, theirs, strict=False)) if tuple(one) != tuple(other)]


def _at_rest(connection: Connection) -> bool:
    progress = progress_of(connection)
    parked = connection.execute(select(parked_txn.c.txn_id).limit(1)).first()
    return progress.last_seq <= progress.settled_seq and parked is None


def _fetched(store: Store, centre: Centre, entity: str, position: int) -> Fetched | None:
    """Return the differing buckets of an entity and the centre's rows in them; None if it has moved on."""
    with store.read() as connection:
        scopes = [cursor.org_id for cursor in cursors_of(connection)]
        mine = bucket_digests(connection, entity, scopes)
        life = life_read(connection)
    try:
        theirs = centre.digest(DigestRequest(scopes, entity, position, life))
        buckets = _differing_buckets(mine, theirs.buckets)
        reply = centre.rows(RowsRequest(scopes, entity, buckets, position, life))
    except DomainError as error:
        if error.code != OTHER_LIFE:
            raise
        return None
    return (buckets, reply.rows) if theirs.position == reply.position == position else None


def _put_right(
    connection: Connection,
    entity: str,
    buckets: Sequence[int],
    theirs: Sequence[SharedRow],
    position: int,
    now: int,
) -> tuple[int, int]:
    """Take over the centre's rows as they stood at `position` or later.

    Returns how many records changed, and the position of the entry in the local log.
    """
    shape = shape_of(entity)
    if shape is None:
        return 0, 0
    scopes = [cursor.org_id for cursor in cursors_of(connection)]
    mine = {row.record_id for row in shared_rows(connection, entity, buckets, scopes)}
    refused = {i.bytes for i in connection.scalars(select(refused_record.c.record_id))}
    # What the centre has decided is in its rows already; only what it has not seen stays on top.
    pending = Pending(identity_of(connection), progress_of(connection).acked_seq).read(connection)
    theirs = [one for one in theirs if not pending.touched((entity, one.record_id), 0)]
    mine = {record_id for record_id in mine if not pending.touched((entity, record_id), 0)}
    strange = sorted(mine - {one.record_id for one in theirs} - refused)
    try:
        with connection.begin_nested():
            changes = _made(connection, shape, theirs, strange)
    except REFUSED:
        changes = _made(connection, shape, [], strange)
        changes += _one_by_one(connection, shape, theirs, position, now)
    if not changes:
        return 0, 0
    identity = identity_of(connection)
    told = [
        {"entity": c.entity, "record_id": c.record_id, "op": c.op, "had": c.base}
        for c in changes[:_MOST_TOLD]
    ]
    note = {"mended": told, "records": len(changes)}
    body = Body(
        MEND, None, "system", identity.org_id.bytes, SCHEMA_VERSION, changes, {"records": len(changes)}
    )
    append_entry(connection, txn_id=new_id(), device_id=identity.device_id, at=now, body=body)
    report = Body(MEND, None, "system", identity.org_id.bytes, SCHEMA_VERSION, [], note)
    last = append_entry(
        connection, txn_id=new_id(), device_id=identity.device_id, at=now, body=report, for_sync=True
    )
    return len(changes), last


def _made(
    connection: Connection, shape: Shape, theirs: Sequence[SharedRow], strange: Sequence[bytes]
) -> list[Change]:
    """Take over rows of the centre and remove what it has not; raises what the database refuses (`REFUSED`)."""
    rows = Rows(connection)
    rows.load((shape.entity, record_id) for record_id in [*(one.record_id for one in theirs), *strange])
    changes = [c for one in theirs if (c := _taken_over(rows, shape, one)) is not None]
    changes += [_let_go(rows, shape, (shape.entity, record_id)) for record_id in strange]
    rows.flush()
    return changes


def _one_by_one(
    connection: Connection, shape: Shape, theirs: Sequence[SharedRow], position: int, now: int
) -> list[Change]:
    """Take over what the database takes; a row whose unique value another record holds here waits, as if pulled.

    The other is a new record of this branch that was not sent or was refused, or one whose turn is still to come.
    """
    changes: list[Change] = []
    left, moving = list(theirs), True
    while left and moving:
        stuck = []
        for one in left:
            try:
                with connection.begin_nested():
                    changes += _made(connection, shape, [one], [])
            except REFUSED:
                stuck.append(one)
        moving = len(stuck) < len(left)
        left = stuck
    park(connection, [_waiting(shape, one, position, now) for one in left])
    rows = Rows(connection)
    rows.load((shape.entity, one.record_id) for one in left)
    return changes + [c for one in left if (c := _taken_over(rows, shape, one)) is not None]


def _waiting(shape: Shape, theirs: SharedRow, position: int, now: int) -> Parked:
    """Return a row of the centre as an entry of its log that has to wait."""
    change = Change(shape.entity, theirs.record_id, theirs.org_id, "ins", 0, theirs.fields, {}, theirs.ver)
    body = Body(MEND, None, "system", theirs.org_id, SCHEMA_VERSION, [change])
    txn_id = stable_id("resync", shape.entity, theirs.record_id.hex(), theirs.ver).bytes
    nobody = bytes(16)
    entry = PulledEntry(position, txn_id, nobody, 0, None, now, DONE, encode_body(body))
    return Parked(txn_id, nobody, 0, position, CLASHES, None, now, encode_txn(entry))


def _let_go_of_waiting(connection: Connection, position: int) -> None:
    """Drop what waited from before a comparison of all rows, which says more; not what this program does not know."""
    for row in parked(connection, parked_txn.c.position < position):
        entry = decode_pulled(row.payload)
        body = decode_body(entry.body)
        unknown = [change for change in body.changes if shape_of(change.entity) is None]
        if len(unknown) == len(body.changes):
            continue
        unpark(connection, [row.txn_id])
        if unknown:
            entry = msgspec.structs.replace(
                entry, body=encode_body(msgspec.structs.replace(body, changes=unknown))
            )
            kept = (entry.txn_id, entry.device_id, entry.dev_seq or 0, entry.position)
            park(connection, [Parked(*kept, UNKNOWN, None, row.at, encode_txn(entry))])


def _taken_over(rows: Rows, shape: Shape, theirs: SharedRow) -> Change | None:
    row = rows.get((shape.entity, theirs.record_id))
    if row is None:
        rows.insert(shape, theirs.record_id, theirs.org_id, theirs.fields, theirs.ver)
        return Change(shape.entity, theirs.record_id, theirs.org_id, "ins", 0, theirs.fields, {}, theirs.ver)
    wanted = {**dict.fromkeys(whole(shape, row)), **theirs.fields}
    other = {n: v for n, v in wanted.items() if not same(shape, n, v, value_of(shape, row, n))}
    if not other and row["ver"] == theirs.ver:
        return None
    base: dict[str, Any] = {name: value_of(shape, row, name) for name in other}
    rows.update(shape, theirs.record_id, other, theirs.ver)
    return Change(shape.entity, theirs.record_id, theirs.org_id, "upd", row["ver"], other, base, theirs.ver)


def _let_go(rows: Rows, shape: Shape, key: Key) -> Change:
    row = rows.get(key)
    if row is None:
        raise LookupError("a row that was listed a moment ago")
    rows.remove(key)
    return Change(shape.entity, key[1], row["org_id"], "del", row["ver"], {}, whole(shape, row), row["ver"])
