"""Where the rows of a list are: runs of neighbouring rows, of which only those somebody looks at are in memory.

A leaf knows how many rows it has and how to find them again: by the key of its last row where the store walks an
index in this order, by their ids where it had to sort. A million rows are some thousand leaves.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.kernel.keyset import Key, Mark
from domain.kernel.worklists import Row

ID_BYTES = 16
KEPT = 24
"""Leaves whose rows stay in memory; the longest unseen go first."""


@dataclass(slots=True, eq=False)
class Leaf:
    """A run of rows; `until` is the key of its last, None for the open end; `rows` is None while not loaded."""

    count: int
    until: Key | None = None
    ids: bytes | None = None
    rows: list[Row] | None = None
    stale: bool = False


class Leaves:
    """The leaves of one list in one order."""

    def __init__(self, leaves: Sequence[Leaf] = (), *, falling: bool = False) -> None:
        self._leaves = list(leaves) or [Leaf(0, rows=[])]
        self._falling = falling
        self._starts: list[int] = []
        self._loaded: list[Leaf] = [leaf for leaf in self._leaves if leaf.rows is not None]

    @property
    def total(self) -> int:
        """How many rows there are in all leaves."""
        starts = self._begun()
        return starts[-1] + self._leaves[-1].count

    @property
    def last(self) -> Leaf:
        return self._leaves[-1]

    def __len__(self) -> int:
        return len(self._leaves)

    def loaded(self) -> list[Leaf]:
        """Return the leaves whose rows are in memory."""
        return list(self._loaded)

    def at(self, row: int) -> tuple[Leaf, int]:
        """Return the leaf of a row and the row's place in it."""
        starts = self._starts or self._begun()
        number = bisect.bisect_right(starts, row) - 1
        return self._leaves[number], row - starts[number]

    def row(self, number: int) -> Row | None:
        """Return a row, None if there is none or it is not in memory; a table asks this for each cell it paints."""
        if number < 0:
            return None
        leaf, at = self.at(number)
        return leaf.rows[at] if leaf.rows is not None and at < len(leaf.rows) else None

    def covering(self, first: int, last: int) -> list[Leaf]:
        """Return the leaves with the rows `first` to `last`."""
        starts = self._begun()
        low = max(0, bisect.bisect_right(starts, max(first, 0)) - 1)
        high = bisect.bisect_right(starts, max(last, 0))
        return [leaf for leaf in self._leaves[low:high] if leaf.count]

    def start_of(self, leaf: Leaf) -> int:
        """Return the number of a leaf's first row."""
        return self._begun()[self._leaves.index(leaf)]

    def after_of(self, leaf: Leaf) -> Key | None:
        """Return the key a leaf begins beyond, None for the first."""
        number = self._leaves.index(leaf)
        return self._leaves[number - 1].until if number else None

    def has(self, leaf: Leaf) -> bool:
        return leaf in self._leaves

    def of_key(self, key: Key) -> Leaf:
        """Return the leaf a key lies in."""
        low, high = 0, len(self._leaves) - 1
        while low < high:
            middle = (low + high) // 2
            until = self._leaves[middle].until
            if until is None or not self._beyond(key, until):
                high = middle
            else:
                low = middle + 1
        return self._leaves[low]

    def find_id(self, record_id: bytes) -> int:
        """Return the number of a record's row among leaves that know their ids, -1 if it is not there."""
        starts = self._begun()
        for number, leaf in enumerate(self._leaves):
            at = (leaf.ids or b"").find(record_id)
            while at >= 0:
                if at % ID_BYTES == 0:
                    return starts[number] + at // ID_BYTES
                at = (leaf.ids or b"").find(record_id, at + 1)
        return -1

    def rows(self) -> Iterator[tuple[Leaf, int, Row]]:
        """Yield what is in memory: leaf, place in it, row."""
        for leaf in self._loaded:
            for at, row in enumerate(leaf.rows or ()):
                yield leaf, at, row

    def append(self, leaves: Sequence[Leaf]) -> None:
        """Add leaves behind the last."""
        self._leaves += leaves
        self._starts = []

    def load(self, leaf: Leaf, rows: list[Row]) -> None:
        """Keep the rows of a leaf, and forget those of the leaf unseen for longest."""
        leaf.rows, leaf.stale, leaf.count = rows, False, len(rows)
        self.touch(leaf)
        while len(self._loaded) > KEPT:
            self._loaded.pop(0).rows = None
        self._starts = []

    def touch(self, leaf: Leaf) -> None:
        """Note that a leaf is looked at."""
        if leaf in self._loaded:
            self._loaded.remove(leaf)
        self._loaded.append(leaf)

    def recount(self, leaf: Leaf, count: int) -> None:
        """Set how many rows a leaf has."""
        leaf.count = count
        self._starts = []

    def divide(self, leaf: Leaf, marks: Sequence[Mark]) -> None:
        """Cut a leaf that has grown at the keys of `marks`; its end stays where it was."""
        if len(marks) < 2 or sum(m.rows for m in marks) != leaf.count:
            return
        parts = [Leaf(m.rows, m.key) for m in marks]
        parts[-1].until = leaf.until
        at = 0
        for part in parts:
            part.rows = None if leaf.rows is None else leaf.rows[at : at + part.count]
            at += part.count
        number = self._leaves.index(leaf)
        self._leaves[number : number + 1] = parts
        self._loaded = [one for one in self._leaves if one.rows is not None]
        self._starts = []

    def _begun(self) -> list[int]:
        if not self._starts:
            at = 0
            for leaf in self._leaves:
                self._starts.append(at)
                at += leaf.count
        return self._starts

    def _beyond(self, key: Key, bound: Key) -> bool:
        mine, other = _rank(key), _rank(bound)
        return mine < other if self._falling else mine > other


def leaves_of_marks(marks: Sequence[Mark]) -> list[Leaf]:
    """Return a leaf for each mark."""
    return [Leaf(m.rows, m.key) for m in marks]


def leaves_of_ids(ids: bytes, every: int) -> list[Leaf]:
    """Return leaves of `every` rows each that know the ids of their rows."""
    step = every * ID_BYTES
    parts = [ids[at : at + step] for at in range(0, len(ids), step)]
    return [Leaf(len(part) // ID_BYTES, ids=part) for part in parts]


def _rank(key: Key) -> tuple[bool, Any, bytes]:
    """Return a key as the store compares it: nothing before everything, then the value, then the id's bytes."""
    value, record_id = key
    return (value is not None, value, record_id.bytes)
