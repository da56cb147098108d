"""What people changed here that has not come back from the centre yet; it stays on top of what is pulled."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, bindparam, select

from domain.kernel.change_log import change_log, decode_body
from domain.kernel.prepared import Among, Prepared
from sync.identity import Identity, epochs
from sync.rows import Key
from sync.shapes import shape_of

_AT_ONCE = 500


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
        for own in own_entries(connection, self._identity, self._read):
            self._read = own.dev_seq
            self.seqs[own.txn_id] = own.dev_seq
            for change in decode_body(own.body).changes:
                groups = _groups(change.entity, tuple(change.fields))
                if groups is not None:
                    self._changes[change.entity, change.record_id].append(
                        _Own(own.dev_seq, change.op, groups)
                    )
        return self

    def groups(self, key: Key, after: int) -> frozenset[str]:
        """Return the groups of a record with an own value whose number is after `after`."""
        if key not in self._changes:
            return _NONE
        return frozenset().union(*(own.groups for own in self._changes.get(key, ()) if own.seq > after))

    def deleted(self, key: Key, after: int) -> bool:
        """Tell whether the newest own change of a record deleted it."""
        if key not in self._changes:
            return False
        mine = [own for own in self._changes.get(key, ()) if own.seq > after]
        return bool(mine) and mine[-1].op == "del"

    def touched(self, key: Key, after: int) -> bool:
        """Tell whether a record has own changes whose number is after `after`."""
        return any(own.seq > after for own in self._changes.get(key, ()))

    def records(self, entity: str) -> list[bytes]:
        """Return the ids of an entity's records with own changes."""
        return [record_id for kind, record_id in self._changes if kind == entity]

    def untouched(self, entity: str, rows: list[list[Any]]) -> list[list[Any]]:
        """Return the rows, each with its id in front, of records without own changes."""
        if not self._changes:
            return rows
        return [row for row in rows if not self.touched((entity, row[0]), 0)]


_NONE: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=4096)
def _groups(entity: str, fields: tuple[str, ...]) -> frozenset[str] | None:
    """Return the groups of some fields; None for an entity that is not shared."""
    shape = shape_of(entity)
    return None if shape is None else frozenset(shape.group(name).name for name in fields)


class OwnEntry(NamedTuple):
    """An own entry for sync: its number, its transaction, its time, its body."""

    dev_seq: int
    txn_id: bytes
    at: int
    body: bytes


def own_entries(
    connection: Connection, identity: Identity, after: int, limit: int | None = None
) -> Iterator[OwnEntry]:
    """Yield own entries for sync after a number, in order."""
    lives = epochs(identity)
    query = _own(len(lives))
    given = {"device": identity.device_id.bytes, **{f"epoch{n}": n for n in lives}}
    left = limit
    while left is None or left > 0:
        most = _AT_ONCE if left is None else min(left, _AT_ONCE)
        found = query.rows(connection, after=after, most=most, **given)
        yield from map(OwnEntry._make, found)
        if len(found) < most:
            return
        after = found[-1][0]
        left = None if left is None else left - most


@functools.cache
def _own(lives: int) -> Prepared:
    """Return the query of `own_entries` for a store in its life of that number."""
    return Prepared(
        select(change_log.c.dev_seq, change_log.c.txn_id, change_log.c.at, change_log.c.body)
        .where(
            change_log.c.device_id == bindparam("device"),
            change_log.c.epoch.in_([bindparam(f"epoch{n}", type_=Integer) for n in range(1, lives + 1)]),
            change_log.c.dev_seq > bindparam("after"),
        )
        .order_by(change_log.c.dev_seq)
        .limit(bindparam("most", type_=Integer))
    )


def known_txns(connection: Connection, txn_ids: Iterable[bytes]) -> set[bytes]:
    """Return which of these transactions the log has."""
    return {txn_id for (txn_id,) in _KNOWN.rows(connection, txn_ids)}


_KNOWN = Among([change_log.c.txn_id], change_log.c.txn_id)
