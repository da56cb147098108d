"""The report on its way through the three levels: written, reviewed, returned, signed."""

import dataclasses
from datetime import datetime

from sqlalchemy import func, select

from domain.checkup.attachments import LANE_SMALL
from domain.checkup.entitled import check_entitled
from domain.checkup.records import (
    Attachment,
    CriticalValue,
    Finding,
    Report,
    ReportRevision,
    ReportSignature,
    ReviewAction,
    ReviewStep,
    Visit,
)
from domain.checkup.report_content import read_facts, report_content
from domain.checkup.review_hands import hands_of
from domain.checkup.scheme import RIGHTS, check_level, move_report, time_report
from domain.checkup.workflow import PASSING, report_review
from domain.delivery.beginning import begin, editions, file_name
from domain.kernel.canonical import content_digest
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.linting.keeping import check_report, keep_check
from domain.people.identity_records import IdentityCheck
from domain.people.numbers import next_number
from domain.people.records import Staff
from domain.people.workflow import identity_checking

URGENT_CLASS_A, URGENT_CRITICAL = 1, 2


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """The report and its number."""

    report_id: Id
    number: str
    state: str


@command("report.write", "撰写报告", permission="report.write")
class WriteReport:
    """Write the conclusion and advice of a visit, or change them while the report is with the branch."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    conclusion: str = ask("总检结论", kind=Kind.NOTE, max_length=20000)
    advice: str = ask("健康建议", kind=Kind.NOTE, default="", max_length=20000)


@handles(WriteReport)
def write(order: WriteReport, work: UnitOfWork) -> Written:
    """Return the report; it can be written while it is a draft or returned (``report.not_with_branch``)."""
    visit = work.require(Visit, order.visit_id, "visit_id")
    report = work.find(Report, visit_id=visit.id)
    if report is None:
        report = Report(
            id=stable_id("report", visit.id), org_id=visit.org_id, number=next_number(work, "report", "R"),
            visit_id=visit.id, patient_id=visit.patient_id, author_id=work.actor.staff_id,
            conclusion=order.conclusion, advice=order.advice, urgency=_urgency(work, visit.id),
        )  # fmt: skip
        work.start(report_review, report)
        time_report(work, report)
        work.add(report)
    elif report.state not in {"drafting", "returned"}:
        raise DomainError(
            "report.not_with_branch", field="conclusion", state=report_review.label_of(report.state)
        )
    else:
        report.conclusion, report.advice = order.conclusion, order.advice
    return Written(report.id, report.number, report.state)


def _urgency(work: UnitOfWork, visit_id: Id) -> int:
    critical = work.value(
        select(func.count()).select_from(CriticalValue).where(CriticalValue.visit_id == visit_id)
    )
    if critical:
        return URGENT_CRITICAL
    class_a = work.value(
        select(func.count())
        .select_from(Finding)
        .where(Finding.visit_id == visit_id, Finding.important_class == "A")
    )
    return URGENT_CLASS_A if class_a else 0


@command("report.submit", "提交初审", permission="report.write")
class SubmitReport:
    """Hand the report to its first level, or a corrected one back to where it is read again."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    reason: str | None = ask("坚持提交的理由", kind=Kind.NOTE, default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class ReportSubmitted:
    """Where the report is now; `score` is None where nothing checks it, `returned` whether it went back at once."""

    state: str
    score: int | None
    returned: bool


