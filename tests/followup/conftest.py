"""A branch with content of follow-up, somebody to look after, and people who do."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Visit
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.followup.content import FOLLOWUP, followup_of
from domain.followup.follower import FollowUpFollower
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex, Staff
from domain.risk.content import RISK, load_risk
from domain.risk.follower import RiskFollower
from domain.scales.reading import load_scales
from tests.conftest import BRANCH, DEVICE

CATALOG = load_catalog(resources.folder("catalog"))
MODELS = load_risk(resources.folder("risk"), CATALOG, resources.folder("forms"))
SCALES = load_scales(resources.folder("scales"))
SYSTEM = system_actor(BRANCH, DEVICE)
UNITS = {
    "sbp": "mm[Hg]",
    "dbp": "mm[Hg]",
    "weight": "kg",
    "height": "cm",
    "waist": "cm",
    "ua": "umol/L",
    "ggt": "U/L",
}
UNITS |= dict.fromkeys(("fpg", "tc", "hdl", "ldl", "tg"), "mmol/L") | {"k": "mmol/L"}
WELL = {"sbp": 118.0, "dbp": 74.0, "height": 172.0, "weight": 64.0, "waist": 80.0, "fpg": 5.0}
WELL |= {"tc": 4.4, "hdl": 1.5, "ldl": 2.3, "tg": 1.0, "ua": 300.0, "ggt": 18.0}


@pytest.fixture(scope="session")
def content(authority):
    return followup_of(resources.folder("followup"), authority.roles, resources.folder("forms"))


class Care:
    """A branch and its readers; each method is a step of somebody's day."""

    def __init__(self, desk, authority, content):
        desk.content |= {
            "catalog": CATALOG, "scales": SCALES, RISK: MODELS, FOLLOWUP: content, "authority": authority,
            TEMPLATES: load_templates(resources.folder("messages")),
        }  # fmt: skip
        self.desk = desk
        self.authority = authority
        self.followers = [
            Follower(desk.store, RiskFollower(desk, SYSTEM)), Follower(desk.store, FollowUpFollower(desk, SYSTEM)),
        ]  # fmt: skip
        self.born = date(1968, 3, 2)
        self.nurse = self.person("nurse", "护士甲", "nurse")
        self.lead = self.person("lead", "主管甲", "service_lead")
        self.manager = self.person("wang", "王管理", "health_manager")
        self.head = self.person("head", "主任甲", "department_head")

    def person(self, login, name, role):
        staff_id = self.desk.ids()
        with (
            self.desk.store.write() as connection
        ):  # an account without a password: hashing one takes half a second
            work = UnitOfWork(connection, SYSTEM, now=self.desk.clock(), new_id=self.desk.ids)
            work.add(
                Staff(
                    id=staff_id,
                    login=login,
                    name=name,
                    role=role,
                    password_hash="-",
                    password_set_at=work.now,
                )
            )
            work.commit_entry("test.person", txn_id=self.desk.ids())
            work.close()
        return self.authority.actor(
            staff_id=staff_id, name=name, role=role, org_id=BRANCH, device_id=DEVICE, subtree=()
        )

    def run(self, order, actor=None):
        return self.desk.run(order, actor or self.manager).receipt

    def client(self, **values):
        """Register a client with an arrived visit and, if any are given, results; returns their id."""
        self.born += timedelta(days=1)
        order = RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=self.born)
        patient_id = self.run(order, self.nurse).patient_id
        if values:
            self.measure(patient_id, **values)
        return patient_id

    def measure(self, patient_id, **values):
        """Results of a new visit, and what the readers make of them."""
        visit = self.run(OpenVisit(patient_id=patient_id), self.nurse).visit_id
        if self.one(Visit, Visit.__table__.c.id == visit).state == "registered":
            self.run(Arrive(visit_id=visit), self.nurse)
        given = [Measured(item=key, value=value, unit=UNITS[key]) for key, value in values.items()]
        self.run(RecordMeasurement(visit_id=visit, values=given), self.nurse)
        self.settle()

    def settle(self):
        """Let the readers read, until they have nothing to say any more."""
        while sum(follower.catch_up() for follower in self.followers):
            pass

    def rows(self, kind, *where):
        table = kind.__table__
        with self.desk.store.read() as connection:
            return connection.execute(select(table).where(*where).order_by(table.c.id)).all()

    def one(self, kind, *where):
        [row] = self.rows(kind, *where)
        return row


@pytest.fixture
def care(desk, authority, content):
    return Care(desk, authority, content)
