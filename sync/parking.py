"""The car park: transactions that cannot be dealt with now, kept whole with the reason.

At the centre a row holds the `SentTxn` of a branch: one that waits for a record (`waits_for`), one with an
entity of a newer program, or one that was rejected and is kept for a person; `position` is 0. At a branch a row
holds a `PulledEntry` cut to the changes that could not be made, with its position in the centre's log.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, select

from domain.kernel.change_log import decode_body
from domain.kernel.ids import Id
from domain.kernel.prepared import Among, Prepared, insert_into
from sync.entries import decode_pulled
from sync.local_tables import parked_txn
from sync.rows import Key
from sync.shapes import shape_of

WAITS = "sync.waits_for_record"
UNKNOWN = "sync.unknown_entity"
CLASHES = "sync.clashes_here"


class Parked(NamedTuple):
    """A transaction to be kept, in stored form, in the order of the table's columns."""

    txn_id: bytes
    device_id: bytes
    dev_seq: int
    position: int
    reason: str
    waits_for: bytes | None
    at: int
    payload: bytes


def park(connection: Connection, transactions: Sequence[Parked]) -> None:
    """Keep transactions; one that is there already gets the new reason and payload."""
    there = _STANDING_OF.rows(connection, [one.txn_id for one in transactions])
    unpark(connection, [uuid.UUID(bytes=txn_id) for (txn_id,) in there])
    if transactions:
        insert_into(parked_txn).many(
            connection, [one._replace(reason=one.reason[:80]) for one in transactions]
        )


_STANDING_OF = Among([parked_txn.c.txn_id], parked_txn.c.txn_id)


def unpark(connection: Connection, txn_ids: Sequence[Id]) -> None:
    """Let transactions go."""
    for start in range(0, len(txn_ids), _CHUNK):
        some = txn_ids[start : start + _CHUNK]
        connection.execute(delete(parked_txn).where(parked_txn.c.txn_id.in_(some)))


def waiting_for(connection: Connection, records: Iterable[bytes]) -> list[Row[Any]]:
    """Return what waits for any of these records, in the order of their devices."""
    wanted = [uuid.UUID(bytes=txn_id) for (txn_id,) in _WAITS_FOR.rows(connection, records)]
    return these(connection, wanted)


def anything_waits(connection: Connection) -> bool:
    """Tell whether any transaction waits for a record."""
    return _ANY_WAITS.first(connection) is not None


def these(connection: Connection, txn_ids: Sequence[Id]) -> list[Row[Any]]:
    """Return some parked transactions, in the order of `parked`."""
    found: list[Row[Any]] = []
    for start in range(0, len(txn_ids), _CHUNK):
        found += parked(connection, parked_txn.c.txn_id.in_(txn_ids[start : start + _CHUNK]))
    return sorted(found, key=lambda row: (row.position, row.device_id, row.dev_seq))


_CHUNK = 400
_ANY_WAITS = Prepared(select(parked_txn.c.txn_id).where(parked_txn.c.waits_for.is_not(None)).limit(1))
_WAITS_FOR = Among([parked_txn.c.txn_id], parked_txn.c.waits_for)


class Waiting:
    """What is parked at a branch: looked at anew for each piece of the log, read only where it is new.

    A branch whose program is older than the centre's may have thousands waiting for the upgrade, and they must not
    make each piece dearer.
    """

    def __init__(self) -> None:
        self._read: dict[tuple[bytes, int, int], frozenset[Key]] = {}
        self.keys: frozenset[Key] = frozenset()
        """Records of which something waits."""
        self.hopeful: list[Id] = []
        """Transactions with a change of a kind of record this program knows."""

    def look(self, connection: Connection) -> "Waiting":
        """Look what is parked now; returns itself."""
        there = [(txn_id, at, size) for txn_id, at, size in _STANDING.rows(connection)]
        if there == list(self._read):
            return self
        fresh = [mark[0] for mark in there if mark not in self._read]
        keys = {
            txn_id: frozenset(
                (c.entity, c.record_id) for c in decode_body(decode_pulled(payload).body).changes
            )
            for txn_id, payload in _PAYLOADS.rows(connection, fresh)
        }
        self._read = {mark: self._read[mark] if mark in self._read else keys[mark[0]] for mark in there}
        self.keys = frozenset().union(*self._read.values())
        self.hopeful = [
            uuid.UUID(bytes=mark[0])
            for mark, some in self._read.items()
            if any(shape_of(entity) is not None for entity, _ in some)
        ]
        return self


_STANDING = Prepared(
    select(parked_txn.c.txn_id, parked_txn.c.at, func.length(parked_txn.c.payload)).order_by(
        parked_txn.c.txn_id
    )
)
_PAYLOADS = Among([parked_txn.c.txn_id, parked_txn.c.payload], parked_txn.c.txn_id)


def parked(connection: Connection, *where: Any) -> list[Row[Any]]:
    """Return parked transactions: those of a centre's log in its order, those of devices in theirs."""
    order = (parked_txn.c.position, parked_txn.c.device_id, parked_txn.c.dev_seq)
    return list(connection.execute(select(parked_txn).where(*where).order_by(*order)))
