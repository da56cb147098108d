"""Tubes of a real encrypted store, brought as far as a test needs them."""

from datetime import date, timedelta

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
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenType
from domain.catalog.content import load_catalog
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


class Tubes:
    """A technician with a nurse beside: `clock` is theirs."""

    def __init__(self, desk, clock, nurse, technician):
        self.desk, self.clock, self.nurse, self.technician = desk, clock, nurse, technician
        order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
        patient = desk.run(order, nurse).receipt.patient_id
        self.visit_id = desk.run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
        desk.run(Arrive(visit_id=self.visit_id), nurse)
        self.run(CreateContainer(code="BOX1", name="血清盒 1"))
        self.places = iter(f"{row}{column}" for row in "ABCDEFGHI" for column in range(1, 10))

    def run(self, order):
        return self.desk.run(order, self.technician).receipt

    def collected(self, kind=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR):
        plan = PlanSpecimen(visit_id=self.visit_id, type=kind, container=container)
        number = self.desk.run(plan, self.nurse).receipt.number
        self.desk.run(CollectSpecimen(number=number), self.nurse)
        return number

    def received(self, kind=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR):
        number = self.collected(kind, container)
        self.run(ReceiveSpecimen(number=number))
        return number

    def aliquots(self, count=2, volume_ul=500):
        number = self.received()
        self.clock.advance(timedelta(minutes=100))
        self.run(ProcessSpecimen(number=number))
        return [t.number for t in self.run(AliquotSpecimen(number=number, count=count, volume_ul=volume_ul))]

    def stored(self, volume_ul=500):
        [number] = self.aliquots(1, volume_ul)
        self.run(StoreSpecimen(number=number, container="BOX1", position=next(self.places)))
        return number

    def of(self, number):
        with self.desk.store.read() as connection:
            return connection.execute(select(Specimen.__table__).where(Specimen.number == number)).one()


@pytest.fixture
def tubes(desk, clock, nurse, technician):
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    return Tubes(desk, clock, nurse, technician)
