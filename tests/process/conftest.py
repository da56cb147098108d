"""A branch with packages and nodes, somebody at the desk, and the reader that lets items follow."""

import itertools
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.process.definitions import PROCESS, load_process
from domain.process.follower import ProcessFollower
from domain.process.standing import items_of
from tests.conftest import BRANCH, DEVICE

CATALOG = load_catalog(resources.folder("catalog"))
TEXTS = Texts.load(resources.folder("texts") / "zh")
SYSTEM = system_actor(BRANCH, DEVICE)


class Hall:
    """A checkup centre; each method is a step of its day."""

    def __init__(self, desk, authority, as_role):
        process = load_process(resources.folder("process"), authority.roles, CATALOG.observations)
        desk.content |= {"catalog": CATALOG, "authority": authority, "texts": TEXTS, PROCESS: process}
        self.desk, self.process = desk, process
        self.nurse, self.head = as_role("nurse"), as_role("department_head")
        self.admin, self.doctor = as_role("administrator"), as_role("physician")
        self.follower = Follower(desk.store, ProcessFollower(desk, SYSTEM))
        self.days = itertools.count()

    def run(self, order, actor=None):
        return self.desk.run(order, actor or self.nurse).receipt

    def refused(self, order, actor=None):
        with pytest.raises(DomainError) as found:
            self.run(order, actor)
        return found.value

    def visit(self, package=None, *, sex=Sex.FEMALE, born=date(1975, 8, 23), arrive=True):
        """A client who has come."""
        order = RegisterPatient(name="王美娜", sex=sex, birth_date=born + timedelta(days=next(self.days)))
        opened = self.run(OpenVisit(patient_id=self.run(order).patient_id, package=package))
        if arrive:
            self.run(Arrive(visit_id=opened.visit_id))
        return opened.visit_id

    def settle(self):
        self.follower.catch_up()

    def rows(self, kind, *where):
        table = kind.__table__
        with self.desk.store.read() as connection:
            return connection.execute(select(table).where(*where).order_by(table.c.id)).all()

    def items(self, visit_id):
        with self.desk.store.read() as connection:
            return {one.code: one.standing for one in items_of(connection, visit_id)}


@pytest.fixture
def hall(desk, authority, as_role):
    return Hall(desk, authority, as_role)
