"""Entries on their way: what a bundle carries up and down, and how the log takes many at once.

A bundle from a branch carries `SentTxn`, one from the centre `PulledEntry`. Both are msgpack arrays, so a newer
program may add members at the end. The body travels as stored (`domain.kernel.change_log.Body`).
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, Table, select, update

from domain.kernel.change_log import Body, change_log, decode_body, log_head, log_scope
from domain.kernel.ids import Id
from domain.kernel.record import Place, Scope
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.shapes import kind_of


class SentTxn(msgspec.Struct, array_like=True, frozen=True):
    """One transaction of a branch: its number there, its identity, its time, its body."""

    seq: int
    txn_id: bytes
    at: int
    body: bytes


class PulledEntry(msgspec.Struct, array_like=True, frozen=True):
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


def take_positions(connection: Connection, count: int) -> int:
    """Take `count` positions of the log, last before the commit, and return the first of them.

    The lock of the one row is held until the commit, so positions rise in the order of commits.
    """
    connection.execute(
        update(log_head).where(log_head.c.id == 1).values(position=log_head.c.position + count)
    )
    last: int = connection.execute(select(log_head.c.position).where(log_head.c.id == 1)).scalar_one()
    return last - count + 1


def append_entries(connection: Connection, entries: Sequence[NewEntry]) -> int:
    """Write entries to the log in order and return the position of the first, 0 for none.

    Call it after every other write of the transaction.
    """
    if not entries:
        return 0
    first = take_positions(connection, len(entries))
    rows = []
    scopes = []
    for position, entry in enumerate(entries, first):
        rows.append((
            position, entry.txn_id.bytes, entry.device_id.bytes, entry.epoch, entry.dev_seq, entry.at,
            entry.outcome, entry.body,
        ))  # fmt: skip
        scopes += [(scope.bytes, position) for scope in entry.scopes]
    insert_stored(connection, change_log, _ENTRY_COLUMNS, rows)
    insert_stored(connection, log_scope, ("org_id", "position"), scopes)
    return first


_ENTRY_COLUMNS = ("position", "txn_id", "device_id", "epoch", "dev_seq", "at", "outcome", "body")


def insert_stored(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows whose values are in stored form already, past the types' conversions: the log is written a lot."""
    if rows:
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        marks = ", ".join([mark] * len(columns))
        listed = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in columns)
        statement = f"INSERT INTO {table.name} ({listed}) VALUES ({marks})"  # noqa: S608 (own names)
        connection.exec_driver_sql(statement, list(rows))


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


def cut_body(data: bytes, scopes: Iterable[bytes] | None) -> tuple[bytes, Body]:
    """Return a body without the changes that do not belong to `scopes` (None: only what is not shared is cut).

    The note goes too when something was cut: it may speak of what the reader must not see.
    """
    body = decode_body(data)
    wanted = None if scopes is None else set(scopes)
    kept = []
    for change in body.changes:
        scope = scope_of(change.entity, change.org_id)
        if scope is not None and (wanted is None or scope in wanted):
            kept.append(change)
    if len(kept) == len(body.changes):
        return data, body
    note = body.note if wanted is None else {}
    cut = msgspec.structs.replace(body, changes=kept, note=note)
    return _ENCODER.encode(cut), cut
