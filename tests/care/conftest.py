"""A branch that looks after somebody by a plan; time moves when a test says so."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.care.content import CARE, load_care
from domain.care.execution_commands import NoteExecution
from domain.care.follower import CareFollower
from domain.care.item_commands import AddItem
from domain.care.plan_commands import SignPlan, StartPlan
from domain.care.records import CareItem, CareKind, CareOutcome
from domain.catalog.content import load_catalog
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.kernel.readers import Follower
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
CATALOG = load_catalog(resources.folder("catalog"))


class Cared:
    """A branch with the reader of plans and the alert engine."""

    def __init__(self, desk, clock, authority, as_role):
        desk.content |= {
            "catalog": CATALOG,
            "authority": authority,
            CARE: load_care(resources.folder("care")),
        }
        self.desk, self.clock = desk, clock
        self.nurse, self.doctor = as_role("nurse"), as_role("physician")
        self.reader = CareFollower(desk, SYSTEM)
        self.engine = AlertEngine(desk, load_rules(resources.folder("alerts"), authority.roles), SYSTEM)
        self.followers = [Follower(desk.store, reader) for reader in (self.reader, self.engine)]

    def settle(self):
        for _ in range(3):
            while sum(follower.catch_up() for follower in self.followers):
                pass
            self.reader.tick()
            self.engine.tick()

    def run(self, order, actor=None):
        receipt = self.desk.run(order, actor or self.doctor).receipt
        self.settle()
        return receipt

    def later(self, **span):
        self.clock.advance(timedelta(**span))
        self.settle()

    def client(self):
        born = RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=date(1968, 3, 2))
        return self.run(born, self.nurse).patient_id

    def plan(self, patient_id, days=60):
        ends = self.today + timedelta(days=days)
        return self.run(StartPlan(patient_id=patient_id, name="控压减重", ends_on=ends))

    def item(self, plan_id, kind=CareKind.SUPPLEMENT, label="维生素D", times="08:00", **more):
        return self.run(AddItem(care_plan_id=plan_id, kind=kind, label=label, times=times, **more))

    def signed(self, *kinds, **more):
        """Return a plan that runs, with the ids of its items by kind."""
        plan_id = self.plan(self.client())
        items = {
            kind: self.item(plan_id, kind, str(kind), watched="sbp" if kind is CareKind.MONITORING else None, **more)
            for kind in kinds
        }  # fmt: skip
        self.run(SignPlan(care_plan_id=plan_id))
        return plan_id, items

    def note(self, item_id, outcome=CareOutcome.DONE, **more):
        return self.run(NoteExecution(care_item_id=item_id, outcome=outcome, **more), self.nurse)

    def rows(self, record, **values):
        table = record.__table__
        wanted = [table.c[name] == value for name, value in values.items()]
        with self.desk.store.read() as connection:
            return connection.execute(select(table).where(*wanted)).all()

    def one(self, record, **values):
        [found] = self.rows(record, **values)
        return found

    def running(self):
        return [row.id for row in self.rows(CareItem, state="running")]

    def alerts(self, *rules):
        with self.desk.store.read() as connection:
            query = select(Alert.rule, Alert.state).order_by(Alert.opened_at, Alert.rule)
            found = [tuple(row) for row in connection.execute(query)]
        return [row for row in found if not rules or row[0] in rules]

    @property
    def today(self):
        return clinic(self.clock()).date()


@pytest.fixture
def care(desk, clock, authority, as_role):
    return Cared(desk, clock, authority, as_role)
