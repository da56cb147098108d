"""What happens to a signed edition: offered by the centre, read back by the branch, handed over, corrected."""

from sqlalchemy import select

from domain.checkup.entitled import check_entitled
from domain.checkup.records import Report, ReviewAction, ReviewStep
from domain.checkup.scheme import move_report
from domain.delivery.beginning import editions
from domain.delivery.change_commands import check_unchanged, corrected
from domain.delivery.records import HandingWay, ReportDelivery, ReportHandOver, ReportVersion, Taker
from domain.delivery.workflow import delivery_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import queue_message
from domain.people.records import Patient, Staff
from domain.tracking.records import AbnormalTracking, TrackingGrade

HAND_OVER = "report.hand_over"
TEMPLATE = "result_ready"
OTHER_BYTES = "other_bytes"
LEAST_SAID = 2


@command("report.note_sent", "登记报告下发", permission=None, place="internal")
class NoteReportSent:
    """The centre has row and file: branches get both with their next exchange."""

    delivery_ids: list[Id] = ask("报告下发", kind=Kind.HIDDEN)


@handles(NoteReportSent)
def note_sent(order: NoteReportSent, work: UnitOfWork) -> int:
    """Return how many were sent; what is sent already stays as it is."""
    sent = 0
    for delivery_id in order.delivery_ids:
        delivery = work.get(ReportDelivery, delivery_id)
        if delivery is not None and delivery_life.allows(delivery.state, "send"):
            work.move(delivery_life, delivery, "send")
            delivery.sent_at = work.now
            sent += 1
    return sent


@command("report.note_received", "登记报告接收回执", permission=None, place="internal")
class NoteReportReceived:
    """A workstation of the branch has read the file through: what it found."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)
    sha256: str = ask("回读摘要", kind=Kind.HIDDEN, max_length=64)
    by: str = ask("接收终端", kind=Kind.HIDDEN)


@handles(NoteReportReceived)
def note_received(order: NoteReportReceived, work: UnitOfWork) -> bool:
    """Return whether it is received; a file with another digest is a fault of the delivery, due at once."""
    delivery = work.require(ReportDelivery, order.delivery_id, "delivery_id")
    if not delivery_life.allows(delivery.state, "receive"):
        return delivery.state == "received"
    delivery.received_sha256 = order.sha256
    if order.sha256 != delivery.sha256:
        _failed(work, delivery, OTHER_BYTES)
        return False
    _received(work, delivery, order.by)
    return True


@command("report.note_not_received", "登记报告接收失败", permission=None, place="internal")
class NoteReportNotReceived:
    """The file did not come whole; the reason is that of the exchange of files."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)
    fault: str = ask("原因", kind=Kind.HIDDEN, max_length=60)


@handles(NoteReportNotReceived)
def note_not_received(order: NoteReportNotReceived, work: UnitOfWork) -> None:
    """Keep the fault; whoever looks after it is told at once."""
    delivery = work.require(ReportDelivery, order.delivery_id, "delivery_id")
    if delivery_life.allows(delivery.state, "receive"):
        _failed(work, delivery, order.fault)


def _received(work: UnitOfWork, delivery: ReportDelivery, by: str) -> None:
    work.move(delivery_life, delivery, "receive")
    delivery.received_at, delivery.received_by, delivery.fault = work.now, by, None
    delivery.due_at = None


def _failed(work: UnitOfWork, delivery: ReportDelivery, fault: str) -> None:
    if delivery.state == "preparing":
        work.move(delivery_life, delivery, "send")
    delivery.fault, delivery.due_at = fault, work.now


@command("report.confirm_received", "人工确认收到报告", permission=HAND_OVER)
class ConfirmReceived:
    """A branch that works in the browser opened the report: a person says that it is whole."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)
    note: str = ask("核对情况（页数、姓名、报告号）", kind=Kind.NOTE, max_length=200)


@handles(ConfirmReceived)
def confirm_received(order: ConfirmReceived, work: UnitOfWork) -> None:
    """Note it in the person's name. Raises ``report_delivery.wrong_state``; ``delivery.not_looked`` (``note``)."""
    delivery = work.require(ReportDelivery, order.delivery_id, "delivery_id")
    if len(order.note.strip()) < LEAST_SAID:
        raise DomainError("delivery.not_looked", field="note")
    _received(work, delivery, f"{work.actor.name}：{order.note.strip()}")


@command("report.send_again", "重新下发报告", permission="report.send_again")
class SendReportAgain:
    """Let the branch fetch the file once more."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)


@handles(SendReportAgain)
def send_again(order: SendReportAgain, work: UnitOfWork) -> int:
    """Return how often it was sent again; its time begins anew. Raises ``report_delivery.wrong_state``."""
    delivery = work.require(ReportDelivery, order.delivery_id, "delivery_id")
    work.move(delivery_life, delivery, "send_again")
    delivery.sent_at, delivery.fault, delivery.received_sha256 = work.now, None, None
    delivery.tries += 1
    return delivery.tries


@command("report.hand_over", "登记报告交付", permission=HAND_OVER)
class HandReportOver:
    """The report was given to the client or whoever came for it."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)
    version: ReportVersion = ask("报告版本", kind=Kind.CHOICE, default=ReportVersion.PROFESSIONAL)
    way: HandingWay = ask("交付方式", kind=Kind.CHOICE, default=HandingWay.PAPER)
    taker: Taker = ask("领取人", kind=Kind.CHOICE, default=Taker.SELF)
    taker_name: str | None = ask("领取人姓名（非本人必填）", default=None, max_length=60)
    proof: str = ask("身份核对（证件、委托书或手机验证）", max_length=200)
    receipt: str = ask("签收凭据（签收单号、快递单号等）", max_length=200)


