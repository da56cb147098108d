"""Alerts about who somebody is: (rule, cause, clear, after, harmless), as the other cases."""

from datetime import date, timedelta

from domain.people.light_commands import CheckIdentity
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex

NUMBER = "11010119900307002X"


def registered(world):
    order = RegisterPatient(name="王丽", sex=Sex.FEMALE, birth_date=date(1990, 3, 7), to_check=True)
    world.desk.run(order, world.nurse)


def checked(name, number=NUMBER):
    def run(world):
        patient = world.one(Patient)
        world.desk.run(CheckIdentity(patient_id=patient.id, name=name, id_number=number), world.nurse)

    return run


def lit(name, number=NUMBER):
    def run(world):
        registered(world)
        checked(name, number)(world)

    return run


IDENTITY_CASES = [
    ("A-975", lit("张丽"), checked("王丽"), timedelta(0), lit("王立")),
]
