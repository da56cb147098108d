"""A branch with its systems: a desk, partners on this machine that speak MLLP, and lanes that wait briefly."""

from datetime import date
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.visit_commands import OpenVisit
from domain.interop.follower import PartnerFollower
from domain.interop.item_commands import SetServiceItem
from domain.interop.order_records import ServiceRequest
from domain.interop.out_records import OutMessage, SentBytes
from domain.interop.partner_commands import RegisterPartner
from domain.interop.partner_records import Partner, PartnerRole, PartnerState
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Organization, Sex
from server.interfaces.outbound.lanes import Lanes
from server.interfaces.outbound.line import Line
from server.interfaces.simulators.partner import PartnerSimulator
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE, "体检接口")
PACKAGE = "标准套餐"


class House:
    """What tests do with a branch and its systems."""

    def __init__(self, desk, as_role):
        self.desk, self.clock = desk, desk.clock
        desk.content["catalog"] = load_catalog(resources.folder("catalog"))
        self.it, self.physician, self.nurse = as_role("it"), as_role("physician"), as_role("nurse")
        with desk.store.write() as connection:
            work = UnitOfWork(connection, SYSTEM, now=self.clock(), new_id=desk.ids)
            work.add(Organization(id=BRANCH, org_id=BRANCH, code="B01", name="城东分院"))
            work.commit_entry("test.organization", txn_id=desk.ids())
            work.close()
        self.follower = Follower(desk.store, PartnerFollower(desk, SYSTEM))
        self.lanes = Lanes(desk, SYSTEM, self._no_tls, partial(Line, connect_s=2.0, answer_s=2.0))

    @staticmethod
    def _no_tls():
        raise OSError("no certificate")

    def run(self, order, actor=None):
        return self.desk.run(order, actor or self.it).receipt

    def partner(self, simulator=None, *, role=PartnerRole.LIS, application="LIS", **facts):
        told = {"orders": simulator is not None} | facts
        return self.run(
            RegisterPartner(
                system_name=application, role=role, application=application, facility="B01",
                host="127.0.0.1" if simulator else None, port=simulator.port if simulator else None, tls=False,
                reason="测试", **told,
            )
        )  # fmt: skip

    def item(self, code="GLU", name="空腹血糖", role=PartnerRole.LIS, results="fpg", packages=PACKAGE):
        order = SetServiceItem(
            code=code, name=name, role=role, packages=packages, results=results, reason="测试"
        )
        return self.run(order, self.physician)

    def client(self, name="王小明", **facts):
        order = RegisterPatient(
            name=name, sex=Sex.FEMALE, birth_date=date(1985, 12, 12), another_person=True, **facts
        )
        return self.run(order, self.nurse).patient_id

    def visit(self, patient_id, package=PACKAGE):
        found = self.run(OpenVisit(patient_id=patient_id, package=package), self.nurse)
        return SimpleNamespace(id=found.visit_id, number=found.number)

    def rows(self, record, *where):
        table = record.__table__
        with self.desk.store.read() as connection:
            return connection.execute(select(table).where(*where).order_by(table.c.id)).all()

    def requests(self):
        return self.rows(ServiceRequest)

    def messages(self):
        with self.desk.store.read() as connection:
            table = OutMessage.__table__
            return connection.execute(select(table).order_by(table.c.place)).all()

    def sent(self):
        return self.rows(SentBytes)

    def state(self, partner_id):
        return next(row for row in self.rows(PartnerState) if row.id == partner_id)

    def flow(self, *partner_ids):
        """Queue what the log says and send everything that is due now."""
        self.follower.catch_up()
        for one in partner_ids or [row.id for row in self.rows(Partner)]:
            while self.lanes.step(one):
                pass


@pytest.fixture
def house(desk, as_role):
    made = House(desk, as_role)
    yield made
    made.lanes.stop()


@pytest.fixture
def simulator():
    running = []

    def begin(answer=None, **facts):
        running.append(PartnerSimulator(answer, **facts))
        return running[-1]

    yield begin
    for one in running:
        one.stop()
