"""A branch with a study, its members and a client; time moves when a test says so."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.biobank.commands import (
    AliquotSpecimen,
    CollectSpecimen,
    CreateContainer,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenType
from domain.catalog.content import load_catalog
from domain.checkup.records import Visit
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.consent.commands import KeepConsent, PublishConsent
from domain.consent.records import ConsentDocument, ConsentWay, IdentityProof, SignerRelation
from domain.kernel.authority import system_actor
from domain.kernel.ids import new_id
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex, Staff
from domain.studies.design_commands import (
    AddCriterion,
    AddMember,
    AddProtocolVisit,
    Comparison,
    CreateStudy,
    CriterionKind,
    MoveStudy,
    RequireSpecimen,
    StudyStep,
)
from domain.studies.follower import StudyFollower
from domain.studies.records import StudyRole
from domain.studies.specimen_commands import PlanTubes
from domain.studies.subject_commands import BeginSubjectVisit, EnrolClient
from domain.studies.subject_records import SubjectVisit
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
CATALOG = load_catalog(resources.folder("catalog"))
FORM = "phq9@1.0.0"


class Lab:
    """People, a study called C1, and short names for what they do."""

    def __init__(self, desk, clock, authority, as_role):
        desk.content |= {"catalog": CATALOG, "authority": authority}
        self.desk, self.clock = desk, clock
        self.head, self.nurse = as_role("department_head", name="周主任"), as_role("nurse", name="秦护士")
        self.technician = as_role("biobank_technician", name="吴技师")
        self.physician = as_role("physician", name="陈医生")
        people = {"head": self.head, "nurse": self.nurse, "tech": self.technician, "doc": self.physician}
        with desk.store.write() as connection:
            work = UnitOfWork(connection, SYSTEM, now=clock(), new_id=new_id)
            for login, actor in people.items():
                work.add(
                    Staff(
                        id=actor.staff_id,
                        login=login,
                        name=actor.name,
                        role=actor.role,
                        password_hash="x",
                        password_set_at=clock(),
                    )
                )
            work.commit_entry("test.seed", txn_id=new_id())
        self.followers = [Follower(desk.store, StudyFollower(desk, SYSTEM))]
        self.study_id = self.plan_id = None

    def run(self, order, actor=None):
        return self.desk.run(order, actor or self.nurse).receipt

    def settle(self):
        while sum(follower.step() for follower in self.followers):
            pass

    def set_up(self, *, form="", tubes=2, quota=None, member=True, criterion=True):
        self.study_id = self.run(
            CreateStudy(
                code="c1",
                name="代谢队列",
                protocol="方案 V1.0",
                leader="head",
                planned_subjects=100,
                recruit_from=date(2026, 11, 1),
                recruit_until=date(2027, 2, 8),
            ),
            self.head,
        )
        if criterion:
            for item, op, value in (
                ("年龄", Comparison.AT_LEAST, "40"),
                ("空腹血糖", Comparison.AT_LEAST, "5.6"),
            ):
                self.run(
                    AddCriterion(
                        study_id=self.study_id, kind=CriterionKind.INCLUDE, item=item, op=op, value=value
                    ),
                    self.head,
                )
        self.plan_id = self.run(
            AddProtocolVisit(
                study_id=self.study_id, code="V0", name="基线", day=0, after_days=3, forms=form or None
            ),
            self.head,
        )
        self.run(
            AddProtocolVisit(study_id=self.study_id, code="V1", name="一年", day=365, before_days=14),
            self.head,
        )
        wanted = {"type": SpecimenType.SERUM, "container": PrimaryContainer.SERUM_SEPARATOR}
        self.requirement_id = self.run(
            RequireSpecimen(plan_id=self.plan_id, name="血清", tubes=tubes, quota=quota, **wanted), self.head
        )
        if member:
            self.run(AddMember(study_id=self.study_id, login="nurse", role=StudyRole.NURSE), self.head)
        self.run(MoveStudy(study_id=self.study_id, step=StudyStep.OPEN), self.head)

    def client(self, born=date(1975, 8, 23), name="王美娜"):
        return self.run(RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=born)).patient_id

    def enrolled(self, patient_id):
        return self.run(EnrolClient(study="C1", patient_id=patient_id))

    def published(self, version="1.0", **facts):
        order = {
            "title": "代谢队列知情同意书",
            "body": "# 目的\n了解代谢健康。\n- 可以随时退出。",
            "approval": "伦审 1",
        }
        return self.run(PublishConsent(study_id=self.study_id, version=version, **(order | facts)), self.head)

    def agreed(self, subject_id, *uses):
        """Keep a consent without a file that anybody could read; how files are sealed has tests of its own."""
        [newest] = self.rows(ConsentDocument)[-1:] or [None]
        document_id = self.published() if newest is None else newest.id
        order = KeepConsent(
            subject_id=subject_id,
            document_id=document_id,
            uses=list(uses or ("collect", "store", "data")),
            way=ConsentWay.DESK,
            signer_name="王美娜",
            relation=SignerRelation.SELF,
            proof=IdentityProof.ID_CARD,
            witness_name="秦护士",
            shown_sha256="0" * 64,
            shown_bytes=1,
            sha256="0" * 64,
            content=b"x",
            evidence={"by": "test"},
        )
        return self.run(order)

    def first_visit(self, subject_id):
        return self.rows(SubjectVisit, subject_id=subject_id, plan_id=self.plan_id)[0]

    def checkup(self, patient_id):
        visit_id = self.run(OpenVisit(patient_id=patient_id)).visit_id
        if self.rows(Visit, id=visit_id)[0].state == "registered":
            self.run(Arrive(visit_id=visit_id))
        return visit_id

    def begun(self, subject_id):
        visit = self.first_visit(subject_id)
        self.run(BeginSubjectVisit(subject_visit_id=visit.id))
        return self.run(PlanTubes(subject_visit_id=visit.id))

    def draw(self, number, actor=None):
        return self.run(CollectSpecimen(number=number), actor)

    def put_in_store(self, number, count=2):
        """Take a tube through the bench; returns the numbers of its aliquots, in a box."""
        for order in (ReceiveSpecimen, ProcessSpecimen):
            self.run(order(number=number), self.technician)
        parts = self.run(AliquotSpecimen(number=number, count=count, volume_ul=500), self.technician)
        self.run(CreateContainer(code="BOX1", name="一号盒"), self.technician)
        for place, part in enumerate(parts, 1):
            self.run(
                StoreSpecimen(number=part.number, container="BOX1", position=f"A{place}"), self.technician
            )
        return [part.number for part in parts]

    def rows(self, record, **values):
        table = record.__table__
        with self.desk.store.read() as connection:
            return connection.execute(
                select(table)
                .where(*(table.c[name] == value for name, value in values.items()))
                .order_by(table.c.id)
            ).all()

    def tubes(self):
        return self.rows(Specimen)

    def later(self, **span):
        self.clock.advance(timedelta(**span))
        self.settle()


@pytest.fixture
def lab(desk, clock, authority, as_role):
    return Lab(desk, clock, authority, as_role)
