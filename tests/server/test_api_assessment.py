"""Questionnaires over the API: handed in, proposed, and the report of special assessments, which is on record."""

from datetime import date

from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.risk.commands import AssessRisks
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES


def test_a_questionnaire_from_answer_to_report(server):
    made = server.as_system(
        RegisterPatient(name="周问卷", sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
    ).patient_id
    nurse = server.token("nurse")

    def post(name, **body):
        return server.api.post(f"/api/commands/{name}", token=nurse, json={"patient_id": str(made)} | body)

    path = f"/api/patients/{made}/assessment"
    nothing = server.api.get(path, token=nurse)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "assessment.nothing")
    answers = reaching(SCALES["gad7"], 12)
    done = post("checkup.answer_form", form="gad7", form_version="1.0.0", answers=answers, source="client")
    assert (done.status_code, len(done.json()["receipt"]["results"])) == (200, 1)
    proposed = post("form.suggest").json()["receipt"]
    assert "phq9" in [one["form"] for one in proposed]
    auditor = server.token("auditor")

    def outgoing():
        return len(server.api.get("/api/worklists/document.outgoing", token=auditor).json()["rows"])

    before = outgoing()
    pdf = server.api.get(path, token=nurse)
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert outgoing() == before + 1
    risk = f"/api/patients/{made}/documents/risk_plain"
    physician = server.token("physician")
    server.as_system(AssessRisks(patient_id=made))
    assert server.api.get(risk, token=physician).content.startswith(b"%PDF-")
    assert outgoing() == before + 2
    assert server.api.get(f"/api/patients/{made}/documents/none", token=physician).status_code == 404
    assert server.api.get(risk, token=server.token("it")).status_code == 403


def test_who_may_not_see_answers_gets_no_report(server):
    made = server.as_system(
        RegisterPatient(name="李问卷", sex=Sex.MALE, birth_date=date(1970, 5, 1))
    ).patient_id
    refused = server.api.get(f"/api/patients/{made}/assessment", token=server.token("biobank_technician"))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.denied")
