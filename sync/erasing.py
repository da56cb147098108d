"""After a legal erasure: the values go from the log, the tombstones, what is parked, and the files.

A reader of the log, the same at branch and centre. The erased records' rows are gone with the entry itself; here
goes what remembers them. An entry of the log keeps who, when and which record, so numbers, bundles and the audit
chain stay as they are; its old and new values are emptied, and the digest of what is left is kept beside the chain,
so that a check can tell an erasure from a forgery (`domain.audit.verification`).
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from domain.audit.chain import entry_digest
from domain.audit.trail import rows_about
from domain.kernel.change_log import Body, Change, Entry, change_log, decode_body, encode_body
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.people.erasure import ERASE, concerning
from sync.blob_columns import blob_columns, named_blobs
from sync.entries import decode_pulled, decode_sent
from sync.local_tables import (
    audit_entry,
    blob_state,
    erased_record,
    parked_txn,
    push_outcome,
    refused_record,
    scrubbed_entry,
    tombstone,
)
from sync.rows import Key
from sync.shapes import shape_of

NAME = "erasure"
_CHUNK = 400
_AT_ONCE = 1000


class Eraser:
    """Follows the log for erasures. Give it to a `Follower`.

    Args:
        forget_file: Removes a file by its hash, if it is here.
    """

    name = NAME

    def __init__(self, forget_file: Callable[[str], object] = lambda _sha256: None) -> None:
        self._forget_file = forget_file

    def read(self, entries: Sequence[Entry], connection: Connection) -> None:
        """Take the values of erased records out of this store."""
        for entry in entries:
            if entry.glance.command == ERASE:
                self._erase(connection, entry)

    def _erase(self, connection: Connection, entry: Entry) -> None:
        keys = {(c.entity, c.record_id) for c in entry.body.changes}
        keys |= _left_behind(connection, keys)
        positions = _positions(connection, keys, entry.position)
        files = set(_scrub(connection, positions, keys, entry.position))
        for chunk in _chunks([record_id for _, record_id in keys]):
            ids = [uuid.UUID(bytes=record_id) for record_id in chunk]
            for table in (tombstone, refused_record):
                connection.execute(delete(table).where(table.c.record_id.in_(ids)))
        _drop_parked(connection, keys)
        _remember(connection, keys, entry.at)
        for sha256 in files:
            if not _named(connection, sha256):
                connection.execute(delete(blob_state).where(blob_state.c.sha256 == sha256))
                self._forget_file(sha256)


def anything_erased(connection: Connection) -> bool:
    """Tell whether this store has to remember any erasure."""
    return _ANY_ERASED.first(connection) is not None


_ANY_ERASED = Prepared(select(erased_record.c.record_id).limit(1))


def is_erased(connection: Connection, ids: Iterable[bytes]) -> set[bytes]:
    """Return which of some record ids were erased."""
    found: set[bytes] = set()
    for chunk in _chunks(list(ids)):
        wanted = [uuid.UUID(bytes=record_id) for record_id in chunk]
        query = select(erased_record.c.record_id).where(erased_record.c.record_id.in_(wanted))
        found |= {record_id.bytes for record_id in connection.scalars(query)}
    return found


def _left_behind(connection: Connection, keys: set[Key]) -> set[Key]:
    """Delete what still refers to erased records here (made before this store knew), and return it."""
    start: dict[str, set[Id]] = {}
    for entity, record_id in keys:
        start.setdefault(entity, set()).add(uuid.UUID(bytes=record_id))
    left: set[Key] = set()
    for entity, ids in concerning(connection, start).items():
        shape = shape_of(entity)
        if shape is None:
            continue
        for chunk in _chunks([one.bytes for one in ids]):
            connection.execute(delete(shape.table).where(shape.table.c.id.in_(chunk)))
        left |= {(entity, one.bytes) for one in ids}
    return left - keys


def _positions(connection: Connection, keys: set[Key], last: int) -> set[int]:
    """Return the positions of entries that speak of some records; the audit knows them by record."""
    found = {last}
    for chunk in _chunks([record_id for _, record_id in keys]):
        ids = [uuid.UUID(bytes=record_id) for record_id in chunk]
        found |= set(connection.scalars(select(rows_about(ids).c.position)))
    read = connection.execute(select(audit_entry.c.position).order_by(audit_entry.c.number.desc()).limit(1))
    after = read.scalar() or 0  # what the audit has not read yet is looked through
    query = select(change_log.c.position, change_log.c.body).where(change_log.c.position > after)
    for row in connection.execute(query):
        if any((c.entity, c.record_id) in keys for c in decode_body(row.body).changes):
            found.add(row.position)
    return found


def _scrub(connection: Connection, positions: Iterable[int], keys: set[Key], by: int) -> Iterator[str]:
    """Empty the values of records in entries, and yield the files they named."""
    ids = {record_id for _, record_id in keys}
    for chunk in _chunks(sorted(positions)):
        rows = connection.execute(select(change_log).where(change_log.c.position.in_(chunk))).all()
        for row in rows:
            body = decode_body(row.body)
            for change in body.changes:
                if change.record_id in ids:
                    for values in (change.fields, change.base):
                        yield from (name for name, _, _ in named_blobs(change.entity, values))
            data = encode_body(_emptied(body, ids))
            if data == row.body:
                continue
            connection.execute(
                update(change_log).where(change_log.c.position == row.position).values(body=data)
            )
            digest = entry_digest(row.txn_id.bytes, row.at, row.outcome, data)
            connection.execute(delete(scrubbed_entry).where(scrubbed_entry.c.position == row.position))
            connection.execute(
                scrubbed_entry.insert(),
                {"position": row.position, "by_position": by, "content_sha256": digest},
            )
            if row.dev_seq is not None:
                connection.execute(
                    update(push_outcome).where(push_outcome.c.dev_seq == row.dev_seq).values(facts=None)
                )


def _emptied(body: Body, ids: set[bytes]) -> Body:
    changes = [
        msgspec.structs.replace(change, fields={}, base={}) if change.record_id in ids else change
        for change in body.changes
    ]
    note = body.note if body.command == ERASE else {}
    return msgspec.structs.replace(body, changes=changes, note=note)


def _drop_parked(connection: Connection, keys: set[Key]) -> None:
    """Let go of parked transactions that speak of erased records."""
    ids = {record_id for _, record_id in keys}
    for row in connection.execute(
        select(parked_txn.c.txn_id, parked_txn.c.position, parked_txn.c.payload)
    ).all():
        try:
            body = decode_body((decode_pulled if row.position else decode_sent)(row.payload).body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # unreadable, so nobody can tell whose it is: a person looks at it
        if any(mentions(change, ids) for change in body.changes):
            connection.execute(delete(parked_txn).where(parked_txn.c.txn_id == row.txn_id))


def mentions(change: Change, ids: AbstractSet[bytes]) -> bool:
    """Tell whether a change is of, or refers to, one of some records."""
    if change.record_id in ids:
        return True
    return any(isinstance(value, bytes) and value in ids for value in change.fields.values())


def _remember(connection: Connection, keys: set[Key], at: int) -> None:
    known = is_erased(connection, [record_id for _, record_id in keys])
    rows: list[dict[str, Any]] = [
        {"entity": entity, "record_id": uuid.UUID(bytes=record_id), "at": at}
        for entity, record_id in sorted(keys)
        if record_id not in known
    ]
    if rows:
        connection.execute(erased_record.insert(), rows)


def _named(connection: Connection, sha256: str) -> bool:
    for table, name in blob_columns():
        if connection.execute(select(table.c.id).where(table.c[name] == sha256).limit(1)).first() is not None:
            return True
    return False


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
