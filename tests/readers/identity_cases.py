"""Alerts about who somebody is and what they signed: (rule, cause, clear, after, harmless), as the other cases."""

import uuid
from datetime import date, timedelta

from domain.consent.records import SignerRelation
from domain.consent.remote_records import RemoteConsent
from domain.people.light_commands import CheckIdentity
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from tests.readers.followup_cases import keep
from tests.readers.study_cases import change, patient_of

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


def signed_on_a_phone(world):
    now, own = world.desk.clock(), uuid.UUID(int=0x59)
    keep(
        world,
        RemoteConsent(
            subject_id=own, study_id=own, patient_id=patient_of(world), document_id=own, version="1.0",
            signer_name="王丽", relation=SignerRelation.SELF, sent_at=now, sent_name="秦护士", state="signed",
            state_since=now, due_at=now + timedelta(hours=24), signed_at=now,
        ),
    )  # fmt: skip


def witnessed(world):
    change(world, RemoteConsent, state="kept", due_at=None)


def signed_and_witnessed(world):
    signed_on_a_phone(world)
    witnessed(world)


IDENTITY_CASES = [
    ("A-977", signed_on_a_phone, witnessed, timedelta(hours=24), signed_and_witnessed),
    ("A-975", lit("张丽"), checked("王丽"), timedelta(0), lit("王立")),
]
