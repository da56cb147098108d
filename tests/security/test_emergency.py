"""Breaking the glass: one client, half an hour, to look only; told at once and judged by somebody else."""

import dataclasses
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.kernel.authority import system_actor
from domain.kernel.clients import visible
from domain.kernel.columns import Sensitivity
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Pages, records, worklists
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from domain.people.staff_commands import CreateStaff
from domain.security.commands import ConcludeFinding
from domain.security.emergency_commands import LASTS, LookInEmergency, in_emergency
from domain.security.emergency_records import Emergency
from domain.security.records import SecurityConclusion, SecurityFinding
from tests.conftest import BRANCH, DEVICE

REASON = "客户在大厅晕倒，需要核对过敏史"
ID_NUMBER = "110101198005011236"


@pytest.fixture
def patient(desk, nurse):
    order = RegisterPatient(name="王小明", sex=Sex.MALE, birth_date=date(1980, 5, 1), allergy="青霉素过敏")
    return desk.run(order, nurse).receipt


@pytest.fixture
def receptionist(desk, as_role):
    order = CreateStaff(
        login="rec", name="接待甲", role="receptionist", password="Zhong-Xin-2026", org_id=BRANCH,
        must_change=False,
    )  # fmt: skip
    made = desk.run(order, system_actor(BRANCH, DEVICE)).receipt
    return dataclasses.replace(as_role("receptionist"), staff_id=made, clock=desk.clock)


def look(desk, actor, number, reason=REASON):
    return desk.run(LookInEmergency(number=number, kind=Emergency.LIFE, reason=reason), actor).receipt


def sees(desk, actor, patient):
    with desk.store.read() as connection:
        return visible(connection, actor, Patient, patient.patient_id)


def test_half_an_hour_with_one_client_and_no_longer(desk, receptionist, patient):
    assert not sees(desk, receptionist, patient)
    opened = look(desk, receptionist, patient.number)
    assert opened.until == desk.clock() + LASTS
    assert sees(desk, receptionist, patient)
    desk.clock.advance(LASTS)
    assert not sees(desk, receptionist, patient)


def test_the_whole_record_is_read_in_clear_meanwhile(desk, receptionist, patient):
    look(desk, receptionist, patient.number)
    with desk.store.read() as connection:
        actor = in_emergency(connection, receptionist, Patient, patient.patient_id)
        assert actor.clearance is Sensitivity.SENSITIVE
        [row] = records(connection, actor, Patient, Patient.id == patient.patient_id)
        assert row.allergy == "青霉素过敏"
        assert [r.id for r in records(connection, actor, Patient)] == [patient.patient_id]
    desk.clock.advance(LASTS)
    with desk.store.read() as connection:
        assert in_emergency(connection, receptionist, Patient, patient.patient_id) is receptionist


def test_nothing_is_done_in_it(desk, receptionist, patient):
    look(desk, receptionist, patient.number)
    with pytest.raises(DomainError) as refused:
        desk.run_named(
            "privacy.receive",
            {"patient_id": str(patient.patient_id), "kind": "copy", "proof": "x", "wish": "x"},
            receptionist,
        )
    assert refused.value.code == "client.not_yours"
    with desk.store.read() as connection:
        actor = in_emergency(connection, receptionist, Patient, patient.patient_id)
    with pytest.raises(DomainError):
        desk.run_named("people.edit", {"patient_id": str(patient.patient_id), "phone": "1"}, actor)


def test_it_wants_a_reason_and_a_whole_number(desk, receptionist, patient):
    for number, reason, code in (
        (patient.number, "看看", "emergency.short"),
        (patient.number[:-2], REASON, "tie.nobody"),
        ("王小明", REASON, "tie.nobody"),
    ):
        with pytest.raises(DomainError) as refused:
            look(desk, receptionist, number, reason)
        assert refused.value.code == code
    with pytest.raises(DomainError) as denied:
        look(desk, dataclasses.replace(receptionist, rights=_without(receptionist.rights)), patient.number)
    assert denied.value.code == "permission.denied"


def _without(role):
    return dataclasses.replace(role, withdrawn=["security.emergency"])


def test_it_is_a_finding_at_once_that_somebody_else_concludes(desk, receptionist, patient, as_role):
    look(desk, receptionist, patient.number)
    with desk.store.read() as connection:
        finding = connection.execute(select(SecurityFinding.__table__)).one()
    assert finding.due_at == desk.clock() + timedelta(hours=24)
    assert REASON in finding.detail
    order = ConcludeFinding(
        finding_id=finding.id, conclusion=SecurityConclusion.JUSTIFIED, explanation="监控录像与急救记录一致"
    )
    head = as_role("department_head")
    with pytest.raises(DomainError) as own:
        desk.run(order, dataclasses.replace(head, staff_id=receptionist.staff_id))
    assert own.value.code == "security_finding.own"
    desk.run(order, head)
    [row] = Pages(desk.store).page(worklists()["security.emergencies"], head).rows
    assert "监控录像与急救记录一致" in row.values
