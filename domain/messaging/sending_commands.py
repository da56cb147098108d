"""What the sender at the centre does with the outbox: take what is due, keep what came of it. No role may call these.

A message is `sending` on the disk before its vendor is called. Whoever finds it there after a crash, or
after an answer that
was lost, does not know whether it went: `unknown`. The vendor is asked if it can be; else a critical message
is sent again, one whose vendor drops repetitions too, and any other is not.
"""

import dataclasses
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.channel_states import channel_state, note_outcome, pause_channel
from domain.messaging.ending import ended
from domain.messaging.gate import Verdict, look_at
from domain.messaging.queueing import address_of, queue_message
from domain.messaging.records import Category, Channel, ContactAddress, OutboxMessage
from domain.messaging.rules import MOST_TRIES, REMIND_AFTER, pause_before
from domain.messaging.templates import Template, template_of
from domain.messaging.workflow import OUT, WAITING, outbox_life
from domain.people.records import Patient, Staff

SENDER = "system.messaging"
"""Permission of the sender's own commands; no role has it."""
ORPHANED_AFTER = timedelta(minutes=2)
"""Longer than any call of a vendor takes."""
ASK_AFTER = timedelta(seconds=30)
AGAIN = frozenset({Category.CRITICAL, Category.STAFF})
"""Categories that rather come twice than never."""


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    """A message as an adapter gets it: where to, what, and whether it may have been there already."""

    message_id: Id
    org_id: Id
    channel: Channel
    category: Category
    template: str
    title: str
    text: str
    params: dict[str, Any]
    address: str
    via: str | None
    attempt: int
    vendor_id: str | None
    has_body: bool
    again: bool


@command("messaging.take", "取出待发消息", permission=SENDER, place="internal")
class TakeDue:
    """Take messages that may go now by channels that are open."""

    channels: list[str] = ask("渠道", kind=Kind.HIDDEN)
    quotas: dict[str, int] = ask("每日额度", kind=Kind.HIDDEN, default={})
    most: int = ask("最多条数", default=20, low=1, high=200)


@handles(TakeDue)
def take_due(order: TakeDue, work: UnitOfWork) -> list[Parcel]:
    """Return what is to be sent now; it is marked as being sent. The rest has its reason and its time."""
    states = {name: channel_state(work, Channel(name)) for name in order.channels}
    for name, state in states.items():
        quota = order.quotas.get(name)
        if state.quota != quota:
            state.quota = quota
    available = [name for name, state in states.items() if not state.paused]
    parcels: list[Parcel] = []
    for rank in (0, 1):
        due = (
            select(OutboxMessage)
            .where(
                OutboxMessage.state.in_(WAITING),
                OutboxMessage.rank == rank,
                OutboxMessage.send_at <= work.now,
            )
            .where(or_(OutboxMessage.channel.in_(available), OutboxMessage.expires_at <= work.now))
            .order_by(OutboxMessage.send_at)
            .limit(order.most - len(parcels))
        )
        for message in work.list(due) if order.most > len(parcels) else ():
            parcel = _taken(work, message)
            if parcel is not None:
                parcels.append(parcel)
    return parcels


def _taken(work: UnitOfWork, message: OutboxMessage) -> Parcel | None:
    verdict = look_at(work, message)
    if verdict.move:
        work.move(outbox_life, message, verdict.move)
        message.reason = verdict.reason
        if verdict.move == "fail":
            _fall_back(work, message)
        ended(work, message)
        return None
    if verdict.later is not None:
        message.send_at, message.reason = verdict.later, verdict.reason
        return None
    return _packed(work, message, verdict)


def _packed(work: UnitOfWork, message: OutboxMessage, verdict: Verdict) -> Parcel:
    again = message.reason == "maybe_sent"
    work.move(outbox_life, message, "send")
    message.attempt += 1
    message.reason = None
    return _parcel(work, message, verdict.address, verdict.via, again=again)


def _parcel(
    work: UnitOfWork, message: OutboxMessage, address: str, via: str | None, *, again: bool
) -> Parcel:
    params = dict(message.params or {})
    return Parcel(
        message.id, message.org_id, Channel(message.channel), Category(message.category), message.template,
        message.title, message.text, params, address, via, message.attempt, message.vendor_id,
        bool(message.body), again,
    )  # fmt: skip


