"""Sending a consent to a phone, what the client does there, and what a member of staff answers or ends.

What the client does is `client_page.write`, which no role has: only the server's own actor. Witnessing is
`consent.keep` with the remote consent named (`domain.consent.commands`).
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from domain.consent.commands import SIGN, newest_document
from domain.consent.records import SignerRelation
from domain.consent.remote_records import RemoteConsent
from domain.consent.remote_workflow import remote_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.commands import ANOTHER, check_digest, usable
from domain.links.records import LinkPurpose, PersonLink
from domain.messaging.queueing import queue_message
from domain.people.records import Patient
from domain.studies.subject_commands import standing_subject

PAGE = "client_page.write"
OPEN = ("sent", "asked", "signed")
DIGITS = 4
"""How many last digits of the ID number (or, without one, of the phone number) are asked for."""
TEMPLATE = "consent_invite"


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteSent:
    """The remote consent and until when its link opens."""

    remote_id: Id
    expires_at: datetime


@command("consent.send_remote", "发到手机签署", permission=SIGN)
class SendRemoteConsent:
    """The newest version goes to the client's phone by a link that is used once; the secret stays with who asked."""

    subject_id: Id = ask("受试者", kind=Kind.HIDDEN)
    signer_name: str = ask("签署人", max_length=60)
    relation: SignerRelation = ask("与受试者关系", default=SignerRelation.SELF)
    token_sha256: str | None = ask("链接摘要", kind=Kind.HIDDEN, default=None, max_length=64)
    valid_hours: int = ask("有效时间", default=72, low=1, high=14 * 24, unit="h")
    message: bool = ask("同时发消息给客户", default=False)


@handles(SendRemoteConsent)
def send_remote(order: SendRemoteConsent, work: UnitOfWork) -> RemoteSent:
    """Return the remote consent; one of the same subject that is still open is closed, with its links.

    Raises:
        DomainError: ``study.subject_gone``; ``consent.no_document``; ``consent.no_digits`` where nothing is known by
            which the client could prove who they are; ``consent.no_way`` with neither a link nor a message;
            ``message.*``.
    """
    subject = standing_subject(work, order.subject_id)
    document = newest_document(work, subject.study_id)
    if document is None:
        raise DomainError("consent.no_document", field="subject_id", name=subject.number)
    patient = work.require(Patient, subject.patient_id, "subject_id")
    if patient.birth_date is None or not proof_digits(patient.id_number, patient.phone):
        raise DomainError("consent.no_digits", field="subject_id")
    if order.token_sha256 is None and not order.message:
        raise DomainError("consent.no_way", field="message")
    standing = select(RemoteConsent).where(
        RemoteConsent.subject_id == subject.id, RemoteConsent.state.in_(OPEN)
    )
    for earlier in work.list(standing):
        end_remote(work, earlier, "close", ANOTHER)
    remote = RemoteConsent(
        org_id=subject.org_id, subject_id=subject.id, study_id=subject.study_id, patient_id=patient.id,
        document_id=document.id, version=document.version, signer_name=order.signer_name.strip(),
        relation=order.relation, sent_at=work.now, sent_name=work.actor.name,
    )  # fmt: skip
    work.start(remote_life, remote)
    ends = work.now + timedelta(hours=order.valid_hours)
    remote.due_at = ends
    work.add(remote)
    if order.token_sha256 is not None:
        check_digest(order.token_sha256)
        work.add(
            PersonLink(
                org_id=subject.org_id, token_sha256=order.token_sha256, patient_id=patient.id,
                purpose=LinkPurpose.CONSENT, about_id=remote.id, issued_by=work.actor.staff_id, issued_at=work.now,
                expires_at=ends,
            )
        )  # fmt: skip
    if order.message:
        queue_message(
            work, TEMPLATE, patient_id=patient.id, key=("consent", remote.id), about=("remote_consent", remote.id)
        )  # fmt: skip
    return RemoteSent(remote.id, ends)


def proof_digits(id_number: str | None, phone: str | None) -> str:
    """Return the last characters that only the client is likely to know; empty where none are kept."""
    for known in (id_number, phone):
        plain = "".join(mark for mark in known or "" if mark.isalnum()).upper()
        if len(plain) >= 2 * DIGITS:
            return plain[-DIGITS:]
    return ""


@command("consent.read_remote", "登记手机阅读进度", permission=PAGE, place="internal")
class NoteRemoteProgress:
    """What was read and chosen on the phone so far; with `shown`, the bytes that are made of it and shown next."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    progress: dict[str, Any] = ask("进度", kind=Kind.HIDDEN)
    uses: list[str] | None = ask("同意的用途", kind=Kind.HIDDEN, default=None)
    shown: bytes | None = ask("所示文件", kind=Kind.HIDDEN, default=None)
    shown_sha256: str | None = ask("所示文件摘要", kind=Kind.HIDDEN, default=None, max_length=64)
    shown_bytes: int | None = ask("所示文件字节数", kind=Kind.HIDDEN, default=None)


@handles(NoteRemoteProgress)
def note_progress(order: NoteRemoteProgress, work: UnitOfWork) -> None:
    """Keep it. Raises as `usable`, and ``remote_consent.wrong_state``."""
    remote = _open_remote(work, order.link_id)
    remote.progress = order.progress
    remote.uses, remote.shown = order.uses, order.shown
    remote.shown_sha256, remote.shown_bytes = order.shown_sha256, order.shown_bytes


@command("consent.ask_remote", "客户提出疑问", permission=PAGE, place="internal")
class AskRemoteConsent:
    """The client has a question; until it is answered nothing can be signed."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    question: str = ask("疑问", kind=Kind.HIDDEN, max_length=2000)


