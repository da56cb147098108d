"""Conversations as lists: those that are owed, one's own, and those of people nobody has recognised."""

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from domain.conversations.binding_commands import BindToMe
from domain.conversations.commands import (
    CloseConversation,
    HandOver,
    LabelConversation,
    RegisterFromConversation,
)
from domain.conversations.faq_commands import CallOffDuty, PlanDuty, RetireFaq, SaveFaq
from domain.conversations.faq_records import DutyShift, FaqEntry
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


@worklist("faq.entries", "常见问题", permission="faq.view", record=FaqEntry, order="code")
def faq_entries() -> Query:
    """The newest version of every question, also of those that are out of use."""
    later = aliased(FaqEntry)
    newer = (
        (later.org_id == FaqEntry.org_id) & (later.code == FaqEntry.code) & (later.version > FaqEntry.version)
    )
    return select(
        FaqEntry.code, FaqEntry.question, FaqEntry.answer, FaqEntry.automatic, FaqEntry.active, FaqEntry.version,
        FaqEntry.saved_name, FaqEntry.saved_at,
    ).where(~exists().where(newer))  # fmt: skip


@worklist("faq.history", "常见问题修订", permission="faq.view", record=FaqEntry, order="-saved_at")
def faq_history() -> Query:
    """Every version, the latest first."""
    return select(
        FaqEntry.code, FaqEntry.version, FaqEntry.question, FaqEntry.answer, FaqEntry.active, FaqEntry.reason,
        FaqEntry.saved_name, FaqEntry.saved_at,
    )  # fmt: skip


@worklist("duty.shifts", "咨询值班", permission="duty.view", record=DutyShift, order="-starts_at")
def duty_shifts() -> Query:
    """Who is on duty for consultations, the latest shift first."""
    return select(DutyShift.staff_name, DutyShift.starts_at, DutyShift.ends_at, DutyShift.ended_at)


faq_entries.offers(SaveFaq, RetireFaq)
duty_shifts.offers(PlanDuty, CallOffDuty)
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
