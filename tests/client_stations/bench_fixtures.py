"""A bench with three collected tubes and a box, for the tests of its models."""

from datetime import date

import pytest
from sqlalchemy import select

from client.ports import Scanned
from client.stations.bench.viewmodel import ViewModel
from domain.biobank.commands import (
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.records import (
    PrimaryContainer,
    Specimen,
    SpecimenType,
)
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture
def model(context_for, qtbot):
    made = ViewModel(context_for("biobank_technician"))
    yield made
    made.close()


@pytest.fixture
def tubes(station_desk, nurse):
    """Three collected tubes of one client."""
    run = station_desk.dispatcher.run
    patient = run(RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23)), nurse).receipt
    visit_id = run(OpenVisit(patient_id=patient.patient_id), nurse).receipt.visit_id
    run(Arrive(visit_id=visit_id), nurse)
    kinds = (
        (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR),
        (SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA),
        (SpecimenType.URINE, PrimaryContainer.ORIGINAL),
    )
    numbers = []
    for type_, container in kinds:
        tube = run(PlanSpecimen(visit_id=visit_id, type=type_, container=container), nurse).receipt
        run(CollectSpecimen(number=tube.number), nurse)
        numbers.append(tube.number)
    return numbers


@pytest.fixture
def processed(station_desk, technician, tubes):
    for number in tubes:
        station_desk.dispatcher.run(ReceiveSpecimen(number=number), technician)
        station_desk.dispatcher.run(ProcessSpecimen(number=number), technician)
    return tubes


@pytest.fixture
def box(station_desk, technician):
    station_desk.dispatcher.run(
        CreateContainer(code="BX0000000017", name="血清盒 1", rows=2, columns=3), technician
    )
    return "BX0000000017"


@pytest.fixture
def scan(model, qtbot):
    """Return a function that scans and gives the result on the screen."""

    def do(text, kind=""):
        desk, actor = model.context.desk, model.context.actor
        with qtbot.waitSignal(model.result_changed) as told:
            model.on_scan(Scanned(kind, text) if kind else desk.scan_lookup(actor, text))
        return told.args[0]

    return do


def states(desk):
    with desk.store.read() as connection:
        return dict(connection.execute(select(Specimen.number, Specimen.state)).all())


def slots(desk):
    with desk.store.read() as connection:
        return dict(
            connection.execute(select(Specimen.slot, Specimen.number).where(Specimen.slot.is_not(None))).all()
        )


@pytest.fixture
def stored_tubes(station_desk, technician, processed, box):
    for number, place in zip(processed, ("A1", "A2", "A3"), strict=True):
        order = StoreSpecimen(number=number, container=box, position=place)
        station_desk.dispatcher.run(order, technician)
    return processed
