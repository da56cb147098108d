"""What people do with messages: send, take back, pause; what a client wants, and where he is reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.ending import ended
from domain.messaging.queueing import check_time, preference_id, preference_of, queue_message
from domain.messaging.records import (
    Category,
    Channel,
    ContactAddress,
    MessagingPreference,
    OutboxMessage,
)
from domain.messaging.workflow import outbox_life
from domain.people.records import Patient, Staff

SEND = "messaging.send"
CLIENT_CHANNELS = frozenset(Channel) - {Channel.WECOM}
MOST_PENDING = 1000


@command("messaging.send", "发送消息", permission=SEND)
class SendMessage:
    """One message to one client, by a template."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    template: str = ask("模板", max_length=60)
    channel: Channel | None = ask("渠道", kind=Kind.CHOICE, default=None)
    params: dict[str, Any] = ask("参数", kind=Kind.HIDDEN, default={})
    send_at: datetime | None = ask("计划发送时间", default=None)


@handles(SendMessage)
def send_message(order: SendMessage, work: UnitOfWork) -> Id:
    """Return the id of the message in the outbox. Raises as `queue_message` and `check_time`."""
    check_time(order.send_at, work)
    return queue_message(
        work, order.template, patient_id=order.patient_id, channel=order.channel, params=order.params,
        send_at=order.send_at,
    ).id  # fmt: skip


@command("messaging.cancel", "取消发送", permission=SEND)
class CancelMessage:
    """A message that has not been sent shall not be."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)


@handles(CancelMessage)
def cancel_message(order: CancelMessage, work: UnitOfWork) -> None:
    """Take it back; one that is under way is refused (``outbox_message.wrong_state``)."""
    message = work.require(OutboxMessage, order.message_id, "message_id")
    work.move(outbox_life, message, "cancel")
    message.reason = "by_hand"
    ended(work, message)


@command("messaging.repeat", "重新发送", permission=SEND)
class RepeatMessage:
    """A message that failed for good or ran out is sent anew, as a message of its own."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)


@handles(RepeatMessage)
def repeat_message(order: RepeatMessage, work: UnitOfWork) -> Id:
    """Return the new message's id; ``message.not_over`` for one that may still arrive by itself."""
    message = work.require(OutboxMessage, order.message_id, "message_id")
    if message.state not in ("failed", "expired", "cancelled"):
        raise DomainError("message.not_over", field="message_id", state=outbox_life.label_of(message.state))
    about = (message.about, message.about_id) if message.about and message.about_id else None
    return queue_message(
        work, message.template, patient_id=message.patient_id, staff_id=message.staff_id,
        channel=Channel(message.channel), params=message.params, repeats=message, about=about,
    ).id  # fmt: skip


@command("messaging.told", "已电话告知", permission=SEND)
class ToldByPhone:
    """A client who did not open an important message was told by telephone."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)


@handles(ToldByPhone)
def told_by_phone(order: ToldByPhone, work: UnitOfWork) -> None:
    """The message counts as read; its alert closes."""
    mark_read(work, work.require(OutboxMessage, order.message_id, "message_id"), "by_phone")


def mark_read(work: UnitOfWork, message: OutboxMessage, reason: str | None = None) -> None:
    """Note that a message was read, and the one it repeats with it; what is read already stays as it is."""
    while True:
        if outbox_life.allows(message.state, "read"):
            work.move(outbox_life, message, "read")
            message.read_at, message.reason, message.unread_stage = work.now, reason, 0
        first = work.get(OutboxMessage, message.repeats_id)
        if first is None or first.state == "read":
            return
        message = first


@command("messaging.pause", "暂停推送", permission=SEND)
class PauseClient:
    """Nothing but critical messages and answers goes to a client until it is resumed."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    reason: str = ask("原因", default="", max_length=255)


@handles(PauseClient)
def pause_client(order: PauseClient, work: UnitOfWork) -> None:
    """Pause; one that is paused already stays so."""
    found = _preference(work, order.patient_id)
    if found.paused_at is None:
        found.paused_at, found.paused_why = work.now, order.reason or None


