"""What a client's record shows beside its own fields: tags, reports, hospital, receptions, talks, other sites."""

from typing import Any

from sqlalchemy import Connection, select

from client.station import Context
from domain.checkup.records import Report
from domain.conversations.records import Conversation, ConversationMessage
from domain.interop.one_person import of_person, records_of, who_stays
from domain.interop.person_records import HospitalVisit
from domain.kernel.columns import Sensitivity
from domain.kernel.ids import Id
from domain.kernel.rows import records, scoped
from domain.people.records import Patient
from domain.reception.records import Appointment
from domain.sharing.records import SharedPortrait
from domain.tags.records import ClientTag, TagKind

LATEST = 8
"""Things said that are shown; Ctrl+J opens the whole of them."""
SHOWN_CHARACTERS = 60


def tag_line(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return the tags that are on, by kind; '' for none or for who may not see them."""
    if not context.actor.may("tag.view"):
        return ""
    tag = ClientTag.__table__.c
    query = scoped(select(tag.kind, tag.name), ClientTag, context.actor)
    rows = connection.execute(
        query.where(of_person(connection, tag.patient_id, patient_id), tag.off_at.is_(None))
    ).all()
    order = list(TagKind)
    found = sorted(rows, key=lambda row: (order.index(TagKind(row.kind)), row.name))
    return "　".join(f"{context.formatter.name(str(r.kind), 'words:tag_kind')}·{r.name}" for r in found)


def talk_lines(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return what was said lately, a line each, the latest first; only of conversations the reader may see."""
    if not context.actor.may("conversation.view"):
        return ""
    said, talk = ConversationMessage.__table__.c, Conversation.__table__.c
    query = scoped(
        select(said.at, said.direction, said.text, said.staff_name, talk.channel)
        .select_from(Conversation)
        .join(ConversationMessage, said.conversation_id == talk.id),
        Conversation, context.actor,
    )  # fmt: skip
    query = query.where(of_person(connection, talk.patient_id, patient_id), said.direction != "note")
    rows = connection.execute(query.order_by(said.at.desc()).limit(LATEST)).all()
    return "\n".join(_line(context, row) for row in rows)


def _line(context: Context, row: Any) -> str:
    who = context.say("inbox.client") if row.direction == "in" else row.staff_name or ""
    text = " ".join(row.text.split())
    shown = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    channel = context.formatter.name(str(row.channel), "words:channel")
    return f"{context.formatter.moment(row.at)}  {channel}  {who}：{shown}"


def report_lines(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return the client's reports, the latest first."""
    if not context.actor.may("report.view"):
        return ""
    r = Report.__table__.c
    query = scoped(select(r.number, r.state, r.issued_at), Report, context.actor).where(
        of_person(connection, r.patient_id, patient_id)
    )
    rows = connection.execute(query.order_by(r.state_since.desc()).limit(LATEST)).all()
    unissued = context.say("record.unissued")
    return "\n".join(
        f"{row.number}　{context.formatter.moment(row.issued_at) if row.issued_at else unissued}"
        for row in rows
    )


def hospital_lines(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return the client's visits to the hospital; the diagnoses to whom they are no secret."""
    if not context.actor.may("checkup.view") or context.actor.clearance < Sensitivity.PERSONAL:
        return ""
    h = HospitalVisit.__table__.c
    query = scoped(select(h.started_at, h.kind, h.department, h.diagnoses), HospitalVisit, context.actor)
    rows = connection.execute(
        query.where(of_person(connection, h.patient_id, patient_id))
        .order_by(h.started_at.desc())
        .limit(LATEST)
    ).all()
    open_ = context.actor.clearance >= Sensitivity.SENSITIVE
    return "\n".join(
        "　".join(
            part
            for part in (
                context.formatter.moment(row.started_at),
                context.formatter.name(str(row.kind), "words:encounter") if row.kind else "",
                row.department or "", (row.diagnoses or "") if open_ else "",
            )
            if part
        )
        for row in rows
    )  # fmt: skip


def reception_lines(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return the client's receptions, the latest first."""
    if not context.actor.may("reception.view"):
        return ""
    a = Appointment.__table__.c
    query = scoped(select(a.starts_at, a.kind, a.state), Appointment, context.actor)
    rows = connection.execute(
        query.where(of_person(connection, a.patient_id, patient_id))
        .order_by(a.starts_at.desc())
        .limit(LATEST)
    ).all()
    return "\n".join(
        f"{context.formatter.moment(row.starts_at)}　{context.formatter.value(row.kind, 'appointment', 'kind')}　"
        f"{context.formatter.value(row.state, 'appointment', 'state')}"
        for row in rows
    )


def elsewhere_lines(context: Context, connection: Connection, patient_id: Id) -> str:
    """Return what other sites of the group know of the client, who agreed to it: the whole is in their portrait."""
    if not context.actor.may("risk.view"):
        return ""
    s = SharedPortrait.__table__.c
    query = scoped(
        select(s.source_site, s.source_number, s.last_visit, s.tags), SharedPortrait, context.actor
    )
    rows = connection.execute(
        query.where(of_person(connection, s.patient_id, patient_id), s.valid.is_(True))
    ).all()
    tags = context.actor.clearance >= Sensitivity.PERSONAL
    return "\n".join(
        context.say(
            "record.elsewhere.line", site=row.source_site, number=row.source_number, day=row.last_visit or "—",
            tags="、".join(row.tags) if tags else "",
        )
        for row in rows
    )  # fmt: skip


def joined_records(context: Context, connection: Connection, patient_id: Id) -> list[tuple[str, str, str]]:
    """Return the other records of the same person: label, number with name, page; the one that stays first."""
    others = records_of(connection, patient_id)[1:]
    if not others:
        return []
    stays = who_stays(connection, patient_id)
    rows = records(connection, context.actor, Patient, Patient.id.in_(others), limit=len(others))
    say = context.say
    return [
        (
            say("record.joined_into" if row.id == stays else "record.joined"),
            f"{row.number}　{row.name}",
            f"record:patient:{row.id}",
        )
        for row in sorted(rows, key=lambda row: (row.id != stays, str(row.number)))
    ]
