"""The causes of the alerts of cohort studies."""

import uuid
from datetime import timedelta

from sqlalchemy import select

from domain.checkup.records import Visit
from domain.consent.records import Consent, ConsentWay, IdentityProof, SignerRelation
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.subject_records import ConsentStanding, StudySubject
from tests.readers.followup_cases import keep, system

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STUDY, SUBJECT = uuid.UUID(int=0x57), uuid.UUID(int=0x58)


def change(world, kind, **values):
    """Change every row of a record, as a command would."""
    with world.desk.store.write() as connection:
        work = UnitOfWork(connection, system(world), now=world.desk.clock(), new_id=world.desk.ids)
        for record in work.list(select(kind)):
            for name, value in values.items():
                setattr(record, name, value)
        work.commit_entry("test.change", txn_id=world.desk.ids())
        work.close()


def patient_of(world):
    if world.client is None:
        world.client_visit = world.new_visit()
        world.client = world.one(Visit).patient_id
    return world.client


def subject(standing):
    def run(world):
        now = world.desk.clock()
        keep(
            world,
            StudySubject(
                id=SUBJECT, number="C1-1010001K", study_id=STUDY, patient_id=patient_of(world), reasons=[],
                enrolled_at=now, consent=standing, state="enrolled", state_since=now,
            ),
        )  # fmt: skip

    return run


def signs(world):
    change(world, StudySubject, consent=ConsentStanding.SIGNED)


def consent(days):
    """A consent that has to be signed anew in so many days."""

    def run(world):
        now = world.desk.clock()
        keep(
            world,
            Consent(
                subject_id=SUBJECT, study_id=STUDY, patient_id=patient_of(world), document_id=uuid.UUID(int=1),
                version="1.0", uses=["data"], way=ConsentWay.DESK, signer_name="王美娜",
                relation=SignerRelation.SELF, proof=IdentityProof.ID_CARD, witness_name="秦", signed_at=now,
                shown_sha256="0" * 64, shown_bytes=1, sha256="0" * 64, evidence={}, evidence_sha256="0" * 64,
                outdated=False, state="valid", state_since=now, due_at=now + days * DAY,
            ),
        )  # fmt: skip

    return run


def replaced(world):
    change(world, Consent, state="replaced", state_since=world.desk.clock(), due_at=None)


STUDY_CASES = [
    ("A-065", subject(ConsentStanding.NONE), signs, timedelta(), subject(ConsentStanding.SIGNED)),
    ("A-066", consent(31), replaced, DAY, consent(32)),
]
