"""Handing a form over to the client's phone, going on there, and the end of a link."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from domain.checkup.form_commands import AnswerForm, HandedIn, IssueForm, Source, answer_form, issue_form
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.records import PageUpload, PersonLink
from domain.messaging.commands import mark_read
from domain.messaging.records import OutboxMessage
from domain.people.records import Patient
from domain.scales.gaps import note_gaps
from domain.scales.records import FormTask

# What the client does on the page is `client_page.write`, which no role has: only the server's own actor.
MOST_WRONG = 5
"""Birth dates that may be wrong before a link is closed: somebody else may have the phone."""
ANOTHER = "另发了新的链接"
_DAY = 24 * 60


@command("link.hand_over", "转客户手机填写", permission="form.issue")
class HandOverForm:
    """A questionnaire, begun or not, goes on on the client's phone; the link's secret stays with who asked."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    visit_id: Id | None = ask("体检", kind=Kind.HIDDEN, default=None)
    form: str = ask("问卷", kind=Kind.HIDDEN, max_length=120)
    form_version: str = ask("问卷版本", kind=Kind.HIDDEN, max_length=40)
    draft: dict[str, Any] | None = ask("草稿", kind=Kind.HIDDEN, default=None)
    token_sha256: str = ask("链接摘要", kind=Kind.HIDDEN, max_length=64)
    valid_minutes: int = ask("有效分钟数", default=_DAY, low=5, high=14 * _DAY)


@handles(HandOverForm)
def hand_over_form(order: HandOverForm, work: UnitOfWork) -> Id:
    """Return the id of the link; earlier links to the same questionnaire are closed."""
    check_digest(order.token_sha256)
    task_id = issue_form(
        IssueForm(
            patient_id=order.patient_id, visit_id=order.visit_id, form=order.form, form_version=order.form_version
        ),
        work,
    )  # fmt: skip
    standing = select(PersonLink).where(
        PersonLink.task_id == task_id, PersonLink.used_at.is_(None), PersonLink.revoked_at.is_(None)
    )
    for earlier in work.list(standing):
        earlier.revoked_at, earlier.reason = work.now, ANOTHER
    org_id = work.require(FormTask, task_id, "task_id").org_id
    link = PersonLink(
        org_id=org_id, token_sha256=order.token_sha256, patient_id=order.patient_id, visit_id=order.visit_id,
        task_id=task_id, form=order.form, form_version=order.form_version, draft=order.draft,
        saved_at=work.now if order.draft else None, issued_by=work.actor.staff_id, issued_at=work.now,
        expires_at=work.now + timedelta(minutes=order.valid_minutes),
    )  # fmt: skip
    return work.add(link).id


@command("link.save", "保存手机草稿", permission="client_page.write", place="internal")
class SaveLinkDraft:
    """What the client has answered so far; of the server's page alone."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    draft: dict[str, Any] = ask("草稿", kind=Kind.HIDDEN)
    seen: datetime | None = ask("所据草稿的时间", kind=Kind.HIDDEN, default=None)
    upload: str | None = ask("新文件的摘要", kind=Kind.HIDDEN, default=None, max_length=64)
    gaps: int | None = ask("漏项或有误题数", kind=Kind.HIDDEN, default=None, low=0)


@handles(SaveLinkDraft)
def save_link_draft(order: SaveLinkDraft, work: UnitOfWork) -> None:
    """Keep the draft, which was made of what was saved at `seen`.

    Raises:
        DomainError: As `usable`; ``link.moved`` if another request has saved since: nothing of either is lost if the
            caller reads it again.
    """
    link = usable(work, order.link_id)
    if order.seen is not None and link.saved_at != order.seen:
        raise DomainError("link.moved", field="seen")
    link.draft, link.saved_at = order.draft, work.now
    if order.upload is not None:
        link.uploads += 1
        work.add(
            PageUpload(
                org_id=link.org_id, link_id=link.id, patient_id=link.patient_id, sha256=order.upload,
                uploaded_at=work.now,
            )
        )  # fmt: skip
    if order.gaps is not None and link.form and link.form_version:
        patient = work.require(Patient, link.patient_id, "link_id")
        note_gaps(work, patient, link.form, link.form_version, order.gaps, Source.CLIENT, link.task_id)


@command("link.finish", "手机提交问卷", permission="client_page.write", place="internal")
class FinishLink:
    """The client hands the form in; of the server's page alone."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    answers: dict[str, Any] = ask("答案", kind=Kind.HIDDEN)
    score: float | None = ask("得分", kind=Kind.HIDDEN, default=None)
    parts: list[dict[str, Any]] = ask("组成量表的答案", kind=Kind.HIDDEN, default=[])


@handles(FinishLink)
def finish_link(order: FinishLink, work: UnitOfWork) -> HandedIn:
    """Keep the response with its scales; the link has done its work.

    Raises:
        DomainError: As `usable` and `answer_form`.
    """
    link = usable(work, order.link_id)
    if link.form is None or link.form_version is None:
        raise DomainError("link.no_form", field="link_id")
    done: HandedIn = answer_form(
        AnswerForm(
            visit_id=link.visit_id, patient_id=link.patient_id, task_id=link.task_id, form=link.form,
            form_version=link.form_version, answers=order.answers, score=order.score, source=Source.CLIENT,
            parts=order.parts,
        ),
        work,
    )  # fmt: skip
    link.used_at, link.draft = work.now, None
    if (message := work.get(OutboxMessage, link.message_id)) is not None:
        mark_read(work, message)
    return done


@command("link.wrong", "登记核对失败", permission="client_page.write", place="internal")
class NoteWrongBirthDate:
    """Somebody who opened the link did not know the client's birth date."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)


@handles(NoteWrongBirthDate)
def note_wrong_birth_date(order: NoteWrongBirthDate, work: UnitOfWork) -> int:
    """Return how many tries are left; with none left the link is closed."""
    link = usable(work, order.link_id)
    link.wrong += 1
    left = MOST_WRONG - link.wrong
    if left <= 0:
        link.revoked_at, link.reason = work.now, "出生日期多次核对不符"
    return max(left, 0)


@command("link.revoke", "作废客户链接", permission="form.issue")
class RevokeLink:
    """The link shall not be used any more."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(RevokeLink)
def revoke_link(order: RevokeLink, work: UnitOfWork) -> None:
    """Close a link; what was answered stays in it for the nurse to go on with."""
    link = usable(work, order.link_id)
    link.revoked_at, link.reason = work.now, order.reason


def check_digest(token_sha256: str) -> None:
    """Refuse what is no SHA-256 in hexadecimal with ``input.not_fitting``."""
    if len(token_sha256) != 64 or set(token_sha256) - set("0123456789abcdef"):
        raise DomainError("input.not_fitting", field="token_sha256", reason="SHA-256")


def usable(work: UnitOfWork, link_id: Id) -> PersonLink:
    """Return a link that is open now.

    Raises:
        DomainError: ``link.used``, ``link.settled``, ``link.closed`` or ``link.expired``.
    """
    link = work.require(PersonLink, link_id, "link_id")
    code = why_not(
        used=link.used_at is not None, settled=link.settled_by is not None, revoked=link.revoked_at is not None,
        expired=work.now >= link.expires_at,
    )  # fmt: skip
    if code:
        raise DomainError(code, field="link_id")
    return link


def why_not(*, used: bool, settled: bool, revoked: bool, expired: bool) -> str:
    """Return the code of why a link cannot be used, '' if it can; `settled`: its form came in at the desk."""
    if used:
        return "link.used"
    if settled:
        return "link.settled"
    return "link.closed" if revoked else "link.expired" if expired else ""
