"""Taking people into a study, their visits, and their leaving it."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.checkup.form_commands import IssueForm, issue_form
from domain.checkup.records import Visit
from domain.checkup.workflow import visit_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.facts import scoring_facts
from domain.studies.criteria import Screened, fields_of, screened
from domain.studies.expecting import expect_tubes
from domain.studies.freezing import freeze_subject
from domain.studies.numbers import next_subject_number
from domain.studies.records import ProtocolVisit, Study, StudyArm, StudyMember
from domain.studies.subject_records import (
    OVERSEE,
    ConsentStanding,
    StudyScreening,
    StudySubject,
    SubjectVisit,
)
from domain.studies.workflow import subject_life, subject_visit_life

ENROL = "study.enrol"
VISIT = "study.visit"


@dataclasses.dataclass(frozen=True, slots=True)
class SubjectEnrolled:
    """The new subject; `reasons` is why, condition by condition."""

    subject_id: Id
    number: str
    visits: int
    reasons: tuple[str, ...]


@command("study.screen", "入组筛查", permission=ENROL)
class ScreenClient:
    """Look at whether a client may be taken in; kept whatever comes of it."""

    study: str = ask("项目代码", max_length=12)
    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(ScreenClient)
def screen(order: ScreenClient, work: UnitOfWork) -> list[dict[str, Any]]:
    """Return each condition with what was found. Raises as `study_for_work`."""
    study = study_for_work(work, order.study)
    return list(_screen(work, study, work.require(Patient, order.patient_id, "patient_id")).reasons)


@command("study.enrol", "入组", permission=ENROL)
class EnrolClient:
    """Take a client into a study: a number of its own, and all visits of the protocol are planned."""

    study: str = ask("项目代码", max_length=12)
    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    arm: str | None = ask("分组代码", default=None, max_length=20)


@handles(EnrolClient)
def enrol(order: EnrolClient, work: UnitOfWork) -> SubjectEnrolled:
    """Return the subject.

    Raises:
        DomainError: As `study_for_work`; ``study.not_recruiting``, ``study.no_such_arm`` (``arm``),
            ``study.enrolled`` (with the number), ``study.not_eligible`` with everything that speaks against it: that
            screening is kept by ``study.screen``.
    """
    study = study_for_work(work, order.study)
    patient = work.require(Patient, order.patient_id, "patient_id")
    if study.state != "recruiting":
        raise DomainError("study.not_recruiting", field="study", name=study.name)
    arm = None if order.arm is None else work.find(StudyArm, study_id=study.id, code=order.arm)
    if order.arm is not None and arm is None:
        raise DomainError("study.no_such_arm", field="arm", value=order.arm)
    known = work.find(StudySubject, study_id=study.id, patient_id=patient.id)
    if known is not None:
        raise DomainError("study.enrolled", field="patient_id", number=known.number)
    result = _screen(work, study, patient)
    if not result.fits:
        raise DomainError("study.not_eligible", field="patient_id", reasons="；".join(result.against))
    subject = StudySubject(
        # One person is one subject, wherever two desks without a line take them in.
        id=stable_id("study_subject", study.id, patient.id), org_id=patient.org_id,
        number=next_subject_number(work, study.code), study_id=study.id, patient_id=patient.id,
        arm_id=None if arm is None else arm.id, reasons=result.told, enrolled_at=work.now,
        enrolled_by=work.actor.staff_id, consent=ConsentStanding.NONE,
    )  # fmt: skip
    work.start(subject_life, subject)
    work.add(subject)
    plans = work.list(
        select(ProtocolVisit).where(ProtocolVisit.study_id == study.id).order_by(ProtocolVisit.day)
    )
    for plan in plans:
        _plan_visit(work, subject, plan)
    return SubjectEnrolled(subject.id, subject.number, len(plans), tuple(r["said"] for r in result.reasons))


@command("study.begin_visit", "开始研究访视", permission=VISIT)
class BeginSubjectVisit:
    """The subject is here (or on the phone): questionnaires are given out, tubes expected, the clock starts."""

    subject_visit_id: Id = ask("研究访视", kind=Kind.HIDDEN)


@handles(BeginSubjectVisit)
def begin_visit(order: BeginSubjectVisit, work: UnitOfWork) -> int:
    """Return how many tubes are expected; a checkup of today that is not over is tied to it.

    Raises:
        DomainError: ``study.subject_gone`` for who left; ``subject_visit.wrong_state``.
    """
    visit = work.require(SubjectVisit, order.subject_visit_id, "subject_visit_id")
    subject = standing_subject(work, visit.subject_id)
    plan = work.require(ProtocolVisit, visit.plan_id, "subject_visit_id")
    today = clinic(work.now).date()
    checkup = _checkup_of_today(work, subject)
    work.move(subject_visit_life, visit, "begin")
    visit.begun_at = work.now
    visit.off_window = not visit.window_from <= today <= visit.window_until
    visit.visit_id = None if checkup is None else checkup.id
    visit.in_building = checkup is not None and checkup.state == "arrived"
    for written in plan.forms:
        form, _, version = written.partition("@")
        due = work.now + timedelta(hours=plan.questionnaire_hours)
        issue_form(
            IssueForm(
                patient_id=subject.patient_id, visit_id=visit.visit_id, form=form, form_version=version,
                purpose=f"{subject.number} {visit.name}", due_at=due,
            ),
            work,
        )  # fmt: skip
    return expect_tubes(work, visit, today)


@command("study.miss_visit", "登记未访视", permission=VISIT)
class MissSubjectVisit:
    """The visit did not come about."""

    subject_visit_id: Id = ask("研究访视", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(MissSubjectVisit)
def miss_visit(order: MissSubjectVisit, work: UnitOfWork) -> None:
    """End it with why. Raises ``subject_visit.wrong_state``."""
    visit = work.require(SubjectVisit, order.subject_visit_id, "subject_visit_id")
    work.move(subject_visit_life, visit, "miss")
    visit.bar = order.reason[:120]


@command("study.withdraw", "退出研究", permission=ENROL)
class WithdrawSubject:
    """A subject leaves: visits to come are cancelled, every tube of theirs is frozen at once."""

    subject_id: Id = ask("受试者", kind=Kind.HIDDEN)
    reason: str = ask("退出原因", kind=Kind.NOTE)


@handles(WithdrawSubject)
def withdraw(order: WithdrawSubject, work: UnitOfWork) -> int:
    """Return how many tubes were frozen. Raises ``study_subject.wrong_state``."""
    subject = work.require(StudySubject, order.subject_id, "subject_id")
    return withdraw_subject(work, subject, order.reason)


def withdraw_subject(work: UnitOfWork, subject: StudySubject, reason: str) -> int:
    """Take a subject out; returns how many tubes were frozen.

    Raises:
        DomainError: ``study_subject.wrong_state``.
    """
    work.move(subject_life, subject, "withdraw")
    subject.reason = reason
    coming = select(SubjectVisit).where(
        SubjectVisit.subject_id == subject.id, SubjectVisit.state.in_(("planned", "going_on"))
    )
    for visit in work.list(coming):
        work.move(subject_visit_life, visit, "cancel")
        visit.open_tubes = 0
    return freeze_subject(work, subject.id, reason)


@command("study.complete", "完成研究", permission=ENROL)
class CompleteSubject:
    """A subject has done all the protocol asks for."""

    subject_id: Id = ask("受试者", kind=Kind.HIDDEN)


@handles(CompleteSubject)
def complete(order: CompleteSubject, work: UnitOfWork) -> None:
    """End it. Raises ``study.visits_open`` with how many visits are not over; ``study_subject.wrong_state``."""
    subject = work.require(StudySubject, order.subject_id, "subject_id")
    is_open = SubjectVisit.state.in_(("planned", "going_on"))
    left = work.list(select(SubjectVisit).where(SubjectVisit.subject_id == subject.id, is_open))
    if left and subject_life.allows(subject.state, "complete"):
        raise DomainError("study.visits_open", field="subject_id", count=len(left))
    work.move(subject_life, subject, "complete")


def study_for_work(work: UnitOfWork, code: str) -> Study:
    """Return the study of a code that the actor works on.

    Raises:
        DomainError: ``study.no_such_study`` or ``study.not_member``; the field is ``study``.
    """
    study = work.find(Study, code=code.strip().upper())
    if study is None:
        raise DomainError("study.no_such_study", field="study", value=code)
    mine = work.find(StudyMember, study_id=study.id, staff_id=work.actor.staff_id, left_at=None)
    if mine is None and work.actor.staff_id is not None and not work.actor.may(OVERSEE):
        raise DomainError("study.not_member", field="study", name=study.name)
    return study


def standing_subject(work: UnitOfWork, subject_id: Id) -> StudySubject:
    """Return a subject who has not left. Raises ``study.subject_gone``."""
    subject = work.require(StudySubject, subject_id, "subject_id")
    if subject.state != subject_life.first:
        raise DomainError(
            "study.subject_gone", number=subject.number, state=subject_life.label_of(subject.state)
        )
    return subject


def _screen(work: UnitOfWork, study: Study, patient: Patient) -> Screened:
    facts = scoring_facts(work.connection, patient, fields_of(study.criteria), work.now)
    result = screened(study.criteria, facts)
    work.add(
        StudyScreening(
            org_id=patient.org_id, study_id=study.id, patient_id=patient.id, fits=result.fits,
            reasons=result.told, screened_at=work.now, staff_name=work.actor.name,
        )
    )  # fmt: skip
    return result


def _plan_visit(work: UnitOfWork, subject: StudySubject, plan: ProtocolVisit) -> None:
    day = clinic(subject.enrolled_at).date() + timedelta(days=plan.day)
    until = day + timedelta(days=plan.after_days)
    visit = SubjectVisit(
        id=stable_id("subject_visit", subject.id, plan.id), org_id=subject.org_id, study_id=subject.study_id,
        subject_id=subject.id, patient_id=subject.patient_id, plan_id=plan.id, name=plan.name, target_on=day,
        window_from=day - timedelta(days=plan.before_days), window_until=until,
    )  # fmt: skip
    work.start(subject_visit_life, visit)
    work.add(visit)


def _checkup_of_today(work: UnitOfWork, subject: StudySubject) -> Visit | None:
    going_on = [name for name, state in visit_life.states.items() if not state.final]
    found: Sequence[Visit] = work.list(
        select(Visit).where(Visit.patient_id == subject.patient_id, Visit.state.in_(going_on))
    )
    return max(found, key=lambda visit: (visit.visit_date, visit.id), default=None)
