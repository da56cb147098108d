"""Forms: given to a person, handed in with or without a visit, corrected with a reason.

A draft stays with whoever fills it in; what is handed in keeps the exact version and is scored at once.
"""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.checkup.attachments import LANE_SMALL
from domain.checkup.form_files import keep_files
from domain.checkup.form_parts import Part, keep_part, response_parts, standing_parts
from domain.checkup.records import Attachment, QuestionnaireResponse, Visit
from domain.checkup.two_places import (
    check_waits,
    close_links,
    form_is_over,
    refuse_second,
    standing_links,
    standing_responses,
)
from domain.designs.reading import version_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.gaps import settle_gaps
from domain.scales.keeping import keep_results
from domain.scales.records import FormTask
from domain.scales.workflow import form_task_life

SIGNATURE_TYPE = "image/png"


class Source(enum.StrEnum):
    """Who filled a form in, where."""

    NURSE = "nurse"
    CLIENT = "client"
    KIOSK = "kiosk"
    PAPER = "paper"


@dataclasses.dataclass(frozen=True, slots=True)
class HandedIn:
    """The response and the results of the scales it was scored with; `retired` if its version is out of use."""

    response_id: Id
    results: list[Id]
    retired: bool = False


@command("checkup.answer_form", "提交问卷", permission="form.answer")
class AnswerForm:
    """A filled-in form, complete and checked by the form engine; of a visit, or of a person alone."""

    visit_id: Id | None = ask("体检", kind=Kind.HIDDEN, default=None)
    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    task_id: Id | None = ask("待填问卷", kind=Kind.HIDDEN, default=None)
    form: str = ask("问卷", kind=Kind.HIDDEN, max_length=120)
    form_version: str = ask("问卷版本", kind=Kind.HIDDEN, max_length=40)
    answers: dict[str, Any] = ask("答案", kind=Kind.HIDDEN)
    score: float | None = ask("得分", kind=Kind.HIDDEN, default=None)
    source: Source = ask("填写方式", kind=Kind.HIDDEN, default=Source.NURSE)
    signature_sha256: str | None = ask("填写人签名", kind=Kind.HIDDEN, default=None, max_length=64)
    signature_size: int | None = ask("字节数", kind=Kind.HIDDEN, default=None, low=1)
    parts: list[dict[str, Any]] = ask("组成量表的答案", kind=Kind.HIDDEN, default=[])


@handles(AnswerForm)
def answer_form(order: AnswerForm, work: UnitOfWork) -> HandedIn:
    """Keep a response and what its scales come to.

    Raises:
        DomainError: ``input.missing`` (``answers``, or ``patient_id`` with neither visit nor person);
            ``form.other_person`` if visit, person and questionnaire given out are not of one person;
            ``form.other_task`` if another form or version was given out; ``form.in_already`` if the client has handed
            it in on the phone; ``form.file_refused``; ``form.bad_part`` (``parts``).
    """
    if not order.answers:
        raise DomainError("input.missing", field="answers", label="答案")
    visit = work.require(Visit, order.visit_id, "visit_id") if order.visit_id else None
    patient_id = order.patient_id or (visit.patient_id if visit else None)
    if patient_id is None:
        raise DomainError("input.missing", field="patient_id", label="客户")
    patient = work.require(Patient, patient_id, "patient_id")
    if visit is not None and visit.patient_id != patient.id:
        raise DomainError("form.other_person", field="patient_id")
    task = _task(order, work, patient)
    links = []
    if order.source is not Source.CLIENT:
        refuse_second(work, patient.id, order.form, order.form_version)
        links = standing_links(work, patient.id, order.form, order.form_version)
        task = task or next((work.get(FormTask, one.task_id) for one in links if one.task_id), None)
    given = version_of(
        work.connection,
        order.form,
        order.form_version,
        {visit.org_id if visit else patient.org_id, work.actor.org_id},
    )
    response = _keep(order, work, patient, visit, task, None if given is None else given.id)
    results = keep_results(work, response, patient)
    for part in response_parts(order.parts):
        results += keep_results(work, keep_part(work, response, part), patient)
    close_links(work, links, response.id)
    settle_gaps(work, patient.id, order.form)
    if task is not None and (order.task_id is not None or task.state == form_task_life.first):
        work.move(form_task_life, task, "hand_in")
        form_is_over(work, task)
    return HandedIn(response.id, results, given is not None and given.retired)


