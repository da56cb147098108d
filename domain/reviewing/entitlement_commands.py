"""A level that was passed without a right: noted as it is merged, confirmed or done again by who has the right."""

from typing import Any

from sqlalchemy import select

from domain.checkup.entitlement_records import ReviewDoubt, ReviewLack
from domain.checkup.issue_commands import take_back
from domain.checkup.records import Report, ReviewAction, ReviewStep
from domain.checkup.report_commands import note_step
from domain.checkup.scheme import RIGHTS, move_report, scheme_of
from domain.checkup.workflow import PASSING, doubt_life, report_review
from domain.delivery.commands import ReopenReport, reopen
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.rights.reading import adjusted

LEAST_SAID = 2
MOST_SAID = 1000
DECIDE = "report.final_review"


@command("report.check_merged_reviews", "核对汇入审核的权限", permission=None, place="internal")
class CheckMergedReviews:
    """Acts of review that came from workstations: may who did them do so now? Of the centre's reader alone."""

    step_ids: list[Id] = ask("审核记录", kind=Kind.HIDDEN)


@handles(CheckMergedReviews)
def check_merged(order: CheckMergedReviews, work: UnitOfWork) -> int:
    """Return how many acts are in doubt; one that was looked at before changes nothing."""
    found = 0
    for step_id in order.step_ids:
        step = work.get(ReviewStep, step_id)
        if step is None or step.level not in PASSING or step.action not in _PASSES or step.staff_id is None:
            continue
        made_id = stable_id("review_doubt", step.id)
        lack = _lack(work, step)
        if lack is None or work.get(ReviewDoubt, made_id) is not None:
            continue
        report = work.require(Report, step.report_id)
        doubt = ReviewDoubt(
            id=made_id, org_id=step.org_id, step_id=step.id, report_id=report.id, patient_id=report.patient_id,
            number=report.number, level=step.level, lack=lack, staff_id=step.staff_id,
            staff_name=step.staff_name, acted_at=step.acted_at, found_at=work.now,
        )  # fmt: skip
        work.start(doubt_life, doubt)
        work.add(doubt)
        found += 1
    return found


_PASSES = (ReviewAction.PASS, ReviewAction.SIGN)


def _lack(work: UnitOfWork, step: ReviewStep) -> ReviewLack | None:
    """Return what whoever did it lacks by what the centre knows now; None if nothing."""
    table: Any = Staff.__table__
    staff = work.connection.execute(select(table).where(table.c.id == step.staff_id)).one_or_none()
    roles = work.content["authority"].roles
    if staff is None or not staff.active or staff.role not in roles:
        return ReviewLack.ACCOUNT
    if not adjusted(work.connection, roles[staff.role], staff, work.now).may(RIGHTS[step.level]):
        return ReviewLack.RIGHT
    wanted = scheme_of(work.connection, step.org_id).roles.get(step.level)
    return ReviewLack.ROLE if wanted and staff.role not in wanted else None


@command("report.confirm_review", "核定审核有效", permission=DECIDE, place="centre")
class ConfirmReview:
    """Somebody with the right has read the report and stands by what was passed."""

    doubt_id: Id = ask("无权审核", kind=Kind.HIDDEN)
    reason: str = ask("核定说明", kind=Kind.NOTE)


@handles(ConfirmReview)
def confirm_review(order: ConfirmReview, work: UnitOfWork) -> None:
    """Let the report go on. Raises as `_decide`."""
    _decide(work, order.doubt_id, order.reason, "confirm")


@command("report.redo_review", "判无效并退回重审", permission=DECIDE, place="centre")
class RedoReview:
    """What was passed does not count: the report goes back, one that is out is taken back."""

    doubt_id: Id = ask("无权审核", kind=Kind.HIDDEN)
    reason: str = ask("核定说明", kind=Kind.NOTE)


@handles(RedoReview)
def redo_review(order: RedoReview, work: UnitOfWork) -> str:
    """Return the state the report came to; a signature that was not issued is taken back alone.

    Raises:
        DomainError: As `_decide`.
    """
    doubt = _decide(work, order.doubt_id, order.reason, "redo")
    report = work.require(Report, doubt.report_id)
    said = f"{report_review.label_of(doubt.level)}无权审核：{order.reason.strip()}"[:MOST_SAID]
    if report.state == "issued":
        reopen(ReopenReport(report_id=report.id, reason=said), work)
    elif report.state == "signed":
        take_back(work, report, said)
    if doubt.level != "final_review" and report_review.allows(report.state, "return"):
        due_at = report.due_at
        move_report(work, report, "return")
        report.returns += 1
        # Under the level in doubt, so that the corrected text is read again there.
        note_step(work, report, doubt.level, ReviewAction.RETURN, said, due_at=due_at)
    return report.state


def _decide(work: UnitOfWork, doubt_id: Id, reason: str, move: str) -> ReviewDoubt:
    """End a doubt.

    Raises:
        DomainError: ``review_doubt.unknown``; ``review_doubt.wrong_state``; ``review_doubt.no_why`` (``reason``);
            ``review_doubt.own_work`` for whose act it is.
    """
    doubt = work.require(ReviewDoubt, doubt_id, "doubt_id")
    if len(reason.strip()) < LEAST_SAID:
        raise DomainError("review_doubt.no_why", field="reason")
    if work.actor.staff_id is not None and work.actor.staff_id == doubt.staff_id:
        raise DomainError("review_doubt.own_work", field="doubt_id", number=doubt.number)
    work.move(doubt_life, doubt, move)
    doubt.decided_by, doubt.decided_name = work.actor.staff_id, work.actor.name
    doubt.decided_why = reason.strip()
    return doubt
