"""Keeping up how marked values go on: the newest against the one that was marked, noise taken out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from domain.care.content import CARE
from domain.checkup.records import Observation
from domain.checkup.report_content import standing
from domain.interop.one_person import of_person, persons
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.scales.facts import COUNTING
from domain.tracking.next_steps import bring_forward, give_task, next_step
from domain.tracking.progress_records import PositiveCourse, PositiveProgress
from domain.tracking.records import AbnormalTracking, TrackingGrade
from domain.trends.content import Swing

GRADES = (TrackingGrade.HIGH, TrackingGrade.IMPORTANT)


@command("tracking.follow_progress", "更新阳性指标进展", permission=None, place="internal")
class FollowProgress:
    """Results came, or findings began to be tracked: their marked values; of the reader of the log alone."""

    observation_ids: list[Id] = ask("结果", kind=Kind.HIDDEN)


@handles(FollowProgress)
def follow_progress(order: FollowProgress, work: UnitOfWork) -> int:
    """Return how many rows changed; a result nobody marked costs one look at an index."""
    o, t, m = Observation.__table__.c, AbnormalTracking.__table__.c, Observation.__table__.alias("marked")
    query = (
        select(o.patient_id, o.item)
        .distinct()
        .select_from(Observation.__table__)
        .join(AbnormalTracking.__table__, t.patient_id == o.patient_id)
        .join(m, (m.c.id == t.observation_id) & (m.c.item == o.item))
        .where(o.id.in_(order.observation_ids), t.grade.in_(GRADES), t.state != "withdrawn")
    )
    work.flush()
    touched = {(row.patient_id, row.item) for row in work.connection.execute(query)}
    came = select(o.patient_id, o.item).where(o.id.in_(order.observation_ids), o.patient_id.is_not(None))
    results = work.connection.execute(came.distinct()).all()
    others = persons(work.connection, {row.patient_id for row in results})
    touched |= {(other, row.item) for row in results for other in others[row.patient_id][1:]}
    return sum(_keep(work, *one) for one in sorted(touched))


def _keep(work: UnitOfWork, patient_id: Id, item: str) -> bool:
    o, t = Observation.__table__, AbnormalTracking.__table__.c
    theirs = of_person(work.connection, o.c.patient_id, patient_id)
    mine = select(o).where(theirs, o.c.item == item, o.c.status.in_(COUNTING))
    results = standing(work.connection.execute(mine.order_by(o.c.effective_at, o.c.id)).all())
    trackings = (
        select(t.id, t.grade, t.follow_on, t.due_at, t.observation_id)
        .join(o, o.c.id == t.observation_id)
        .where(t.patient_id == patient_id, o.c.item == item, t.grade.in_(GRADES), t.state != "withdrawn")
        .order_by(t.found_at)
    )
    tracked = work.connection.execute(trackings).all()
    marked = next((r for r in results if r.id in {one.observation_id for one in tracked}), None)
    if marked is None:
        return False
    since = [r for r in results if (r.effective_at, r.id) >= (marked.effective_at, marked.id)]
    newest, open_ones = since[-1], [one for one in tracked if one.due_at is not None]
    swing = work.content[CARE].indicators.indicators.get(item) if CARE in work.content else None
    course, change, needed = course_since(since, swing)
    values: dict[str, Any] = {
        "label": newest.label, "grade": tracked[0].grade, "marked_at": marked.effective_at,
        "marked": _said(marked), "last_at": newest.effective_at, "last": _said(newest), "flag": newest.flag,
        "rechecks": len(since) - 1, "course": course, "change": change, "needed": needed,
        "tracking_id": (open_ones or tracked)[-1].id, "follow_on": (open_ones or tracked)[-1].follow_on,
    }  # fmt: skip
    step, day = next_step(TrackingGrade(tracked[0].grade), course, clinic(newest.effective_at).date())
    values |= {"next_step": step, "next_on": day} if open_ones else {"next_step": None, "next_on": None}
    kept = work.find(PositiveProgress, patient_id=patient_id, item=item)
    if course is PositiveCourse.WORSE and open_ones and (kept is None or kept.advised_for != newest.id):
        values["advised_for"] = newest.id
        _hurry(work, open_ones, newest, change, day)
    if kept is None:
        work.add(
            PositiveProgress(
                id=stable_id("positive_progress", patient_id, item), org_id=newest.org_id, patient_id=patient_id,
                item=item, **values,
            )
        )  # fmt: skip
        return True
    changed = {name: value for name, value in values.items() if getattr(kept, name) != value}
    for name, value in changed.items():
        setattr(kept, name, value)
    return bool(changed)


def _hurry(work: UnitOfWork, open_ones: Sequence[Any], newest: Any, change: float | None, day: date) -> None:
    """Bring the follow-up of a value that got worse forward, once a result."""
    said = (
        f"复查 {_said(newest)}，较标记时变化 {change:+g}%" if change is not None else f"复查 {_said(newest)}"
    )
    for one in open_ones:
        bring_forward(work, work.require(AbnormalTracking, one.id), newest.label, said, day)
    give_task(work, newest.patient_id, newest.label, said, day)


def course_since(
    results: Sequence[Any], swing: Swing | None
) -> tuple[PositiveCourse, float | None, float | None]:
    """Return how the newest of some results stands to the first, the marked one; change and needed in per cent.

    Which way is worse is told by the side on which the marked value was out.
    """
    marked, newest = results[0], results[-1]
    if len(results) == 1:
        return PositiveCourse.WAITING, None, None
    numbers = marked.value_number, newest.value_number
    change = None
    if None not in numbers and marked.ucum == newest.ucum and numbers[0]:
        change = round(100 * (numbers[1] - numbers[0]) / abs(numbers[0]), 1)
    needed = None if swing is None else round(swing.change(1, 1), 1)
    if newest.flag in {None, "", "N"} and (newest.flag == "N" or newest.range_text):
        return PositiveCourse.RECOVERED, change, needed
    way = {"H": 1, "L": -1}.get((marked.flag or "")[:1], 0)
    if change is None or needed is None or not way:
        return PositiveCourse.UNKNOWN, change, needed
    if abs(change) < needed:
        return PositiveCourse.STEADY, change, needed
    return PositiveCourse.WORSE if change * way > 0 else PositiveCourse.BETTER, change, needed


def _said(row: Any) -> str:
    return f"{row.value_text} {row.ucum or ''}".strip()
