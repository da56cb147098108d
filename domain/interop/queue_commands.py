"""Queueing what the log says, sending, taking answers, and what a person does with a message that did not arrive."""

from typing import Any

from sqlalchemy import select

from domain.checkup.records import Report
from domain.interop.line_states import count_queue, line_state, note_line
from domain.interop.order_records import ServiceRequest
from domain.interop.out_records import Message, OutMessage, SentBytes
from domain.interop.partner_records import Partner, PartnerRole
from domain.interop.person_records import ExternalNumber
from domain.interop.queueing import REJECTIONS, control_id, enqueue, pause_after
from domain.interop.workflow import out_life, request_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

RESEND = "interface.resend"
_ACTS = {Message.NEW: "开单", Message.CHANGE: "修改", Message.CANCEL: "撤销"}


@command("interface.queue", "接口消息入队", permission=None, place="internal")
class QueueForPartners:
    """Queue what partners are to be told of records the log names; the centre's reader is the only caller.

    Each is (entity, record, the position of the log, the system that said it): read again, it comes out the same.
    """

    touched: list[Any] = ask("变动", kind=Kind.HIDDEN)


@handles(QueueForPartners)
def queue(order: QueueForPartners, work: UnitOfWork) -> int:
    """Return how many messages are new."""
    partners = list(work.list(select(Partner).where(Partner.active.is_(True))))
    new, changed = 0, set[Id]()
    for entity, record_id, position, said_by in order.touched:
        others = [p for p in partners if p.sender != said_by]
        for partner, *message in _messages(work, others, entity, record_id, position):
            if enqueue(work, partner, *message):
                new += 1
                changed.add(partner.id)
    for partner_id in changed:
        count_queue(work, partner_id)
    return new


def _messages(
    work: UnitOfWork, partners: list[Partner], entity: str, record_id: Id, position: int
) -> list[tuple[Any, ...]]:
    """Return (partner, id, kind, record, client, label) of what is to be queued."""
    if entity == "service_request":
        request = work.get(ServiceRequest, record_id)
        return [] if request is None else _orders(work, partners, request)
    if entity == "patient":
        patient = work.get(Patient, record_id)
        if patient is None:
            return []
        label = f"客户资料 {patient.number}"
        return [
            (
                p,
                stable_id("out_person", p.id, record_id, position),
                Message.PERSON,
                record_id,
                record_id,
                label,
            )
            for p in partners
            if p.persons and p.org_id == patient.org_id and _concerned(work, p, record_id)
        ]
    report = work.get(Report, record_id)
    if report is None or report.state != "issued":
        return []
    return [
        (
            p, stable_id("out_report", p.id, report.id, report.revision), Message.REPORT, report.id,
            report.patient_id, f"总检结论 {report.number}",
        )
        for p in partners
        if p.reports and p.org_id == report.org_id
    ]  # fmt: skip


def _orders(work: UnitOfWork, partners: list[Partner], request: ServiceRequest) -> list[tuple[Any, ...]]:
    """Return the message of an order as it stands: new, changed or cancelled; nothing where the result is there."""
    found: list[tuple[Any, ...]] = []
    for partner in partners:
        if not partner.orders or partner.role != request.role or partner.org_id != request.org_id:
            continue
        if partner.sender == request.placer:
            continue  # it ordered it itself
        told = work.list(
            select(OutMessage).where(OutMessage.partner_id == partner.id, OutMessage.about_id == request.id)
        )
        kind = Message.NEW if not told else Message.CHANGE
        if request.state == "cancelled":
            if not told:
                continue  # it was never told of it
            kind = Message.CANCEL
        elif request.state == "resulted":
            continue
        message_id = stable_id(
            "out_order", partner.id, request.id, kind if kind is Message.CANCEL else request.revision
        )
        label = f"{_ACTS[kind]} {request.number} {request.name}"
        found.append((partner, message_id, kind, request.id, request.patient_id, label))
    return found


def _concerned(work: UnitOfWork, partner: Partner, patient_id: Id) -> bool:
    """Tell whether a partner knows a client: it named them, or was told of them. A HIS is told of all."""
    if partner.role is PartnerRole.HIS:
        return True
    if work.find(ExternalNumber, patient_id=patient_id, system=partner.sender) is not None:
        return True
    return work.find(OutMessage, partner_id=partner.id, patient_id=patient_id) is not None


@command("interface.note_sending", "登记发送", permission=None, place="internal")
class NoteSending:
    """Keep the bytes that are about to go, on the disk, before they do; the sender is the only caller."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)
    payload: bytes | None = ask("报文", kind=Kind.HIDDEN, default=None)
    charset: str = ask("字符集", kind=Kind.HIDDEN, default="utf-8", max_length=20)


@handles(NoteSending)
def note_sending(order: NoteSending, work: UnitOfWork) -> int:
    """Return which try it is; `payload` is None where the bytes of an earlier try go again."""
    message = work.require(OutMessage, order.message_id, "message_id")
    work.move(out_life, message, "send")
    message.tries, message.sent_at = message.tries + 1, work.now
    if order.payload is not None:
        work.add(
            SentBytes(
                id=stable_id("sent_bytes", message.id, message.writings), org_id=message.org_id,
                message_id=message.id, control_id=message.control_id, charset=order.charset, payload=order.payload,
                written_at=work.now,
            )
        )  # fmt: skip
    return message.tries


@command("interface.note_answer", "登记应答", permission=None, place="internal")
class NoteAnswer:
    """Keep what came of a try: the partner's answer, or that there was none."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)
    attempt: int = ask("第几次", kind=Kind.HIDDEN)
    answer: str | None = ask("应答", kind=Kind.HIDDEN, default=None)
    reason: str | None = ask("原因", kind=Kind.HIDDEN, default=None, max_length=60)
    detail: str | None = ask("应答内容", kind=Kind.HIDDEN, default=None)