@command("messaging.report", "登记发送结果", permission=SENDER, place="internal")
class ReportOutcome:
    """What a vendor answered. `outcome`: accepted, delivered, retry, failed, configuration, unknown."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)
    attempt: int = ask("发送次数")
    outcome: str = ask("结果", max_length=20)
    vendor_id: str | None = ask("渠道消息号", default=None, max_length=120)
    reason: str | None = ask("状态原因", default=None, max_length=60)
    detail: str | None = ask("渠道回执", default=None, max_length=255)
    wait_s: float = ask("至少等待", default=0.0)
    chance: float = ask("随机数", default=1.0)
    falls_back: bool = ask("改用其他渠道", default=False)


@handles(ReportOutcome)
def report_outcome(order: ReportOutcome, work: UnitOfWork) -> bool:
    """Return whether it was news: an answer to an earlier try, or one that comes twice, changes nothing."""
    message = work.get(OutboxMessage, order.message_id)
    if message is None or message.state not in ("sending", "unknown") or message.attempt != order.attempt:
        return False
    channel = Channel(message.channel)
    message.reason, message.detail = order.reason or message.reason, order.detail
    if order.outcome in ("accepted", "delivered"):
        work.move(outbox_life, message, "accept" if order.outcome == "accepted" else "deliver")
        message.vendor_id = order.vendor_id
        message.due_at = work.now + REMIND_AFTER if message.important else None
        note_outcome(work, channel, good=True, sent=True)
        _spend_consent(work, message)
    elif order.outcome == "configuration":
        work.move(outbox_life, message, "retry")
        message.send_at = work.now
        pause_channel(work, channel, order.reason or "configuration", order.detail)
    elif order.outcome == "unknown":
        if message.state == "sending":
            work.move(outbox_life, message, "lose")
        message.send_at = work.now + ASK_AFTER
        note_outcome(work, channel, good=False, sent=True)
    elif order.outcome == "retry":
        _try_later(order, work, message)
    else:
        work.move(outbox_life, message, "fail")
        note_outcome(work, channel, good=True, sent=False)
    if order.outcome == "failed" and order.falls_back:
        _fall_back(work, message)
    ended(work, message)
    return True


def _try_later(order: ReportOutcome, work: UnitOfWork, message: OutboxMessage) -> None:
    pause = pause_before(message.attempt, lambda: order.chance, order.wait_s)
    note_outcome(work, Channel(message.channel), good=False, sent=False)
    if message.attempt >= MOST_TRIES or work.now + pause >= message.expires_at:
        work.move(outbox_life, message, "fail")
        message.reason = "tries_used"
        channel_state(work, Channel(message.channel)).dead += 1
    else:
        work.move(outbox_life, message, "retry")
        message.send_at = work.now + pause


def _spend_consent(work: UnitOfWork, message: OutboxMessage) -> None:
    if Channel(message.channel) is not Channel.MINI_PROGRAM:
        return
    _, row = address_of(work, Channel.MINI_PROGRAM, work.get(Patient, message.patient_id), None)
    if row is not None and row.consents:
        row.consents -= 1


def _fall_back(work: UnitOfWork, message: OutboxMessage) -> None:
    """Try the next channel of the template that reaches the person; what was said stays the same."""
    template: Template = template_of(work, message.template)
    patient, staff = work.get(Patient, message.patient_id), work.get(Staff, message.staff_id)
    left = template.channels[template.channels.index(Channel(message.channel)) + 1 :] if (
        Channel(message.channel) in template.channels
    ) else ()  # fmt: skip
    for channel in left:
        if address_of(work, channel, patient, staff)[0]:
            queue_message(
                work, template, patient_id=message.patient_id, staff_id=message.staff_id, channel=channel,
                params=message.params, key=("fallback", message.id, channel), repeats=message,
                about=(message.about, message.about_id) if message.about and message.about_id else None,
            )  # fmt: skip
            return


@command("messaging.orphans", "清理中断的发送", permission=SENDER, place="internal")
class NoteOrphans:
    """Messages that were being sent when the sender stopped: nobody knows whether they went."""

    most: int = ask("最多条数", default=100)


@handles(NoteOrphans)
def note_orphans(order: NoteOrphans, work: UnitOfWork) -> int:
    """Return how many there were."""
    stuck = (
        select(OutboxMessage)
        .where(OutboxMessage.state == "sending", OutboxMessage.state_since <= work.now - ORPHANED_AFTER)
        .limit(order.most)
    )
    found = work.list(stuck)
    for message in found:
        work.move(outbox_life, message, "lose")
        message.send_at, message.reason = work.now, "interrupted"
    return len(found)


@command("messaging.doubtful", "取出结果未知的消息", permission=SENDER, place="internal")
class TakeDoubtful:
    """What is unknown and may be asked about now."""

    most: int = ask("最多条数", default=20)


@handles(TakeDoubtful)
def take_doubtful(order: TakeDoubtful, work: UnitOfWork) -> list[Parcel]:
    """Return them; they stay unknown until `ReportOutcome` or `SettleUnknown`."""
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.state == "unknown", OutboxMessage.send_at <= work.now)
        .limit(order.most)
    )
    parcels = []
    for message in work.list(query):
        patient, staff = work.get(Patient, message.patient_id), work.get(Staff, message.staff_id)
        address, row = address_of(work, Channel(message.channel), patient, staff)
        if message.address_id is not None:
            row = work.get(ContactAddress, message.address_id)
            address = row.address if row is not None else ""
        parcels.append(_parcel(work, message, address, row.via if row else None, again=True))
    return parcels


@command("messaging.awaiting", "取出待员工确认的消息", permission=SENDER, place="internal")
class TakeAwaiting:
    """Tasks that a member of staff has to confirm before the client gets anything; the vendor is asked about them."""

    most: int = ask("最多条数", default=50)


@handles(TakeAwaiting)
def take_awaiting(order: TakeAwaiting, work: UnitOfWork) -> list[Parcel]:
    """Return them; they stay accepted until a receipt says more."""
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.state == "accepted", OutboxMessage.reason == "waits_for_staff")
        .where(OutboxMessage.expires_at > work.now)
        .order_by(OutboxMessage.send_at)
        .limit(order.most)
    )
    parcels = []
    for message in work.list(query):
        patient = work.get(Patient, message.patient_id)
        address, row = address_of(work, Channel(message.channel), patient, None)
        if message.address_id is not None:
            row = work.get(ContactAddress, message.address_id)
            address = row.address if row is not None else ""
        parcels.append(_parcel(work, message, address, row.via if row else None, again=False))
    return parcels


@command("messaging.settle_unknown", "处理结果未知的消息", permission=SENDER, place="internal")
class SettleUnknown:
    """The vendor cannot tell: send again what may come twice, end what may not."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)
    attempt: int = ask("发送次数")
    repeat_safe: bool = ask("渠道自行去重", default=False)


