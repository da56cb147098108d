"""The departments clients are sent to: kept by the centre for the whole group."""

from typing import Any

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization
from domain.referrals.records import ReferralTarget


@command("referral.set_target", "登记转诊去向", permission="referral.targets", place="centre")
class SetTarget:
    """A department of a hospital, or of a site of the group, new or as it is now."""

    hospital: str = ask("医院", max_length=100)
    department: str = ask("科室", max_length=60)
    topics: str | None = ask("适用病种与项目代码（如 hypertension、afp；留空为不限）", default=None)
    site: str | None = ask("本集团院区代码（外院不填）", default=None, max_length=40)
    green: bool = ask("绿色通道", default=False)
    rank: int = ask("推荐次序（小者优先）", kind=Kind.NUMBER, default=50, low=1, high=999)
    phone: str | None = ask("联系电话", default=None, max_length=60)
    how: str | None = ask("预约办法", default=None, max_length=500)
    active: bool = ask("在用", default=True)


@handles(SetTarget)
def set_target(order: SetTarget, work: UnitOfWork) -> Id:
    """Return the id of the department.

    Raises:
        DomainError: ``input.missing`` (``hospital``, ``department``) for blanks; ``referral.no_site`` (``site``).
    """
    hospital, department = order.hospital.strip(), order.department.strip()
    for field, value, label in (("hospital", hospital, "医院"), ("department", department, "科室")):
        if not value:
            raise DomainError("input.missing", field=field, label=label)
    site = None
    if (order.site or "").strip():
        site = work.find(Organization, code=(order.site or "").strip())
        if site is None:
            raise DomainError("referral.no_site", field="site", site=str(order.site))
    topics = (order.topics or "").replace("，", "、").replace(",", "、").split("、")
    values: dict[str, Any] = {
        "topics": [one.strip() for one in topics if one.strip()],
        "site_id": site.id if site else None, "green": order.green, "rank": order.rank,
        "phone": (order.phone or "").strip() or None, "how": (order.how or "").strip() or None,
        "active": order.active, "changed_at": work.now,
    }  # fmt: skip
    own = stable_id("referral_target", hospital, department)
    known = work.get(ReferralTarget, own)
    if known is None:
        made = ReferralTarget(
            id=own, org_id=work.actor.org_id, hospital=hospital, department=department, **values
        )
        return work.add(made).id
    for name, value in values.items():
        setattr(known, name, value)
    return known.id
