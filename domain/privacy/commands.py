"""Receiving and answering requests of clients about their own data."""

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.outgoing.records import Outgoing
from domain.people.identity_records import IdentityChange
from domain.people.records import Patient
from domain.privacy.records import Asker, PrivacyRequest, RightKind
from domain.privacy.workflow import request_life

RECORD, HANDLE = "privacy.record", "privacy.handle"
SHORTEST = 5


@command("privacy.receive", "登记个人信息请求", permission=RECORD)
class ReceiveRequest:
    """A client, or who may speak for them, wants something of their data; the term begins now."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    kind: RightKind = ask("请求事项", kind=Kind.CHOICE)
    asker: Asker = ask("请求人", kind=Kind.CHOICE, default=Asker.SELF)
    proof: str = ask("身份核验方式（如：本人身份证）", max_length=255)
    wish: str = ask("请求内容", kind=Kind.NOTE)


@handles(ReceiveRequest)
def receive_request(order: ReceiveRequest, work: UnitOfWork) -> Id:
    """Return the id.

    Raises:
        DomainError: ``patient.unknown``; ``privacy_request.waits`` (``kind``): the same is asked already.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    p = PrivacyRequest
    open_ = select(p).where(
        p.client_id == patient.id, p.kind == order.kind, p.state.in_(("received", "in_hand"))
    )
    if work.list(open_.limit(1)):
        raise DomainError("privacy_request.waits", field="kind")
    request = PrivacyRequest(
        org_id=patient.org_id, client_id=patient.id, number=patient.number, kind=order.kind, asker=order.asker,
        proof=order.proof.strip(), wish=order.wish.strip(), received_at=work.now, received_name=work.actor.name,
    )  # fmt: skip
    work.start(request_life, request)
    return work.add(request).id


@command("privacy.take", "受理个人信息请求", permission=HANDLE)
class TakeRequest:
    """Somebody answers for it from now on; the term goes on."""

    privacy_request_id: Id = ask("个人信息请求", kind=Kind.HIDDEN)


@handles(TakeRequest)
def take_request(order: TakeRequest, work: UnitOfWork) -> None:
    """Take it; ``privacy_request.wrong_state``."""
    request = work.require(PrivacyRequest, order.privacy_request_id, "privacy_request_id")
    due = request.due_at
    work.move(request_life, request, "take")
    request.due_at = due  # of the day it came, not of the day somebody looked at it
    request.owner_id, request.owner_name = work.actor.staff_id, work.actor.name


@command("privacy.finish", "办结个人信息请求", permission=HANDLE)
class FinishRequest:
    """It is done; what was asked for has left its trace in the data, or it is not done."""

    privacy_request_id: Id = ask("个人信息请求", kind=Kind.HIDDEN)
    answer: str = ask("办理结果与告知方式", kind=Kind.NOTE)


@handles(FinishRequest)
def finish_request(order: FinishRequest, work: UnitOfWork) -> None:
    """Close it.

    Raises:
        DomainError: ``privacy_request.wrong_state``; ``privacy_request.unexplained`` (``answer``);
            ``privacy_request.nothing_given`` for a copy of which nothing left since it was asked for;
            ``privacy_request.not_corrected``, ``privacy_request.not_deleted`` where the data are as they were.
    """
    request = work.require(PrivacyRequest, order.privacy_request_id, "privacy_request_id")
    if len(order.answer.strip()) < SHORTEST:
        raise DomainError("privacy_request.unexplained", field="answer")
    work.move(request_life, request, "finish")
    _prove(work, request)
    request.answer = order.answer.strip()
    _decided(work, request)


@command("privacy.refuse", "不予办理个人信息请求", permission=HANDLE)
class RefuseRequest:
    """It cannot be done, or not wholly: the law that says so, and how the person was told."""

    privacy_request_id: Id = ask("个人信息请求", kind=Kind.HIDDEN)
    reason: str = ask("法律依据与告知方式", kind=Kind.NOTE)


@handles(RefuseRequest)
def refuse_request(order: RefuseRequest, work: UnitOfWork) -> None:
    """Close it; ``privacy_request.wrong_state``, ``privacy_request.unexplained`` (``reason``)."""
    request = work.require(PrivacyRequest, order.privacy_request_id, "privacy_request_id")
    if len(order.reason.strip()) < SHORTEST:
        raise DomainError("privacy_request.unexplained", field="reason")
    work.move(request_life, request, "refuse")
    request.reason = order.reason.strip()
    _decided(work, request)


def _decided(work: UnitOfWork, request: PrivacyRequest) -> None:
    request.owner_id, request.owner_name = work.actor.staff_id, work.actor.name


def _prove(work: UnitOfWork, request: PrivacyRequest) -> None:
    """Refuse to close what the data show was not done; explanations and withdrawals are told in the answer."""
    since = request.received_at
    if request.kind is RightKind.COPY:
        given = select(Outgoing).where(Outgoing.patient_id == request.client_id, Outgoing.started_at >= since)
        found = work.list(given.order_by(Outgoing.started_at.desc()).limit(1))
        if not found:
            raise DomainError("privacy_request.nothing_given", field="answer")
        request.outgoing_id = found[0].id
    elif request.kind is RightKind.CORRECTION:
        patient = work.get(Patient, request.client_id)
        changed = select(IdentityChange).where(
            IdentityChange.patient_id == request.client_id, IdentityChange.changed_at >= since
        )
        if patient is not None and not work.list(changed.limit(1)) and not _edited(work, request):
            raise DomainError("privacy_request.not_corrected", field="answer")
    elif request.kind is RightKind.DELETION and work.get(Patient, request.client_id) is not None:
        raise DomainError("privacy_request.not_deleted", field="answer")


def _edited(work: UnitOfWork, request: PrivacyRequest) -> bool:
    """Tell from the audit's subjects whether the client's record was changed since the request came."""
    from domain.audit.chain import audit_table
    from domain.audit.trail import rows_about
    from domain.kernel.columns import to_microseconds

    about, chain = rows_about([request.client_id]), audit_table()
    query = (
        select(chain.c.number)
        .join(about, about.c.number == chain.c.number)
        .where(chain.c.at >= to_microseconds(request.received_at), chain.c.command == "people.edit")
    )
    return work.connection.execute(query.limit(1)).first() is not None
