"""What a worklist's table asks of the store, in the background: one order, one set of conditions, in several sips."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from client.background import Job
from client.pages.worklist.leaves import ID_BYTES, Leaf, Leaves, leaves_of_ids, leaves_of_marks
from domain.kernel.authority import Actor
from domain.kernel.keyset import Key, Mark
from domain.kernel.worklists import PAGE_LIMIT, Filter, Pages, Row, Worklist

FIRST_WALK, MOST_WALKED = 20_000, 100_000
"""Rows between two words to the screen while a list is walked: soon at first, seldom later."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first rows of a list, whether there are more, and whether the store walks an index in this order."""

    rows: list[Row]
    more: bool
    walks: bool


@dataclass(frozen=True, slots=True)
class Renewed:
    """A list read anew as a whole, with the rows around the one that is to stay in sight."""

    leaves: Leaves
    walks: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Refilled:
    """One leaf read anew: the marks within it, and its rows if they were wanted."""

    leaf: Leaf
    marks: list[Mark]
    rows: list[Row] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of looking at a list; everything here runs off the UI thread."""

    pages: Pages
    listing: Worklist
    actor: Actor
    filters: tuple[Filter, ...]
    order: str
    every: int

    @property
    def falling(self) -> bool:
        return self.order.startswith("-")

    def begin(self) -> Beginning:
        """Read the first rows."""
        page = self.pages.page(
            self.listing, self.actor, filters=self.filters, order=self.order, limit=self.every
        )
        more = page.next_key is not None
        return Beginning(list(page.rows), more, not more or self._walks())

    def walk(self, after: Key | None, limit: int) -> list[Mark]:
        """Find the places of the next `limit` rows."""
        return self.pages.marks(
            self.listing, self.actor, filters=self.filters, order=self.order, after=after, every=self.every,
            limit=limit,
        )  # fmt: skip

    def sort(self, job: Job) -> bytes:
        """Read the ids of all rows in an order no index has; tells how far it is."""

        def go_on(read: int) -> bool:
            job.tell(read, 0)
            return not job.cancelled

        return self.pages.ids_in_order(
            self.listing, self.actor, filters=self.filters, order=self.order, go_on=go_on
        )

    def fill(self, leaf: Leaf, after: Key | None) -> list[Row]:
        """Read the rows of a leaf; `after` is where it begins, for one that knows its end by key."""
        if leaf.ids is not None:
            ids = [uuid.UUID(bytes=leaf.ids[at : at + ID_BYTES]) for at in range(0, len(leaf.ids), ID_BYTES)]
            found = {row.id: row for row in self.of(ids)}
            return [found[one] for one in ids if one in found]
        rows: list[Row] = []
        while True:
            page = self.pages.page(
                self.listing, self.actor, filters=self.filters, order=self.order, after=after,
                until=leaf.until, limit=PAGE_LIMIT,
            )  # fmt: skip
            rows += page.rows
            after = page.next_key
            if after is None:
                return rows

    def parts(self) -> Iterator[list[Row]]:
        """Yield all rows, `every` at a time: by key, or by ids sorted once where no index has the order."""
        if not self._walks():
            ids = self.pages.ids_in_order(self.listing, self.actor, filters=self.filters, order=self.order)
            for leaf in leaves_of_ids(ids, self.every):
                yield self.fill(leaf, None)
            return
        key, more = None, True
        while more:
            page = self.pages.page(
                self.listing, self.actor, filters=self.filters, order=self.order, after=key, limit=self.every
            )
            yield list(page.rows)
            key, more = page.next_key, page.next_key is not None

    def refill(self, leaf: Leaf, after: Key | None, *, wanted: bool) -> Refilled:
        """Count a leaf anew, and read its rows if `wanted`."""
        marks = self.pages.marks(
            self.listing, self.actor, filters=self.filters, order=self.order, after=after, until=leaf.until,
            every=self.every, limit=MOST_WALKED,
        )  # fmt: skip
        return Refilled(leaf, marks, self.fill(leaf, after) if wanted else None)

    def of(self, ids: Sequence[uuid.UUID]) -> list[Row]:
        """Read those of some records that are in the list."""
        return self.pages.rows_of(self.listing, self.actor, ids, filters=self.filters, order=self.order)

    def renew(self, job: Job, keep: Row | None) -> Renewed | None:
        """Read the whole list anew, without its rows but for the first and those around `keep`; None if cancelled."""
        first = self.begin()
        if not first.more:
            return Renewed(Leaves([Leaf(len(first.rows), rows=first.rows)], falling=self.falling), True, True)
        if not first.walks:
            leaves = Leaves(leaves_of_ids(self.sort(job), self.every), falling=self.falling)
        else:
            leaves = Leaves(self._walked(job), falling=self.falling)
        if job.cancelled:
            return None
        for leaf in self._in_sight(leaves, keep, walks=first.walks):
            leaves.load(leaf, self.fill(leaf, leaves.after_of(leaf)))
        return Renewed(leaves, first.walks, whole=True)

    def _walks(self) -> bool:
        return self.pages.walks(self.listing, self.actor, filters=self.filters, order=self.order)

    def _walked(self, job: Job) -> list[Leaf]:
        found: list[Leaf] = []
        after, complete = None, False
        while not complete and not job.cancelled:
            marks = self.walk(after, MOST_WALKED)
            found += leaves_of_marks(marks)
            complete = sum(m.rows for m in marks) < MOST_WALKED
            after = marks[-1].key if marks else after
        if found:
            found[-1].until = None
        return found

    def _in_sight(self, leaves: Leaves, keep: Row | None, *, walks: bool) -> list[Leaf]:
        around = leaves.at(0)[0]
        if keep is not None and walks:
            now = self.of([keep.id])
            around = leaves.of_key((now[0] if now else keep).key)
        elif keep is not None:
            at = leaves.find_id(keep.id.bytes)
            around = leaves.at(at)[0] if at >= 0 else around
        start = leaves.start_of(around)
        return leaves.covering(start - 1, start + around.count)
