"""Giving one questionnaire to a list of clients, with a link by message if wanted, and reminding who waits."""

import dataclasses
from datetime import datetime

from domain.checkup.form_commands import IssueForm, issue_form
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import preference_of, queue_message, refuses
from domain.messaging.records import Category
from domain.people.records import Patient
from domain.scales.records import FormTask
from domain.scales.workflow import form_task_life
from domain.studies.subject_commands import study_for_work

MOST_AT_ONCE = 200
"""Clients in one transaction; a longer list is given out in parts."""
TEMPLATE = "form_invite"
ENTITY = "form_task"
SEND = "messaging.send"
TOLD = frozenset({
    "form.waits_already", "form.client_gone", "form.unreachable", "form.no_reminders", "form.client_paused",
})  # fmt: skip
"""Why one client is left out; anything else refuses the whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class LeftOut:
    """A client who did not get all that was wanted; `given` if the questionnaire was given and only not sent.

    `code` is that of the refusal.
    """

    patient_id: Id
    code: str
    given: bool


@dataclasses.dataclass(frozen=True, slots=True)
class FormsGivenOut:
    """How many questionnaires were given out and how many messages wait to be sent; who was left out, and why."""

    issued: int
    queued: int
    left_out: list[LeftOut]


@command("form.give_out", "批量下发问卷", permission="form.issue")
class GiveOutForms:
    """One questionnaire in one version for several clients, to be handed in by a time."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)
    form: str = ask("问卷", kind=Kind.HIDDEN, max_length=120)
    form_version: str = ask("问卷版本", kind=Kind.HIDDEN, max_length=40)
    purpose: str | None = ask("用途", default=None, max_length=40)
    study: str | None = ask("研究项目代码", default=None, max_length=12)
    due_at: datetime | None = ask("填写截止", kind=Kind.HIDDEN, default=None)
    send: bool = ask("发送填写链接", default=False)


@handles(GiveOutForms)
def give_out(order: GiveOutForms, work: UnitOfWork) -> FormsGivenOut:
    """Return what came of it. Who has the same questionnaire waiting gets no second one, and no message.

    Raises:
        DomainError: ``form.too_many_clients`` (``patient_ids``); ``form.due_past`` (``due_at``);
            ``study.no_such_study`` or ``study.not_member`` (``study``): a misspelt study would be counted as another;
            ``permission.denied`` to send without the permission to.
    """
    if len(order.patient_ids) > MOST_AT_ONCE:
        raise DomainError(
            "form.too_many_clients", field="patient_ids", most=MOST_AT_ONCE, count=len(order.patient_ids)
        )
    if order.due_at is not None and order.due_at <= work.now:
        raise DomainError("form.due_past", field="due_at")
    study = study_for_work(work, order.study).code if order.study else None
    if order.send:
        work.actor.check(SEND)
    left_out: list[LeftOut] = []
    issued = queued = 0
    for patient_id in dict.fromkeys(order.patient_ids):
        try:
            task_id = _give(order, work, patient_id, study)
        except DomainError as error:
            if error.code not in TOLD:
                raise
            left_out.append(LeftOut(patient_id, error.code, given=False))
            continue
        issued += 1
        if not order.send:
            continue
        try:
            _invite(work, task_id, patient_id, first=True)
            queued += 1
        except DomainError as error:
            if error.code not in TOLD:
                raise  # a template that cannot be used keeps everybody from it
            left_out.append(LeftOut(patient_id, error.code, given=True))
    return FormsGivenOut(issued, queued, left_out)


def _give(order: GiveOutForms, work: UnitOfWork, patient_id: Id, study: str | None) -> Id:
    if work.get(Patient, patient_id) is None:
        raise DomainError("form.client_gone", field="patient_ids")
    waiting = work.find(
        FormTask, patient_id=patient_id, form=order.form, form_version=order.form_version,
        state=form_task_life.first,
    )  # fmt: skip
    if waiting is not None:
        raise DomainError("form.waits_already", field="patient_ids")
    issue = IssueForm(
        patient_id=patient_id, form=order.form, form_version=order.form_version, purpose=order.purpose,
        study=study, due_at=order.due_at,
    )  # fmt: skip
    task_id: Id = issue_form(issue, work)
    return task_id


def _invite(work: UnitOfWork, task_id: Id, patient_id: Id, *, first: bool) -> None:
    """Queue the message with the link; who wants none gets none.

    Raises:
        DomainError: ``form.no_reminders``, ``form.client_paused``, ``form.unreachable``, and as `queue_message`.
    """
    wish = preference_of(work, patient_id)
    if refuses(wish, Category.REMINDER):
        raise DomainError("form.no_reminders", field="patient_ids")
    if wish is not None and wish.paused_at is not None:
        raise DomainError("form.client_paused", field="patient_ids")
    key = (TEMPLATE, task_id) if first else ()
    try:
        queue_message(work, TEMPLATE, patient_id=patient_id, about=(ENTITY, task_id), key=key)
    except DomainError as error:
        if error.code != "message.unreachable":
            raise
        raise DomainError("form.unreachable", field="patient_ids") from error


@command("form.remind", "催填并发链接", permission="form.issue")
class RemindForm:
    """A client who has not handed a questionnaire in is sent a new link to it."""

    task_id: Id = ask("待填问卷", kind=Kind.HIDDEN)


@handles(RemindForm)
def remind(order: RemindForm, work: UnitOfWork) -> None:
    """Queue the message.

    Raises:
        DomainError: ``form.over``; ``form.no_reminders``; ``form.client_paused``; ``form.unreachable``.
    """
    work.actor.check(SEND)
    task = work.require(FormTask, order.task_id, "task_id")
    if task.state != form_task_life.first:
        raise DomainError("form.over", field="task_id", state=form_task_life.label_of(task.state))
    _invite(work, task.id, task.patient_id, first=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Reminded:
    """How many were reminded, and of the others the questionnaire with the code of the refusal."""

    done: int
    refused: list[tuple[Id, str]]


@command("form.remind_several", "批量催填", permission="form.issue")
class RemindForms:
    """The same for several questionnaires."""

    form_task_ids: list[Id] = ask("待填问卷", kind=Kind.HIDDEN)
    act: str = ask("操作", kind=Kind.HIDDEN, max_length=20)


@handles(RemindForms)
def remind_several(order: RemindForms, work: UnitOfWork) -> Reminded:
    """Return what came of each. Raises ``form.too_many_clients``; ``permission.denied``."""
    work.actor.check(SEND)
    if len(order.form_task_ids) > MOST_AT_ONCE:
        raise DomainError(
            "form.too_many_clients", field="form_task_ids", most=MOST_AT_ONCE, count=len(order.form_task_ids)
        )
    refused: list[tuple[Id, str]] = []
    wanted = dict.fromkeys(order.form_task_ids)
    for task_id in wanted:
        try:
            remind(RemindForm(task_id=task_id), work)
        except DomainError as error:
            refused.append((task_id, error.code))
    return Reminded(len(wanted) - len(refused), refused)
