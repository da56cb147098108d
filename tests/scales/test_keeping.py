"""What is handed in is scored and kept; corrections, what is given out, and the alarm of a dangerous answer."""

from datetime import UTC, date, datetime, timedelta

import pytest

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.checkup.completeness import lacking
from domain.checkup.form_commands import (
    AnswerForm,
    BeginForm,
    CorrectForm,
    GiveUpForm,
    IssueForm,
    Source,
    WithdrawForm,
)
from domain.checkup.records import Attachment, QuestionnaireResponse
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.scales.facts import completed_years
from domain.scales.profile import latest_results
from domain.scales.records import FormTask, ScaleResult
from tests.conftest import BRANCH, DEVICE
from tests.scales.answering import least, reaching
from tests.scales.conftest import SCALES
from tests.scales.handing_in import hand_in, person, refused, response, rows


def test_a_form_without_a_visit_is_kept_and_scored(branch, nurse, patient):
    done = hand_in(branch, nurse, patient, "phq9", reaching(SCALES["phq9"], 12), source=Source.CLIENT)
    [kept] = rows(branch, QuestionnaireResponse)
    assert (kept.id, kept.visit_id, kept.patient_id, kept.source) == (
        done.response_id,
        None,
        patient,
        "client",
    )
    assert (kept.form, kept.form_version, kept.authored_by) == ("phq9", "1.0.0", nurse.staff_id)
    [result] = rows(branch, ScaleResult)
    assert [result.id] == done.results
    assert (result.response_id, result.scale, result.scale_version, result.status) == (
        kept.id, "phq9", "1.0.0", "computed",
    )  # fmt: skip
    assert (result.total, result.band, result.level, result.safety) == (12, "moderate", "medium", False)
    assert result.factors == {"phq9_total": 12, "phq9_item9": 0}
    assert {one["id"] for one in result.detail["scores"]} == {"phq2", "total"}


def test_a_form_of_a_visit_belongs_to_it(branch, nurse, patient):
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    order = AnswerForm(visit_id=visit, form="gad7", form_version="1.0.0", answers=least(SCALES["gad7"]))
    branch.run(order, nurse)
    [result] = rows(branch, ScaleResult)
    assert (result.visit_id, result.patient_id, result.total) == (visit, patient, 0)


def test_neither_visit_nor_person_is_refused(branch, nurse):
    order = AnswerForm(form="gad7", form_version="1.0.0", answers={"worry": "none"})
    assert refused(branch, order, nurse).field == "patient_id"
    assert not rows(branch, QuestionnaireResponse)


def test_the_visit_of_somebody_else_is_refused(branch, nurse, patient):
    other = person(branch, nurse, "李红", born=date(1960, 1, 1))
    visit = branch.run(OpenVisit(patient_id=other), nurse).receipt.visit_id
    order = AnswerForm(
        visit_id=visit, patient_id=patient, form="gad7", form_version="1.0.0", answers={"worry": "none"}
    )
    assert refused(branch, order, nurse).code == "form.other_person"


def test_a_form_of_another_version_is_kept_and_not_scored_by_this_one(branch, nurse, patient):
    order = AnswerForm(
        patient_id=patient, form="gad7", form_version="9.0.0",
        answers=response("gad7", least(SCALES["gad7"]), "9.0.0"),
    )  # fmt: skip
    assert branch.run(order, nurse).receipt.results == []
    assert len(rows(branch, QuestionnaireResponse)) == 1


def test_results_of_the_checkup_and_the_file_are_facts_of_the_score(branch, nurse, patient, clock):
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    branch.run(Arrive(visit_id=visit), nurse)
    for weight in (60.0, 100.0):
        clock.advance(timedelta(minutes=1))
        values = [
            Measured(item="height", value=160, unit="cm"),
            Measured(item="weight", value=weight, unit="kg"),
        ]
        branch.run(RecordMeasurement(visit_id=visit, values=values), nurse)
    given = {"snore": "true", "tired": "false", "observed": "false", "pressure": "true", "neck-size": 41}
    hand_in(branch, nurse, patient, "stop_bang", given)
    [result] = rows(branch, ScaleResult)
    assert (result.status, result.total) == (
        "computed",
        5,
    )  # two answers, neck, age over 50, and 100 kg: 39 kg/m2


