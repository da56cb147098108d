"""Counting: what a person has now, how they fare month by month, and what was done by whom in a time."""

import dataclasses
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, func, select

from domain.followup.feedback_records import Feedback, FeedbackCase, ServiceScore
from domain.followup.performance_commands import Satisfaction, satisfaction
from domain.followup.regrouping import content_of
from domain.followup.staffing import open_tasks_of
from domain.followup.task_records import CareStaff, FollowTask
from domain.followup.workflow import OPEN_TASKS
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff


@command("followup.count_staff", "统计任务量", permission="followup.assign", place="internal")
class CountStaff:
    """How many open tasks some people have; for whoever follows the log."""

    staff_ids: list[Id] = ask("员工", kind=Kind.HIDDEN)


@handles(CountStaff)
def count_staff(order: CountStaff, work: UnitOfWork) -> int:
    """Return for how many the count changed."""
    load = open_tasks_of(work, order.staff_ids)
    return sum(_count_one(work, staff_id, load.get(staff_id, 0)) for staff_id in order.staff_ids)


def _count_one(work: UnitOfWork, staff_id: Id, load: int) -> bool:
    staff = work.get(Staff, staff_id)
    if staff is None:
        return False
    kept = work.find(CareStaff, staff_id=staff_id)
    if kept is None:
        kept = work.add(
            CareStaff(
                id=stable_id("care_staff", staff.id), org_id=staff.org_id, staff_id=staff.id, name=staff.name,
                skills=[], task_limit=content_of(work).limits.task_limit, on_duty=True, open_tasks=0, over_by=0,
            )
        )  # fmt: skip
    over = max(0, load - kept.task_limit)
    if (kept.open_tasks, kept.over_by) == (load, over) and kept.counted_at is not None:
        return False
    if over and not kept.over_by:
        kept.over_day = clinic(work.now).date().isoformat()
    kept.open_tasks, kept.over_by, kept.counted_at = load, over, work.now
    return True


@command("feedback.count_scores", "统计满意度", permission="feedback.handle", place="internal")
class CountScores:
    """How some people fare this month; for whoever follows the log."""

    staff_ids: list[Id] = ask("员工", kind=Kind.HIDDEN)


@handles(CountScores)
def count_scores(order: CountScores, work: UnitOfWork) -> int:
    """Return for how many the month's figure changed."""
    return sum(_score_month(work, staff_id) for staff_id in order.staff_ids)


def _score_month(work: UnitOfWork, staff_id: Id) -> bool:
    staff = work.get(Staff, staff_id)
    if staff is None:
        return False
    limits = content_of(work).limits
    first = clinic(work.now).date().replace(day=1)
    begin = datetime.combine(first, time(), CLINIC_TIME)
    columns = Feedback.__table__.c
    query = select(func.count(), func.avg(columns.score)).where(
        columns.staff_id == staff_id, columns.given_at >= begin
    )
    answers, mean = work.connection.execute(query).one()
    if not answers:
        return False
    month = first.strftime("%Y-%m")
    before = work.get(
        ServiceScore, stable_id("service_score", staff_id, (first - timedelta(days=1)).strftime("%Y-%m"))
    )
    low = answers >= limits.least_answers and float(mean) < limits.low_mean
    streak = (before.low_streak if before else 0) + 1 if low else 0
    own = stable_id("service_score", staff_id, month)
    kept = work.get(ServiceScore, own)
    if kept is None:
        kept = work.add(
            ServiceScore(
                id=own, org_id=staff.org_id, staff_id=staff_id, staff_name=staff.name, month=month,
                answers=0, mean=0.0, low_streak=0, counted_at=work.now,
            )
        )  # fmt: skip
    changed = (kept.answers, kept.mean, kept.low_streak) != (answers, round(float(mean), 2), streak)
    if changed:
        kept.answers, kept.mean, kept.low_streak = answers, round(float(mean), 2), streak
        kept.counted_at = work.now
    return changed


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """What a person has and did, by whom tasks are for; `on_time` is the share that was done by its planned time."""

    staff: str
    audience: str
    open: int
    overdue: int
    done: int
    lost: int
    on_time: float | None
    mean_days: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class RootCauses:
    """How often a step left clients dissatisfied, for which root."""

    step_kind: str
    root_cause: str
    cases: int


