"""The causes of the alerts of cohort studies."""

import uuid
from datetime import date, timedelta

from sqlalchemy import select

from domain.alerts.commands import HandleAlert, TakeAlert
from domain.alerts.engine_commands import OpenAlert
from domain.alerts.records import Severity
from domain.checkup.records import Visit
from domain.consent.records import Consent, ConsentWay, IdentityProof, SignerRelation
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.research.quality_records import PairState, SimilarPair, StudyData, VisitData
from domain.studies.progress_records import (
    CollectionRate,
    NodeKind,
    ProgressMeasure,
    ResearchTask,
    StudyProgress,
)
from domain.studies.subject_records import ConsentStanding, StudySubject, SubjectVisit
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


def rate(value):
    def run(world):
        keep(
            world,
            CollectionRate(
                study_id=STUDY, requirement_id=SUBJECT, name="血清", window_from=date(2026, 11, 1), owed=1000,
                collected=int(value * 10), rate=value, causes={}, trend=[], days=[], told=[], falling=False,
                counted_at=world.desk.clock(),
            ),
        )  # fmt: skip

    return run


def progress(value):
    def run(world):
        keep(
            world,
            StudyProgress(
                study_id=STUDY, code="C1", measure=ProgressMeasure.ENROLMENT, planned=1000,
                actual=int(value * 10), rate=value, counted_on=date(2026, 11, 1), counted_at=world.desk.clock(),
            ),
        )  # fmt: skip

    return run


def here(tubes, *, in_building=True):
    """A visit going on with so many tubes neither drawn nor given up."""

    def run(world):
        now = world.desk.clock()
        keep(
            world,
            SubjectVisit(
                study_id=STUDY, subject_id=SUBJECT, patient_id=patient_of(world), plan_id=STUDY, name="基线",
                target_on=date(2026, 11, 1), window_from=date(2026, 11, 1), window_until=date(2026, 11, 2),
                begun_at=now, open_tubes=tubes, in_building=in_building, state="going_on", state_since=now,
            ),
        )  # fmt: skip

    return run


def nodes(*kinds):
    """Nodes of one visit that are to be over in two hours."""

    def run(world):
        now = world.desk.clock()
        for number, kind in enumerate(kinds):
            keep(
                world,
                ResearchTask(
                    id=uuid.UUID(int=0x6000 + number), study_id=STUDY, subject_id=SUBJECT, subject_visit_id=STUDY,
                    patient_id=patient_of(world), kind=kind, number="C1-1010002M", began_at=now, late=False,
                    state="open", state_since=now, due_at=now + 2 * HOUR,
                ),
            )  # fmt: skip

    return run


def over(world):
    change(world, ResearchTask, state="done", state_since=world.desk.clock(), due_at=None)


def both_late(world):
    nodes(NodeKind.COLLECTION, NodeKind.STORAGE)(world)


def one_late(world):
    nodes(NodeKind.COLLECTION)(world)


def overdue(count, *, taken=False):
    """So many nodes of one subject that are overdue at once; the nurse is responsible for them, or nobody yet."""

    def run(world):
        if taken:
            keep(
                world,
                Staff(
                    id=world.nurse.staff_id, login="qin", name="秦护士", role="nurse", password_hash="-",
                    password_set_at=world.desk.clock(),
                ),
            )  # fmt: skip
        for number in range(count):
            own = uuid.UUID(int=0x7000 + number)
            order = OpenAlert(
                alert_id=own, rule="A-079", rule_version=2, name="x", org_id=world.nurse.org_id,
                subject="research_task", subject_id=own, patient_id=None if taken else patient_of(world),
                summary="x", facts={}, severity=Severity.IMPORTANT, receivers=["nurse"],
                opened_at=world.desk.clock(),
            )  # fmt: skip
            world.desk.run(order, system(world))
            if taken:
                world.desk.run(TakeAlert(alert_id=own), world.nurse)

    return run


def one_less(world):
    world.desk.run(TakeAlert(alert_id=uuid.UUID(int=0x7000)), world.nurse)
    world.desk.run(HandleAlert(alert_id=uuid.UUID(int=0x7000), note="已完成"), world.nurse)


def one_less_taken(world):
    world.desk.run(HandleAlert(alert_id=uuid.UUID(int=0x7000), note="已完成"), world.nurse)


def study_data(value):
    def run(world):
        keep(
            world,
            StudyData(
                study_id=STUDY, code="C1", wanted=1000, present=int(value * 10), exempted=0, rate=value,
                lacking_visits=1, counted_at=world.desk.clock(),
            ),
        )  # fmt: skip

    return run


def pair(likeness, state=PairState.OPEN):
    def run(world):
        keep(
            world,
            SimilarPair(
                study_id=STUDY, first_visit_id=STUDY, second_visit_id=SUBJECT, patient_id=patient_of(world),
                first="C1-1010001K 基线", second="C1-1010002M 基线", same_subject=False, compared=100,
                equal=int(likeness), likeness=likeness, standing=state, found_at=world.desk.clock(),
            ),
        )  # fmt: skip

    return run


def lacking(missing):
    def run(world):
        keep(
            world,
            VisitData(
                study_id=STUDY, subject_id=SUBJECT, subject_visit_id=SUBJECT, patient_id=patient_of(world),
                number="C1-1010001K", visit="基线", wanted=2, present=2 - missing, exempted=0, missing=missing,
                lacking=["标本 血清"], counted_at=world.desk.clock(),
            ),
        )  # fmt: skip

    return run


STUDY_CASES = [
    (
        "A-082",
        study_data(94.9),
        lambda w: change(w, StudyData, rate=95.0),
        timedelta(),
        study_data(95.0),
        False,
    ),
    (
        "A-083",
        pair(70.01),
        lambda w: change(w, SimilarPair, standing=PairState.REAL),
        timedelta(),
        pair(70.0),
    ),
    ("A-084", lacking(1), lambda w: change(w, VisitData, missing=0), timedelta(), lacking(0)),
    ("A-080", overdue(2), one_less, timedelta(), overdue(1)),
    ("A-921", overdue(2, taken=True), one_less_taken, timedelta(), overdue(1, taken=True), False),
    ("A-070", rate(79.9), lambda w: change(w, CollectionRate, rate=80.0), timedelta(), rate(80.0), False),
    ("A-071", here(1), lambda w: change(w, SubjectVisit, open_tubes=0), timedelta(), here(0)),
    ("A-079", one_late, over, 2 * HOUR, nodes()),
    (
        "A-081",
        progress(79.9),
        lambda w: change(w, StudyProgress, rate=80.0),
        timedelta(),
        progress(80.0),
        False,
    ),
    ("A-065", subject(ConsentStanding.NONE), signs, timedelta(), subject(ConsentStanding.SIGNED)),
    ("A-066", consent(31), replaced, DAY, consent(32)),
]