@handles(HandReportOver)
def hand_over(order: HandReportOver, work: UnitOfWork) -> Id:
    """Return the id of the hand-over; the same edition may be handed over more than once.

    Raises:
        DomainError: ``delivery.changed`` while it is to be decided whether it must be; ``delivery.withdrawn`` for an
            edition that was corrected; ``delivery.not_received`` while the
            branch has not read it back; ``delivery.taker_missing`` (``taker_name``); ``delivery.not_proven``
            (``proof``); ``delivery.no_receipt`` (``receipt``).
    """
    delivery = _current(work, order.delivery_id)
    patient = work.require(Patient, delivery.patient_id)
    name = (order.taker_name or "").strip()
    if order.taker is not Taker.SELF and not name:
        raise DomainError("delivery.taker_missing", field="taker_name")
    if len(order.proof.strip()) < LEAST_SAID:
        raise DomainError("delivery.not_proven", field="proof")
    if len(order.receipt.strip()) < LEAST_SAID:
        raise DomainError("delivery.no_receipt", field="receipt")
    if delivery.handed_at is None:
        delivery.handed_at = work.now
    made = work.add(
        ReportHandOver(
            org_id=delivery.org_id, delivery_id=delivery.id, report_id=delivery.report_id,
            patient_id=delivery.patient_id, edition=delivery.edition, version=order.version, way=order.way,
            taker=order.taker, taker_name=patient.name if order.taker is Taker.SELF else name,
            proof=order.proof.strip(), receipt=order.receipt.strip(), given_at=work.now,
            staff_id=work.actor.staff_id, staff_name=work.actor.name,
        )
    )  # fmt: skip
    return made.id


@command("report.tell_client", "通知客户查看报告", permission=HAND_OVER)
class TellReportReady:
    """Tell the client on their phone that the report can be looked at; the message itself says nothing of it."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)


@handles(TellReportReady)
def tell_ready(order: TellReportReady, work: UnitOfWork) -> Id:
    """Return the id of the message; the same edition is told of once.

    Raises:
        DomainError: ``delivery.tell_first`` while a class A result was not told by a person: nobody is to read that
            alone on a phone; as `HandReportOver` and `queue_message`.
    """
    delivery = _current(work, order.delivery_id)
    waiting = select(AbnormalTracking).where(
        AbnormalTracking.patient_id == delivery.patient_id, AbnormalTracking.grade == TrackingGrade.HIGH,
        AbnormalTracking.state == "urgent_notice",
    )  # fmt: skip
    if work.list(waiting.limit(1)):
        raise DomainError("delivery.tell_first", number=delivery.number)
    message = queue_message(
        work, TEMPLATE, patient_id=delivery.patient_id, about=("report", delivery.report_id),
        key=("report_ready", delivery.id),
    )  # fmt: skip
    if delivery.told_at is None:
        delivery.told_at = work.now
    return message.id


def _current(work: UnitOfWork, delivery_id: Id) -> ReportDelivery:
    delivery = work.require(ReportDelivery, delivery_id, "delivery_id")
    if delivery.state == "withdrawn":
        raise DomainError("delivery.withdrawn", number=delivery.number, edition=delivery.edition)
    if delivery.state != "received":
        raise DomainError("delivery.not_received", number=delivery.number)
    check_unchanged(work, delivery)
    check_entitled(work, work.require(Report, delivery.report_id))
    return delivery


@command("report.reopen", "撤回更正报告", permission="report.final_review")
class ReopenReport:
    """A signed report is wrong: it goes back to the branch; the edition that is out is marked and stays readable."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    reason: str = ask("更正原因", kind=Kind.NOTE, max_length=1000)


@handles(ReopenReport)
def reopen(order: ReopenReport, work: UnitOfWork) -> None:
    """Move the report back; it goes through the later levels again and is then signed as the next edition.

    Raises:
        DomainError: ``report.wrong_state`` for one that is not issued; ``delivery.no_reason`` (``reason``).
    """
    report = work.require(Report, order.report_id, "report_id")
    reason = order.reason.strip()
    if len(reason) < LEAST_SAID:
        raise DomainError("delivery.no_reason", field="reason")
    level = report.state
    move_report(work, report, "reopen")
    for delivery in editions(work, report.id):
        if delivery_life.allows(delivery.state, "withdraw"):
            work.move(delivery_life, delivery, "withdraw")
            delivery.withdrawn_at, delivery.withdrawn_by = work.now, work.actor.name
            delivery.withdrawn_why, delivery.due_at = reason, None
    report.document_sha256 = report.issued_at = None
    corrected(work, report.id)
    staff = work.get(Staff, work.actor.staff_id)
    work.add(
        ReviewStep(
            org_id=report.org_id, report_id=report.id, revision=report.revision, level=level,
            action=ReviewAction.RETURN, staff_id=work.actor.staff_id, staff_name=work.actor.name,
            staff_title=staff.title if staff else None, acted_at=work.now, remark=reason,
        )
    )  # fmt: skip
