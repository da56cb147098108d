"""What was said against the rules: what waits for somebody to look into it, and what came of the rest."""

from sqlalchemy import select

from domain.conduct.commands import ReleaseMessage, WithdrawMessage
from domain.conduct.reception_commands import RectifyReception
from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.records import MessageFinding
from domain.conduct.review_commands import ReviewConduct
from domain.conduct.review_records import ConductReview
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.worklists import clients
from domain.reception.records import Appointment

VIEW = "conduct.view"


@worklist("conduct.messages", "待审核的沟通内容", permission=VIEW, record=MessageFinding, order="due_at")
def open_messages() -> Query:
    """What nobody looked into yet, the soonest due first."""
    f = MessageFinding
    return select(
        f.at, f.severe, f.labels, f.words, f.text, f.source, f.code, f.staff_name, f.reason, f.state, f.due_at
    ).where(f.due_at.is_not(None))


open_messages.offers(ReleaseMessage, WithdrawMessage)


@worklist("conduct.concluded", "沟通内容审核记录", permission=VIEW, record=MessageFinding, order="-at")
def concluded_messages() -> Query:
    """What was looked into, the latest first."""
    f = MessageFinding
    return select(
        f.at, f.severe, f.labels, f.words, f.text, f.source, f.code, f.staff_name, f.reason, f.state, f.note,
        f.concluded_name, f.state_since,
    ).where(f.due_at.is_(None))  # fmt: skip


@worklist("conduct.receptions", "待整改的接待", permission=VIEW, record=ReceptionCheck, order="due_at")
def open_receptions() -> Query:
    """Receptions that went wrong and nobody registered what is done about it, the soonest due first."""
    r = ReceptionCheck
    return (
        select(
            r.at, Patient.name, r.kind, r.staff_name, r.missing_steps, r.disordered, r.score, r.state, r.due_at,
            Appointment.course,
        )
        .join(Patient, Patient.id == r.patient_id)
        .join(Appointment, Appointment.id == r.appointment_id)
        .where(r.due_at.is_not(None))
    )  # fmt: skip


open_receptions.offers(RectifyReception)


@worklist("conduct.reception_checks", "接待合规记录", permission=VIEW, record=ReceptionCheck, order="-at")
def reception_checks() -> Query:
    """Every reception with its points and its record, the latest first."""
    r = ReceptionCheck
    return (
        select(
            r.at, Patient.name, r.kind, r.staff_name, r.score, r.missing_steps, r.disordered, r.state,
            Appointment.course, r.note, r.concluded_name,
        )
        .join(Patient, Patient.id == r.patient_id)
        .join(Appointment, Appointment.id == r.appointment_id)
    )  # fmt: skip


@worklist("conduct.said", "沟通记录调取", permission=VIEW, record=ConversationMessage, order="-at")
def said() -> Query:
    """Everything that was said with clients by every channel, the latest first."""
    m = ConversationMessage
    return (
        select(
            m.at, Patient.name, Patient.number.label("patient_number"), Conversation.channel, m.direction, m.form,
            m.text, m.staff_name, m.automatic, m.waited_s, m.in_time,
        )
        .join(Conversation, Conversation.id == m.conversation_id)
        .outerjoin(Patient, Patient.id == m.patient_id)
        .where(m.direction != "note")
    )  # fmt: skip


@worklist("conduct.reviews", "沟通与接待审核", permission=VIEW, record=ConductReview, order="-at")
def reviews() -> Query:
    """Who looked through whose records, and what came of it, the latest first; F8 prints the records with remarks."""
    r = ConductReview
    return select(
        r.at, Patient.name, r.about_name, r.since, r.until, r.messages, r.remarks, r.found_now, r.labels, r.late,
        r.unread, r.receptions, r.irregular, r.staff_name,
    ).outerjoin(Patient, Patient.id == r.patient_id)  # fmt: skip


reviews.offers(ReviewConduct)
clients.offers(ReviewConduct)
