"""What the desk does to a report, as work for the writer queue: each opens its own transactions and ends on the disk.

Everything a reviewer does is bound to what they were shown: if the report's content is no longer that, it is refused
and nothing happens.
"""

import functools
from typing import Any

import resources
from client.stations.review.case import UNWRITTEN, Case
from client.stations.review.case_reading import digest_of
from client.stations.review.case_rows import state_of, stored_text
from domain.checkup.issue_commands import IssueOutcome, IssueReport, WithdrawSignature
from domain.checkup.report_commands import (
    PassFirstReview,
    PassFurtherReview,
    PassSecondReview,
    ReturnReport,
    SubmitReport,
    WriteReport,
    Written,
)
from domain.kernel.authority import Actor
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from forms.documents import Document, load_documents
from forms.issuing import issue_report, preview_report

PASSES = {"pass_first": PassFirstReview, "pass_second": PassSecondReview, "pass_further": PassFurtherReview}


def save(desk: Any, actor: Actor, case: Case, conclusion: str, advice: str) -> Written:
    """Write the text of a report, making the report when there is none yet.

    Raises:
        DomainError: ``review.text_changed``: somebody else changed the text since it was shown; ``report.*``.
    """
    now = stored_text(desk, case.visit_id)
    if now is not None and now != (case.conclusion, case.advice):
        raise DomainError("review.text_changed", field="conclusion", number=case.number)
    if now is None and case.report_id is not None:
        raise DomainError("report.unknown", value=str(case.report_id))
    order = WriteReport(visit_id=case.visit_id, conclusion=conclusion, advice=advice)
    written: Written = desk.dispatcher.run(order, actor).receipt
    return written


def submit(
    desk: Any, actor: Actor, case: Case, conclusion: str, advice: str, reason: str | None = None
) -> Written:
    """Write the text where it changed and hand the report on; an empty conclusion is refused before anything is.

    Raises:
        DomainError: ``report.quality_low`` when the check sent it back at once, which is on record then.
    """
    if not conclusion.strip():
        raise DomainError("report.no_conclusion", field="conclusion")
    if case.state == UNWRITTEN or (conclusion, advice) != (case.conclusion, case.advice):
        written = save(desk, actor, case, conclusion, advice)
    else:
        require_unchanged(desk, case, "report.submit")
        written = Written(_report_id(case), case.number, case.state)
    done = desk.dispatcher.run(SubmitReport(report_id=written.report_id, reason=reason), actor).receipt
    if done.returned:
        raise DomainError("report.quality_low", field="conclusion", score=done.score)
    return written


def pass_on(desk: Any, actor: Actor, case: Case, name: str) -> str:
    """Let a report go to the next level and return that (`name` is one of `PASSES`)."""
    require_unchanged(desk, case, f"report.{name}")
    done: str = desk.dispatcher.run(PASSES[name](report_id=_report_id(case)), actor).receipt
    return done


def give_back(desk: Any, actor: Actor, case: Case, remark: str, anchor: str | None) -> None:
    """Send a report back with a remark and the place it is about."""
    require_unchanged(desk, case, "report.return")
    if not remark.strip():
        raise DomainError("input.missing", field="remark", label=desk.texts.say("review.remark"))
    desk.dispatcher.run(ReturnReport(report_id=_report_id(case), remark=remark.strip(), anchor=anchor), actor)


def sign(desk: Any, actor: Actor, case: Case) -> str:
    """Sign exactly what was shown and keep the document; it goes out in a minute. Returns the document's SHA-256."""
    require_unchanged(desk, case, "report.sign")
    blobs = desk.blobs
    issued = issue_report(
        desk.dispatcher, actor, final_report(), _report_id(case), lambda pdf: blobs.put([pdf]), hold=True
    )
    return issued.sha256


def issue(desk: Any, actor: Actor, report_id: Id) -> IssueOutcome:
    """Let a signed report go out, unless its content changed since: then it is in the final review again."""
    done: IssueOutcome = desk.dispatcher.run(IssueReport(report_id=report_id), actor).receipt
    return done


def withdraw(desk: Any, actor: Actor, report_id: Id) -> IssueOutcome:
    """Take one's own signature back before the report goes out."""
    done: IssueOutcome = desk.dispatcher.run(WithdrawSignature(report_id=report_id), actor).receipt
    return done


def preview(desk: Any, case: Case) -> bytes:
    """Return the report as PDF: the issued document itself, or a draft of what is stored now.

    Raises:
        UnavailableError: The issued document has not arrived (``blob.missing``) or is damaged.
    """
    if case.document_sha256:
        return desk.blobs.get(case.document_sha256)
    return preview_report(desk.dispatcher, final_report(), _report_id(case))


def require_unchanged(desk: Any, case: Case, command: str) -> None:
    """Refuse to act on a report that is no longer what was shown; one in another state its workflow refuses.

    Raises:
        DomainError: ``report.changed_meanwhile`` for signing, ``review.changed_meanwhile`` for the rest.
    """
    if digest_of(desk, _report_id(case)) == case.digest or state_of(desk, _report_id(case)) != case.state:
        return
    code = "report.changed_meanwhile" if command == "report.sign" else "review.changed_meanwhile"
    raise DomainError(code, field="digest", number=case.number, label=commands()[command].label)


@functools.cache
def final_report() -> Document:
    """Return the template of the report, read once."""
    return load_documents(resources.folder("documents"))["final_report"]


def _report_id(case: Case) -> Id:
    if case.report_id is None:
        raise DomainError("report.unknown", field="report_id", value=case.visit_number)
    return case.report_id