def test_what_is_not_known_is_kept_as_incomplete_with_what_lacks(branch, nurse, patient):
    hand_in(branch, nurse, patient, "stop_bang", {"snore": "true"})
    [result] = rows(branch, ScaleResult)
    assert (result.status, result.total, result.band, result.factors) == ("incomplete", None, None, {})
    assert {"fact:bmi", "tired"} <= set(result.detail["missing"])


def test_an_incomplete_scale_gives_no_factor(branch, nurse, patient):
    hand_in(branch, nurse, patient, "phq9", {"self-harm": "some"})
    [result] = rows(branch, ScaleResult)
    assert (result.status, result.safety, result.factors) == ("incomplete", True, {})


@pytest.mark.parametrize(("day", "age"), [(29, 64), (30, 65)])
def test_a_year_of_age_is_full_on_the_birthday_by_the_clinics_day(day, age):
    at = datetime(2026, 4, day, 15, 59, tzinfo=UTC)  # before midnight at the clinic
    assert completed_years(date(1961, 4, 30), at) == age
    assert completed_years(date(1961, 4, 30), at + timedelta(minutes=1)) == 65


def test_one_form_may_serve_several_scales_and_a_gate_has_its_day(branch, nurse, patient):
    answers = {i.id: "no" for i in SCALES["parq"].items}
    hand_in(branch, nurse, patient, "parq", answers)
    [result] = rows(branch, ScaleResult)
    assert result.valid_until == branch.clock().date() + timedelta(days=365)
    assert (result.band, result.meaning, result.unverified) == ("clear", "可以按年龄开始运动，逐步加量", True)


def test_a_signature_of_who_filled_it_in_is_kept_with_it(branch, nurse, patient):
    done = hand_in(
        branch, nurse, patient, "gad7", least(SCALES["gad7"]), signature_sha256="a" * 64, signature_size=9
    )
    [file] = rows(branch, Attachment)
    assert (file.subject, file.subject_id, file.sha256) == (
        "questionnaire_response",
        done.response_id,
        "a" * 64,
    )


def test_a_correction_keeps_the_first_and_says_why(branch, nurse, patient):
    first = hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 3))
    fixed = response("gad7", reaching(SCALES["gad7"], 11))
    order = CorrectForm(response_id=first.response_id, answers=fixed, reason="录入时看错一行")
    second = branch.run(order, nurse).receipt
    before, after = rows(branch, QuestionnaireResponse)
    assert (before.id, before.amends) == (first.response_id, None)
    assert (after.amends, after.reason, after.form_version) == (
        before.id,
        "录入时看错一行",
        before.form_version,
    )
    old, new = rows(branch, ScaleResult)
    assert (old.total, new.total, new.amends) == (3, 11, old.id)
    assert refused(branch, order, nurse).code == "form.corrected_already"
    same = CorrectForm(response_id=second.response_id, answers=fixed, reason="再看一次")
    assert refused(branch, same, nurse).code == "form.nothing_changed"


def test_a_correction_of_an_older_response_does_not_pass_a_newer_one(branch, nurse, patient, clock):
    old = hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 3)).response_id
    first = branch.clock()
    clock.advance(timedelta(days=30))
    hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 12))
    clock.advance(timedelta(days=1))
    fixed = response("gad7", reaching(SCALES["gad7"], 4))
    branch.run(CorrectForm(response_id=old, answers=fixed, reason="看错一行"), nurse)
    corrected = rows(branch, QuestionnaireResponse)[-1]
    assert (corrected.authored_at, corrected.corrected_at) == (first, branch.clock())
    with branch.store.read() as connection:
        assert latest_results(connection, patient)["gad7"].result.total.value == 12


def test_a_correction_needs_its_reason_and_its_right(branch, nurse, patient, technician):
    first = hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 3)).response_id
    fixed = response("gad7", reaching(SCALES["gad7"], 4))
    assert refused(branch, CorrectForm(response_id=first, answers=fixed, reason=""), nurse).field == "reason"
    order = CorrectForm(response_id=first, answers=fixed, reason="试试")
    assert refused(branch, order, technician).code == "permission.denied"