@handles(SettleUnknown)
def settle_unknown(order: SettleUnknown, work: UnitOfWork) -> bool:
    """Return whether it is sent again."""
    message = work.get(OutboxMessage, order.message_id)
    if message is None or message.state != "unknown" or message.attempt != order.attempt:
        return False
    may = order.repeat_safe or Category(message.category) in AGAIN
    if may and message.attempt < MOST_TRIES and work.now < message.expires_at:
        work.move(outbox_life, message, "retry")
        message.send_at = work.now
        message.reason = "repeat_safe" if order.repeat_safe else "maybe_sent"
        return True
    work.move(outbox_life, message, "fail")
    message.reason = "maybe_sent"
    ended(work, message)
    return False


@command("messaging.remind", "未读二次推送", permission=SENDER, place="internal")
class RemindUnread:
    """Send important messages once more that nobody opened in a day; after two, a person is asked to call (A-027)."""

    most: int = ask("最多条数", default=100)


@handles(RemindUnread)
def remind_unread(order: RemindUnread, work: UnitOfWork) -> int:
    """Return how many were sent once more or handed to a person."""
    unread = (
        select(OutboxMessage)
        .where(OutboxMessage.due_at <= work.now, OutboxMessage.state.in_(OUT))
        .order_by(OutboxMessage.due_at)
        .limit(order.most)
    )
    found = work.list(unread)
    for message in found:
        message.unread_stage += 1
        if message.unread_stage == 1:
            message.due_at = work.now + REMIND_AFTER
            _send_again(work, message)
        else:
            message.due_at = None
    return len(found)


def _send_again(work: UnitOfWork, message: OutboxMessage) -> None:
    copy = OutboxMessage(
        id=None, org_id=message.org_id, channel=message.channel, category=message.category,
        template=message.template, patient_id=message.patient_id, staff_id=message.staff_id,
        title=message.title, text=message.text, body=message.body, params=message.params, sources=message.sources,
        important=False, rank=message.rank, repeats_id=message.id, about=message.about, about_id=message.about_id,
        queued_at=work.now, queued_by=None, expires_at=work.now + REMIND_AFTER, send_at=work.now,
    )  # fmt: skip
    work.start(outbox_life, copy)
    work.add(copy)


@command("messaging.receipt", "登记送达回执", permission=SENDER, place="internal")
class NoteReceipt:
    """A vendor tells later what became of a message; `result` is delivered, read or failed."""

    vendor_id: str | None = ask("渠道消息号", default=None, max_length=120)
    message_id: Id | None = ask("消息", kind=Kind.HIDDEN, default=None)
    result: str = ask("结果", max_length=20)
    detail: str | None = ask("渠道回执", default=None, max_length=255)


@handles(NoteReceipt)
def note_receipt(order: NoteReceipt, work: UnitOfWork) -> bool:
    """Return whether it changed anything: receipts come late, twice, in any order, and for messages of others."""
    message = work.get(OutboxMessage, order.message_id)
    if message is None and order.vendor_id:
        message = work.find(OutboxMessage, vendor_id=order.vendor_id)
    if message is None:
        return False
    move = {"delivered": "deliver", "read": "read", "failed": "fail"}[order.result]
    if not outbox_life.allows(message.state, move):
        return False
    due = message.due_at
    work.move(outbox_life, message, move)
    message.detail = order.detail
    message.reason = "receipt_failed" if move == "fail" else None
    if move == "read":
        message.read_at, message.unread_stage = work.now, 0
    elif move == "deliver":
        message.due_at = due
    ended(work, message)
    return True
