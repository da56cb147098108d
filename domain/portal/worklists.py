"""Who is bound to whom, for the people who look after it."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.portal.commands import RevokeBinding
from domain.portal.records import PortalBinding


@worklist("portal.bindings", "微信绑定", permission="portal.view", record=PortalBinding, order="-bound_at")
def bindings() -> Query:
    """Every binding that is in force, the latest first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), PortalBinding.relation, PortalBinding.channel,
            PortalBinding.account, PortalBinding.bound_at,
        )
        .join(Patient, Patient.id == PortalBinding.patient_id)
        .where(PortalBinding.unbound_at.is_(None))
    )  # fmt: skip


bindings.offers(RevokeBinding)


@worklist(
    "portal.ended", "已解除的微信绑定", permission="portal.view", record=PortalBinding, order="-unbound_at"
)
def ended() -> Query:
    """Bindings that are over, with the reason, the latest first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), PortalBinding.relation, PortalBinding.channel,
            PortalBinding.bound_at, PortalBinding.unbound_at, PortalBinding.unbound_why,
        )
        .join(Patient, Patient.id == PortalBinding.patient_id)
        .where(PortalBinding.unbound_at.is_not(None))
    )  # fmt: skip
