"""Identity over the API: a doubtful number holds results, the same command settles it, refusals name their field."""

from datetime import date

from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import ReceiveResults
from domain.people.identity import Identity
from domain.people.records import Sex

WRONG, RIGHT = "320102197508230621", "32010219750823062X"


def test_a_doubt_is_listed_and_settled_over_the_api(server):
    said = Identity(name="王核实", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number=WRONG)
    line = ResultLine(item="k", code="k", label="钾", text="4.1", number=4.1, ucum="mmol/L")
    server.as_system(
        ReceiveResults(
            message_id="MI", org_id=server.orgs["B01"], patient=said, visit_number="TI", lines=[line]
        )
    )
    nurse = server.token("nurse")
    found = server.api.get("/api/worklists/people.identity_checks", token=nurse).json()["rows"]
    [check] = [row["id"] for row in found if "TI" in str(row)]
    body = {
        "check_id": check,
        "visit_number": "TI",
        "sex": "2",
        "birth_date": "1975-08-23",
        "basis": "已核对原件",
    }

    def verify(**more):
        return server.api.post("/api/commands/people.verify", token=nurse, json=body | more)

    wrong = verify(id_number=WRONG)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["field"]) == (
        422, "idcard.check_digit", "id_number",
    )  # fmt: skip
    assert verify(id_number=RIGHT).json()["receipt"]["results"] == 1
    assert verify(id_number=RIGHT).status_code == 409
    manager = server.api.post("/api/commands/people.verify", token=server.token("health_manager"), json=body)
    assert manager.status_code == 403


def test_a_number_is_corrected_only_with_a_reason(server):
    nurse = server.token("nurse")

    def post(verb, **body):
        return server.api.post(f"/api/commands/people.{verb}", token=nurse, json=body)

    made = post("register", name="李更正", sex="2", birth_date="1985-12-12").json()["receipt"]["patient_id"]
    without = post("edit", patient_id=made, id_number="440306198512120042")
    assert (without.status_code, without.json()["field"]) == (422, "reason")
    done = post("edit", patient_id=made, id_number="440306198512120042", reason="补录")
    assert done.json()["receipt"] == {"identity": True, "results": 0, "issued_reports": 0}
    again = post("register", name="别名", sex="2", birth_date="1985-12-12", id_number="440306198512120042")
    assert (again.status_code, again.json()["field"]) == (409, "id_number")
    assert "请直接使用该档案" in again.json()["detail"]
