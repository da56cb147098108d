"""Telling a client of a plan that was signed: by the first channel of the template that reaches them, WeChat first.

Who is reached by none is not told, and the plan stands. A message tells that there is a plan, never what is in it.
"""

from domain.care.records import CarePlan
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import queue_message

READY = "care_plan_ready"
_NOT_TOLD = frozenset({"message.unreachable", "message.no_template", "message.channel_not_allowed"})


def plan_signed(work: UnitOfWork, plan: CarePlan) -> None:
    """Put the message into the outbox, once a plan."""
    try:
        queue_message(
            work, READY, patient_id=plan.patient_id, params={"from": f"{plan.starts_on:%m月%d日}"},
            key=("care_plan", plan.id, READY), about=("care_plan", plan.id),
        )  # fmt: skip
    except DomainError as error:
        if error.code not in _NOT_TOLD:
            raise
