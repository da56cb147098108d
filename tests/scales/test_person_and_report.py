"""From what is kept to the person the rules see, the forms proposed, and the report of special assessments."""

import uuid

import pypdfium2
import pytest
from sqlalchemy import select

import resources
from domain.checkup.form_commands import AnswerForm, CorrectForm
from domain.checkup.records import Observation, ResultSource, ResultStatus
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.risk.commands import AssessRisks
from domain.risk.content import RISK, load_risk
from domain.scales.facts import latest
from domain.scales.history import LINKS, history_of
from domain.scales.profile import latest_results, person_of
from domain.scales.suggest_commands import SuggestForms
from domain.scales.suggesting import load_suggestions, suggest
from forms.assessing import assessment_pdf
from forms.documents import load_documents
from tests.conftest import BRANCH, DEVICE
from tests.scales.answering import questions, reaching
from tests.scales.conftest import FORMS, SCALES
from tests.scales.handing_in import BASE, CONTENT, hand_in, response


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


def pages_of(pdf):
    """Return the text of a PDF without its spaces."""
    pages = pypdfium2.PdfDocument(pdf)
    shown = "".join("".join(page.get_textpage().get_text_range() for page in pages).split())
    pages.close()
    return shown


def test_what_is_kept_becomes_the_report_of_special_assessments(branch, nurse, patient, as_role):
    branch.content |= {name: read() for name, read in CONTENT.items()}
    branch.content["texts"] = Texts.load(resources.folder("texts/zh"))
    branch.content[RISK] = load_risk(
        resources.folder("risk"), branch.content["catalog"], resources.folder("forms")
    )
    document = load_documents(resources.folder("documents"))["assessment_report"]
    with pytest.raises(DomainError, match=r"assessment\.nothing"):
        assessment_pdf(branch, nurse, document, patient)
    given = {i.id: "1" for i in SCALES["tcm_elderly"].items} | dict.fromkeys(("q16", "q32"), "4")
    given |= {"q9": 29, "q28": 107}
    hand_in(branch, nurse, patient, "tcm_elderly", given)
    hand_in(branch, nurse, patient, "isi", reaching(SCALES["isi"], 16))
    visit = branch.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    branch.run(Arrive(visit_id=visit), nurse)
    values = [Measured(item="height", value=160, unit="cm"), Measured(item="weight", value=90, unit="kg")]
    branch.run(RecordMeasurement(visit_id=visit, values=values), nurse)
    without = pages_of(assessment_pdf(branch, nurse, document, patient))
    assert "痰湿质并有体重、血糖方面的风险" not in without
    branch.run(AssessRisks(patient_id=patient), system_actor(BRANCH, DEVICE))
    pdf = assessment_pdf(branch, nurse, document, patient)
    shown = pages_of(pdf)
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


def test_a_correction_that_takes_an_answer_away_takes_what_followed_from_it(branch, nurse, patient):
    first = hand_in(branch, nurse, patient, "gad7", reaching(SCALES["gad7"], 12)).response_id
    fixed = response("gad7", {"worry": "most"})
    branch.run(CorrectForm(response_id=first, answers=fixed, reason="其余为误填"), nurse)
    smoker = {"item": [{"linkId": "smoking", "answer": [{"valueCoding": {"code": "current"}}]}]}
    told = AnswerForm(patient_id=patient, form="ascvd", form_version="1.0.0", answers=smoker)
    second = branch.run(told, nurse).receipt.response_id
    told_by = {LINKS: CONTENT[LINKS]()}
    with branch.store.read() as connection:
        assert latest_results(connection, patient)["gad7"].result.status == "incomplete"
        assert history_of(connection, patient, told_by, branch.clock()) == {"smoking": "current"}
    other = {"item": [{"linkId": "urban", "answer": [{"valueBoolean": True}]}]}
    branch.run(CorrectForm(response_id=second, answers=other, reason="误填"), nurse)
    with branch.store.read() as connection:
        assert history_of(connection, patient, told_by, branch.clock()) == {"urban": True}


def test_a_result_that_does_not_count_yet_is_no_fact(branch, nurse, patient):
    at = branch.clock()
    with branch.store.write() as connection:
        work = UnitOfWork(connection, nurse, now=at, new_id=branch.ids)
        for status, weight in ((ResultStatus.FINAL, 60.0), (ResultStatus.IDENTITY, 120.0)):
            work.add(
                Observation(
                    patient_id=patient, item="weight", label="体重", value_number=weight, value_text=str(weight),
                    status=status, effective_at=at, source=ResultSource.MANUAL,
                )
            )  # fmt: skip
        work.commit_entry("test.results", txn_id=branch.ids())
        work.close()
    with branch.store.read() as connection:
        assert latest(connection, patient, {"weight"}) == {"weight": 60.0}
