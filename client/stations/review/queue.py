"""What waits at the review desk: read by urgency, then due time, page by page, off the UI thread.

Reports come from the declared worklists that the person may look at. A physician who writes also sees visits that
have results and no report yet; they have no promised time and stand behind the reports of their urgency.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, exists, func, select

from client.stations.review.case import UNWRITTEN, CaseKey
from domain.checkup.records import CriticalValue, Finding, Observation, Report, Visit
from domain.checkup.workflow import report_review
from domain.kernel.authority import Actor
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.kernel.worklists import Filter, Worklist, scoped, worklists
from domain.people.records import Patient

URGENCIES = (2, 1, 0)
"""Critical value, class A finding, routine; the most urgent first."""
UNWRITTEN_DAYS = 90
"""Older visits without a report are found by search, not waited for."""
MOST_UNWRITTEN = 200
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
TODO_LISTS = ("report.chief_queue", "report.branch_queue")
ISSUED_LIST = "report.issued"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue, masked for who looks."""

    key: CaseKey
    urgency: int
    number: str
    name: str
    sex: str
    state: str
    due_at: datetime | None
    returns: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which part of the queue is shown: ``all``, ``issued``, ``overdue``, ``urgency:2``, ``state:returned``."""

    reason: str = "all"

    def filters(self, now: datetime) -> list[Filter]:
        """Return the conditions on a worklist of open reports."""
        kind, _, value = self.reason.partition(":")
        found = [Filter("due_at", "ge", _BEGINNING)]  # lets the store walk its index past everything issued
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
    """Where reading goes on: number of the source and the key within it."""

    source: int = 0
    after: Any = None


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
    sources = _sources(desk, actor, chosen)
    rows: list[QueueRow] = []
    at = cursor
    while at.source < len(sources) and len(rows) < wanted:
        found, after = sources[at.source](at.after, wanted - len(rows))
        rows += found
        at = Cursor(at.source, after) if after is not None else Cursor(at.source + 1)
    return QueuePage(tuple(rows), at if at.source < len(sources) else None)


def read_counts(desk: Any, actor: Actor) -> dict[str, int]:
    """Return how many cases wait for each reason that `Chosen` knows; what does not wait is not counted."""
    counts: dict[str, int] = {"all": 0}
    table = Report.__table__
    now = desk.clock()
    late = func.sum(case((table.c.due_at < now, 1), else_=0))
    states = sorted({s for listing in todo_lists(actor) for s in open_states(listing)})
    query = (
        select(table.c.state, table.c.urgency, func.count(), late)
        .where(table.c.due_at >= _BEGINNING, table.c.state.in_(states))
        .group_by(table.c.state, table.c.urgency)
    )
    with desk.store.read() as connection:
        for state, urgency, count, overdue in connection.execute(scoped(query, Report, actor)).all():
            for reason, add in (
                ("all", count), (f"state:{state}", count), (f"urgency:{urgency}", count),
                ("overdue", int(overdue or 0)),
            ):  # fmt: skip
                counts[reason] = counts.get(reason, 0) + add
        for row in _unwritten_rows(connection, desk, actor):
            for reason in ("all", f"state:{UNWRITTEN}", f"urgency:{row.urgency}"):
                counts[reason] = counts.get(reason, 0) + 1
    return counts


def open_states(listing: Worklist) -> tuple[str, ...]:
    """Return the states of the reports in a worklist of open ones."""
    branch = ("drafting", "first_review", "returned")
    return branch if listing.name == "report.branch_queue" else ("second_review", "final_review")


def reasons(actor: Actor) -> list[str]:
    """Return the parts of the queue a person may choose, in the order they are offered."""
    found = ["all", "urgency:2", "urgency:1", "overdue"] if todo_lists(actor) else []
    order = list(report_review.states)
    states = {s for listing in todo_lists(actor) for s in open_states(listing)}
    found += [f"state:{UNWRITTEN}"] if _writes(actor) else []
    found += [f"state:{s}" for s in sorted(states, key=order.index)]
    return [*found, "issued"] if actor.may(worklists()[ISSUED_LIST].permission) else found


def _writes(actor: Actor) -> bool:
    return actor.may("report.write")


def _sources(desk: Any, actor: Actor, chosen: Chosen) -> list[Any]:
    """Return readers of ``(after, wanted)``, in the order the queue is read."""
    if chosen.reason == "issued":
        return [_Listed(desk, actor, worklists()[ISSUED_LIST], [], "-issued_at")]
    filters = chosen.filters(desk.clock())
    found: list[Any] = []
    for urgency in chosen.urgencies:
        here = [*filters, Filter("urgency", "eq", urgency)]
        if chosen.reason != f"state:{UNWRITTEN}":
            found += [_Listed(desk, actor, listing, here, "due_at") for listing in todo_lists(actor)]
        if chosen.unwritten and _writes(actor):
            found.append(_Unwritten(desk, actor, urgency))
    return found


@dataclass(frozen=True, slots=True)
class _Listed:
    desk: Any
    actor: Actor
    listing: Worklist
    filters: list[Filter]
    order: str

    def __call__(self, after: Any, wanted: int) -> tuple[list[QueueRow], Any]:
        page = self.desk.pages.page(
            self.listing, self.actor, filters=self.filters, order=self.order, after=after, limit=wanted
        )
        names = [c.name for c in self.listing.columns]
        return [_listed_row(r.id, dict(zip(names, r.values, strict=True))) for r in page.rows], page.next_key


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


@dataclass(frozen=True, slots=True)
class _Unwritten:
    desk: Any
    actor: Actor
    urgency: int

    def __call__(self, _after: Any, _wanted: int) -> tuple[list[QueueRow], Any]:
        with self.desk.store.read() as connection:
            rows = _unwritten_rows(connection, self.desk, self.actor)
            return [r for r in rows if r.urgency == self.urgency], None


def _unwritten_rows(connection: Any, desk: Any, actor: Actor) -> Iterator[QueueRow]:
    if not _writes(actor):
        return
    mask = column_info(Patient.__table__.c.name)
    for row in connection.execute(scoped(_unwritten_query(desk), Visit, actor)).all():
        yield QueueRow(
            key=CaseKey("visit", row.id),
            urgency=2 if row.critical else 1 if row.class_a else 0,
            number=row.number,
            name=masked(mask, row.name, actor.clearance),
            sex=str(row.sex),
            state=UNWRITTEN,
            due_at=None,
            at=row.state_since,
        )


def _unwritten_query(desk: Any) -> "Select[Any]":
    visit, patient, critical = Visit.__table__, Patient.__table__, CriticalValue.__table__
    first = (desk.clock() - timedelta(days=UNWRITTEN_DAYS)).date()
    return (
        select(
            visit.c.id, visit.c.number, visit.c.state_since, patient.c.name, patient.c.sex,
            exists().where(critical.c.patient_id == visit.c.patient_id, critical.c.visit_id == visit.c.id)
            .label("critical"),
            exists()
            .where(Finding.__table__.c.visit_id == visit.c.id, Finding.__table__.c.important_class == "A")
            .label("class_a"),
        )
        .join(patient, patient.c.id == visit.c.patient_id)
        .where(
            visit.c.visit_date >= first,
            ~exists().where(Report.__table__.c.visit_id == visit.c.id),
            exists().where(Observation.__table__.c.visit_id == visit.c.id),
        )
        .order_by(visit.c.visit_date, visit.c.id)
        .limit(MOST_UNWRITTEN)
    )  # fmt: skip
