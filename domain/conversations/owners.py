"""Who answers: whom the client is bound to, else the one with the least to answer of those who may."""

from collections.abc import Collection

from sqlalchemy import func, select

from domain.conversations.faq_records import DutyShift
from domain.conversations.records import Conversation, ConversationKind
from domain.followup.group_records import CareProfile
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff

ANSWER = {
    ConversationKind.SERVICE: ("messaging_operator", "health_manager"),
    ConversationKind.CONSULTATION: ("physician", "health_manager"),
}
"""Roles that are given conversations, the first before the second."""


def next_owner(
    work: UnitOfWork, org_id: Id, kind: ConversationKind, but: Collection[Id | None] = (),
    patient_id: Id | None = None,
) -> Staff | None:  # fmt: skip
    """Return who takes a conversation, None if there is nobody else.

    A client's own manager or expert goes first, unless they have had their turn (`but`), then who is on duty for
    consultations.
    """
    own = _bound(work, org_id, kind, patient_id)
    if own is not None and own.id not in but:
        return own
    if kind is ConversationKind.CONSULTATION and (on_duty := _on_duty(work, org_id, but)) is not None:
        return on_duty
    waiting = dict(
        work.connection.execute(
            select(Conversation.owner_id, func.count())
            .where(Conversation.state == "owed", Conversation.owner_id.is_not(None))
            .group_by(Conversation.owner_id)
        ).all()
    )
    for role in ANSWER[kind]:
        may = select(Staff).where(Staff.org_id == org_id, Staff.role == role, Staff.active)
        found = [one for one in work.list(may.order_by(Staff.login)) if one.id not in but]
        if found:
            return min(found, key=lambda one: waiting.get(one.id, 0))
    return None


def _on_duty(work: UnitOfWork, org_id: Id, but: Collection[Id | None]) -> Staff | None:
    """Return who is on duty now, the one whose shift began last."""
    s = DutyShift
    now = work.list(
        select(s)
        .where(s.org_id == org_id, s.starts_at <= work.now, s.ends_at > work.now, s.ended_at.is_(None))
        .order_by(s.starts_at.desc())
        .limit(20)
    )
    for shift in now:
        staff = work.get(Staff, shift.staff_id)
        if staff is not None and staff.active and staff.org_id == org_id and staff.id not in but:
            return staff
    return None


def _bound(work: UnitOfWork, org_id: Id, kind: ConversationKind, patient_id: Id | None) -> Staff | None:
    """Return whom a client is bound to: the manager, for a consultation the expert first."""
    found = (
        list(work.list(select(CareProfile).where(CareProfile.patient_id == patient_id))) if patient_id else []
    )
    for profile in found:
        both = (profile.manager_id, profile.expert_id)
        for staff_id in reversed(both) if kind is ConversationKind.CONSULTATION else both:
            staff = work.get(Staff, staff_id) if staff_id else None
            if staff is not None and staff.active and staff.org_id == org_id:
                return staff
    return None
