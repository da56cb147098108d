"""Performance month by month, and satisfaction by person, step and month."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from domain.conversations.records import ConversationMessage
from domain.followup.feedback_records import Feedback, FeedbackCase
from domain.followup.performance_records import ServicePerformance
from domain.followup.task_records import Audience, FollowTask
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.reception.records import Appointment


@command("followup.count_performance", "统计服务绩效", permission="followup.assign", place="internal")
class CountPerformance:
    """What some people did this month and the month before; for whoever follows the log."""

    staff_ids: list[Id] = ask("员工", kind=Kind.HIDDEN)


@handles(CountPerformance)
def count_performance(order: CountPerformance, work: UnitOfWork) -> int:
    """Return how many months of people changed."""
    this = clinic(work.now).date().replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    found = [work.get(Staff, staff_id) for staff_id in order.staff_ids]
    return sum(_count(work, staff, first) for staff in found if staff for first in (before, this))


def _count(work: UnitOfWork, staff: Staff, first: date) -> bool:
    begin = datetime.combine(first, time(), CLINIC_TIME)
    end = datetime.combine((first + timedelta(days=32)).replace(day=1), time(), CLINIC_TIME)
    values = _values(work.connection, staff.id, begin, end)
    month = first.strftime("%Y-%m")
    kept = work.get(ServicePerformance, stable_id("service_performance", staff.id, month))
    if kept is None:
        if not any(values.values()):
            return False
        kept = work.add(
            ServicePerformance(
                id=stable_id("service_performance", staff.id, month), org_id=staff.org_id, staff_id=staff.id,
                staff_name=staff.name, role=staff.role, month=month, counted_at=work.now, **values,
            )
        )  # fmt: skip
        return True
    changed = {name: value for name, value in values.items() if getattr(kept, name) != value}
    for name, value in changed.items():
        setattr(kept, name, value)
    if changed:
        kept.counted_at = work.now
    return bool(changed)


def _values(connection: Connection, staff_id: Id, begin: datetime, end: datetime) -> dict[str, Any]:
    """Return the numbers of one person between two moments: a range of an index for each kind."""
    t, a, f = FollowTask.__table__.c, Appointment.__table__.c, Feedback.__table__.c
    done = t.state == "done"
    tasks = select(
        func.sum(case((done & (t.audience == Audience.PERSON), 1), else_=0)),
        func.sum(case((done & (t.audience == Audience.MESSAGING), 1), else_=0)),
        func.sum(case((done & (t.closed_at <= t.planned_at), 1), else_=0)),
        func.sum(case((t.state == "lost", 1), else_=0)),
    ).where(t.owner_id == staff_id, t.closed_at >= begin, t.closed_at < end)
    contacts, messages, on_time, lost = (int(n or 0) for n in connection.execute(tasks).one())
    received = select(func.count()).where(
        a.staff_id == staff_id, a.starts_at >= begin, a.starts_at < end, a.state == "recorded"
    )
    m = ConversationMessage.__table__.c
    consulted = select(func.count(), func.sum(case((m.in_time, 1), else_=0))).where(
        m.staff_id == staff_id, m.at >= begin, m.at < end, m.waited_s.is_not(None)
    )
    consults, in_time = connection.execute(consulted).one()
    said = select(func.count(), func.avg(f.score)).where(
        f.staff_id == staff_id, f.given_at >= begin, f.given_at < end
    )
    answers, mean = connection.execute(said).one()
    c = FeedbackCase.__table__.c
    bad = (
        select(func.count())
        .join(Feedback.__table__, f.id == c.feedback_id)
        .where(f.staff_id == staff_id, f.given_at >= begin, f.given_at < end)
    )
    whole = contacts + messages
    return {
        "contacts": contacts, "messages": messages, "on_time": on_time,
        "on_time_rate": round(100 * on_time / whole, 1) if whole else None, "lost": lost,
        "consults": consults, "consults_in_time": int(in_time or 0),
        "receptions": connection.execute(received).scalar_one(), "answers": answers,
        "mean_score": round(float(mean), 2) if answers else None,
        "bad": connection.execute(bad.select_from(FeedbackCase.__table__)).scalar_one(),
    }  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """What clients said of one person, step or month: answers, their mean, and how many scored 1 or 2 of 5."""

    name: str
    answers: int
    mean: float
    low: int


@dataclasses.dataclass(frozen=True, slots=True)
class Satisfaction:
    """Scores by person and by step, the most answered first, and by month in order."""

    staff: list[Score]
    steps: list[Score]
    months: list[Score]


LOW = 2


def satisfaction(work: UnitOfWork, begin: datetime, end: datetime) -> Satisfaction:
    """Return what was said between two moments within the scope of who asks."""
    row = Feedback.__table__.c
    scope = [] if work.actor.orgs is None else [row.org_id.in_(work.actor.orgs)]
    within = (row.given_at >= begin, row.given_at < end, *scope)
    low = func.sum(case((row.score <= LOW, 1), else_=0))
    numbers = (func.count(), func.avg(row.score), low)

    def by(column: Any, *more: Any) -> Iterator[Any]:
        query = select(column, *numbers).where(*within, *more).group_by(column)
        yield from work.connection.execute(query.order_by(func.count().desc(), column))

    months: dict[str, list[int]] = defaultdict(list)
    for given_at, score in work.connection.execute(select(row.given_at, row.score).where(*within)):
        months[f"{clinic(given_at):%Y-%m}"].append(score)
    return Satisfaction(
        [_score(one[0], one[1], one[2], one[3]) for one in by(row.staff_name, row.staff_id.is_not(None))],
        [_score(one[0], one[1], one[2], one[3]) for one in by(row.step_kind)],
        [
            _score(month, len(scores), sum(scores) / len(scores), sum(one <= LOW for one in scores))
            for month, scores in sorted(months.items())
        ],
    )


def _score(name: Any, answers: int, mean: Any, low: Any) -> Score:
    return Score(str(name or ""), answers, round(float(mean), 2), int(low or 0))
