"""Pulled changes laid under what is pending: the rows a branch gets from entries of the centre."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection

from domain.kernel.change_log import Body, Change
from domain.people.erasure import ERASE
from sync.entries import PulledEntry
from sync.merge import value_of
from sync.pending import Pending
from sync.rows import Key, Rows
from sync.shapes import Shape, same, shape_of

MISSING = "sync.row_missing"
BEHIND = "sync.behind_parked"


class Read(msgspec.Struct, frozen=True, gc=False):
    """One entry being taken in.

    Attributes:
        entry: As it came.
        body: Its body.
        after: Newest own transaction that has come back with it.
        own: It is one of our own.
    """

    entry: PulledEntry
    body: Body
    after: int
    own: bool

    def only(self, change: Change) -> "Read":
        """Return the entry with a single change."""
        return Read(self.entry, msgspec.structs.replace(self.body, changes=[change]), self.after, self.own)


@dataclass(slots=True)
class Result:
    """What came of taking in entries.

    Attributes:
        parked: By transaction: the entry, the changes of it that wait, and why.
        corrections: Own entries, with what the centre made otherwise than it stood here.
    """

    parked: dict[bytes, tuple[Read, list[Change], str]] = field(default_factory=dict)
    corrections: list[tuple[Read, list[Change]]] = field(default_factory=list)

    def park(self, one: Read, change: Change, reason: str) -> None:
        """Let a change of an entry wait."""
        self.parked.setdefault(one.entry.txn_id, (one, [], reason))[1].append(change)

    def add(self, other: "Result") -> None:
        """Take over what came of others."""
        for one, changes, reason in other.parked.values():
            for change in changes:
                self.park(one, change, reason)
        self.corrections += other.corrections

    def blocked(self) -> set[Key]:
        """Return the records that have something waiting."""
        return {(c.entity, c.record_id) for _, changes, _ in self.parked.values() for c in changes}


class Overlay:
    """Takes in entries on one connection, inside a savepoint of the caller.

    Args:
        connection: The writing connection.
        pending: What is pending here.
        blocked: Records that have earlier changes waiting: theirs must wait too.
    """

    def __init__(self, connection: Connection, pending: Pending, blocked: frozenset[Key]) -> None:
        self._rows = Rows(connection)
        self._pending = pending
        self._blocked = set(blocked)

    def take(self, read: Sequence[Read]) -> Result:
        """Write the rows of entries and return what could not be made, and what changed here."""
        result = Result()
        self._rows.load((c.entity, c.record_id) for one in read for c in one.body.changes)
        for one in read:
            corrections: list[Change] = []
            for change in one.body.changes:
                shape = shape_of(change.entity)
                if shape is None:
                    continue
                key = (change.entity, change.record_id)
                if self._blocked and key in self._blocked:
                    result.park(one, change, BEHIND)
                elif not self._make(shape, one, change, corrections):
                    self._blocked.add(key)
                    result.park(one, change, MISSING)
            if corrections:
                result.corrections.append((one, corrections))
        self._rows.flush()
        return result

    def _make(self, shape: Shape, one: Read, change: Change, corrections: list[Change]) -> bool:
        """Make one change; returns whether its record is here or need not be."""
        key = (change.entity, change.record_id)
        row = self._rows.get(key)
        if change.op in {"del", "evict"}:
            forced = one.body.command == ERASE  # what was erased by law is not kept for anybody's sake
            if row is not None and (forced or not self._pending.touched(key, one.after)):
                self._rows.remove(key)
            return True
        if row is None:
            if self._pending.deleted(key, one.after):
                return True
            if change.op != "ins":
                return False
            self._rows.insert(shape, change.record_id, change.org_id, change.fields, change.ver)
            if one.own:
                corrections.append(change)
            return True
        kept = self._pending.groups(key, one.after)
        stated: dict[str, Any] = {**shape.blank(), **change.fields} if change.op == "ins" else change.fields
        values = {name: value for name, value in stated.items() if shape.group(name).name not in kept}
        if one.own:
            other = {n: v for n, v in values.items() if not same(shape, n, v, value_of(shape, row, n))}
            if other:
                base = {name: value_of(shape, row, name) for name in other}
                corrections.append(
                    msgspec.structs.replace(change, op="upd", base_ver=row["ver"], fields=other, base=base)
                )
        self._rows.update(shape, change.record_id, values, change.ver or None)
        return True
