"""One client, one person to talk to: bound with one key, and whatever the client writes goes there."""

from sqlalchemy import select

from domain.conversations.commands import REPLY
from domain.conversations.keeping import hand_to
from domain.conversations.records import Conversation
from domain.followup.group_commands import ensure_profile
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Staff

EXPERTS = frozenset({"physician", "chief_physician", "department_head"})
"""Roles that are bound as the client's expert; every other one as the health manager."""


@command("conversation.bind_to_me", "设为我的专属客户", permission=REPLY)
class BindToMe:
    """Who is signed in looks after this client from now on: physicians as the expert, others as the manager."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(BindToMe)
def bind_to_me(order: BindToMe, work: UnitOfWork) -> int:
    """Return how many conversations came along.

    Raises:
        DomainError: ``patient.unknown``; ``conversation.nobody_bound`` (``patient_id``) where nobody of the
            staff is signed in.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    me = work.get(Staff, work.actor.staff_id)
    if me is None or not me.active:
        raise DomainError("conversation.nobody_bound", field="patient_id")
    profile = ensure_profile(work, patient)
    if me.role in EXPERTS:
        profile.expert_id = me.id
    else:
        profile.manager_id = me.id
    profile.changed_at = work.now
    moved = 0
    for conversation in work.list(
        select(Conversation).where(Conversation.patient_id == patient.id).limit(100)
    ):
        if conversation.owner_id != me.id:
            hand_to(work, conversation, me, "绑定专属")
            moved += 1
    return moved