def _task(order: AnswerForm, work: UnitOfWork, patient: Patient) -> FormTask | None:
    if order.task_id is None:
        return None
    task = work.require(FormTask, order.task_id, "task_id")
    if task.patient_id != patient.id:
        raise DomainError("form.other_person", field="patient_id")
    if (task.form, task.form_version) != (order.form, order.form_version):
        raise DomainError(
            "form.other_task", field="form_version", given=task.form_version, version=order.form_version
        )
    check_waits(work, task)
    return task


def _keep(
    order: AnswerForm, work: UnitOfWork, patient: Patient, visit: Visit | None, task: FormTask | None,
    published_id: Id | None,
) -> QuestionnaireResponse:  # fmt: skip
    response = work.add(
        QuestionnaireResponse(
            org_id=visit.org_id if visit else patient.org_id, visit_id=visit.id if visit else None,
            patient_id=patient.id, task_id=task.id if task else None, form=order.form,
            form_version=order.form_version, answers=order.answers, score=order.score, authored_at=work.now,
            authored_by=work.actor.staff_id, source=str(order.source), signature_sha256=order.signature_sha256,
            published_id=published_id,
        )
    )  # fmt: skip
    keep_files(work, response)
    if order.signature_sha256:
        work.add(
            Attachment(
                org_id=response.org_id, subject="questionnaire_response", subject_id=response.id,
                sha256=order.signature_sha256, size=order.signature_size or 1, media_type=SIGNATURE_TYPE,
                name="填写人签名.png", lane=LANE_SMALL, added_at=work.now, added_by=work.actor.staff_id,
            )
        )  # fmt: skip
    return response


@command("form.correct", "更正问卷", permission="form.correct")
class CorrectForm:
    """Hand in a response again with what was wrong put right; the earlier one stays."""

    response_id: Id = ask("问卷", kind=Kind.HIDDEN)
    answers: dict[str, Any] = ask("答案", kind=Kind.HIDDEN)
    score: float | None = ask("得分", kind=Kind.HIDDEN, default=None)
    reason: str = ask("更正原因", kind=Kind.NOTE)
    parts: list[dict[str, Any]] = ask("组成量表的答案", kind=Kind.HIDDEN, default=[])


@handles(CorrectForm)
def correct_form(order: CorrectForm, work: UnitOfWork) -> HandedIn:
    """Keep the corrected response, in the version and of the time of the first, and score it again.

    Raises:
        DomainError: ``form.corrected_already`` if there is a later correction, which is the one to correct;
            ``form.nothing_changed`` if the answers are the same; ``form.correct_parts`` (``parts``) for a composite
            without the answers of its instruments: they are what is scored.
    """
    first = work.require(QuestionnaireResponse, order.response_id, "response_id")
    later = select(QuestionnaireResponse).where(QuestionnaireResponse.amends == first.id).limit(1)
    if work.list(later):
        raise DomainError("form.corrected_already", field="response_id")
    if not order.answers:
        raise DomainError("input.missing", field="answers", label="答案")
    if order.answers.get("item", order.answers) == first.answers.get("item", first.answers):
        raise DomainError("form.nothing_changed", field="answers")
    parts = {one.form: one for one in response_parts(order.parts)}
    return _corrected(work, first, order.answers, order.score, order.reason, parts, task_id=first.task_id)


def _corrected(
    work: UnitOfWork, first: QuestionnaireResponse, answers: dict[str, Any], score: float | None, reason: str,
    parts: Mapping[str, Part], *, task_id: Id | None,
) -> HandedIn:  # fmt: skip
    """Keep a response in the place of one, in its version and of its time, and score it."""
    response = work.add(
        QuestionnaireResponse(
            org_id=first.org_id, visit_id=first.visit_id, patient_id=first.patient_id, task_id=task_id,
            form=first.form, form_version=first.form_version, answers=answers, score=score,
            authored_at=first.authored_at, corrected_at=work.now, authored_by=work.actor.staff_id,
            source=first.source, amends=first.id, reason=reason, part_of=first.part_of,
            published_id=first.published_id,
        )
    )  # fmt: skip
    keep_files(work, response)
    patient = work.require(Patient, first.patient_id, "patient_id")
    results = keep_results(work, response, patient, amended=first.id)
    for before in standing_parts(work, first.id):
        if before.form not in parts:
            raise DomainError("form.correct_parts", field="parts")
        part = keep_part(work, response, parts[before.form], amends=before.id, reason=reason)
        results += keep_results(work, part, patient, amended=before.id)
    return HandedIn(response.id, results)


