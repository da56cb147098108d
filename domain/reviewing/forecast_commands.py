"""Asking which reports will miss their time: read within one's scope, worked out by `forecast`, kept nowhere."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce

from domain.checkup.records import Report, ReviewAction, ReviewStep
from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.unit_of_work import UnitOfWork
from domain.linting.statistics_commands import HOUR_US, hours_of_levels
from domain.people.records import Organization
from domain.reviewing.forecast import Late, Pace, Waiting, late_ones
from domain.reviewing.records import ReviewTask
from domain.reviewing.workflow import OPEN

LOOKS_BACK = timedelta(days=14)
MOST = 5000
ENDS = (ReviewAction.PASS, ReviewAction.SIGN, ReviewAction.RETURN)


@command("review.forecast", "预计逾期的报告", permission="report.view")
class ForecastLateness:
    """Say which reports that are not late yet will be."""

    most: int = ask("最多列出", kind=Kind.NUMBER, default=200, low=1, high=1000)


@handles(ForecastLateness)
def forecast(order: ForecastLateness, work: UnitOfWork) -> list[Late]:
    """Return them, the nearest promise first; what is late already stands in the worklists."""
    begin = work.now - LOOKS_BACK
    waiting = _waiting(work)
    owners = {one.owner for one in waiting if one.owner is not None}
    found = late_ones(waiting, _paces(work, owners), hours_of_levels(work, begin, work.now), work.now)
    return found[: order.most]


def _waiting(work: UnitOfWork) -> list[Waiting]:
    r, t, o = Report.__table__.c, ReviewTask.__table__.c, Organization.__table__.c
    query = (
        select(r.number, r.state, r.state_since, r.due_at, r.urgency, o.name, t.owner_id, t.owner_name)
        .join(Organization.__table__, o.id == r.org_id)
        .outerjoin(ReviewTask.__table__, (t.report_id == r.id) & (t.level == r.state) & t.state.in_(OPEN))
        .where(r.due_at.is_not(None))
        .order_by(r.due_at)
        .limit(MOST)
    )
    if work.actor.orgs is not None:
        query = query.where(r.org_id.in_(work.actor.orgs))
    return [
        Waiting(
            number=row.number, state=row.state, since=row.state_since, due=row.due_at, urgency=row.urgency or 0,
            owner=None if row.owner_id is None else row.owner_id.hex, owner_name=row.owner_name or "",
            branch=row.name,
        )
        for row in work.connection.execute(query)
    ]  # fmt: skip


def _paces(work: UnitOfWork, owners: set[str]) -> dict[str, Pace]:
    """Return how each owner worked, whatever branch it was for: acts by clock hour, a range of an index."""
    if not owners:
        return {}
    s = ReviewStep.__table__.c
    hour: Any = type_coerce(s.acted_at, BigInteger) // HOUR_US
    query = (
        select(s.staff_id, hour.label("hour"), func.count())
        .where(s.acted_at >= work.now - LOOKS_BACK, s.action.in_(ENDS), s.staff_id.is_not(None))
        .group_by(s.staff_id, hour)
    )
    acts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for staff_id, at, count in work.connection.execute(query):
        acts[staff_id.hex].append((int(at), count))
    return {
        owner: Pace(
            acts=sum(count for _, count in found),
            active_hours=len(found),
            day_hours=frozenset(clinic(from_microseconds(at * HOUR_US)).hour for at, _ in found),
        )
        for owner, found in acts.items()
        if owner in owners
    }
