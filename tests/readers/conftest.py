"""Builders for tests of the log's readers: a working desk, a system actor, and a store that gets another's log."""

import itertools
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert, AlertEvent
from domain.alerts.situations import timer_table
from domain.care.content import CARE, load_care
from domain.catalog.content import load_catalog
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.followup.content import FOLLOWUP, followup_of
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower
from domain.knowledge.content import KNOWLEDGE, load_knowledge
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.process.definitions import PROCESS, load_process
from domain.risk.content import RISK, load_risk
from domain.scales.content import scale_content
from sync.stores import open_branch_store
from tests.readers.alert_cases import World

CENTRE_DEVICE = uuid.UUID(int=0xC1)
KEY = bytes(range(32))


@pytest.fixture(scope="session")
def catalog():
    return load_catalog(resources.folder("catalog"))


@pytest.fixture(scope="session")
def contents(catalog, authority):
    """What handlers ask for by name; read once, it is half a second's work."""
    forms = resources.folder("forms")
    read = {name: make() for name, make in scale_content(resources.folder("scales"), forms).items()}
    read[CARE] = load_care(resources.folder("care"))
    read[KNOWLEDGE] = load_knowledge(resources.folder("knowledge"))
    read[RISK] = load_risk(resources.folder("risk"), catalog)
    read[PROCESS] = load_process(resources.folder("process"), authority.roles, catalog.observations)
    read[FOLLOWUP] = followup_of(resources.folder("followup"), authority.roles, forms)
    return read


@pytest.fixture
def day(desk, catalog, contents):
    desk.content["catalog"] = catalog
    desk.content.update(contents)
    return desk


@pytest.fixture
def system(nurse):
    return system_actor(nurse.org_id, nurse.device_id)


@pytest.fixture
def new_client(day, nurse):
    """Return a function that registers a client and returns the id."""
    days = itertools.count()

    def make(name="王美娜", **facts):
        born = date(1950, 1, 1) + timedelta(days=next(days))
        order = RegisterPatient(**{"name": name, "sex": Sex.FEMALE, "birth_date": born, **facts})
        return day.run(order, nurse).receipt.patient_id

    return make


@pytest.fixture
def new_visit(day, nurse, new_client):
    """Return a function that opens a visit of a new client who has arrived and returns the id."""

    def make(name="王美娜"):
        visit_id = day.run(OpenVisit(patient_id=new_client(name)), nurse).receipt.visit_id
        day.run(Arrive(visit_id=visit_id), nurse)
        return visit_id

    return make


@pytest.fixture
def second_store(tmp_path, empty_store):
    path = tmp_path / "second.db"
    path.write_bytes(empty_store.read_bytes())
    opened = open_branch_store(path, KEY)
    yield opened
    opened.close()


@pytest.fixture
def centre(second_store, clock):
    """A dispatcher of another installation, with the same clock."""
    return Dispatcher(second_store, clock=clock, content={"number_prefix": "001"})


@pytest.fixture(scope="session")
def book(authority):
    return load_rules(resources.folder("alerts"), authority.roles)


@pytest.fixture
def world(day, as_role, new_visit):
    return World(day, as_role, new_visit)


@pytest.fixture
def watch(day, book, system):
    return Watch(day, book, system)


class Watch:
    """An engine with its follower, and what it has opened."""

    def __init__(self, desk, book, actor):
        self.desk = desk
        self.book = book
        self.engine = AlertEngine(desk, book, actor)
        self.follower = Follower(desk.store, self.engine)

    def look(self):
        """One round of the reader thread; returns what the tick did."""
        self.follower.catch_up()
        done = self.engine.tick()
        self.follower.catch_up()
        return done

    def alerts(self, rule=None):
        table = Alert.__table__
        with self.desk.store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.opened_at, table.c.rule)).all()
        return [row for row in rows if rule in (None, row.rule)]

    def events(self, alert_id, kind=None):
        table = AlertEvent.__table__
        with self.desk.store.read() as connection:
            mine = select(table).where(table.c.alert_id == alert_id).order_by(table.c.at)
            return [row for row in connection.execute(mine) if kind in (None, row.kind)]

    def timers(self):
        with self.desk.store.read() as connection:
            return connection.execute(select(timer_table())).all()