@command("form.keep_one", "两份答卷留用这一份", permission="form.correct")
class KeepOneResponse:
    """Of two responses to one questionnaire this one counts; the other stays on record, corrected by it."""

    response_id: Id = ask("留用的答卷", kind=Kind.HIDDEN)
    reason: str = ask("留用原因", kind=Kind.NOTE)


@handles(KeepOneResponse)
def keep_one_response(order: KeepOneResponse, work: UnitOfWork) -> int:
    """Return how many other responses give way.

    Raises:
        DomainError: ``form.only_one`` if no other response to the same questionnaire stands.
    """
    kept = work.require(QuestionnaireResponse, order.response_id, "response_id")
    standing = standing_responses(work, kept.task_id) if kept.task_id is not None else []
    others = [row for row in standing if row.id != kept.id]
    if not others or kept.id not in {row.id for row in standing}:
        raise DomainError("form.only_one", field="response_id")
    parts = {one.form: Part(one.form, one.form_version, one.answers) for one in standing_parts(work, kept.id)}
    for other in others:
        # What was given out is answered by the one that counts: its copy in the other's place answers nothing more.
        _corrected(work, other, kept.answers, kept.score, order.reason, parts, task_id=None)
    return len(others)


@command("form.issue", "下发问卷", permission="form.issue")
class IssueForm:
    """Give a questionnaire to a person, to be handed in by a time."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    visit_id: Id | None = ask("体检", kind=Kind.HIDDEN, default=None)
    form: str = ask("问卷", kind=Kind.HIDDEN, max_length=120)
    form_version: str = ask("问卷版本", kind=Kind.HIDDEN, max_length=40)
    purpose: str | None = ask("用途", default=None)
    study: str | None = ask("研究项目", default=None, max_length=120)
    due_at: datetime | None = ask("填写截止", kind=Kind.HIDDEN, default=None)


@handles(IssueForm)
def issue_form(order: IssueForm, work: UnitOfWork) -> Id:
    """Return the id of the questionnaire given out; one that waits already is returned as it is.

    Raises:
        DomainError: ``form.due_past`` (``due_at``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    if order.due_at is not None and order.due_at <= work.now:
        raise DomainError("form.due_past", field="due_at")
    waiting = work.find(
        FormTask, patient_id=patient.id, form=order.form, form_version=order.form_version, state="issued"
    )
    if waiting is not None:
        return waiting.id
    task = FormTask(
        org_id=patient.org_id, patient_id=patient.id, visit_id=order.visit_id, form=order.form,
        form_version=order.form_version, purpose=order.purpose, study=order.study or None,
        issued_by=work.actor.staff_id, issued_at=work.now,
    )  # fmt: skip
    work.start(form_task_life, task)
    if order.due_at is not None:
        task.due_at = order.due_at
    return work.add(task).id


@command("form.begin", "开始填写", permission="form.answer")
class BeginForm:
    """The person has begun."""

    task_id: Id = ask("待填问卷", kind=Kind.HIDDEN)


@handles(BeginForm)
def begin_form(order: BeginForm, work: UnitOfWork) -> None:
    """Note when it was begun, the first time.

    Raises:
        DomainError: ``form.over`` for one that is over.
    """
    task = work.require(FormTask, order.task_id, "task_id")
    if task.state != form_task_life.first:
        raise DomainError("form.over", field="task_id", state=form_task_life.label_of(task.state))
    if task.begun_at is None:
        task.begun_at = work.now


@command("form.give_up", "登记失访", permission="form.issue")
class GiveUpForm:
    """The questionnaire will not come back."""

    task_id: Id = ask("待填问卷", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(GiveUpForm)
def give_up_form(order: GiveUpForm, work: UnitOfWork) -> None:
    """Note that it is lost, and why."""
    task = work.require(FormTask, order.task_id, "task_id")
    work.move(form_task_life, task, "lose")
    task.reason = order.reason
    form_is_over(work, task)


@command("form.withdraw", "撤回问卷", permission="form.issue")
class WithdrawForm:
    """The questionnaire is no longer wanted."""

    task_id: Id = ask("待填问卷", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(WithdrawForm)
def withdraw_form(order: WithdrawForm, work: UnitOfWork) -> None:
    """Take it back, and say why."""
    task = work.require(FormTask, order.task_id, "task_id")
    work.move(form_task_life, task, "withdraw")
    task.reason = order.reason
    form_is_over(work, task)
