"""Responses, results of scales, and questionnaires that wait."""

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from domain.checkup.form_commands import GiveUpForm, KeepOneResponse, WithdrawForm
from domain.checkup.records import QuestionnaireResponse
from domain.designs.records import PublishedForm
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient
from domain.scales.records import FormGap, FormReturn, FormTask, ScaleResult


@worklist(
    "form.responses", "问卷答卷", permission="form.view", record=QuestionnaireResponse, order="-authored_at"
)
def responses() -> Query:
    """Everything that was handed in, the latest first; a correction names what it corrects.

    Of a form of the institution's own it says since when the version it was filled in with is out of use.
    """
    whole = select(
        Patient.name, Patient.number.label("patient_number"), QuestionnaireResponse.form,
        QuestionnaireResponse.form_version, QuestionnaireResponse.source, QuestionnaireResponse.score,
        QuestionnaireResponse.authored_at, QuestionnaireResponse.reason, QuestionnaireResponse.corrected_at,
        PublishedForm.retired_at,
    ).join(Patient, Patient.id == QuestionnaireResponse.patient_id)  # fmt: skip
    return whole.outerjoin(PublishedForm, PublishedForm.id == QuestionnaireResponse.published_id)


@worklist(
    "form.twice", "两份答卷待取舍", permission="form.view", record=QuestionnaireResponse, order="-authored_at"
)
def twice() -> Query:
    """Responses to one questionnaire that was handed in twice (on the phone and, out of reach, at the desk).

    Each is a row, until a person says which one counts.
    """
    other, later, others_later = (aliased(QuestionnaireResponse) for _ in range(3))
    stands = ~exists().where(later.amends == QuestionnaireResponse.id)
    other_stands = ~exists().where(others_later.amends == other.id)
    beside = exists().where(
        other.task_id == QuestionnaireResponse.task_id, other.id != QuestionnaireResponse.id, other_stands
    )
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), QuestionnaireResponse.form,
            QuestionnaireResponse.form_version, QuestionnaireResponse.source, QuestionnaireResponse.score,
            QuestionnaireResponse.authored_at,
        )
        .join(Patient, Patient.id == QuestionnaireResponse.patient_id)
        .where(QuestionnaireResponse.task_id.is_not(None), stands, beside)
    )  # fmt: skip


twice.offers(KeepOneResponse)


@worklist("form.results", "量表结果", permission="form.view", record=ScaleResult, order="-scored_at")
def results() -> Query:
    """What scales came to, the latest first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), ScaleResult.scale, ScaleResult.status,
        ScaleResult.total, ScaleResult.meaning, ScaleResult.level, ScaleResult.unverified, ScaleResult.safety,
        ScaleResult.scored_at, ScaleResult.scale_version,
    ).join(Patient, Patient.id == ScaleResult.patient_id)  # fmt: skip


@worklist("form.tasks", "待填问卷", permission="form.view", record=FormTask, order="due_at")
def tasks() -> Query:
    """Questionnaires that were given out and have not come back, by what runs out first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), FormTask.form, FormTask.form_version,
            FormTask.purpose, FormTask.study, FormTask.state, FormTask.issued_at, FormTask.begun_at, FormTask.due_at,
        )
        .join(Patient, Patient.id == FormTask.patient_id)
        .where(FormTask.due_at.is_not(None))
    )  # fmt: skip


tasks.offers(GiveUpForm, WithdrawForm)
tasks.opens("form")


@worklist("form.given_out", "问卷发放一览", permission="form.view", record=FormTask, order="-issued_at")
def given_out() -> Query:
    """Every questionnaire that was given out with what became of it, the latest first."""
    return select(
        Patient.name, Patient.number.label("patient_number"), FormTask.form, FormTask.form_version,
        FormTask.purpose, FormTask.study, FormTask.state, FormTask.issued_at, FormTask.begun_at, FormTask.due_at,
        FormTask.state_since, FormTask.reason,
    ).join(Patient, Patient.id == FormTask.patient_id)  # fmt: skip


@worklist("form.returns", "问卷回收率", permission="form.view", record=FormReturn, order="-month")
def returns() -> Query:
    """Given out, back, overdue and the rate by form, study and organisation, the latest month first."""
    r = FormReturn
    return (
        select(
            r.month, Organization.name.label("branch"), r.form, r.study, r.issued, r.expected, r.handed_in, r.rate,
            r.overdue, r.waiting, r.lost, r.withdrawn, r.counted_at,
        )
        .select_from(r)
        .outerjoin(Organization, Organization.id == r.org_id)
    )  # fmt: skip


@worklist("form.gaps", "问卷漏项", permission="form.view", record=FormGap, order="-noted_at")
def gaps() -> Query:
    """Forms that were begun and lack answers by now, the latest first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), FormGap.form, FormGap.form_version,
            FormGap.gaps, FormGap.source, FormGap.noted_at,
        )
        .join(Patient, Patient.id == FormGap.patient_id)
        .where(FormGap.gaps > 0)
    )  # fmt: skip