@handles(NoteAnswer)
def note_answer(order: NoteAnswer, work: UnitOfWork) -> str:
    """Return the message's new state.

    Accepted ends it. Refused for its content (AE) waits for a person at once: the same bytes would be refused
    again. Rejected (AR) may be sent again, `REJECTIONS` times in all. No answer is the line's fault, never the
    message's: it goes again, the same bytes under the same number, for as long as it takes.
    """
    message = work.require(OutMessage, order.message_id, "message_id")
    if message.state != "sending" or message.tries != order.attempt:
        return message.state
    kind = (order.answer or "")[-1:]
    detail = _without_person(work, message.patient_id, order.detail or "")[:255] or None
    message.answer, message.detail = order.answer, detail
    state = note_line(work, message.partner_id, good=bool(kind), reason=order.reason, detail=detail)
    if kind:
        message.answered_at = work.now
    if kind == "A":
        message.reason = None
        work.move(out_life, message, "accept")
        state.sent, state.last_sent_at = state.sent + 1, work.now
        _tell_request(work, message)
    elif kind == "E" or not message_may_go_again(message, kind):
        message.reason = "refused" if kind == "E" else "rejected"
        work.move(out_life, message, "fail")
    else:
        message.reason = "rejected" if kind == "R" else order.reason
        rejected = message.tries if kind == "R" else state.failures
        message.next_try_at = work.now + pause_after(rejected)
        work.move(out_life, message, "put_off")
    count_queue(work, message.partner_id)
    return message.state


def _without_person(work: UnitOfWork, patient_id: Id, words: str) -> str:
    """Return a partner's words without the client they name: who mends the line need not know whose it was."""
    patient = work.get(Patient, patient_id)
    for value in (patient.name, patient.id_number, patient.phone) if patient is not None else ():
        if value:
            words = words.replace(value, "＊＊")
    return words


def message_may_go_again(message: OutMessage, kind: str) -> bool:
    """Tell whether a message that was not accepted goes again by itself."""
    return kind != "R" or message.tries < REJECTIONS


def _tell_request(work: UnitOfWork, message: OutMessage) -> None:
    if message.kind is Message.NEW:
        request = work.get(ServiceRequest, message.about_id)
        if request is not None and request.state == "ordered":
            work.move(request_life, request, "accept")


@command("interface.not_written", "消息不能生成", permission=None, place="internal")
class NoteNotWritten:
    """A message cannot be written (a character the partner's set has not): it waits for a person."""

    message_id: Id = ask("消息", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.HIDDEN, max_length=60)
    detail: str = ask("详情", kind=Kind.HIDDEN)


@handles(NoteNotWritten)
def not_written(order: NoteNotWritten, work: UnitOfWork) -> None:
    """Write it down."""
    message = work.require(OutMessage, order.message_id, "message_id")
    if message.state == "waiting":
        work.move(out_life, message, "send")
        message.reason, message.detail = order.reason, order.detail[:255]
        work.move(out_life, message, "fail")
        count_queue(work, message.partner_id)


@command("interface.resend", "重新发送", permission=RESEND)
class ResendMessage:
    """Write a message anew from what the record says now, under a new number, and send it."""

    out_message_id: Id = ask("外发消息", kind=Kind.HIDDEN)
    note: str = ask("处理说明", kind=Kind.NOTE)


@handles(ResendMessage)
def resend(order: ResendMessage, work: UnitOfWork) -> str:
    """Return the new MSH-10; what was sent before stays kept. Raises ``out_message.not_dead`` for any other."""
    message = work.require(OutMessage, order.out_message_id, "out_message_id")
    if message.state != "dead":
        raise DomainError("out_message.not_dead", field="out_message_id", label=message.label)
    work.move(out_life, message, "again")
    message.writings, message.tries, message.next_try_at = message.writings + 1, 0, work.now
    message.control_id = control_id(message.id, message.writings)
    message.settled_by, message.note = work.actor.name, order.note
    line_state(work, message.partner_id)
    count_queue(work, message.partner_id)
    return message.control_id


@command("interface.write_off", "核销消息", permission=RESEND)
class WriteOffMessage:
    """Give a message up (the partner was told otherwise): what comes after it about the client goes on."""

    out_message_id: Id = ask("外发消息", kind=Kind.HIDDEN)
    note: str = ask("核销原因", kind=Kind.NOTE)


@handles(WriteOffMessage)
def write_off(order: WriteOffMessage, work: UnitOfWork) -> None:
    """Write it down; ``out_message.over`` for one that was accepted, given up, or is on its way this moment."""
    message = work.require(OutMessage, order.out_message_id, "out_message_id")
    if not out_life.allows(message.state, "write_off"):
        raise DomainError("out_message.over", field="out_message_id", label=message.label)
    work.move(out_life, message, "write_off")
    message.settled_by, message.note = work.actor.name, order.note
    count_queue(work, message.partner_id)
