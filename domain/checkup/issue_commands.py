"""The last minute of a report: a signature is taken back by who gave it, or the report goes out."""

import dataclasses
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.checkup.entitled import check_entitled
from domain.checkup.records import Attachment, AttachmentRemoval, Report, ReportSignature, ReviewAction
from domain.checkup.report_commands import note_step, send_out
from domain.checkup.scheme import move_report
from domain.checkup.signature_state import Standing, signature_state
from domain.kernel.authority import Actor
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

HOLD = timedelta(minutes=1)
"""How long a signature can be taken back."""
LEFT_BEHIND = timedelta(minutes=2)
"""After so long the centre issues what the signer's desk did not."""
MOST_AT_ONCE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class IssueOutcome:
    """The state a report came to, and its number."""

    state: str
    number: str


@command("report.issue", "签发报告", permission="report.final_review")
class IssueReport:
    """Let a signed report go out."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)


@handles(IssueReport)
def issue(order: IssueReport, work: UnitOfWork) -> IssueOutcome:
    """Let a signed report go out; one whose content is no longer what was signed goes back to the final review.

    Raises:
        DomainError: ``report.held`` for another person within the signer's minute; ``report.wrong_state``;
            ``report.without_right``.
    """
    report = work.require(Report, order.report_id, "report_id")
    check_entitled(work, report)
    if report.state == "signed":
        signer = last_signature(work, report)
        if work.now < report.state_since + HOLD and (
            signer is None or signer.staff_id != work.actor.staff_id
        ):
            raise DomainError("report.held", field="report_id", number=report.number)
        if signature_state(work.connection, report.id, work.content["catalog"]) is Standing.CHANGED:
            take_back(work, report, "签名后内容有变化，系统退回终审")
            return IssueOutcome(report.state, report.number)
    move_report(work, report, "issue")
    report.issued_at = work.now
    file = work.find(Attachment, subject_id=report.id, sha256=report.document_sha256)
    send_out(work, report, file.size if file is not None else 0)
    return IssueOutcome(report.state, report.number)


@command("report.withdraw_signature", "撤回签名", permission="report.final_review")
class WithdrawSignature:
    """Take one's own signature back before the report goes out."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    reason: str | None = ask("撤回原因", kind=Kind.NOTE, default=None)


@handles(WithdrawSignature)
def withdraw_signature(order: WithdrawSignature, work: UnitOfWork) -> IssueOutcome:
    """Put the report back into the final review; signature and act stay on record.

    Raises:
        DomainError: ``report.not_your_signature``; ``report.wrong_state`` once it was issued.
    """
    report = work.require(Report, order.report_id, "report_id")
    signer = last_signature(work, report)
    if report.state == "signed" and (signer is None or signer.staff_id != work.actor.staff_id):
        name = signer.staff_name if signer is not None else "—"
        raise DomainError("report.not_your_signature", field="report_id", number=report.number, name=name)
    take_back(work, report, (order.reason or "").strip() or None)
    return IssueOutcome(report.state, report.number)


def last_signature(work: UnitOfWork, report: Report) -> ReportSignature | None:
    """Return the signature a report was given last; None for one never signed."""
    kept = ReportSignature.__table__.c
    query = select(ReportSignature).where(ReportSignature.report_id == report.id).order_by(kept.id.desc())
    return next(iter(work.list(query.limit(1))), None)


def take_back(work: UnitOfWork, report: Report, reason: str | None) -> None:
    """Put a signed report back into the final review; its file is no more the report's."""
    move_report(work, report, "withdraw")
    wanted = select(Attachment).where(
        Attachment.subject_id == report.id, Attachment.sha256 == report.document_sha256
    )
    for attachment in work.list(wanted):
        work.add(
            AttachmentRemoval(
                org_id=report.org_id, attachment_id=attachment.id, reason=reason or "签名已撤回",
                removed_by=work.actor.staff_id, removed_at=work.now,
            )
        )  # fmt: skip
    report.document_sha256 = None
    note_step(work, report, "signed", ReviewAction.WITHDRAW, reason)


def issue_left_behind(dispatcher: Dispatcher, actor: Actor) -> int:
    """Issue what was signed and left behind by a desk that was closed or failed; returns how many."""
    r: Any = Report.__table__.c
    late = select(r.id).where(
        r.state == "signed", r.due_at.is_not(None), r.state_since < dispatcher.clock() - LEFT_BEHIND
    )
    with dispatcher.store.read() as connection:
        found = connection.execute(late.limit(MOST_AT_ONCE)).scalars().all()
    done = 0
    for report_id in found:
        try:
            dispatcher.run(IssueReport(report_id=report_id), actor)
        except DomainError:  # its desk was faster
            continue
        done += 1
    return done