@handles(AskRemoteConsent)
def ask_remote(order: AskRemoteConsent, work: UnitOfWork) -> None:
    """Keep the question and wait. Raises as `note_progress`."""
    remote = _open_remote(work, order.link_id)
    remote.question, remote.answer, remote.answered_name = order.question, None, None
    work.move(remote_life, remote, "ask")


@command("consent.refuse_remote", "客户不同意签署", permission=PAGE, place="internal")
class RefuseRemoteConsent:
    """The client does not agree; that is an answer too, and the link has done its work."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    reason: str | None = ask("原因", kind=Kind.HIDDEN, default=None, max_length=1000)


@handles(RefuseRemoteConsent)
def refuse_remote(order: RefuseRemoteConsent, work: UnitOfWork) -> None:
    """End it. Raises as `note_progress`."""
    remote = _open_remote(work, order.link_id)
    end_remote(work, remote, "refuse", order.reason)
    usable(work, order.link_id).used_at = work.now


@command("consent.sign_remote", "客户在手机上签署", permission=PAGE, place="internal")
class SignRemoteConsent:
    """What was shown, sealed with the client's hand; it counts when a member of staff has witnessed it."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    shown_sha256: str = ask("所示文件摘要", kind=Kind.HIDDEN, max_length=64)
    content: bytes = ask("签署文件", kind=Kind.HIDDEN)
    sha256: str = ask("签署文件摘要", kind=Kind.HIDDEN, max_length=64)


@handles(SignRemoteConsent)
def sign_remote(order: SignRemoteConsent, work: UnitOfWork) -> None:
    """Keep it; the link is used.

    Raises:
        DomainError: ``consent.shown_differs``: other bytes were shown since; as `note_progress`.
    """
    remote = _open_remote(work, order.link_id)
    if remote.shown is None or remote.shown_sha256 != order.shown_sha256:
        raise DomainError("consent.shown_differs", field="shown_sha256")
    remote.content, remote.sha256, remote.signed_at = order.content, order.sha256, work.now
    work.move(remote_life, remote, "sign")
    remote.shown = None
    usable(work, order.link_id).used_at = work.now


@command("consent.answer_remote", "答复客户疑问", permission=SIGN)
class AnswerRemoteConsent:
    """What the client asked is answered on the same page, and they may go on."""

    remote_id: Id = ask("远程知情同意", kind=Kind.HIDDEN)
    answer: str = ask("答复", kind=Kind.NOTE)


@handles(AnswerRemoteConsent)
def answer_remote(order: AnswerRemoteConsent, work: UnitOfWork) -> None:
    """Keep the answer. Raises ``remote_consent.wrong_state``."""
    remote = work.require(RemoteConsent, order.remote_id, "remote_id")
    work.move(remote_life, remote, "answer")
    remote.answer, remote.answered_name = order.answer, work.actor.name


@command("consent.close_remote", "作废远程签署", permission=SIGN)
class CloseRemoteConsent:
    """It shall not be signed or not count; the link stops working."""

    remote_id: Id = ask("远程知情同意", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(CloseRemoteConsent)
def close_remote(order: CloseRemoteConsent, work: UnitOfWork) -> None:
    """End it with its links. Raises ``remote_consent.wrong_state``."""
    end_remote(work, work.require(RemoteConsent, order.remote_id, "remote_id"), "close", order.reason)


def end_remote(work: UnitOfWork, remote: RemoteConsent, move: str, reason: str | None) -> None:
    """Move a remote consent to an end and close what links are still open."""
    work.move(remote_life, remote, move)
    remote.reason = reason
    remote.shown = remote.content = None
    if move == "refuse":
        return
    links = select(PersonLink).where(
        PersonLink.about_id == remote.id, PersonLink.used_at.is_(None), PersonLink.revoked_at.is_(None)
    )
    for link in work.list(links):
        link.revoked_at, link.reason = work.now, reason


def _open_remote(work: UnitOfWork, link_id: Id) -> RemoteConsent:
    link = usable(work, link_id)
    remote = work.require(RemoteConsent, link.about_id, "link_id")
    if remote.state != remote_life.first:
        raise DomainError(
            "remote_consent.wrong_state", state=remote_life.label_of(remote.state),
            needed=remote_life.label_of("sent"), target=remote_life.label_of("signed"),
        )  # fmt: skip
    return remote
