"""Conversations as lists: those that are owed, one's own, and those of people nobody has recognised."""

from sqlalchemy import select

from domain.conversations.binding_commands import BindToMe
from domain.conversations.commands import (
    CloseConversation,
    HandOver,
    LabelConversation,
    RegisterFromConversation,
)
from domain.conversations.hours_commands import SetAnswerHours
from domain.conversations.records import AnswerHours, Conversation
from domain.followup.worklists import clients
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient, Staff

VIEW = "conversation.view"


def _rows() -> Query:
    return (
        select(
            Patient.name, Conversation.nickname, Conversation.channel, Conversation.kind, Conversation.state,
            Conversation.due_at, Conversation.last_text, Conversation.last_at, Staff.name.label("owner"),
            Conversation.labels, Conversation.handed_on,
        )
        .outerjoin(Patient, Patient.id == Conversation.patient_id)
        .outerjoin(Staff, Staff.id == Conversation.owner_id)
    )  # fmt: skip


@worklist("conversation.owed", "待回复会话", permission=VIEW, record=Conversation, order="due_at")
def owed() -> Query:
    """What is owed, the soonest due first."""
    return _rows().where(Conversation.state == "owed")


@worklist("conversation.all", "全部会话", permission=VIEW, record=Conversation, order="-last_at")
def conversations() -> Query:
    """Every conversation that one may see, the latest first."""
    return _rows()


@worklist("conversation.unknown", "未建档的会话", permission=VIEW, record=Conversation, order="-last_at")
def unknown() -> Query:
    """People who write to us and have no record yet."""
    return _rows().where(Conversation.patient_id.is_(None))


for listing in (owed, conversations, unknown):
    listing.offers(HandOver, LabelConversation, CloseConversation)
unknown.offers(RegisterFromConversation)
clients.offers(BindToMe)


@worklist(
    "conversation.hours", "答复时段", permission="conversation.hours", record=AnswerHours, order="-set_at"
)
def answer_hours() -> Query:
    """Every version of when answers are owed, the latest first; a row without a place is for all."""
    h = AnswerHours
    return select(
        h.set_at, Organization.name.label("place"), h.number, h.week, h.closed_days, h.reason, h.set_name
    ).outerjoin(Organization, Organization.id == h.place_id)


answer_hours.offers(SetAnswerHours)