@command("messaging.resume", "恢复推送", permission=SEND)
class ResumeClient:
    """What waited for a client and still makes sense goes on."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(ResumeClient)
def resume_client(order: ResumeClient, work: UnitOfWork) -> int:
    """Return how many messages go on."""
    found = _preference(work, order.patient_id)
    found.paused_at = found.paused_why = None
    waiting = (
        select(OutboxMessage)
        .where(OutboxMessage.patient_id == order.patient_id, OutboxMessage.state == "queued")
        .where(OutboxMessage.reason == "paused")
        .limit(MOST_PENDING)
    )
    count = 0
    for message in work.list(waiting):
        message.send_at, message.reason = work.now, None
        count += 1
    return count


@command("messaging.prefer", "设置接收类别", permission=SEND)
class SetPreference:
    """Which kinds of message a client does not want, and how many a day at most."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    opted_out: list[Category] = ask("不接收类别", kind=Kind.HIDDEN, default=[])
    daily_cap: int | None = ask("每日上限", kind=Kind.NUMBER, default=None, low=0, high=20)


@handles(SetPreference)
def set_preference(order: SetPreference, work: UnitOfWork) -> None:
    """Keep the client's wish; critical messages cannot be opted out of (``message.critical_stays``)."""
    if Category.CRITICAL in order.opted_out:
        raise DomainError("message.critical_stays", field="opted_out")
    found = _preference(work, order.patient_id)
    found.opted_out = [str(category) for category in order.opted_out]
    found.daily_cap = order.daily_cap


@command("messaging.bind", "登记联系方式", permission=SEND)
class BindAddress:
    """Where a client or a member of staff is reached by one channel."""

    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    staff_id: Id | None = ask("员工", kind=Kind.HIDDEN, default=None)
    channel: Channel = ask("渠道", kind=Kind.CHOICE)
    address: str = ask("地址", max_length=120)
    via: str | None = ask("对接人账号", default=None, max_length=100)
    consents: int | None = ask("剩余授权次数", kind=Kind.NUMBER, default=None, low=0, high=1000)


@handles(BindAddress)
def bind_address(order: BindAddress, work: UnitOfWork) -> Id:
    """Return the record; the same address of the same person stays one, and binding it anew ends an opt-out.

    Raises:
        DomainError: ``message.one_person`` unless exactly one of client and staff is named, ``message.bad_address``.
    """
    if (order.patient_id is None) == (order.staff_id is None):
        raise DomainError("message.one_person", field="patient_id")
    person = (
        work.require(Patient, order.patient_id) if order.patient_id else work.require(Staff, order.staff_id)
    )
    check_address(order.channel, order.address)
    known = work.find(
        ContactAddress,
        channel=order.channel,
        address=order.address,
        patient_id=order.patient_id,
        staff_id=order.staff_id,
    )
    if known is not None:
        known.opted_out_at = known.opted_out_why = None
        known.via, known.consents = order.via or known.via, order.consents
        return known.id
    row = ContactAddress(
        org_id=person.org_id, patient_id=order.patient_id, staff_id=order.staff_id, channel=order.channel,
        address=order.address, via=order.via, consents=order.consents, bound_at=work.now,
        bound_by=work.actor.staff_id,
    )  # fmt: skip
    return work.add(row).id


@command("messaging.opt_out", "退订渠道", permission=SEND)
class OptOut:
    """A person does not want to be reached there any more."""

    address_id: Id = ask("联系方式", kind=Kind.HIDDEN)
    reason: str = ask("原因", max_length=255)


@handles(OptOut)
def opt_out(order: OptOut, work: UnitOfWork) -> None:
    """Keep the address, unused, with the reason."""
    row = work.require(ContactAddress, order.address_id, "address_id")
    if row.opted_out_at is None:
        row.opted_out_at, row.opted_out_why = work.now, order.reason


def check_address(channel: Channel, address: str) -> None:
    """Refuse what cannot be an address of the channel: ``message.bad_address``."""
    good = address.isprintable() and not any(mark.isspace() for mark in address)
    if channel is Channel.EMAIL:
        local, _, host = address.partition("@")
        good = good and bool(local) and "." in host and not set('<>,;:"\\@') & set(local + host)
    elif channel is Channel.SMS:
        good = good and address.lstrip("+").isdigit() and 11 <= len(address.lstrip("+")) <= 15
    else:
        good = good and "|" not in address
    if not good:
        raise DomainError("message.bad_address", field="address")


def _preference(work: UnitOfWork, patient_id: Id) -> MessagingPreference:
    found = preference_of(work, patient_id)
    if found is None:
        patient = work.require(Patient, patient_id, "patient_id")
        found = MessagingPreference(
            id=preference_id(patient_id), org_id=patient.org_id, patient_id=patient_id, opted_out=[]
        )
        work.add(found)
    found.changed_at, found.changed_by = work.now, work.actor.staff_id
    return found
