"""Who answers: the one with the least to answer among those of the organisation who may."""

from collections.abc import Collection

from sqlalchemy import func, select

from domain.conversations.records import Conversation, ConversationKind
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff

ANSWER = {
    ConversationKind.SERVICE: ("messaging_operator", "health_manager"),
    ConversationKind.CONSULTATION: ("physician", "health_manager"),
}
"""Roles that are given conversations, the first before the second."""


def next_owner(
    work: UnitOfWork, org_id: Id, kind: ConversationKind, but: Collection[Id | None] = ()
) -> Staff | None:
    """Return who takes a conversation, None if there is nobody else."""
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
