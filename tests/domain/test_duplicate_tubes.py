"""A second tube with a number that is in use: both stop until another person has found out which is whose."""

import uuid
from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.biobank.commands import (
    AliquotSpecimen,
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.custody_commands import DiscardReason, DiscardSpecimen
from domain.biobank.duplicate_commands import ClearDuplicate, ReportDuplicate
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenEvent, SpecimenType
from domain.catalog.content import load_catalog
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture
def day(desk):
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    return desk


@pytest.fixture
def number(day, nurse, technician):
    """A tube that was received."""
    patient = day.run(RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23)), nurse)
    visit = day.run(OpenVisit(patient_id=patient.receipt.patient_id), nurse).receipt.visit_id
    day.run(Arrive(visit_id=visit), nurse)
    kind = {"type": SpecimenType.SERUM, "container": PrimaryContainer.SERUM_SEPARATOR}
    tube = day.run(PlanSpecimen(visit_id=visit, **kind), nurse).receipt.number
    day.run(CollectSpecimen(number=tube), nurse)
    day.run(ReceiveSpecimen(number=tube), technician)
    return tube


@pytest.fixture
def colleague(authority, technician):
    return authority.actor(
        staff_id=uuid.UUID(int=0xC0), name="郑核实", role="biobank_technician", org_id=technician.org_id,
        device_id=technician.device_id, subtree=(),
    )  # fmt: skip


def refusal(day, order, actor):
    with pytest.raises(DomainError) as refused:
        day.run(order, actor)
    return refused.value.code


def told(day):
    with day.store.read() as connection:
        kinds = connection.execute(select(SpecimenEvent.kind).order_by(SpecimenEvent.id)).scalars().all()
        states = connection.execute(select(Specimen.state)).scalars().all()
    return [str(kind) for kind in kinds], states


def test_no_step_is_taken_while_two_tubes_carry_one_number(day, technician, number):
    day.run(CreateContainer(code="BOX1", name="盒"), technician)
    day.run(ReportDuplicate(number=number, note="台面上两支"), technician)
    for order in (
        ReceiveSpecimen(number=number),
        ProcessSpecimen(number=number),
        AliquotSpecimen(number=number, count=2, volume_ul=200),
        StoreSpecimen(number=number, container="BOX1", position="A1"),
    ):
        assert refusal(day, order, technician) == "specimen.duplicated"
    assert told(day) == (["collected", "received", "duplicated"], ["received"])


def test_another_person_clears_it_with_what_was_found(day, technician, colleague, number):
    assert refusal(day, ClearDuplicate(number=number, note="x"), colleague) == "specimen.not_duplicated"
    day.run(ReportDuplicate(number=number), technician)
    assert refusal(day, ClearDuplicate(number=number, note="x"), technician) == "specimen.same_person"
    with pytest.raises(DomainError) as refused:
        day.run_named("specimen.clear_duplicate", {"number": number, "note": ""}, colleague)
    assert (refused.value.code, refused.value.field) == ("input.missing", "note")
    day.run(ClearDuplicate(number=number, note="另一支为重打标签，已销毁"), colleague)
    day.run(ProcessSpecimen(number=number), technician)
    assert told(day)[0] == ["collected", "received", "duplicated", "cleared", "processed"]
    day.run(ReportDuplicate(number=number), technician)
    assert refusal(day, ProcessSpecimen(number=number), technician) == "specimen.duplicated"


def test_both_may_be_destroyed(day, technician, second_technician, number):
    day.run(ReportDuplicate(number=number), technician)
    day.run(
        DiscardSpecimen(number=number, reason=DiscardReason.DAMAGED, witness=second_technician), technician
    )
    assert told(day)[1] == ["discarded"]


def test_who_may(day, nurse, as_role, number):
    assert refusal(day, ReportDuplicate(number=number), nurse) == "permission.denied"
    day.run(ReportDuplicate(number=number), as_role("biobank_technician"))
    assert refusal(day, ClearDuplicate(number=number, note="x"), nurse) == "permission.denied"
    day.run(ClearDuplicate(number=number, note="核对姓名"), as_role("department_head"))