@handles(SubmitReport)
def submit(order: SubmitReport, work: UnitOfWork) -> ReportSubmitted:
    """Keep the text as a revision of its own and move on.

    A text that scores below the threshold goes back to its author at once, with what is wrong with it on record; with
    a reason it goes on, and the reviewers see both.

    Raises:
        DomainError: ``report.no_conclusion``; ``report.identity_pending`` while it is not known whose results of the
            visit are.
    """
    report = work.require(Report, order.report_id, "report_id")
    if not report.conclusion.strip():
        raise DomainError("report.no_conclusion", field="conclusion")
    _whose_is_settled(work, report)
    level, due_at = report.state, report.due_at
    checked = check_report(work, report)
    reason = (order.reason or "").strip() or None
    if checked is not None:
        returned = not checked.enough and reason is None
        keep_check(work, report, checked, returned=returned, reason=reason if not checked.enough else None)
        if returned:
            report.returns += 1
            return ReportSubmitted(report.state, checked.score, returned=True)
    if report.state == "returned":
        report.revision += 1
        move_report(work, report, "resubmit")
    else:
        move_report(work, report, "submit")
    work.add(
        ReportRevision(
            org_id=report.org_id, report_id=report.id, revision=report.revision, conclusion=report.conclusion,
            advice=report.advice, author_id=work.actor.staff_id, written_at=work.now,
        )
    )  # fmt: skip
    note_step(work, report, level, ReviewAction.SUBMIT, reason, due_at=due_at)
    return ReportSubmitted(report.state, None if checked is None else checked.score, returned=False)


@command("report.pass_first", "初审通过", permission="report.first_review")
class PassFirstReview:
    """The branch's reviewer lets the report go to the head office."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    remark: str | None = ask("审核意见", kind=Kind.NOTE, default=None)


@handles(PassFirstReview)
def pass_first(order: PassFirstReview, work: UnitOfWork) -> str:
    """Move to the next level and return it; who wrote the report does not review it (``report.own_work``)."""
    return _pass(work, order.report_id, order.remark, "first_review")


@command("report.return", "退回修改", permission="report.annotate")
class ReturnReport:
    """Send the report back with a remark on the exact sentence."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    remark: str = ask("退回意见", kind=Kind.NOTE)
    anchor: str | None = ask("意见位置", kind=Kind.HIDDEN, default=None)


@handles(ReturnReport)
def return_report(order: ReturnReport, work: UnitOfWork) -> None:
    """Move back to the branch; the remark names field and characters it is about (``conclusion:12-30``).

    Raises:
        DomainError: ``permission.denied`` for who does not review at the level the report is at.
    """
    report = work.require(Report, order.report_id, "report_id")
    level, due_at = report.state, report.due_at
    if report_review.allows(level, "return"):
        work.actor.check(RIGHTS[level])
        check_level(work, report, level)
    move_report(work, report, "return")
    report.returns += 1
    note_step(work, report, level, ReviewAction.RETURN, order.remark, order.anchor, due_at=due_at)


@command("report.pass_second", "复审通过", permission="report.second_review")
class PassSecondReview:
    """The head office's expert agrees; the report goes to the final review."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    remark: str | None = ask("审核意见", kind=Kind.NOTE, default=None)


@handles(PassSecondReview)
def pass_second(order: PassSecondReview, work: UnitOfWork) -> str:
    """Move to the next level and return it; who had a hand in it before does not (``report.same_hands``)."""
    return _pass(work, order.report_id, order.remark, "second_review")


@command("report.pass_further", "加审通过", permission="report.second_review")
class PassFurtherReview:
    """An expert of a level the site has beside the usual ones agrees."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    remark: str | None = ask("审核意见", kind=Kind.NOTE, default=None)


@handles(PassFurtherReview)
def pass_further(order: PassFurtherReview, work: UnitOfWork) -> str:
    """Move from the third or fourth review to the next level and return it; ``report.same_hands`` as everywhere."""
    return _pass(work, order.report_id, order.remark, "third_review", "fourth_review")


def _pass(work: UnitOfWork, report_id: Id, remark: str | None, *levels: str) -> str:
    report = work.require(Report, report_id, "report_id")
    level = report.state if report.state in levels else levels[0]
    check_level(work, report, level)
    due_at = report.due_at
    move_report(work, report, PASSING[level], hands_of(work.connection, report.id))
    note_step(work, report, level, ReviewAction.PASS, remark, due_at=due_at)
    return report.state


