"""What was said to clients and how they were received: found by an index, judged by the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.rules import Hit, MessageRules, lint
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.authority import Actor
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.ids import Id
from domain.kernel.rows import scoped
from domain.people.records import Patient
from domain.reception.records import Appointment

MOST_SAID = 3000
"""Things said that are looked through at once: a person's busy quarter. More are told, never left out silently."""
MOST_RECEPTIONS = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose records: of a client, of a member of staff, or everybody's, over whole days of the clinic."""

    since: date
    until: date
    patient_id: Id | None = None
    staff_id: Id | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment, and the first one after."""
        begin = datetime.combine(self.since, time(), CLINIC_TIME)
        return begin, datetime.combine(self.until + timedelta(days=1), time(), CLINIC_TIME)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said, by the client (`ours` is false) or by one of us, with what it says against the rules."""

    row: Any
    hits: tuple[Hit, ...]

    @property
    def ours(self) -> bool:
        return str(self.row.direction) == "out"

    @property
    def needs_eyes(self) -> bool:
        """Whether it is something no rule can read."""
        return self.ours and str(self.row.form) != "text"


@dataclass(frozen=True, slots=True)
class Gathered:
    """All of it, the earliest first; the second of a pair tells whether there is more than was read."""

    said: tuple[Said, ...]
    receptions: tuple[Mapping[str, Any], ...]
    more_said: bool
    more_receptions: bool

    @property
    def against(self) -> list[Said]:
        """What we said against the rules."""
        return [one for one in self.said if one.hits]


def gather(connection: Connection, actor: Actor, asked: Asked, rules: MessageRules) -> Gathered:
    """Return the records asked for, within the reader's scope; others' conversations for who oversees them."""
    said = _said(connection, actor, asked)
    held = _receptions(connection, actor, asked)
    judged = tuple(
        Said(row, lint(row.text, rules) if str(row.direction) == "out" else ()) for row in said[:MOST_SAID]
    )
    return Gathered(
        judged, tuple(dict(row._mapping) for row in held[:MOST_RECEPTIONS]), len(said) > MOST_SAID,
        len(held) > MOST_RECEPTIONS,
    )  # fmt: skip


def _said(connection: Connection, actor: Actor, asked: Asked) -> Sequence[Any]:
    m, talk = ConversationMessage.__table__.c, Conversation.__table__.c
    begin, end = asked.span
    query = scoped(
        select(
            m.id, m.org_id, m.conversation_id, m.patient_id, m.direction, m.form, m.text, m.staff_id, m.staff_name,
            m.outbox_id, m.at, m.automatic, m.in_time, talk.channel, talk.nickname, Patient.name,
        )
        .select_from(ConversationMessage)
        .join(Conversation, talk.id == m.conversation_id)
        .outerjoin(Patient, Patient.id == m.patient_id),
        Conversation, actor,
    )  # fmt: skip
    query = query.where(m.direction != "note", m.at >= begin, m.at < end)
    if asked.patient_id is not None:
        query = query.where(m.patient_id == asked.patient_id)
    if asked.staff_id is not None:
        query = query.where(m.staff_id == asked.staff_id)
    return connection.execute(query.order_by(m.at, m.id).limit(MOST_SAID + 1)).all()


def _receptions(connection: Connection, actor: Actor, asked: Asked) -> Sequence[Any]:
    a = Appointment.__table__.c
    check: Table = ReceptionCheck.__table__  # type: ignore[assignment]
    c, (begin, end) = check.c, asked.span
    query = scoped(
        select(
            a.id, a.starts_at, a.kind, a.staff_name, a.steps, a.course, a.next_step, Patient.name, c.score,
            c.missing_steps, c.disordered, c.irregular, c.note,
        )
        .select_from(Appointment)
        .join(Patient, Patient.id == a.patient_id)
        .outerjoin(check, c.appointment_id == a.id),
        Appointment, actor,
    )  # fmt: skip
    query = query.where(a.course.is_not(None), a.starts_at >= begin, a.starts_at < end)
    if asked.patient_id is not None:
        query = query.where(a.patient_id == asked.patient_id)
    if asked.staff_id is not None:
        query = query.where(a.staff_id == asked.staff_id)
    return connection.execute(query.order_by(a.starts_at, a.id).limit(MOST_RECEPTIONS + 1)).all()
