"""One message to all who have some tags: what it would be, and sending it."""

import dataclasses
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from domain.conduct.keeping import refuse_severe
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel
from domain.messaging.rules import SHORT
from domain.messaging.template_commands import (
    MOST_AT_ONCE,
    Budget,
    SendToMany,
    Sent,
    budget_of,
    left_out_why,
    send_to_many,
)
from domain.messaging.templates import by_grade, filled, template_of
from domain.people.records import Organization
from domain.tags.audience import clients_with, variants_for

MASS = "messaging.mass"
SAMPLE = {"client": "王女士", "link": "（链接）"}
"""What stands for the client in a preview."""


@dataclasses.dataclass(frozen=True, slots=True)
class MassPreview:
    """What a mass sending would be: people wanted, to be sent to, left out and why; its words; the quota of the day.

    `variants` are how many get which variant of the template; `problem` is the code of why it would be refused.
    """

    wanted: int
    queued: int
    left_out: dict[str, int]
    variants: dict[str, int]
    text: str
    sources: list[dict[str, Any]]
    budget: Budget
    problem: str


@command("messaging.preview_mass", "预览群发", permission=MASS)
class PreviewMass:
    """What would happen now; nothing is kept."""

    template: str = ask("模板", max_length=60)
    channel: Channel = ask("渠道", kind=Kind.CHOICE)
    tags: list[str] = ask("标签", kind=Kind.HIDDEN)


@handles(PreviewMass)
def preview_mass(order: PreviewMass, work: UnitOfWork) -> MassPreview:
    """Return it.

    Raises:
        DomainError: ``message.no_tags`` (``tags``), ``message.no_template``, ``message.channel_not_allowed``,
            ``conduct.not_for_many`` (``template``).
    """
    template = template_of(work, order.template)
    if order.channel not in template.channels:
        raise DomainError("message.channel_not_allowed", field="channel", label=template.label)
    refuse_severe(work, f"{template.title}\n{template.text or template.short}", "template")
    people = clients_with(work.connection, work.actor, order.tags)
    left_out: Counter[str] = Counter()
    reached = []
    for own in people[:MOST_AT_ONCE]:
        why = left_out_why(work, own, order.channel, template.category)
        if why:
            left_out[why] += 1
        else:
            reached.append(own)
    variants = Counter(variants_for(work.connection, order.template, reached).values())
    budget = budget_of(work.connection, work.actor, order.channel, clinic(work.now).date().isoformat())
    problem = ""
    if len(people) > MOST_AT_ONCE:
        problem = "message.too_many"
    elif not people:
        problem = "message.nobody"
    elif budget.left is not None and len(reached) > budget.left:
        problem = "message.over_budget"
    sources = [msgspec.to_builtins(one) for one in template.sources]
    shown = template.short if order.channel in SHORT else template.text or template.short
    values = {**dict.fromkeys(template.params, "…"), **SAMPLE, "org": _name_of(work)}
    return MassPreview(
        len(people), len(reached), dict(left_out), dict(variants), filled(shown, values),
        [dict(one, number=number) for number, one in by_grade(sources)], budget, problem,
    )  # fmt: skip


def _name_of(work: UnitOfWork) -> str:
    org = work.get(Organization, work.actor.org_id)
    return org.name if org is not None else "体检中心"


@command("messaging.send_to_tagged", "按标签群发", permission=MASS)
class SendToTagged:
    """One template to all who have every one of the tags now; a variant that fits a client better goes instead."""

    label: str = ask("名称", max_length=100)
    template: str = ask("模板", max_length=60)
    channel: Channel = ask("渠道", kind=Kind.CHOICE)
    tags: list[str] = ask("标签", kind=Kind.HIDDEN)
    params: dict[str, Any] = ask("参数", kind=Kind.HIDDEN, default={})
    budget_left: int | None = ask("确认时剩余额度", kind=Kind.HIDDEN, default=None)
    over_days: bool = ask("超出额度的分日发送", default=False)
    send_at: datetime | None = ask("计划发送时间", default=None)


@handles(SendToTagged)
def send_to_tagged(order: SendToTagged, work: UnitOfWork) -> Sent:
    """Return how many messages were queued and why others were left out. Raises as `preview_mass`, `send_to_many`."""
    people: list[Id] = clients_with(work.connection, work.actor, order.tags)
    chosen = variants_for(work.connection, order.template, people)
    sent: Sent = send_to_many(
        SendToMany(
            label=order.label, template=order.template, channel=order.channel, chosen="、".join(order.tags)[:1000],
            patient_ids=people, params=order.params, budget_left=order.budget_left, over_days=order.over_days,
            send_at=order.send_at, variants={own.hex: code for own, code in chosen.items()},
        ),
        work,
    )  # fmt: skip
    return sent
