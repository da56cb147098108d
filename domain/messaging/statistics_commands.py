"""How messages fare: sent, arrived, read, answered and failed, by template and channel."""

import dataclasses
from collections import defaultdict
from datetime import date, datetime, time, timedelta

from sqlalchemy import BigInteger, ColumnElement, exists, func, or_, select, type_coerce

from domain.conversations.records import ConversationMessage, Direction
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.records import PersonLink
from domain.messaging.records import MessageTemplate, OutboxMessage
from domain.messaging.templates import TEMPLATES

ANSWERED_WITHIN = timedelta(days=3)
"""A client who writes to us so soon after a message counts as having answered it; our own choice."""
_WITHIN_US = ANSWERED_WITHIN // timedelta(microseconds=1)
_SENT = ("accepted", "delivered", "read")
_ARRIVED = ("delivered", "read")


@dataclasses.dataclass(frozen=True, slots=True)
class Pushed:
    """Messages of one template by one channel; rates are of those sent, None where none was.

    `answered`: the questionnaire of its link was handed in, or the client wrote to us within `ANSWERED_WITHIN`.
    """

    template: str
    label: str
    channel: str
    queued: int
    sent: int
    delivered: int
    read: int
    answered: int
    failed: int
    read_rate: float | None
    answer_rate: float | None


@command("messaging.statistics", "推送统计", permission="messaging.view")
class CountMessages:
    """What was sent to clients in a time, both days included."""

    since: date = ask("起始日期", kind=Kind.DATE)
    until: date = ask("截止日期", kind=Kind.DATE)
    template: str | None = ask("模板", default=None, max_length=60)


@handles(CountMessages)
def count_messages(order: CountMessages, work: UnitOfWork) -> list[Pushed]:
    """Return the counts within the scope of who asks, by template and channel.

    A message sent once more because nobody opened the first counts with that one alone.

    Raises:
        DomainError: ``form.period`` if the time ends before it begins (field ``until``).
    """
    if order.until < order.since:
        raise DomainError("form.period", field="until")
    m = OutboxMessage.__table__.c
    begin = datetime.combine(order.since, time(), CLINIC_TIME)
    end = datetime.combine(order.until + timedelta(days=1), time(), CLINIC_TIME)
    within = [
        m.queued_at >= begin, m.queued_at < end, m.patient_id.is_not(None), m.repeats_id.is_(None),
        m.template != "reply",
    ]  # fmt: skip
    if work.actor.orgs is not None:
        within.append(m.org_id.in_(work.actor.orgs))
    if order.template:
        within.append(m.template == order.template)
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    states = select(m.template, m.channel, m.state, func.count()).where(*within)
    for template, channel, state, count in work.connection.execute(
        states.group_by(m.template, m.channel, m.state)
    ):
        counts[template, str(channel)][state] += count
    answered = select(m.template, m.channel, func.count()).where(*within, m.state.in_(_SENT), _answered())
    for template, channel, count in work.connection.execute(answered.group_by(m.template, m.channel)):
        counts[template, str(channel)]["answered"] = count
    labels = _labels(work, {template for template, _ in counts})
    return [
        _told(template, labels[template], channel, found)
        for (template, channel), found in sorted(counts.items())
    ]


def _labels(work: UnitOfWork, codes: set[str]) -> dict[str, str]:
    """Return what templates are called: the institution's own first, then those that ship, else the code."""
    shipped = {code: one.label for code, one in work.content.get(TEMPLATES, {}).items() if code in codes}
    t = MessageTemplate.__table__.c
    own = select(t.code, t.label).where(t.code.in_(codes)).order_by(t.saved_at)
    return (
        {code: code for code in codes}
        | shipped
        | {row.code: row.label for row in work.connection.execute(own)}
    )


def _answered() -> ColumnElement[bool]:
    """Return the condition that a message was answered."""
    m, link, said = OutboxMessage.__table__.c, PersonLink.__table__.c, ConversationMessage.__table__.c
    handed_in = exists().where(link.message_id == m.id, link.used_at.is_not(None))
    wrote = exists().where(
        said.patient_id == m.patient_id, said.direction == Direction.IN, said.at >= m.queued_at,
        type_coerce(said.at, BigInteger) < type_coerce(m.queued_at, BigInteger) + _WITHIN_US,
    )  # fmt: skip
    return or_(handed_in, wrote)


def _told(template: str, label: str, channel: str, found: dict[str, int]) -> Pushed:
    answered = found.pop("answered", 0)
    sent = sum(found.get(state, 0) for state in _SENT)
    read = found.get("read", 0)
    return Pushed(
        template, label, channel, sum(found.values()), sent, sum(found.get(state, 0) for state in _ARRIVED), read,
        answered, found.get("failed", 0) + found.get("expired", 0), round(read / sent, 4) if sent else None,
        round(answered / sent, 4) if sent else None,
    )  # fmt: skip
