"""Entries on their way: what a bundle carries up and down, and how the log takes many at once.

A bundle from a branch carries `SentTxn`, one from the centre `PulledEntry`. Both are msgpack arrays, so a newer
program may add members at the end. The body travels as stored (`domain.kernel.change_log.Body`).
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import BigInteger, Connection, bindparam, select, update

from domain.kernel.change_log import (
    change_log,
    decode_body,
    decode_glance,
    encode_body,
    log_head,
    log_scope,
)
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared, Values, insert_into
from domain.kernel.record import Place, Scope
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.shapes import kind_of


class SentTxn(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One transaction of a branch: its number there, its identity, its time, its body."""

    seq: int
    txn_id: bytes
    at: int
    body: bytes


class PulledEntry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One entry of the centre's log, cut to what the puller may see."""

    position: int
    txn_id: bytes
    device_id: bytes
    epoch: int
    dev_seq: int | None
    at: int
    outcome: str
    body: bytes


_ENCODER = msgspec.msgpack.Encoder()
_SENT = msgspec.msgpack.Decoder(SentTxn)
_PULLED = msgspec.msgpack.Decoder(PulledEntry)


def encode_txn(txn: SentTxn | PulledEntry) -> bytes:
    """Return the bytes of one record of a bundle."""
    return _ENCODER.encode(txn)


def decode_sent(data: bytes) -> SentTxn:
    """Return a branch's transaction; `msgspec.DecodeError` if it is none."""
    return _SENT.decode(data)


def decode_pulled(data: bytes) -> PulledEntry:
    """Return an entry of the centre; `msgspec.DecodeError` if it is none."""
    return _PULLED.decode(data)


class NewEntry(msgspec.Struct, frozen=True):
    """An entry to be written: as `PulledEntry`, with native ids, without a position yet."""

    txn_id: Id
    device_id: Id
    epoch: int
    dev_seq: int | None
    at: int
    outcome: str
    body: bytes
    scopes: frozenset[Id] = frozenset()


StoredEntry = tuple[bytes, bytes, int, int | None, int, str, bytes]
"""An entry as `NewEntry`, in stored form: transaction, device, epoch, number there, time, outcome, body."""


def take_positions(connection: Connection, count: int) -> int:
    """Take `count` positions of the log, last before the commit, and return the first of them.

    The lock of the one row is held until the commit, so positions rise in the order of commits.
    """
    _TAKE.run(connection, count=count)
    row = _HEAD.first(connection)
    if row is None:
        raise LookupError("the log has no head: the store was not prepared")
    last: int = row[0]
    return last - count + 1


_TAKE = Prepared(
    update(log_head)
    .where(log_head.c.id == 1)
    .values(position=log_head.c.position + bindparam("count", type_=BigInteger))
)
_HEAD = Prepared(select(log_head.c.position).where(log_head.c.id == 1))


def append_entries(connection: Connection, entries: Sequence[NewEntry]) -> int:
    """Write entries to the log in order and return the position of the first, 0 for none.

    Call it after every other write of the transaction.
    """
    stored: list[StoredEntry] = [
        (e.txn_id.bytes, e.device_id.bytes, e.epoch, e.dev_seq, e.at, e.outcome, e.body) for e in entries
    ]
    return append_stored(connection, stored, [[scope.bytes for scope in e.scopes] for e in entries])


def append_stored(
    connection: Connection, entries: Sequence[StoredEntry], scopes: Sequence[Iterable[bytes]] = ()
) -> int:
    """Write entries in stored form, each with the organisations it touches; else as `append_entries`."""
    if not entries:
        return 0
    first = take_positions(connection, len(entries))
    rows: list[Values] = [(position, *entry) for position, entry in enumerate(entries, first)]
    insert_into(change_log).many(connection, rows)
    touched = [(scope, position) for position, some in enumerate(scopes, first) for scope in some]
    if touched:
        insert_into(log_scope).many(connection, touched)
    return first


def scope_of(entity: str, org_id: bytes) -> bytes | None:
    """Return whose log a change belongs to: an organisation, the catalogue, or None for what is not shared.

    An entity this program does not know belongs to the organisation it names.
    """
    kind = kind_of(entity)
    if kind is None:
        return org_id
    if kind.record_info.place is not Place.SHARED:
        return None
    return CATALOGUE_SCOPE.bytes if kind.record_info.scope is Scope.CATALOGUE else org_id


def cut_body(data: bytes, scopes: Iterable[bytes] | None) -> bytes:
    """Return a body without the changes that do not belong to `scopes` (None: only what is not shared is cut).

    The note goes too when something was cut: it may speak of what the reader must not see.
    """
    wanted = None if scopes is None else set(scopes)

    def belongs(entity: str, org_id: bytes) -> bool:
        scope = scope_of(entity, org_id)
        return scope is not None and (wanted is None or scope in wanted)

    if all(belongs(touch.entity, touch.org_id) for touch in decode_glance(data).changes):
        return data
    body = decode_body(data)
    kept = [change for change in body.changes if belongs(change.entity, change.org_id)]
    return encode_body(msgspec.structs.replace(body, changes=kept, note=body.note if wanted is None else {}))