def give(branch, nurse, patient, **more):
    return branch.run(IssueForm(patient_id=patient, form="gad7", form_version="1.0.0", **more), nurse).receipt


def state(branch):
    [task] = rows(branch, FormTask)
    return task.state


def test_a_questionnaire_given_out_is_followed_until_it_is_back(branch, nurse, patient):
    due = branch.clock() + timedelta(days=3)
    task = give(branch, nurse, patient, due_at=due)
    assert give(branch, nurse, patient) == task
    branch.run(BeginForm(task_id=task), nurse)
    [row] = rows(branch, FormTask)
    assert (row.state, row.due_at, row.begun_at) == ("issued", due, branch.clock())
    hand_in(branch, nurse, patient, "gad7", least(SCALES["gad7"]), task_id=task)
    assert state(branch) == "handed_in"
    assert refused(branch, BeginForm(task_id=task), nurse).code == "form.over"


def test_another_version_than_was_given_out_is_refused_and_nothing_kept(branch, nurse, patient):
    task = give(branch, nurse, patient)
    order = AnswerForm(
        patient_id=patient, task_id=task, form="gad7", form_version="1.0.1", answers=least(SCALES["gad7"])
    )
    assert refused(branch, order, nurse).code == "form.other_task"
    assert state(branch) == "issued"
    assert not rows(branch, QuestionnaireResponse)


@pytest.mark.parametrize(("order", "ends"), [(GiveUpForm, "lost"), (WithdrawForm, "withdrawn")])
def test_what_does_not_come_back_is_closed_with_a_reason(branch, nurse, patient, order, ends):
    task = give(branch, nurse, patient)
    branch.run(order(task_id=task, reason="多次联系不上"), nurse)
    [row] = rows(branch, FormTask)
    assert (row.state, row.reason, row.due_at) == (ends, "多次联系不上", None)


def test_a_day_that_is_past_is_no_day_to_hand_in(branch, nurse, patient):
    order = IssueForm(patient_id=patient, form="gad7", form_version="1.0.0", due_at=branch.clock())
    assert refused(branch, order, nurse).code == "form.due_past"


@pytest.fixture
def alarms(branch, authority):
    rules = load_rules(resources.folder("alerts"), authority.roles)
    engine = AlertEngine(branch, rules, system_actor(BRANCH, DEVICE))

    follower = Follower(branch.store, engine)

    def run():
        follower.catch_up()
        engine.tick()
        return {row.rule: row for row in rows(branch, Alert)}

    return run


def test_a_thought_of_self_harm_raises_an_urgent_alarm(branch, nurse, patient, alarms):
    hand_in(branch, nurse, patient, "phq9", least(SCALES["phq9"]) | {"self-harm": "some"})
    found = alarms()["A-901"]
    assert (found.severity, found.patient_id, found.receivers) == ("urgent", patient, ["physician", "nurse"])
    assert "轻生" not in found.summary


def test_without_it_there_is_none(branch, nurse, patient, alarms):
    hand_in(branch, nurse, patient, "phq9", reaching(SCALES["phq9"], 24, of=SCALES["phq9"].scores[-1].of[:-1])
            | {"self-harm": "none"})  # fmt: skip
    [result] = rows(branch, ScaleResult)
    assert result.band == "severe"
    assert "A-901" not in alarms()


def test_a_questionnaire_that_is_late_is_told(branch, nurse, patient, alarms, clock):
    give(branch, nurse, patient, due_at=branch.clock() + timedelta(days=1))
    assert "A-062" not in alarms()
    clock.advance(timedelta(days=1, minutes=1))
    assert alarms()["A-062"].severity == "general"


def test_another_form_of_the_day_does_not_stand_for_the_form_of_the_visit(branch, nurse, patient):
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id

    def open_items():
        with branch.store.read() as connection:
            return [one.item for one in lacking(connection, visit)]

    branch.run(
        AnswerForm(visit_id=visit, form="gad7", form_version="1.0.0", answers={"worry": "none"}), nurse
    )
    assert "form" in open_items()
    branch.run(AnswerForm(visit_id=visit, form="pre_visit", form_version="1", answers={"a": 1}), nurse)
    assert "form" not in open_items()
