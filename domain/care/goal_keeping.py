"""Keeping goals: brought by diseases, begun, measured, dropped. What commands of plans and of goals share."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from domain.care.content import care_of
from domain.care.goal_records import CareGoal
from domain.care.goal_workflow import goal_life
from domain.care.goals import is_reached, progress, targets_for
from domain.care.records import CarePlan
from domain.care.schedules import end_of
from domain.checkup.records import Observation
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.scales.facts import COUNTING, latest


def bring_goals(work: UnitOfWork, plan: CarePlan, codes: Sequence[str], age: int) -> None:
    """Put the goals of the diseases of a draft into it; they begin when it is signed."""
    book = care_of(work).goals
    items = {rule.item for code in codes for rule in book.goals.get(code, ())}
    first = latest(work.connection, plan.patient_id, items)
    for target in targets_for(book, codes, age, first):
        by_on = min(plan.starts_on + timedelta(days=round(30.4 * target.months)), plan.ends_on)
        put_goal(
            work, plan, target.item, (target.high, None), by_on, book.source, strict=target.strict,
            unverified=book.status != "V",  # nobody has signed it
        )  # fmt: skip


def begin_goals(work: UnitOfWork, plan: CarePlan) -> None:
    """Let the goals of a plan that was signed begin, from the newest value of each."""
    for goal in goals_of(work, plan.id):
        if goal.state == "planned":
            begin_goal(work, goal)


def end_goals(work: UnitOfWork, plan: CarePlan, reason: str) -> None:
    """Let what was not reached go with its plan; what was stays so."""
    for goal in goals_of(work, plan.id):
        if goal.state in ("planned", "pursued"):
            drop(work, goal, f"计划结束：{reason}")


def put_goal(
    work: UnitOfWork, plan: CarePlan, code: str, limits: tuple[float | None, float | None], by_on: date,
    source: str, *, strict: bool, unverified: bool,
) -> CareGoal:  # fmt: skip
    """Return a goal put into a plan; `limits` are its upper and lower."""
    known = work.content["catalog"].observation(code)
    goal = CareGoal(
        org_id=plan.org_id, plan_id=plan.id, patient_id=plan.patient_id, item=code, label=known.name,
        unit=known.ucum, high=limits[0], low=limits[1], strict=strict, by_on=by_on, unverified=unverified,
        source=source[:255], set_name=work.actor.name,
    )  # fmt: skip
    work.start(goal_life, goal)
    return work.add(goal)


def begin_goal(work: UnitOfWork, goal: CareGoal) -> None:
    """Let a goal begin: from the newest value, which may have reached it already."""
    work.move(goal_life, goal, "begin")
    goal.due_at = end_of(goal.by_on)
    o = Observation.__table__.c
    query = select(o.value_number, o.effective_at).where(
        o.patient_id == goal.patient_id,
        o.item == goal.item,
        o.value_number.is_not(None),
        o.status.in_(COUNTING),
    )
    newest = work.connection.execute(query.order_by(o.effective_at.desc(), o.id.desc()).limit(1)).first()
    if newest is not None:
        goal.first, goal.first_on = float(newest.value_number), clinic(newest.effective_at).date()
        note_value(work, goal, goal.first)


def drop(work: UnitOfWork, goal: CareGoal, reason: str) -> None:
    """Drop a goal with its reason."""
    work.move(goal_life, goal, "drop_goal")
    goal.due_at, goal.reason = None, reason[:1000]


def note_value(work: UnitOfWork, goal: CareGoal, value: float) -> None:
    """Move a goal on by a value: how far it is, and whether it is reached or lost."""
    goal.progress = progress(goal.first if goal.first is not None else value, value, goal.high, goal.low)
    reached = is_reached(value, goal.high, goal.low, strict=bool(goal.strict))
    if reached and goal.state == "pursued":
        work.move(goal_life, goal, "reach")
        goal.due_at = None
    elif not reached and goal.state == "reached":
        work.move(goal_life, goal, "lose")
        goal.due_at = end_of(goal.by_on)


def goals_of(work: UnitOfWork, plan_id: Id) -> Sequence[CareGoal]:
    """Return the goals of a plan, by item."""
    work.flush()
    return work.list(select(CareGoal).where(CareGoal.plan_id == plan_id).order_by(CareGoal.item, CareGoal.id))
