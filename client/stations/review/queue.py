"""What waits at the review desk: urgency after urgency, each by due time, page by page, off the UI thread.

Reports come from the declared worklists that the person may look at. A physician who writes also sees visits that
have results and no report yet; they have no promised time and stand behind the reports of their urgency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from client.stations.review.case import UNWRITTEN, CaseKey
from client.stations.review.mine import my_count, my_rows, takes_tasks
from client.stations.review.queue_rows import QueueRow
from client.stations.review.unwritten import unwritten_counts, unwritten_rows, writes
from domain.checkup.records import Report
from domain.checkup.workflow import HEAD_OFFICE, report_review
from domain.kernel.authority import Actor
from domain.kernel.worklists import Filter, Row, Worklist, scoped, worklists

URGENCIES = (2, 1, 0)
"""Critical value, class A finding, routine; the most urgent first."""
TODO_LISTS = ("report.chief_queue", "report.branch_queue")
ISSUED_LIST = "report.issued"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which part is shown: ``all``, ``issued``, ``mine``, ``overdue``, ``urgency:2``, ``state:returned``."""

    reason: str = "all"

    def filters(self, urgency: int, now: datetime) -> list[Filter]:
        """Return the conditions on a worklist of open reports, for those of one urgency: a range of the index."""
        kind, _, value = self.reason.partition(":")
        found = [Filter("urgency", "eq", urgency)]
        if kind == "overdue":
            found.append(Filter("due_at", "lt", now))
        elif kind == "state":
            found.append(Filter("state", "eq", value))
        return found

    @property
    def urgencies(self) -> tuple[int, ...]:
        kind, _, value = self.reason.partition(":")
        return (int(value),) if kind == "urgency" else URGENCIES

    @property
    def unwritten(self) -> bool:
        """Whether visits without a report belong to it."""
        return self.reason in {"all", f"state:{UNWRITTEN}"} or self.reason.startswith("urgency:")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading goes on: number of the run, the key within it, and how many unwritten visits were given.

    A run is one urgency of one list.
    """

    run: int = 0
    after: Any = None
    unwritten: int = 0


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some rows and where the next begin; None at the end."""

    rows: tuple[QueueRow, ...]
    cursor: Cursor | None


def todo_lists(actor: Actor) -> list[Worklist]:
    """Return the worklists of open reports that a person works on."""
    return [worklists()[n] for n in TODO_LISTS if actor.may(worklists()[n].permission)]


def read_page(desk: Any, actor: Actor, chosen: Chosen, cursor: Cursor, wanted: int) -> QueuePage:
    """Return the next rows of the queue."""
    if chosen.reason == "issued":
        page = desk.pages.page(
            worklists()[ISSUED_LIST], actor, order="-issued_at", after=cursor.after, limit=wanted
        )
        following = None if page.next_key is None else Cursor(after=page.next_key)
        return QueuePage(tuple(_listed(worklists()[ISSUED_LIST], page.rows)), following)
    if chosen.reason == "mine":
        with desk.store.read() as connection:
            return QueuePage(tuple(my_rows(connection, actor)), None)
    runs = _runs(actor, chosen)
    rows: list[QueueRow] = []
    at = cursor
    while at.run < len(runs) and len(rows) < wanted:
        listing, urgency = runs[at.run]
        page = desk.pages.page(
            listing,
            actor,
            filters=chosen.filters(urgency, desk.clock()),
            order="due_at",
            after=at.after,
            limit=wanted - len(rows),
        )
        rows += _listed(listing, page.rows)
        more = page.next_key is not None
        at = Cursor(at.run + (not more), page.next_key, at.unwritten)
    ended = at.run >= len(runs)
    waiting = _unwritten(desk, actor, chosen)[at.unwritten :]
    merged, used = _merged(rows, waiting, ended=ended)
    following = None if ended else Cursor(at.run, at.after, at.unwritten + used)
    return QueuePage(tuple(merged), following)


