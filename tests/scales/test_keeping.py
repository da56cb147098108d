"""What is handed in is scored and kept; corrections, what is given out, and the alarm of a dangerous answer."""

import uuid
from datetime import date, timedelta

import pypdfium2
import pytest
from sqlalchemy import select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.catalog.content import load_catalog
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
from domain.kernel.change_log import entries_after
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from domain.scales.content import scale_content
from domain.scales.profile import latest_results, person_of
from domain.scales.records import FormTask, ScaleResult
from domain.scales.suggest_commands import SuggestForms
from domain.scales.suggesting import load_suggestions, suggest
from forms.assessing import assessment_pdf
from forms.documents import load_documents
from tests.conftest import BRANCH, DEVICE
from tests.scales.answering import least, questions, reaching
from tests.scales.conftest import FORMS, SCALES

BASE = "https://aftercheck.example/fhir/Questionnaire/"
CONTENT = scale_content(resources.folder("scales"), resources.folder("forms"))


def response(form, answers, version="1.0.0"):
    """Return answers as the form engine hands them in."""
    items = [{"linkId": k, "answer": [{"valueCoding": {"code": v}} if isinstance(v, str) else {"valueDecimal": v}]}
             for k, v in answers.items()]  # fmt: skip
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}{form}|{version}",
        "item": items,
    }


@pytest.fixture
def branch(desk, authority):
    desk.content |= {
        "catalog": load_catalog(resources.folder("catalog")),
        "authority": authority,
        "scales": SCALES,
    }
    return desk


def person(branch, nurse, name="王美娜", sex=Sex.FEMALE, born=date(1950, 5, 1)):
    return branch.run(RegisterPatient(name=name, sex=sex, birth_date=born), nurse).receipt.patient_id


@pytest.fixture
def patient(branch, nurse):
    return person(branch, nurse)


def rows(branch, kind):
    table = kind.__table__
    with branch.store.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def hand_in(branch, actor, patient, form, answers, **more):
    order = AnswerForm(
        patient_id=patient, form=form, form_version="1.0.0", answers=response(form, answers), **more
    )
    return branch.run(order, actor).receipt


def refused(branch, order, actor):
    with pytest.raises(DomainError) as found:
        branch.run(order, actor)
    return found.value


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


def test_results_of_the_checkup_and_the_file_are_facts_of_the_score(branch, nurse, patient):
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    branch.run(Arrive(visit_id=visit), nurse)
    for weight in (90.0, 100.0):
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

    def run():
        with branch.store.read() as connection:
            entries = entries_after(connection, 0, 1000)
        engine.act(entries)
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


def test_the_person_is_gathered_for_the_rules(branch, nurse, patient, clock):
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    branch.run(Arrive(visit_id=visit), nurse)
    values = [Measured(item="height", value=160, unit="cm"), Measured(item="weight", value=76.8, unit="kg")]
    branch.run(RecordMeasurement(visit_id=visit, values=values), nurse)
    first = hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 12)).response_id
    fixed = response("gad7", reaching(SCALES["gad7"], 3))
    branch.run(CorrectForm(response_id=first, answers=fixed, reason="看错一行"), nurse)
    book = load_suggestions(resources.folder("scales") / "rules")
    with branch.store.read() as connection:
        row = connection.execute(select(Patient.__table__).where(Patient.id == patient)).one()
        known = Patient(**{k: v for k, v in row._asdict().items() if k not in ("ver", "extra")})
        person = person_of(connection, known, book, branch.clock(), history={"smoking": "current"})
        kept = latest_results(connection, patient)
    assert (person.sex, person.age, person.values["bmi"]) == ("female", 76, 30.0)
    assert (person.results["gad7"].band, person.results["gad7"].total) == ("none", 3)
    assert person.done["gad7"] == person.today
    assert kept["gad7"].result.total.value == 3
    found = {one.form: one.reasons for one in suggest(book, person)}
    assert "体重指数 30" in found["stop_bang"][0]
    assert "ftnd" in found
    assert "gad7" not in found
    assert "phq9" not in found, "the corrected result is the one that counts"


def test_a_result_with_answers_missing_does_not_hide_an_older_one(branch, nurse, patient):
    hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 12))
    hand_in(branch, nurse, patient, "gad7", {"worry": "most"})
    with branch.store.read() as connection:
        assert latest_results(connection, patient)["gad7"].result.total.value == 12


def denied(name):
    """Answer a risk questionnaire with no to every tick and the first of every choice."""
    found = []
    for link_id, item in questions(FORMS[name]).items():
        if item["type"] == "boolean":
            found.append({"linkId": link_id, "answer": [{"valueBoolean": False}]})
        elif item["type"] == "choice":
            coding = item["answerOption"][0]["valueCoding"]
            found.append({"linkId": link_id, "answer": [{"valueCoding": coding}]})
    return {"questionnaire": f"{BASE}{name}|1.0.0", "item": found}


def test_what_was_answered_before_decides_what_is_proposed(branch, nurse, patient):
    branch.content |= {name: read() for name, read in CONTENT.items()}
    answers = denied("ascvd")
    for entry in answers["item"]:
        if entry["linkId"] == "smoking":
            entry["answer"] = [{"valueCoding": {"code": "current"}}]
        if entry["linkId"] == "htn-history":
            entry["answer"] = [{"valueBoolean": True}]
    first = branch.run(
        AnswerForm(patient_id=patient, form="ascvd", form_version="1.0.0", answers=answers), nurse
    ).receipt
    found = {one.form: one for one in branch.run(SuggestForms(patient_id=patient), nurse).receipt}
    assert {"ftnd", "stop_bang", "type_a", "gds15", "tcm_elderly"} <= found.keys()
    assert "ascvd" not in found
    assert "现在吸烟" in found["ftnd"].reasons[0]
    fixed = denied("ascvd")
    branch.run(CorrectForm(response_id=first.response_id, answers=fixed, reason="本人更正"), nurse)
    assert "ftnd" not in {one.form for one in branch.run(SuggestForms(patient_id=patient), nurse).receipt}


def test_what_is_kept_becomes_the_report_of_special_assessments(branch, nurse, patient, as_role):
    branch.content |= {name: read() for name, read in CONTENT.items()}
    branch.content["texts"] = Texts.load(resources.folder("texts/zh"))
    document = load_documents(resources.folder("documents"))["assessment_report"]
    with pytest.raises(DomainError, match=r"assessment\.nothing"):
        assessment_pdf(branch, nurse, document, patient)
    given = {i.id: "1" for i in SCALES["tcm_elderly"].items} | dict.fromkeys(("q16", "q32"), "4")
    given |= {"q9": 29, "q28": 107}
    hand_in(branch, nurse, patient, "tcm_elderly", given)
    hand_in(branch, nurse, patient, "isi", reaching(SCALES["isi"], 16))
    pdf = assessment_pdf(branch, nurse, document, patient, levels={"diabetes": "high"})
    pages = pypdfium2.PdfDocument(pdf)
    shown = "".join("".join(page.get_textpage().get_text_range() for page in pages).split())
    pages.close()
    for told in (
        "王美娜",
        "痰湿质",
        "中度失眠",
        "请医生评估睡眠",
        "痰湿质并有体重、血糖方面的风险",
        "清淡少甜",
    ):
        assert told in shown, told
    with pytest.raises(DomainError, match=r"assessment\.clearance"):
        assessment_pdf(branch, as_role("health_manager"), document, patient)
    with pytest.raises(DomainError, match=r"patient\.unknown"):
        assessment_pdf(branch, as_role("physician", org_id=uuid.uuid4()), document, patient)
