"""The car park: transactions that cannot be dealt with now, kept whole with the reason.

At the centre a row holds the `SentTxn` of a branch: one that waits for a record (`waits_for`), one with an
entity of a newer program, or one that was rejected and is kept for a person; `position` is 0. At a branch a row
holds a `PulledEntry` cut to the changes that could not be made, with its position in the centre's log.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from domain.kernel.ids import Id
from sync.local_tables import parked_txn

WAITS = "sync.waits_for_record"
UNKNOWN = "sync.unknown_entity"
CLASHES = "sync.clashes_here"


def park(
    connection: Connection,
    *,
    txn_id: bytes,
    device_id: Id,
    dev_seq: int,
    reason: str,
    payload: bytes,
    at: int,
    position: int = 0,
    waits_for: bytes | None = None,
) -> None:
    """Keep a transaction; one that is there already gets the new reason and payload."""
    unpark(connection, [uuid.UUID(bytes=txn_id)])
    connection.execute(
        parked_txn.insert(),
        {
            "txn_id": uuid.UUID(bytes=txn_id), "device_id": device_id, "dev_seq": dev_seq, "position": position,
            "reason": reason[:80], "waits_for": None if waits_for is None else uuid.UUID(bytes=waits_for),
            "at": at, "payload": payload,
        },
    )  # fmt: skip


def unpark(connection: Connection, txn_ids: Sequence[Id]) -> None:
    """Let transactions go."""
    connection.execute(delete(parked_txn).where(parked_txn.c.txn_id.in_(txn_ids)))


def waiting_for(connection: Connection, records: Iterable[bytes]) -> list[Row[Any]]:
    """Return what waits for any of these records, in the order of their devices."""
    waiting = connection.execute(
        select(parked_txn.c.txn_id, parked_txn.c.waits_for).where(parked_txn.c.waits_for.is_not(None))
    ).all()
    come = set(records)
    wanted = [row.txn_id for row in waiting if row.waits_for.bytes in come]
    return parked(connection, parked_txn.c.txn_id.in_(wanted)) if wanted else []


def parked(connection: Connection, *where: Any) -> list[Row[Any]]:
    """Return parked transactions: those of a centre's log in its order, those of devices in theirs."""
    order = (parked_txn.c.position, parked_txn.c.device_id, parked_txn.c.dev_seq)
    return list(connection.execute(select(parked_txn).where(*where).order_by(*order)))
