"""The commands of a branch's day, on a real encrypted store."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.biobank.commands import (
    AliquotSpecimen,
    CollectSpecimen,
    CreateContainer,
    NoteLabelPrint,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.custody_commands import DiscardReason, DiscardSpecimen
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenEvent, SpecimenType
from domain.catalog.content import load_catalog
from domain.checkup.critical_commands import HandleCritical, ReceiveCritical
from domain.checkup.records import CriticalValue, Finding, Observation, Visit
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(resources.folder("catalog"))


@pytest.fixture
def day(desk, catalog):
    desk.content["catalog"] = catalog
    return desk


@pytest.fixture
def visit_id(day, nurse):
    patient = day.run(
        RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1)), nurse
    ).receipt
    opened = day.run(OpenVisit(patient_id=patient.patient_id), nurse).receipt
    day.run(Arrive(visit_id=opened.visit_id), nurse)
    return opened.visit_id


def refusal(day, order, actor):
    with pytest.raises(DomainError) as refused:
        day.run(order, actor)
    return refused.value.code, refused.value.field


def measure(visit_id, *values):
    return RecordMeasurement(
        visit_id=visit_id, values=[Measured(item=i, value=v, unit=u) for i, v, u in values]
    )


def test_a_client_registered_twice_is_named(day, nurse):
    first = RegisterPatient(
        name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number="32010219750823062X"
    )
    day.run(first, nurse)
    assert refusal(day, first, nurse) == ("patient.exists", "id_number")
    alike = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23))
    assert refusal(day, alike, nurse) == ("patient.likely_same", "name")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"birth_date": date(2027, 1, 1)}, ("patient.birth_in_future", "birth_date")),
        ({"id_number": "110101199003074531"}, ("idcard.check_digit", "id_number")),
        ({"id_number": "110101199003074530"}, ("patient.birth_differs", "birth_date")),
    ],
)
def test_a_person_that_cannot_be_is_refused(day, nurse, facts, expected):
    person = {"name": "李", "sex": Sex.MALE, "birth_date": date(1990, 3, 8)} | facts
    code, field = refusal(day, RegisterPatient(**person), nurse)
    assert field == expected[1]
    assert code == expected[0] or "check" in code


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ([("sbp", 400, "mm[Hg]"), ("dbp", 80, "mm[Hg]")], "sbp"),
        ([("weight", -60, "kg")], "weight"),
        ([("height", 17, "m")], "height"),
        ([("sbp", 80, "mm[Hg]"), ("dbp", 120, "mm[Hg]")], "sbp"),
    ],
)
def test_impossible_values_are_refused_whole(day, nurse, visit_id, values, field):
    with pytest.raises(DomainError) as refused:
        day.run(measure(visit_id, ("pulse", 70, "/min"), *values), nurse)
    assert refused.value.field == field
    with day.store.read() as connection:
        assert connection.execute(select(Observation.id)).first() is None


def test_a_pressure_of_class_a_leaves_a_finding(day, nurse, visit_id):
    day.run(measure(visit_id, ("sbp", 186, "mm[Hg]"), ("dbp", 112, "mm[Hg]"), ("pulse", 80, "/min")), nurse)
    with day.store.read() as connection:
        classes = connection.execute(select(Finding.important_class)).scalars().all()
        flags = connection.execute(select(Observation.item, Observation.flag)).all()
    assert "A" in classes
    assert dict(flags)["pulse"] == "N"


def test_a_critical_value_needs_the_right_read_back(day, nurse, visit_id, clock):
    day.run(measure(visit_id, ("k", 6.8, "mmol/L")), nurse)
    with day.store.read() as connection:
        critical = connection.execute(select(CriticalValue.__table__)).one()
    assert critical.due_at == clock() + timedelta(minutes=30)
    assert refusal(day, ReceiveCritical(critical_id=critical.id, read_back="8.6"), nurse) == (
        "critical.read_back_differs",
        "read_back",
    )
    assert (
        refusal(day, HandleCritical(critical_id=critical.id, outcome="x"), nurse)[0]
        == "critical_value.wrong_state"
    )
    day.run(ReceiveCritical(critical_id=critical.id, read_back="6.80"), nurse)
    day.run(HandleCritical(critical_id=critical.id, outcome="已电话告知，陪同急诊"), nurse)
    with day.store.read() as connection:
        assert connection.execute(select(CriticalValue.state)).scalar_one() == "handled"


def test_a_tube_goes_from_the_arm_to_the_box(day, nurse, technician, second_technician, visit_id):
    plan = PlanSpecimen(
        visit_id=visit_id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    tube = day.run(plan, nurse).receipt
    assert day.run(plan, nurse).receipt.number == tube.number
    assert refusal(day, ReceiveSpecimen(number=tube.number), technician) == ("specimen.wrong_state", None)
    assert refusal(day, ReceiveSpecimen(number="6901234567892"), technician)[1] in {
        "number",
        "specimen_number",
    }
    assert refusal(day, ReceiveSpecimen(number=tube.number), nurse)[0] == "permission.denied"
    day.run(CollectSpecimen(number=tube.number), nurse)
    day.run(ReceiveSpecimen(number=tube.number), technician)
    day.run(ProcessSpecimen(number=tube.number), technician)
    children = day.run(AliquotSpecimen(number=tube.number, count=2, volume_ul=500), technician).receipt
    day.run(CreateContainer(code="BOX1", name="血清盒 1"), technician)
    day.run(StoreSpecimen(number=children[0].number, container="BOX1", position="a01"), technician)
    taken = StoreSpecimen(number=children[1].number, container="BOX1", position="A1")
    assert refusal(day, taken, technician) == ("container.taken", "position")
    outside = StoreSpecimen(number=children[1].number, container="BOX1", position="K1")
    assert refusal(day, outside, technician) == ("container.no_such_position", "position")
    with day.store.read() as connection:
        events = connection.execute(select(SpecimenEvent.kind)).scalars().all()
        assert (
            connection.execute(select(Specimen.state).where(Specimen.number == tube.number)).scalar_one()
            == "used_up"
        )
    assert sorted(events) == ["aliquoted"] * 3 + ["collected", "processed", "received", "stored"]
    day.run(
        DiscardSpecimen(number=children[0].number, reason=DiscardReason.QUALITY, witness=second_technician),
        technician,
    )
    day.run(taken, technician)


def test_a_reprint_needs_its_reason(day, nurse, visit_id):
    plan = PlanSpecimen(
        visit_id=visit_id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    number = day.run(plan, nurse).receipt.number
    facts = {
        "number": number,
        "printer": "p",
        "template": "tube",
        "content_sha256": "0" * 64,
        "result": "confirmed",
    }
    assert day.run(NoteLabelPrint(**facts), nurse).receipt == 0
    assert refusal(day, NoteLabelPrint(**facts), nurse) == ("specimen.reprint_reason", "reason")
    assert day.run(NoteLabelPrint(**facts, reason="标签破损"), nurse).receipt == 1


def test_a_report_is_returned_once_and_reviewed_by_others(day, as_role, visit_id, clock):
    doctor, chief = as_role("physician"), as_role("chief_physician", subtree=())
    written = day.run(WriteReport(visit_id=visit_id, conclusion="血压偏高"), doctor).receipt
    day.run(SubmitReport(report_id=written.report_id), doctor)
    assert refusal(day, PassSecondReview(report_id=written.report_id), chief)[0] == "report.wrong_state"
    day.run(PassFirstReview(report_id=written.report_id), as_role("department_head"))
    assert (
        refusal(day, WriteReport(visit_id=visit_id, conclusion="改"), doctor)[0] == "report.not_with_branch"
    )
    day.run(ReturnReport(report_id=written.report_id, remark="请写明分级", anchor="conclusion:0-4"), chief)
    day.run(WriteReport(visit_id=visit_id, conclusion="高血压 2 级可能"), doctor)
    day.run(SubmitReport(report_id=written.report_id), doctor)
    day.run(PassSecondReview(report_id=written.report_id), chief)
    with day.store.read() as connection:
        assert connection.execute(select(Visit.state)).scalar_one() == "arrived"
    assert refusal(day, SubmitReport(report_id=written.report_id), chief)[0] == "permission.denied"
