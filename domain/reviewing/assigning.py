"""Who takes a report: whoever knows its field and has least, within limit, duty and the rule of different hands."""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, func, select

from domain.catalog.content import Catalog
from domain.checkup.records import Observation, Report
from domain.checkup.report_content import standing
from domain.checkup.review_hands import hands_of
from domain.checkup.scheme import RIGHTS, ancestors, scheme_of
from domain.checkup.workflow import HEAD_OFFICE, PASSING, report_review
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, Staff
from domain.reviewing.records import Reviewer, ReviewTask
from domain.reviewing.workflow import OPEN

DEFAULT_LIMIT = 40
MOVES = {level: PASSING[level] for level in HEAD_OFFICE}
"""Levels of head office, and the move of the report that ends each."""


@dataclasses.dataclass(frozen=True, slots=True)
class Expert:
    """Somebody who may take a task, with what they have and had."""

    staff_id: Id
    name: str
    specialties: frozenset[str]
    open_tasks: int
    urgent_open: int
    limit: int
    on_duty: bool = True
    given: int = 0

    @property
    def has_room(self) -> bool:
        return self.on_duty and self.open_tasks < self.limit


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """Who takes a task and why: ``specialty``, ``least_load``, ``urgent`` or ``only``."""

    staff_id: Id
    name: str
    why: str


def choose(experts: Sequence[Expert], topics: Collection[str], *, urgent: bool) -> Choice | None:
    """Return who takes a report; None where nobody on duty has room.

    Who knows most of its fields comes first, then who has least open, then who was given least this month. An urgent
    one goes to whoever has the fewest urgent ones, and the limit does not hold it up.
    """
    free = [e for e in experts if e.on_duty and (urgent or e.has_room)]
    if not free:
        return None
    wanted = set(topics)

    def rank(e: Expert) -> tuple[Any, ...]:
        fit = -len(e.specialties & wanted)
        waits = (e.urgent_open, fit, e.open_tasks) if urgent else (fit, e.open_tasks)
        return (*waits, e.given, e.name, str(e.staff_id))

    best = min(free, key=rank)
    if len(free) == 1:
        why = "only"
    elif urgent:
        why = "urgent"
    else:
        why = "specialty" if best.specialties & wanted else "least_load"
    return Choice(best.staff_id, best.name, why)


def experts_for(work: UnitOfWork, report: Report, level: str, without: Collection[Id]) -> list[Expert]:
    """Return who may review a report at a level now: by role, place, duty, and not twice at one report."""
    org = Organization.__table__.c
    parents = {row[0]: row[1] for row in work.connection.execute(select(org.id, org.parent_id))}
    above = ancestors(parents, report.org_id)
    roles = scheme_of(work.connection, report.org_id).roles.get(level)
    known = work.content["authority"].roles
    allowed = [n for n, r in known.items() if r.may(RIGHTS[level]) and (not roles or n in roles)]
    hands = hands_of(work.connection, report.id)
    barred = {p for m in report_review.apart.get(MOVES[level], ()) for p in hands.get(m, ())} | set(without)
    people = work.list(
        select(Staff).where(Staff.org_id.in_(above), Staff.role.in_(allowed), Staff.active.is_(True))
    )
    load = load_of(work, [p.id for p in people])
    today = clinic(work.now).date()
    return [expert_of(work, p, load.get(p.id, (0, 0)), today) for p in people if p.id not in barred]


def expert_of(work: UnitOfWork, staff: Staff, load: tuple[int, int], today: date) -> Expert:
    """Return a person with what they take on; without a record of it: everything, every day."""
    kept = work.find(Reviewer, staff_id=staff.id)
    if kept is None:
        return Expert(staff.id, staff.name, frozenset(), *load, DEFAULT_LIMIT)
    given = kept.given if kept.month == f"{today:%Y-%m}" else 0
    return Expert(
        staff.id, staff.name, frozenset(kept.specialties), *load, kept.task_limit, kept.works_on(today), given
    )


def load_of(work: UnitOfWork, staff_ids: Sequence[Id]) -> dict[Id, tuple[int, int]]:
    """Return how many open tasks each person has, and how many of them are urgent."""
    if not staff_ids:
        return {}
    work.flush()
    t = ReviewTask.__table__.c
    query = (
        select(t.owner_id, func.count(), func.sum(case((t.urgency > 0, 1), else_=0)))
        .where(t.owner_id.in_(staff_ids), t.state.in_(OPEN))
        .group_by(t.owner_id)
    )
    return {row[0]: (row[1], int(row[2] or 0)) for row in work.connection.execute(query)}


def topics_of(work: UnitOfWork, visit_id: Id) -> list[str]:
    """Return the fields (labels of the catalogue's groups) in which a visit has something abnormal."""
    catalog: Catalog | None = work.content.get("catalog")
    if catalog is None:
        return []
    o = Observation.__table__
    rows = standing(work.connection.execute(select(o).where(o.c.visit_id == visit_id).order_by(o.c.id)).all())
    items = [catalog.observations.get(r.item) for r in rows if r.flag not in {None, "N"}]
    return sorted({catalog.groups.get(i.group, i.group) for i in items if i is not None})


def count_reviewer(work: UnitOfWork, staff_id: Id) -> None:
    """Write what an expert has now and did this month: ranges of an index."""
    staff = work.get(Staff, staff_id)
    if staff is None:
        return
    kept = reviewer_of(work, staff)
    month = f"{clinic(work.now):%Y-%m}"
    first = datetime.combine(clinic(work.now).date().replace(day=1), time(), CLINIC_TIME)
    load = load_of(work, [staff_id]).get(staff_id, (0, 0))
    t = ReviewTask.__table__.c
    mine = select(func.count()).where(t.owner_id == staff_id)
    done = work.connection.execute(mine.where(t.state == "done", t.done_at >= first)).scalar_one()
    given = work.connection.execute(mine.where(t.assigned_at >= first)).scalar_one()
    values = {"open_tasks": load[0], "urgent_open": load[1], "month": month, "given": given, "done": done}
    if kept.month != month:
        values["given_back"] = 0
    changed = {name: value for name, value in values.items() if getattr(kept, name) != value}
    for name, value in changed.items():
        setattr(kept, name, value)
    if changed or kept.counted_at is None:
        kept.counted_at = work.now


def reviewer_of(work: UnitOfWork, staff: Staff) -> Reviewer:
    """Return what is kept of an expert, made where there is nothing yet."""
    kept = work.find(Reviewer, staff_id=staff.id)
    if kept is None:
        kept = work.add(
            Reviewer(
                id=stable_id("reviewer", staff.id), org_id=staff.org_id, staff_id=staff.id, name=staff.name,
                specialties=[], weekdays=[], task_limit=DEFAULT_LIMIT, on_duty=True, open_tasks=0, urgent_open=0,
                given=0, done=0, given_back=0,
            )
        )  # fmt: skip
        work.flush()  # asked for again in the same unit of work, it is this one
    return kept


def limit_for(work: UnitOfWork, task: ReviewTask) -> timedelta:
    """Return the time in which a task that was taken is to be done: 24 hours, urgent 2, or the scheme's."""
    own = scheme_of(work.connection, task.org_id).limit(task.level, task.urgency)
    return own or timedelta(hours=2 if task.urgency else 24)
