"""Every command and every worklist for every role: allowed exactly where roles.yaml says so, masked by clearance."""

import enum
import uuid
from datetime import date, datetime

import pytest
from sqlalchemy import select

import resources
from domain import features
from domain.checkup.intake import ResultLine
from domain.checkup.report_commands import SubmitReport, WriteReport
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.kernel.authority import Authority
from domain.kernel.columns import Sensitivity
from domain.kernel.worklists import worklists
from domain.people.records import Patient, Sex
from domain.people.staff_commands import CreateStaff
from domain.people.tie_commands import AssignClient
from server.api.schemas import offered_commands
from tests.fixtures.breadth import partners

features.load()
ROLES = Authority.load(resources.folder("roles.yaml")).roles
SECRETS = {"name": "欧阳美娜", "id_number": "110101199003074530", "phone": "13812345678"}


def sample(field):
    """Return a value of a command's field that its schema allows."""
    kind, asked = field.type, field.asked
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    values = {
        str: "x", bool: True, int: int(asked.low or 1), float: float(asked.low or 1), bytes: "eA==",
        uuid.UUID: str(uuid.UUID(int=7)), date: "2026-01-02", datetime: "2026-01-02T03:04:05Z",
    }  # fmt: skip
    if kind in values:
        return values[kind]
    return [] if "list" in str(kind) or "tuple" in str(kind) else {"x": 1}


def body_of(command):
    return {f.name: sample(f) for f in command.fields if f.required}


def opens(command, role):
    return command.permission is None or ROLES[role].may(command.permission)


COMMANDS = partners([c for c in offered_commands() if c.name != "staff.change_password"], list(ROLES), opens)
LISTS = partners(
    list(worklists()),
    list(ROLES),
    lambda name, role: ROLES[role].may(worklists()[name].permission) and ROLES[role].clearance,
)


@pytest.mark.parametrize("role", ROLES)
def test_a_command_is_open_to_the_roles_that_have_its_permission_and_to_no_other(server, role):
    token = server.token(role)
    for command in COMMANDS[role]:
        answer = server.api.post(f"/api/commands/{command.name}", token=token, json=body_of(command))
        denied = answer.status_code == 403 and answer.json()["code"] == "permission.denied"
        assert denied is not opens(command, role), (command.name, answer.status_code, answer.text)
        assert answer.status_code in {200, 403, 404, 409, 422}, (command.name, answer.text)


def test_a_refusal_for_want_of_permission_is_in_the_log(server):
    token = server.token("messaging_operator")
    body = {"code": "B77", "name": "无权"}
    assert server.api.post("/api/commands/organization.create", token=token, json=body).status_code == 403
    with server.centre.store.read() as connection:
        last = connection.exec_driver_sql(
            "SELECT outcome FROM change_log ORDER BY position DESC LIMIT 1"
        ).scalar()
    assert last == "refused"


def test_internal_commands_have_no_route(server):
    answer = server.api.post("/api/commands/workstation.enrol", token=server.token("it"), json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "http.not_found")


@pytest.fixture(scope="module")
def filled(server):
    """A client with results, findings, a critical value, and a report at head office."""
    lines = [
        ResultLine(item="k", code="k", label="钾", text="7.1", number=7.1, ucum="mmol/L"),
        ResultLine(item=None, code="zz", label="某项", text="阳?", reason="待核对"),
    ]
    received = server.as_system(
        ReceiveResults(
            message_id="m1", org_id=server.orgs["B01"],
            patient=Identity(
                name=SECRETS["name"], sex=Sex.MALE, birth_date=date(1990, 3, 7),
                id_number=SECRETS["id_number"], phone=SECRETS["phone"],
            ),
            visit_number="V0001", lines=lines,
        )
    )  # fmt: skip
    written = server.as_system(WriteReport(visit_id=received.visit_id, conclusion="结论", advice="建议"))
    server.as_system(SubmitReport(report_id=written.report_id))
    return server


def clear_columns(columns, clearance):
    return [Sensitivity[c["sensitivity"].upper()] <= clearance for c in columns]


@pytest.mark.parametrize("role", ROLES)
def test_a_worklist_shows_a_role_only_what_its_clearance_allows(filled, role):
    token = filled.token(role)
    clearance = Sensitivity[ROLES[role].clearance.upper()]
    listed = {w["name"] for w in filled.api.get("/api/worklists", token=token).json()}
    assert listed == {n for n, w in worklists().items() if ROLES[role].may(w.permission)}
    for name in LISTS[role]:
        answer = filled.api.get(f"/api/worklists/{name}", token=token)
        if name not in listed:
            assert (answer.status_code, answer.json()["code"]) == (403, "permission.denied")
            continue
        assert answer.status_code == 200, answer.text
        page = answer.json()
        for row in page["rows"]:
            for column, clear, value in zip(
                page["columns"], clear_columns(page["columns"], clearance), row["values"], strict=True
            ):
                assert clear or value is None or "*" in value, (name, column["name"], value)
        if clearance is Sensitivity.PUBLIC:
            assert not any(secret in answer.text for secret in SECRETS.values())
            assert "7.1" not in answer.text or name not in {"critical.open", "checkup.to_check"}


def test_the_same_client_is_clear_to_a_nurse_and_masked_to_the_private_domain(filled):
    def client(role):
        page = filled.api.get("/api/worklists/people.clients", token=filled.token(role)).json()
        names = [c["name"] for c in page["columns"]]
        return [dict(zip(names, row["values"], strict=True)) for row in page["rows"]][-1]

    nurse = client("nurse")
    with filled.centre.store.read() as connection:
        mine = connection.execute(
            select(Patient.id).where(Patient.id_number == SECRETS["id_number"])
        ).scalar()
    own = AssignClient(patient_id=mine, login="messaging_operator", reason="由其维护")
    filled.as_system(own)
    masked = client("messaging_operator")
    assert [nurse[k] for k in SECRETS] == list(SECRETS.values())
    assert [masked[k] for k in SECRETS] == ["欧阳**", "110***********4530", "138****5678"]


def test_another_branch_sees_nothing_of_it(filled):
    filled.as_system(
        CreateStaff(
            login="west", name="乙某人", role="physician", password="Xi-Cheng-Mende-26", org_id=filled.orgs["B02"],
            must_change=False,
        ),
        "B02",
    )  # fmt: skip
    token = filled.api.sign_in("west", "Xi-Cheng-Mende-26")
    for name in ("people.clients", "checkup.visits", "critical.open", "checkup.to_check"):
        answer = filled.api.get(f"/api/worklists/{name}", token=token)
        assert answer.json().get("rows") == [], (name, answer.text)