@command("report.sign", "终审签发", permission="report.final_review")
class SignReport:
    """Sign the exact content that was shown, with the document made from it."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)
    digest: str = ask("内容摘要", kind=Kind.HIDDEN, max_length=64)
    signature: str = ask("签名值", kind=Kind.HIDDEN, max_length=200)
    public_key: str = ask("签名公钥", kind=Kind.HIDDEN, max_length=100)
    document: str = ask("文件模板", kind=Kind.HIDDEN, max_length=80)
    seal: str = ask("文件封印", kind=Kind.HIDDEN, max_length=200)
    signed_at: str = ask("签名时间", kind=Kind.HIDDEN, max_length=40)
    document_sha256: str = ask("报告文件", kind=Kind.HIDDEN, max_length=64)
    document_size: int = ask("字节数", kind=Kind.HIDDEN, low=1)
    hold: bool = ask("签名后暂缓签发", kind=Kind.HIDDEN, default=False)


@handles(SignReport)
def sign(order: SignReport, work: UnitOfWork) -> None:
    """Sign the report; it is issued at once, or with `hold` after a minute (``report.issue``).

    Raises:
        DomainError: ``report.changed_meanwhile`` when the stored content is no longer what was shown and signed;
            ``report.same_hands`` for who had a hand in an earlier level; ``report.identity_pending``;
            ``report.without_right`` while a level of it waits to be decided on (`check_entitled`).
    """
    report = work.require(Report, order.report_id, "report_id")
    check_entitled(work, report)
    hands = hands_of(work.connection, report.id)
    check_level(work, report, "final_review")
    report_review.check_hands("sign", work.actor.staff_id, hands)
    _whose_is_settled(work, report)
    signed_at = datetime.fromisoformat(order.signed_at)
    facts = read_facts(work.connection, report.id)
    if (
        facts is None
        or content_digest(report_content(facts, work.content["catalog"], at=signed_at)) != order.digest
    ):
        raise DomainError("report.changed_meanwhile", field="digest", number=report.number)
    due_at = report.due_at
    move_report(work, report, "sign", hands)
    report.document_sha256 = order.document_sha256
    if not order.hold:
        move_report(work, report, "issue")
        report.issued_at = work.now
    signer = work.require(Staff, work.actor.staff_id)
    work.add(
        ReportSignature(
            org_id=report.org_id,
            report_id=report.id,
            staff_id=signer.id,
            staff_name=signer.name,
            staff_title=signer.title or "",
            licence_no=signer.licence_no,
            level="final_review",
            document=order.document,
            digest=order.digest,
            signature=order.signature,
            public_key=order.public_key,
            seal=order.seal,
            signed_at=signed_at,
        )
    )  # fmt: skip
    earlier = len(editions(work, report.id))
    if not order.hold:
        send_out(work, report, order.document_size)
    work.add(
        Attachment(
            org_id=report.org_id, subject="report", subject_id=report.id, sha256=order.document_sha256,
            size=order.document_size, media_type="application/pdf",
            name=file_name(report.number, earlier + 1), lane=LANE_SMALL, added_at=work.now,
        )
    )  # fmt: skip
    note_step(work, report, "final_review", ReviewAction.SIGN, due_at=due_at)


def send_out(work: UnitOfWork, report: Report, size: int) -> None:
    """Put an issued report on its way to the branch."""
    if report.document_sha256 is None:
        raise ValueError("an issued report has its file")
    begin(
        work, report_id=report.id, org_id=report.org_id, patient_id=report.patient_id, number=report.number,
        sha256=report.document_sha256, size=size,
    )  # fmt: skip


def _whose_is_settled(work: UnitOfWork, report: Report) -> None:
    """Refuse a report while results of its visit wait for it to be known whose they are."""
    if work.find(IdentityCheck, visit_id=report.visit_id, state=identity_checking.first) is not None:
        raise DomainError("report.identity_pending", number=report.number)


def note_step(
    work: UnitOfWork,
    report: Report,
    level: str,
    action: ReviewAction,
    remark: str | None = None,
    anchor: str | None = None,
    *,
    due_at: datetime | None = None,
) -> None:
    """Add one act to the history of a report; `due_at` is by when it was to be done."""
    staff = work.get(Staff, work.actor.staff_id)
    work.add(
        ReviewStep(
            org_id=report.org_id, report_id=report.id, revision=report.revision, level=level, action=action,
            staff_id=work.actor.staff_id, staff_name=work.actor.name, staff_title=staff.title if staff else None,
            acted_at=work.now, due_at=due_at, remark=remark, anchor=anchor,
        )
    )  # fmt: skip
