"""How an open list follows the log: only the rows that changed are read, and the places they came from or went to."""

import uuid
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from client.background import Jobs
from client.live import Changed
from client.pages.worklist.leaves import Leaf
from client.pages.worklist.reading import Refilled
from domain.kernel.worklists import Row

if TYPE_CHECKING:
    from client.pages.worklist.table import WorklistTable

MOST_NAMED = 200
"""Of more changed records at once the list is read anew as a whole."""
LATER_MS = 300
LATER_MS_A_THOUSAND = 20
"""A list is read anew as a whole the later, the longer that takes: a million rows once in twenty seconds."""


class Follower(QObject):
    """Follows the log for one table. What comes while it reads is done after it, together."""

    def __init__(self, table: "WorklistTable", jobs: Jobs) -> None:
        super().__init__(table)
        self._table = table
        self._jobs = jobs
        self._due: set[bytes] = set()
        self._created: set[bytes] = set()
        self._busy = False
        self._stopped = False
        self._anew = QTimer(self)
        self._anew.setSingleShot(True)
        self._anew.timeout.connect(table.reload)

    def stop(self) -> None:
        self._stopped = True
        self.forget()

    def forget(self) -> None:
        """Let go of what has not been read yet: the list is read anew as a whole."""
        self._due.clear()
        self._created.clear()
        self._busy = False
        self._anew.stop()

    def follow(self, changed: Changed, entity: str, others: frozenset[str]) -> None:
        """Take up what changed of the list's own records, and of others joined to them."""
        ids = changed.records.get(entity, frozenset())
        if ids is None or len(ids) > MOST_NAMED:
            self.later()
            return
        if changed.touches(others):
            for leaf in self._table.leaves.loaded():
                leaf.stale = True
            self._table.settled()
        self._due |= ids
        self._created |= changed.created & ids
        self._next()

    def later(self) -> None:
        """Have the list read anew soon, however many ask for it."""
        if not self._anew.isActive() and not self._stopped:
            rows = self._table.leaves.total
            self._anew.start(LATER_MS + LATER_MS_A_THOUSAND * rows // 1000)

    def _next(self) -> None:
        if self._busy or not self._due or self._stopped:
            return
        if len(self._due) > MOST_NAMED:
            self.later()
            self._due.clear()
            return
        self._busy = True
        ids, created = self._due, self._created
        self._due, self._created = set(), set()
        reading, generation = self._table.reading(), self._table.generation
        job = self._jobs.read(
            lambda _job: (generation, ids, created, reading.of([uuid.UUID(bytes=i) for i in ids])),
            "worklist rows",
        )
        job.succeeded.connect(self._found)
        job.refused.connect(self._failed)

    @Slot(object)
    def _found(self, answer: tuple[int, set[bytes], set[bytes], list[Row]]) -> None:
        generation, ids, created, rows = answer
        if generation != self._table.generation:
            return
        dirty = self._put(ids, created, {row.id.bytes: row for row in rows})
        leaves = self._table.leaves
        if not dirty:
            self._ended()
        elif any(leaf.ids is not None for leaf in dirty):
            self.later()
            self._ended()
        else:
            reading = self._table.reading()
            asked = [(leaf, leaves.after_of(leaf), leaf.rows is not None) for leaf in dirty]
            job = self._jobs.read(
                lambda _job: (generation, [reading.refill(f, after, wanted=w) for f, after, w in asked]),
                "worklist leaves",
            )
            job.succeeded.connect(self._refilled)
            job.refused.connect(self._failed)

    def _put(self, ids: set[bytes], created: set[bytes], now: dict[bytes, Row]) -> list[Leaf]:
        """Put rows that stayed in their place; returns the leaves in which places changed."""
        leaves = self._table.leaves
        before = {row.id.bytes: (leaf, at, row) for leaf, at, row in leaves.rows() if row.id.bytes in ids}
        dirty: dict[int, Leaf] = {}
        for one in ids:
            old, new = before.get(one), now.get(one)
            if old is not None and new is not None and old[2].key == new.key:
                leaf, at, _ = old
                if leaf.rows is not None:
                    leaf.rows[at] = new
                    self._table.tell_row(leaf, at)
                continue
            if old is None and one not in created:
                self._may_have_left()
            places = [old[0]] if old is not None else []
            if new is not None:
                places.append(self._place(new))
            dirty |= {id(leaf): leaf for leaf in places}
        return list(dirty.values())

    def _may_have_left(self) -> None:
        """A record whose row is not in memory changed: it may have had a place before that nobody knows."""
        if len(self._table.leaves) > len(self._table.leaves.loaded()):
            self.later()

    def _place(self, row: Row) -> Leaf:
        leaves = self._table.leaves
        return leaves.last if leaves.last.ids is not None else leaves.of_key(row.key)

    @Slot(object)
    def _refilled(self, answer: tuple[int, list[Refilled]]) -> None:
        generation, found = answer
        if generation != self._table.generation:
            return
        for part in found:
            self._refill(part)
        self._ended()

    def _refill(self, part: Refilled) -> None:
        table, leaf = self._table, part.leaf
        if not table.leaves.has(leaf):
            return
        if part.rows is not None:
            table.put(leaf, part.rows)
        elif leaf.rows is None:
            table.resize(leaf, sum(mark.rows for mark in part.marks))
        table.leaves.divide(leaf, part.marks)

    @Slot(object)
    def _failed(self, _error: Any) -> None:
        self._busy = False
        self.later()

    def _ended(self) -> None:
        self._busy = False
        self._table.settled()
        self._next()
