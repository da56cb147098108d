"""Templates of the institution's own, and one message to many clients at once."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.conduct.keeping import keep_saved, refuse_severe
from domain.conduct.outgoing import check_for_many
from domain.conduct.records import MessageSource
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import address_of, check_time, preference_of, queue_message, refuses
from domain.messaging.records import (
    Category,
    Channel,
    ChannelBudget,
    MassSending,
    MessageTemplate,
    OutboxMessage,
)
from domain.messaging.template_media import carry_media
from domain.messaging.templates import Source, check_template, own_template, template_of
from domain.messaging.workflow import WAITING
from domain.people.records import Patient

MOST_AT_ONCE = 2000
OWN_CATEGORIES = frozenset({Category.HEALTH_ADVICE, Category.NOTICE, Category.REMINDER, Category.MARKETING})


@command("messaging.save_template", "保存消息模板", permission="messaging.templates")
class SaveTemplate:
    """A text of the institution's own; health advice names the source of every sentence."""

    code: str = ask("模板代码", max_length=60)
    label: str = ask("模板名称", max_length=100)
    category: Category = ask("类别", kind=Kind.CHOICE)
    channels: list[Channel] = ask("渠道", kind=Kind.HIDDEN)
    title: str = ask("标题", max_length=60)
    text: str = ask("正文", kind=Kind.NOTE)
    sources: list[dict[str, Any]] = ask("来源文献", kind=Kind.HIDDEN, default=[])
    important: bool = ask("重要信息", default=False)


@handles(SaveTemplate)
def save_template(order: SaveTemplate, work: UnitOfWork) -> Id:
    """Return the new version; earlier ones stay as they were sent.

    Raises:
        DomainError: ``message.bad_code``, ``message.category_not_own``, ``message.bad_source``,
            ``conduct.not_for_many`` (``text``) and those of `check_template`.
    """
    if not order.code.replace("_", "").isalnum() or not order.code.isascii():
        raise DomainError("message.bad_code", field="code")
    if order.category not in OWN_CATEGORIES:
        raise DomainError("message.category_not_own", field="category")
    for number, one in enumerate(order.sources, start=1):
        try:
            msgspec.convert(one, Source)
        except msgspec.ValidationError as error:
            raise DomainError("message.bad_source", field="sources", number=number) from error
    row = MessageTemplate(
        org_id=None, code=order.code, label=order.label, category=order.category,
        channels=[str(c) for c in order.channels],
        title=order.title, text=order.text, sources=order.sources or None, important=order.important,
        active=True, saved_at=work.now, saved_by=work.actor.staff_id,
    )  # fmt: skip
    check_template(own_template(row))
    hits = refuse_severe(work, f"{order.title}\n{order.text}", "text")
    before = _versions(work, order.code)
    kept = work.add(row)
    for earlier in before:
        earlier.active = False
        carry_media(work, earlier.id, kept)
    keep_saved(work, f"{order.title}\n{order.text}", order.code, hits, MessageSource.TEMPLATE)
    return kept.id


@command("messaging.retire_template", "停用消息模板", permission="messaging.templates")
class RetireTemplate:
    """A template shall not be used any more; a text of the program of the same code counts again."""

    template_id: Id = ask("模板", kind=Kind.HIDDEN)


@handles(RetireTemplate)
def retire_template(order: RetireTemplate, work: UnitOfWork) -> None:
    """Retire it; what waits in the outbox was written already and goes."""
    work.require(MessageTemplate, order.template_id, "template_id").active = False


def _versions(work: UnitOfWork, code: str) -> Sequence[MessageTemplate]:
    return work.list(select(MessageTemplate).where(MessageTemplate.code == code, MessageTemplate.active))


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """What may still go today: `left` is None where there is no quota, `waiting` is queued already."""

    channel: Channel
    quota: int | None
    used: int
    waiting: int
    left: int | None
    paused: bool


