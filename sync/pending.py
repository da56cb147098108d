"""What people changed here that has not come back from the centre yet; it stays on top of what is pulled."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from domain.kernel.change_log import change_log, decode_body
from domain.kernel.ids import Id
from sync.identity import Identity, epochs
from sync.rows import Key
from sync.shapes import shape_of


@dataclass(frozen=True, slots=True)
class _Own:
    seq: int
    op: str
    groups: frozenset[str]


class Pending:
    """Own changes after a number, by record.

    Args:
        identity: Who the store is.
        after: Own transactions up to this number have come back.
    """

    def __init__(self, identity: Identity, after: int) -> None:
        self._identity = identity
        self._read = after
        self._changes: dict[Key, list[_Own]] = defaultdict(list)
        self.seqs: dict[bytes, int] = {}

    def read(self, connection: Connection) -> "Pending":
        """Read what has been added to the log since last time; returns itself."""
        for row in own_entries(connection, self._identity, self._read):
            self._read = row.dev_seq
            self.seqs[row.txn_id.bytes] = row.dev_seq
            for change in decode_body(row.body).changes:
                shape = shape_of(change.entity)
                if shape is not None:
                    groups = frozenset(shape.group(name).name for name in change.fields)
                    self._changes[change.entity, change.record_id].append(
                        _Own(row.dev_seq, change.op, groups)
                    )
        return self

    def groups(self, key: Key, after: int) -> frozenset[str]:
        """Return the groups of a record with an own value whose number is after `after`."""
        return frozenset().union(*(own.groups for own in self._changes.get(key, ()) if own.seq > after))

    def deleted(self, key: Key, after: int) -> bool:
        """Tell whether the newest own change of a record deleted it."""
        mine = [own for own in self._changes.get(key, ()) if own.seq > after]
        return bool(mine) and mine[-1].op == "del"

    def touched(self, key: Key, after: int) -> bool:
        """Tell whether a record has own changes whose number is after `after`."""
        return any(own.seq > after for own in self._changes.get(key, ()))


def own_entries(
    connection: Connection, identity: Identity, after: int, limit: int | None = None
) -> Iterator[Any]:
    """Yield number, transaction, time and body of own entries for sync, in order."""
    query = (
        select(change_log.c.dev_seq, change_log.c.txn_id, change_log.c.at, change_log.c.body)
        .where(
            change_log.c.device_id == identity.device_id,
            change_log.c.epoch.in_(epochs(identity)),
            change_log.c.dev_seq > after,
        )
        .order_by(change_log.c.dev_seq)
        .limit(limit)
    )
    yield from connection.execute(query)


def known_txns(connection: Connection, txn_ids: Iterable[Id]) -> set[Id]:
    """Return which of these transactions the log has."""
    wanted = list(txn_ids)
    found: set[Id] = set()
    for start in range(0, len(wanted), 400):
        chunk = wanted[start : start + 400]
        found.update(connection.scalars(select(change_log.c.txn_id).where(change_log.c.txn_id.in_(chunk))))
    return found
