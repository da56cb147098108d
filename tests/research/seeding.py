"""A study of many people with two visits, put into a store by the row: what pages and reports look at."""

import random
import uuid
from datetime import date, timedelta

from domain.checkup.records import Observation, ResultSource
from domain.consent.records import Consent, ConsentWay, IdentityProof, SignerRelation
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Sex
from domain.research.quality_records import PairState, SimilarPair, StudyData, VisitData
from domain.studies.records import ProtocolVisit, Study, StudyArm
from domain.studies.subject_records import ConsentStanding, StudySubject, SubjectVisit

ITEMS = (
    ("fpg", "空腹血糖", "mmol/L", 5.4, 0.9),
    ("sbp", "收缩压", "mm[Hg]", 128, 14),
    ("ua", "尿酸", "umol/L", 330, 60),
)


def seed_study(desk, actor, people=60, code="C1"):
    """Return the study's id: two arms, a baseline and a year later, a third of whom have not come again."""
    chance, now = random.Random(11), desk.clock()  # noqa: S311 -- the same people in every run
    with desk.store.write() as connection:
        work = UnitOfWork(connection, actor, now=now, new_id=new_id)
        study = work.add(
            Study(
                code=code, name="代谢队列", protocol="方案 V1.0", leader_name="周主任", planned_subjects=people,
                recruit_from=date(2025, 1, 1), recruit_until=date(2026, 12, 31), criteria={"include": [],
                "exclude": []},
                revision=0, state="recruiting", state_since=now,
            )
        )  # fmt: skip
        arms = [
            work.add(StudyArm(study_id=study.id, code=c, name=n))
            for c, n in (("A", "干预组"), ("B", "对照组"))
        ]
        plans = [
            work.add(ProtocolVisit(study_id=study.id, code=code, name=name, day=day, before_days=0,
            after_days=30, forms=[],
                                   questionnaire_hours=24, collection_hours=8, processing_hours=2, storage_hours=2))
            for code, name, day in (("V0", "基线", 0), ("V1", "一年", 365))
        ]  # fmt: skip
        for number in range(people):
            _person(work, chance, study, arms[number % 2], plans, number, now)
        work.commit_entry("test.seed", txn_id=new_id())
    return study.id


def _person(work, chance, study, arm, plans, number, now):
    begun = now - timedelta(days=400 - number % 20)
    patient = work.add(
        Patient(
            number=f"S{study.code}{number:05d}", name=f"受试{number}",
            sex=Sex.FEMALE if chance.random() < 0.6 else Sex.MALE,
            birth_date=date(1940 + chance.randrange(50), 3, 1), id_type="01",
        )
    )  # fmt: skip
    left = number % 15 == 7
    subject = work.add(
        StudySubject(
            number=f"{study.code}-{number:07d}", study_id=study.id, patient_id=patient.id, arm_id=arm.id, reasons=[],
            enrolled_at=begun, consent=ConsentStanding.SIGNED, state="withdrawn" if left else "enrolled",
            state_since=begun,
        )
    )  # fmt: skip
    work.add(
        Consent(
            subject_id=subject.id, study_id=study.id, patient_id=patient.id, document_id=study.id, version="1.0",
            uses=["collect", "data"], way=ConsentWay.DESK, signer_name="x", relation=SignerRelation.SELF,
            proof=IdentityProof.KNOWN, witness_name="x", signed_at=begun, shown_sha256="0", shown_bytes=1, sha256="0",
            evidence={}, evidence_sha256="0", outdated=False, state="valid", state_since=begun,
        )
    )  # fmt: skip
    for place, plan in enumerate(plans):
        came = place == 0 or number % 3 != 0
        at = begun + timedelta(days=360 * place + 5 * place)
        checkup = new_id()
        work.add(
            SubjectVisit(
                study_id=study.id, subject_id=subject.id, patient_id=patient.id, plan_id=plan.id, name=plan.name,
                target_on=at.date(), window_from=at.date(), window_until=at.date() + timedelta(days=30),
                visit_id=checkup if came else None, begun_at=at if came else None, off_window=number % 17 == 3,
                open_tubes=0, in_building=False, state="done" if came else "planned", state_since=at,
            )
        )  # fmt: skip
        for item, label, unit, mean, sd in ITEMS if came else ():
            if chance.random() < 0.06:
                continue
            value = round(chance.gauss(mean + (0.5 * sd if place and arm.code == "B" else 0), sd), 1)
            work.add(
                Observation(
                    visit_id=checkup, patient_id=patient.id, item=item, label=label, value_number=value,
                    value_text=str(value), ucum=unit, effective_at=at, source=ResultSource.INTERFACE,
                )
            )  # fmt: skip


def seed_doubts(desk, actor, study_id):
    """Put what the centre would have counted into the store: a rate below the limit, gaps, and one pair
    that is alike."""
    with desk.store.write() as connection:
        work = UnitOfWork(connection, actor, now=desk.clock(), new_id=new_id)
        other = uuid.UUID(int=0x77)
        work.add(
            StudyData(
                study_id=study_id, code="C1", wanted=200, present=184, exempted=2, rate=92.9, lacking_visits=9,
                counted_at=desk.clock(),
            )
        )  # fmt: skip
        work.add(
            VisitData(
                study_id=study_id, subject_id=other, subject_visit_id=other, patient_id=other, number="C1-0000004",
                visit="一年", wanted=3, present=1, exempted=0, missing=2, lacking=["尿酸", "标本 血清"],
                counted_at=desk.clock(),
            )
        )  # fmt: skip
        work.add(
            SimilarPair(
                study_id=study_id, first_visit_id=other, second_visit_id=other, patient_id=other,
                first="C1-0000004 基线",
                second="C1-0000009 基线", same_subject=False, compared=120, equal=118, likeness=98.33,
                standing=PairState.OPEN, found_at=desk.clock(),
            )
        )  # fmt: skip
        work.commit_entry("test.doubts", txn_id=new_id())
