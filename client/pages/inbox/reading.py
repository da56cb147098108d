"""Reading the inbox from the store, off the UI thread.

Whoever a conversation belongs to reads what was said in it, whatever the clearance: it cannot be answered
unread. Who sees it is
decided by the record's owner (`domain.kernel.rows.owned`); names of clients stay masked by clearance.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import Attachment
from domain.conversations.faq import Faq, alike, in_force
from domain.conversations.media_commands import ENTITY as MEDIA_OF
from domain.conversations.records import Conversation, ConversationMessage
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.kernel.rows import Query, scoped
from domain.messaging.records import MessageTemplate, OutboxMessage
from domain.people.records import Organization, Patient, Staff

MOST = 200
"""Conversations shown at once; those that are owed come first, so that none of them is beyond the end."""
MOST_SAID = 200
_C = Conversation.__table__.c


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation of the list. Times are aware; `due_at` is None where nothing is owed."""

    id: Id
    title: str
    channel: str
    kind: str
    state: str
    last_text: str
    last_at: datetime
    due_at: datetime | None
    owed_since: datetime | None
    owner: str
    labels: tuple[str, ...]
    patient_id: Id | None
    handed_on: int


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said. `state` and `reason` are those of the message that carries an answer, '' for none."""

    direction: str
    form: str
    text: str
    at: datetime
    by: str
    state: str
    reason: str
    automatic: bool = False
    media_state: str = ""
    file: tuple[str, str, str, int] | None = None
    """SHA-256, type, name and size of what the client sent, once it is kept."""


def read_inbox(
    connection: Connection, actor: Actor, *, owed_only: bool = False, patient_id: Id | None = None
) -> list[Line]:
    """Return the conversations an actor may see: those owed by the time they are due, then the latest.

    Args:
        connection: For reading.
        actor: Who looks.
        owed_only: Leave out what nobody waits for.
        patient_id: Those of one client alone.
    """
    actor.check("conversation.view")
    query = (
        select(*_columns(), Patient.name, Staff.name.label("owner"))
        .select_from(Conversation)
        .outerjoin(Patient, Patient.id == Conversation.patient_id)
        .outerjoin(Staff, Staff.id == Conversation.owner_id)
    )
    if patient_id is not None:
        query = query.where(of_person(connection, _C.patient_id, patient_id))
    seen = scoped(query, Conversation, actor)
    owed = connection.execute(seen.where(_C.state == "owed").order_by(_C.due_at).limit(MOST)).all()
    others: Any = ()
    if not owed_only and len(owed) < MOST:
        latest: Query = seen.where(_C.state != "owed").order_by(_C.last_at.desc()).limit(MOST - len(owed))
        others = connection.execute(latest).all()
    info = column_info(Patient.__table__.c.name)
    return [_line(row, masked(info, row.name, actor.clearance)) for row in (*owed, *others)]


def _columns() -> tuple[Any, ...]:
    return (
        _C.id, _C.nickname, _C.channel, _C.kind, _C.state, _C.last_text, _C.last_at, _C.due_at,
        _C.owed_since, _C.labels, _C.patient_id, _C.handed_on,
    )  # fmt: skip


def _line(row: Any, name: str | None) -> Line:
    return Line(
        row.id, name or row.nickname or "", str(row.channel), str(row.kind), row.state, row.last_text, row.last_at,
        row.due_at if row.state == "owed" else None, row.owed_since, row.owner or "", tuple(row.labels or ()),
        row.patient_id, row.handed_on,
    )  # fmt: skip


def read_transcript(connection: Connection, actor: Actor, conversation_id: Id) -> list[Said]:
    """Return what was said in a conversation the actor may see, the oldest first; nothing of another's."""
    actor.check("conversation.view")
    may = scoped(select(_C.id).where(_C.id == conversation_id), Conversation, actor)
    if connection.execute(may).first() is None:
        return []
    table = ConversationMessage.__table__.c
    query = (
        select(
            table.direction,
            table.form,
            table.text,
            table.at,
            table.staff_name,
            OutboxMessage.state,
            OutboxMessage.reason,
            table.automatic,
            table.media_state,
            Attachment.sha256,
            Attachment.media_type,
            Attachment.name,
            Attachment.size,
        )
        .outerjoin(Attachment, (Attachment.subject_id == table.id) & (Attachment.subject == MEDIA_OF))
        .outerjoin(OutboxMessage, OutboxMessage.id == table.outbox_id)
        .where(table.conversation_id == conversation_id)
        .order_by(table.at.desc(), table.id.desc())
        .limit(MOST_SAID)
    )
    rows = connection.execute(query).all()
    return [
        Said(
            str(r.direction),
            r.form,
            r.text,
            r.at,
            r.staff_name or "",
            r.state or "",
            r.reason or "",
            r.automatic,
            r.media_state or "",
            (r.sha256, r.media_type, r.name, r.size) if r.sha256 else None,
        )
        for r in reversed(rows)
    ]


def read_offers(connection: Connection, actor: Actor, transcript: list[Said]) -> list[Faq]:
    """Return the questions most like the last thing a client wrote, the likest first."""
    asked = next(
        (one.text for one in reversed(transcript) if one.direction == "in" and one.form == "text"), ""
    )
    if not asked or not actor.may("faq.view"):
        return []
    return alike(asked, in_force(connection, actor.org_id))


@dataclass(frozen=True, slots=True)
class Canned:
    """A text that may be put into the answer, to be changed before it goes."""

    label: str
    text: str


def read_canned(connection: Connection, actor: Actor) -> list[Canned]:
    """Return the institution's own texts in force, with its name put in."""
    table = MessageTemplate.__table__
    rows = connection.execute(
        scoped(select(table.c.label, table.c.text), MessageTemplate, actor)
        .where(table.c.active)
        .order_by(table.c.label)
    ).all()
    name = connection.execute(select(Organization.name).where(Organization.id == actor.org_id)).scalar() or ""
    return [Canned(r.label, r.text.replace("{org}", name).replace("{client}", "您")) for r in rows[:9]]
