"""What a client says of a contact: asked for, taken, and where it is bad followed to its root and its end."""

import dataclasses
import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.checkup.records import QuestionnaireResponse
from domain.followup.feedback_records import Feedback, FeedbackCase, RootCause
from domain.followup.regrouping import content_of
from domain.followup.workflow import case_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.record import record_classes
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Staff
from domain.scales.records import FormTask
from domain.scales.values import answers_of_response
from domain.scales.workflow import form_task_life

FORM, FORM_VERSION = "satisfaction", "1.0.0"
SCORES = {"very_bad": 1, "bad": 2, "fair": 3, "good": 4, "very_good": 5}
DAYS_TO_ANSWER = 7
_PURPOSE = re.compile(r"^feedback:(follow_task|appointment|group_event|conversation):([0-9a-f-]{36})$")


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A step somebody may speak of: what it is, whose, and who did it."""

    entity: str
    id: Id
    kind: str
    org_id: Id
    patient_id: Id | None
    unit_id: Id | None
    staff_id: Id | None
    staff_name: str | None


@command("feedback.ask", "请客户评价", permission="feedback.give")
class AskFeedback:
    """Give the client the questionnaire of satisfaction on one exact step; it goes to the phone like any other."""

    step: str | None = ask("环节", kind=Kind.HIDDEN, default=None, max_length=60)
    step_id: Id = ask("环节记录", kind=Kind.HIDDEN)
    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)


@handles(AskFeedback)
def ask_feedback(order: AskFeedback, work: UnitOfWork) -> Id:
    """Return the id of the questionnaire given out; one that waits for the same step is returned as it is.

    Raises:
        DomainError: ``feedback.no_step`` (``step``); ``input.missing`` (``patient_id``) for a step of a group client.
    """
    step = step_of(work, order.step, order.step_id)
    patient_id = order.patient_id or step.patient_id
    if patient_id is None:
        raise DomainError("input.missing", field="patient_id", label="客户")
    patient = work.require(Patient, patient_id, "patient_id")
    purpose = f"feedback:{step.entity}:{step.id}"
    waiting = select(FormTask).where(
        FormTask.patient_id == patient.id, FormTask.purpose == purpose, FormTask.state == "issued"
    )
    for known in work.list(waiting):
        return known.id
    task = FormTask(
        org_id=step.org_id, patient_id=patient.id, form=FORM, form_version=FORM_VERSION, purpose=purpose,
        issued_by=work.actor.staff_id, issued_at=work.now,
    )  # fmt: skip
    work.start(form_task_life, task)
    task.due_at = work.now + timedelta(days=DAYS_TO_ANSWER)
    return work.add(task).id


STEPS = ("follow_task", "appointment", "group_event", "conversation")
"""What a client may speak of; an id is of one of them alone."""


def step_of(work: UnitOfWork, entity: str | None, record_id: Id) -> Step:
    """Return the step of an id; `entity` may say which kind it is.

    Raises:
        DomainError: ``feedback.no_step`` for what is no contact, or is not there.
    """
    for name in STEPS:
        found: Any = work.get(record_classes()[name], record_id) if entity in {None, name} else None
        if found is not None:
            return _step(work, name, found)
    raise DomainError("feedback.no_step", field="step")


def _step(work: UnitOfWork, entity: str, found: Any) -> Step:
    kinds = {"follow_task": "way", "conversation": "channel"}
    owned = entity in kinds
    staff = work.get(Staff, found.owner_id if owned else found.staff_id)
    kind = "message" if entity == "conversation" else str(getattr(found, kinds.get(entity, "kind")))
    return Step(
        entity, found.id, kind, found.org_id, getattr(found, "patient_id", None), getattr(found, "unit_id", None),
        staff.id if staff else None, staff.name if staff else None,
    )  # fmt: skip


@command("feedback.give", "录入满意度评价", permission="feedback.give")
class GiveFeedback:
    """What a client says at once: a score of 1 to 5, words, and whether it is a complaint."""

    step: str | None = ask("环节", kind=Kind.HIDDEN, default=None, max_length=60)
    step_id: Id = ask("环节记录", kind=Kind.HIDDEN)
    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    score: int = ask("满意度（1 很不满意 – 5 很满意）", kind=Kind.NUMBER, low=1, high=5)
    comment: str | None = ask("意见", kind=Kind.NOTE, default=None)
    complaint: bool = ask("投诉", default=False)


@handles(GiveFeedback)
def give_feedback(order: GiveFeedback, work: UnitOfWork) -> Id:
    """Return the id of the feedback; a bad one opens a case in the same breath.

    Raises:
        DomainError: ``feedback.no_step``.
    """
    step = step_of(work, order.step, order.step_id)
    feedback = _feedback(work, step, work.new_id(), order.patient_id, order.score, order.comment)
    feedback.complaint = order.complaint
    feedback.taken_by = work.actor.staff_id
    return _keep(work, feedback).id


@command("feedback.take", "收取满意度问卷", permission="feedback.give", place="internal")
class TakeFeedback:
    """A questionnaire of satisfaction came back; for whoever follows the log."""

    task_id: Id = ask("待填问卷", kind=Kind.HIDDEN)


@handles(TakeFeedback)
def take_feedback(order: TakeFeedback, work: UnitOfWork) -> Id | None:
    """Return the id of the feedback; None for another questionnaire, one taken already, or one without a score."""
    task = work.get(FormTask, order.task_id)
    asked = _PURPOSE.match(task.purpose or "") if task is not None and task.form == FORM else None
    if task is None or asked is None:
        return None
    feedback_id = stable_id("feedback", task.id)
    if work.get(Feedback, feedback_id) is not None:
        return None
    query = (
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.patient_id == task.patient_id, QuestionnaireResponse.form == FORM,
            QuestionnaireResponse.authored_at >= task.issued_at,
        )
        .order_by(QuestionnaireResponse.authored_at.desc())
        .limit(1)
    )  # fmt: skip
    response = next(iter(work.list(query)), None)
    if response is None:
        return None
    answers = answers_of_response(response.answers)
    score = SCORES.get(str(answers.get("score")))
    if score is None:
        return None
    step = step_of(work, asked[1], Id(asked[2]))
    feedback = _feedback(work, step, feedback_id, task.patient_id, score, answers.get("comment"))
    feedback.complaint = str(answers.get("complaint")) in {"yes", "True"}
    feedback.response_id = response.id
    return _keep(work, feedback).id


def _feedback(
    work: UnitOfWork, step: Step, own: Id, patient_id: Id | None, score: int, comment: Any
) -> Feedback:
    return Feedback(
        id=own, org_id=step.org_id, patient_id=patient_id or step.patient_id, unit_id=step.unit_id, step=step.entity,
        step_id=step.id, step_kind=step.kind, staff_id=step.staff_id, staff_name=step.staff_name, score=score,
        comment=str(comment).strip()[:4000] if comment else None, given_at=work.now, complaint=False,
    )  # fmt: skip


def _keep(work: UnitOfWork, feedback: Feedback) -> Feedback:
    work.add(feedback)
    if feedback.score <= content_of(work).limits.low_score or feedback.complaint:
        case = FeedbackCase(
            id=stable_id("feedback_case", feedback.id), org_id=feedback.org_id, feedback_id=feedback.id,
            patient_id=feedback.patient_id, step_kind=feedback.step_kind, staff_id=feedback.staff_id,
            staff_name=feedback.staff_name, score=feedback.score, complaint=feedback.complaint,
            comment=feedback.comment, opened_at=work.now,
        )  # fmt: skip
        work.start(case_life, case)
        work.add(case)
    return feedback


@command("feedback.report", "上报负面反馈", permission="feedback.give")
class ReportFeedback:
    """One key: what was said is bad although its score was not; a case is opened."""

    feedback_id: Id = ask("满意度评价", kind=Kind.HIDDEN)


@handles(ReportFeedback)
def report_feedback(order: ReportFeedback, work: UnitOfWork) -> Id:
    """Return the id of the case; one that exists is returned as it is."""
    feedback = work.require(Feedback, order.feedback_id, "feedback_id")
    case_id = stable_id("feedback_case", feedback.id)
    if work.get(FeedbackCase, case_id) is None:
        case = FeedbackCase(
            id=case_id, org_id=feedback.org_id, feedback_id=feedback.id, patient_id=feedback.patient_id,
            step_kind=feedback.step_kind, staff_id=feedback.staff_id, staff_name=feedback.staff_name,
            score=feedback.score, complaint=feedback.complaint, comment=feedback.comment, opened_at=work.now,
        )  # fmt: skip
        work.start(case_life, case)
        work.add(case)
    return case_id


@command("feedback.take_case", "接收负面反馈", permission="feedback.handle")
class TakeCase:
    """Become the owner of a case, with what one is going to do."""

    case_id: Id = ask("负面反馈", kind=Kind.HIDDEN)
    plan: str = ask("处理方案", kind=Kind.NOTE)


@handles(TakeCase)
def take_case(order: TakeCase, work: UnitOfWork) -> None:
    """Take it.

    Raises:
        DomainError: ``feedback_case.wrong_state``; ``feedback.own_work`` for the person it is about.
    """
    case = work.require(FeedbackCase, order.case_id, "case_id")
    if case.staff_id is not None and case.staff_id == work.actor.staff_id:
        raise DomainError("feedback.own_work", field="case_id")
    work.move(case_life, case, "take")
    case.owner_id, case.owner_name, case.plan = work.actor.staff_id, work.actor.name, order.plan


@command("feedback.resolve", "登记处理结果", permission="feedback.handle")
class ResolveCase:
    """What was done, and the root of it."""

    case_id: Id = ask("负面反馈", kind=Kind.HIDDEN)
    root_cause: RootCause = ask("根本原因", kind=Kind.CHOICE)
    root_note: str | None = ask("原因说明", kind=Kind.NOTE, default=None)
    resolution: str = ask("处理结果", kind=Kind.NOTE)


@handles(ResolveCase)
def resolve_case(order: ResolveCase, work: UnitOfWork) -> None:
    """Note result and root; the client is asked next."""
    case = work.require(FeedbackCase, order.case_id, "case_id")
    work.move(case_life, case, "resolve")
    case.root_cause, case.root_note, case.resolution = order.root_cause, order.root_note, order.resolution


@command("feedback.reopen", "重新处理", permission="feedback.handle")
class ReopenCase:
    """The client does not agree: it is worked on again."""

    case_id: Id = ask("负面反馈", kind=Kind.HIDDEN)
    confirmed: str = ask("回访情况", kind=Kind.NOTE)


@handles(ReopenCase)
def reopen_case(order: ReopenCase, work: UnitOfWork) -> None:
    """Go back to work; what the client said is kept."""
    case = work.require(FeedbackCase, order.case_id, "case_id")
    work.move(case_life, case, "reopen")
    case.confirmed = order.confirmed


@command("feedback.close", "回访确认并闭环", permission="feedback.handle")
class CloseCase:
    """The client was asked again and agrees: the loop is closed."""

    case_id: Id = ask("负面反馈", kind=Kind.HIDDEN)
    confirmed: str = ask("回访确认", kind=Kind.NOTE)


@handles(CloseCase)
def close_case(order: CloseCase, work: UnitOfWork) -> None:
    """Close it.

    Raises:
        DomainError: ``feedback_case.wrong_state``; ``input.missing`` (``confirmed``) for blanks.
    """
    if not order.confirmed.strip():
        raise DomainError("input.missing", field="confirmed", label="回访确认")
    case = work.require(FeedbackCase, order.case_id, "case_id")
    work.move(case_life, case, "close")
    case.confirmed = order.confirmed.strip()