@dataclasses.dataclass(frozen=True, slots=True)
class FollowUpStatistics:
    """Workload of people, where dissatisfaction has its root, and what clients said of whom and of which step.

    `low_mean` is the mean below which it counts as low.
    """

    workload: list[Workload]
    causes: list[RootCauses]
    satisfaction: Satisfaction
    low_mean: float


@command("followup.statistics", "随访工作统计", permission="followup.statistics")
class CountFollowUp:
    """What was done in a time, both days included, and what is open now."""

    since: date = ask("起始日期", kind=Kind.DATE)
    until: date = ask("截止日期", kind=Kind.DATE)


@handles(CountFollowUp)
def count_follow_up(order: CountFollowUp, work: UnitOfWork) -> FollowUpStatistics:
    """Return counts within the scope of who asks.

    Raises:
        DomainError: ``form.period`` if the time ends before it begins (field ``until``).
    """
    if order.until < order.since:
        raise DomainError("form.period", field="until")
    begin = datetime.combine(order.since, time(), CLINIC_TIME)
    end = datetime.combine(order.until + timedelta(days=1), time(), CLINIC_TIME)
    return FollowUpStatistics(
        _workload(work, begin, end),
        _causes(work, begin, end),
        satisfaction(work, begin, end),
        content_of(work).limits.low_mean,
    )


def _scope(work: UnitOfWork, column: Any) -> list[Any]:
    return [] if work.actor.orgs is None else [column.in_(work.actor.orgs)]


def _workload(work: UnitOfWork, begin: datetime, end: datetime) -> list[Workload]:
    task = FollowTask.__table__.c
    scope = _scope(work, task.org_id)
    counted: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    standing = (
        select(
            task.owner_name, task.audience, func.count(), func.sum(case((task.due_at < work.now, 1), else_=0))
        )
        .where(task.state.in_(OPEN_TASKS), task.owner_id.is_not(None), *scope)
        .group_by(task.owner_name, task.audience)
    )
    for name, audience, count, late in work.connection.execute(standing):
        counted[name, str(audience)] |= {"open": count, "overdue": int(late or 0)}
    closed = select(
        task.owner_name, task.audience, task.state, task.closed_at, task.planned_at, task.created_at
    ).where(task.closed_at >= begin, task.closed_at < end, task.owner_id.is_not(None), *scope)
    for name, audience, state, closed_at, planned_at, created_at in work.connection.execute(closed):
        mine = counted[name, str(audience)]
        mine[state] += 1
        if state == "done":
            mine["on_time"] += closed_at <= planned_at
            mine["days"] += (closed_at - created_at).total_seconds() / 86400
    return [_told(*key, mine) for key, mine in sorted(counted.items())]


def _told(name: str, audience: str, mine: dict[str, float]) -> Workload:
    done = int(mine["done"])
    return Workload(
        name, audience, int(mine["open"]), int(mine["overdue"]), done, int(mine["lost"]),
        round(mine["on_time"] / done, 4) if done else None, round(mine["days"] / done, 1) if done else None,
    )  # fmt: skip


def _causes(work: UnitOfWork, begin: datetime, end: datetime) -> list[RootCauses]:
    row = FeedbackCase.__table__.c
    query = (
        select(row.step_kind, row.root_cause, func.count())
        .where(
            row.opened_at >= begin,
            row.opened_at < end,
            row.root_cause.is_not(None),
            *_scope(work, row.org_id),
        )
        .group_by(row.step_kind, row.root_cause)
        .order_by(func.count().desc())
    )
    return [RootCauses(kind, str(cause), count) for kind, cause, count in work.connection.execute(query)]
