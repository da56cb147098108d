"""Choosing one of several drafts."""

from sqlalchemy import select

from domain.care.plan_commands import SignPlan, StopPlan, sign_plan, stop_plan
from domain.care.records import CarePlan
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork


@command("care.choose_plan", "选定方案", permission="care.sign")
class ChoosePlan:
    """Sign one draft; the client's other drafts are given up with the reason."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    reason: str = ask("选定理由", kind=Kind.NOTE)


@handles(ChoosePlan)
def choose_plan(order: ChoosePlan, work: UnitOfWork) -> int:
    """Return how many other drafts were given up. Raises as `sign_plan`; nothing is given up then."""
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    sign_plan(SignPlan(care_plan_id=plan.id), work)
    others = work.list(
        select(CarePlan).where(
            CarePlan.patient_id == plan.patient_id, CarePlan.state == "draft", CarePlan.id != plan.id
        )
    )
    for other in others:
        stop_plan(StopPlan(care_plan_id=other.id, outcome=f"选定“{plan.name}”：{order.reason}"), work)
    return len(others)
