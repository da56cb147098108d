"""Sending on who is managed in a disease register."""

from datetime import date

from domain.followup.register_records import RegisterMember
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.referrals.commands import HANDLE, OpenReferral, open_referral


@command("referral.open_member", "开立转诊", permission=HANDLE)
class ReferMember:
    """Send on a client of a register; the place in the register stays."""

    member_id: Id = ask("专病队列成员", kind=Kind.HIDDEN)
    why: str = ask("转诊原因", kind=Kind.NOTE)
    target: str = ask("转往医院与科室", max_length=160)
    urgent: bool = ask("加急", default=False)
    planned_on: date | None = ask("计划完成日期（不填为 30 天内）", kind=Kind.DATE, default=None)


@handles(ReferMember)
def refer_member(order: ReferMember, work: UnitOfWork) -> str:
    """Return the number. Raises as `open_referral`; ``register_member.unknown``."""
    member = work.require(RegisterMember, order.member_id, "member_id")
    given = OpenReferral(
        patient_id=member.patient_id, reason=order.why, target=order.target, urgent=order.urgent,
        planned_on=order.planned_on,
    )  # fmt: skip
    number: str = open_referral(given, work)
    return number