def budget_of(connection: Connection, actor: Actor, channel: Channel, today: str) -> Budget:
    """Return the budget of a channel as this installation knows it, shown before a mass sending."""
    actor.check("messaging.mass")
    table, outbox = ChannelBudget.__table__.c, OutboxMessage.__table__.c
    row = connection.execute(
        select(table.day, table.used, table.quota, table.paused).where(table.channel == channel)
    ).first()
    waiting = connection.execute(
        select(func.count()).where(outbox.state.in_(WAITING), outbox.channel == channel)
    ).scalar_one()
    if row is None:
        return Budget(channel, None, 0, waiting, None, paused=False)
    used = row.used if row.day == today else 0
    left = None if row.quota is None else max(0, row.quota - used - waiting)
    return Budget(channel, row.quota, used, waiting, left, bool(row.paused))


@command("messaging.mass", "群发消息", permission="messaging.mass")
class SendToMany:
    """One template to many clients; `budget_left` is what the person was shown before saying yes."""

    label: str = ask("名称", max_length=100)
    template: str = ask("模板", max_length=60)
    channel: Channel = ask("渠道", kind=Kind.CHOICE)
    chosen: str = ask("选择条件", max_length=1000)
    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)
    params: dict[str, Any] = ask("参数", kind=Kind.HIDDEN, default={})
    budget_left: int | None = ask("确认时剩余额度", kind=Kind.HIDDEN, default=None)
    over_days: bool = ask("超出额度的分日发送", default=False)
    send_at: datetime | None = ask("计划发送时间", default=None)
    variants: dict[str, str] = ask("各客户的模板", kind=Kind.HIDDEN, default={})


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """What became of a mass sending: messages in the outbox, and why others have none."""

    mass_id: Id
    queued: int
    left_out: dict[str, int]


@handles(SendToMany)
def send_to_many(order: SendToMany, work: UnitOfWork) -> Sent:
    """Return how many messages were queued and why others were left out.

    Raises:
        DomainError: ``message.too_many``, ``message.nobody``, ``message.over_budget`` where the quota of the
            day does not
            suffice and the rest was not to go on the days after, ``message.quota_changed`` when less is left
            than shown, ``conduct.not_for_many`` (``template``) for words that are severely against the rules as
            they stand now.
    """
    wanted = list(dict.fromkeys(order.patient_ids))
    if not wanted:
        raise DomainError("message.nobody", field="patient_ids")
    if len(wanted) > MOST_AT_ONCE:
        raise DomainError("message.too_many", field="patient_ids", most=MOST_AT_ONCE)
    budget = budget_of(work.connection, work.actor, order.channel, clinic(work.now).date().isoformat())
    if budget.left is not None and order.budget_left is not None and budget.left < order.budget_left:
        raise DomainError("message.quota_changed", field="budget_left", left=budget.left)
    check_time(order.send_at, work)
    template = template_of(work, order.template)
    mass = MassSending(
        id=work.new_id(), label=order.label, channel=order.channel, template=order.template, chosen=order.chosen,
        wanted=len(wanted), queued=0, budget_left=budget.left, confirmed_at=work.now,
        confirmed_by=work.actor.staff_id, send_at=order.send_at,
    )  # fmt: skip
    others = [template_of(work, code) for code in sorted(set(order.variants.values()) - {order.template})]
    check_for_many(work, mass, (template, *others), order.params)
    left_out: Counter[str] = Counter()
    for patient_id in wanted:
        why = left_out_why(work, patient_id, order.channel, template.category)
        if why:
            left_out[why] += 1
            continue
        variant = order.variants.get(patient_id.hex)
        queue_message(
            work, variant or template, patient_id=patient_id, channel=order.channel, params=order.params,
            key=("mass", mass.id, patient_id), mass_id=mass.id, send_at=order.send_at,
        )  # fmt: skip
        mass.queued += 1
    if budget.left is not None and mass.queued > budget.left and not order.over_days:
        raise DomainError("message.over_budget", field="patient_ids", wanted=mass.queued, left=budget.left)
    mass.left_out = dict(left_out) or None
    work.add(mass)
    return Sent(mass.id, mass.queued, dict(left_out))


def left_out_why(work: UnitOfWork, patient_id: Id, channel: Channel, category: Category) -> str:
    """Return the code of why a client gets nothing in a mass sending, '' for one who does."""
    patient = work.get(Patient, patient_id)
    if patient is None:
        return "not_ours"
    preference = preference_of(work, patient_id)
    if refuses(preference, category):
        return "opted_out"
    if preference is not None and preference.paused_at is not None:
        return "paused"
    return "" if address_of(work, channel, patient, None)[0] else "no_address"