def _runs(actor: Actor, chosen: Chosen) -> list[tuple[Worklist, int]]:
    if chosen.reason == f"state:{UNWRITTEN}":
        return []
    return [(listing, urgency) for listing in todo_lists(actor) for urgency in chosen.urgencies]


def _merged(rows: list[QueueRow], waiting: list[QueueRow], *, ended: bool) -> tuple[list[QueueRow], int]:
    """Return rows with the unwritten visits behind the reports of their urgency, and how many of those were used."""
    merged: list[QueueRow] = []
    used = 0
    for row in rows:
        while used < len(waiting) and waiting[used].urgency > row.urgency:
            merged.append(waiting[used])
            used += 1
        merged.append(row)
    if ended:
        merged += waiting[used:]
        used = len(waiting)
    return merged, used


def read_counts(desk: Any, actor: Actor) -> dict[str, int]:
    """Return how many cases wait for each reason that `Chosen` knows; what does not wait is not counted."""
    counts: dict[str, int] = {"all": 0}
    table = Report.__table__
    now = desk.clock()
    late = func.sum(case((table.c.due_at < now, 1), else_=0))
    states = sorted({s for listing in todo_lists(actor) for s in open_states(listing)})
    query = (
        select(table.c.state, table.c.urgency, func.count(), late)
        .where(table.c.state.in_(states), table.c.due_at.is_not(None))
        .group_by(table.c.state, table.c.urgency)
    )
    with desk.store.read() as connection:
        for state, urgency, count, overdue in connection.execute(scoped(query, Report, actor)).all():
            for reason, add in (
                ("all", count), (f"state:{state}", count), (f"urgency:{urgency}", count),
                ("overdue", int(overdue or 0)),
            ):  # fmt: skip
                counts[reason] = counts.get(reason, 0) + add
        if takes_tasks(actor):
            counts["mine"] = my_count(connection, actor)
        for urgency, count in unwritten_counts(connection, desk, actor).items():
            for reason in ("all", f"state:{UNWRITTEN}", f"urgency:{urgency}"):
                counts[reason] = counts.get(reason, 0) + count
    return counts


def open_states(listing: Worklist) -> tuple[str, ...]:
    """Return the states of the reports in a worklist of open ones."""
    branch = ("drafting", "first_review", "returned")
    return branch if listing.name == "report.branch_queue" else HEAD_OFFICE


def reasons(actor: Actor) -> list[str]:
    """Return the parts of the queue a person may choose, in the order they are offered."""
    found = ["all", "urgency:2", "urgency:1", "overdue"] if todo_lists(actor) else []
    found += ["mine"] if takes_tasks(actor) else []
    order = list(report_review.states)
    states = {s for listing in todo_lists(actor) for s in open_states(listing)}
    found += [f"state:{UNWRITTEN}"] if writes(actor) else []
    found += [f"state:{s}" for s in sorted(states, key=order.index)]
    return [*found, "issued"] if actor.may(worklists()[ISSUED_LIST].permission) else found


def _listed(listing: Worklist, rows: Iterable[Row]) -> list[QueueRow]:
    names = [c.name for c in listing.columns]
    return [_listed_row(r.id, dict(zip(names, r.values, strict=True))) for r in rows]


def _listed_row(record_id: Any, values: dict[str, Any]) -> QueueRow:
    return QueueRow(
        key=CaseKey("report", record_id),
        urgency=values.get("urgency") or 0,
        number=values["number"],
        name=values["name"],
        sex=str(values["sex"]),
        state=values.get("state", "issued"),
        due_at=values.get("due_at"),
        returns=values.get("returns") or 0,
        at=values.get("issued_at"),
    )


def _unwritten(desk: Any, actor: Actor, chosen: Chosen) -> list[QueueRow]:
    """Return the visits without a report that belong to what is shown, the most urgent first."""
    if not chosen.unwritten or not writes(actor):
        return []
    with desk.store.read() as connection:
        return [r for r in unwritten_rows(connection, desk, actor) if r.urgency in chosen.urgencies]
