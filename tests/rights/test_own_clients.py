"""Roles that see only their own clients (R1.7.1): every list, record, order, search and scan there is."""

import dataclasses
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.alerts.worklists import alerts_for, count_for
from domain.followup.group_commands import ensure_profile
from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log
from domain.kernel.clients import client_conditions, own_clients, visible, way_to_client
from domain.kernel.clock import ManualClock
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.kernel.record import record_classes
from domain.kernel.rows import scoped
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from domain.people.scans import route_scan
from domain.people.signing_in import sign_in
from domain.people.staff_commands import CreateStaff
from domain.people.tie_commands import AssignClient, EndTie, Presence, TakeOnClient
from domain.people.tie_records import ClientTie
from sync.digest import store_digest
from sync.search import SearchIndex
from sync.stores import open_branch_store
from tests.conftest import DEVICE, KEY, START
from tests.fixtures.whole_day import ID_NUMBER, NAME, PASSWORD, PHONE, live_a_day
from tests.server.test_api_matrix import body_of
from tests.server.test_api_scope_matrix import entity_of

LIMITED = ("messaging_operator", "receptionist")


class Desk:
    """A branch in which everything has happened once to a client, with two people of each limited role."""

    def __init__(self, store, authority, clock):
        self.day = live_a_day(store, authority, clock, DEVICE)
        self.store, self.clock, self.authority = store, clock, authority
        self.dispatcher, self.org_id = self.day.desk, self.day.org_id
        self.system = system_actor(self.org_id, DEVICE)
        self._signed_in = {}
        for role in LIMITED:
            for number in (1, 2):
                self.dispatcher.run(
                    CreateStaff(
                        login=f"{role}{number}"[:60], name=f"某{number}", role=role, password=PASSWORD,
                        org_id=self.org_id, must_change=False,
                    ),
                    self.system,
                )  # fmt: skip

    def person(self, role, number=1):
        login = f"{role}{number}"[:60]
        if login not in self._signed_in:
            self._signed_in[login] = sign_in(
                self.dispatcher, self.authority, login, PASSWORD, device_id=DEVICE, org_id=self.org_id
            ).actor
        return self._signed_in[login]

    def run(self, order, actor=None):
        return self.dispatcher.run(order, actor or self.system).receipt

    def seen(self, actor):
        """Return the records of clients an actor is shown, by entity."""
        found = {}
        with self.store.read() as connection:
            for entity, kind in record_classes().items():
                if way_to_client(kind) is None:
                    continue
                query = scoped(select(kind.__table__.c.id), kind, actor)
                if rows := connection.execute(query).scalars().all():
                    found[entity] = rows
        return found

    def ids(self):
        """Return an id of every kind of record about the day's client, that is nobody's here."""
        found = {}
        nobody = self.person("receptionist", 2)
        with self.store.read() as connection:
            for entity, kind in record_classes().items():
                where = client_conditions(kind, nobody)
                table = kind.__table__
                if where:
                    hidden = select(table.c.id).where(table.c.id.not_in(select(table.c.id).where(*where)))
                    if (one := connection.execute(hidden).scalars().first()) is not None:
                        found[entity] = one
        return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory, empty_store, authority):
    path = tmp_path_factory.mktemp("own") / "branch.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_branch_store(path, KEY)
    yield Desk(store, authority, ManualClock(START))
    store.close()


def test_the_roles_that_see_only_their_own_are_declared(authority):
    own = {name for name, role in authority.roles.items() if role.clients == "own"}
    assert own == set(LIMITED)


@pytest.mark.parametrize("role", LIMITED)
def test_who_has_no_client_is_shown_nothing_of_any(desk, role):
    actor = desk.person(role, 2)
    everybody = dataclasses.replace(actor, own_clients=False)
    shown, there = desk.seen(actor), desk.seen(everybody)
    assert len(there) > 25
    claimable = {
        "alert",
        "alert_event",
    }  # what is about nobody's client is seen, so that it is not seen by nobody
    with desk.store.read() as connection:
        for entity, rows in shown.items():
            kind = record_classes()[entity]
            column = kind.__table__.c[way_to_client(kind).column]
            about = select(kind.__table__.c.id).where(kind.__table__.c.id.in_(rows), column.is_not(None))
            if not kind.record_info.owner and entity not in claimable:
                assert not connection.execute(about).all(), entity
    assert "patient" not in shown
    pages = Pages(desk.store)
    for name, listing in worklists().items():
        if actor.may(listing.permission):
            assert not {row.id for row in pages.page(listing, actor, limit=500).rows} & set(
                there.get("patient", ())
            ), name
            assert pages.count(listing, actor) == len(pages.page(listing, actor, limit=500).rows), name


@pytest.mark.parametrize("role", LIMITED)
def test_no_order_about_somebody_elses_client_is_carried_out(desk, role):
    actor, ids = desk.person(role, 2), desk.ids()
    assert len(ids) > 20
    with desk.store.read() as connection:
        before = store_digest(connection, [desk.org_id])
    aimed = []
    for command in commands().values():
        if command.permission is None or not actor.may(command.permission) or command.place == "internal":
            continue
        for field in command.fields:
            entity = entity_of(field.name, ids) if field.name.endswith("_id") else None
            if entity is None:
                continue
            aimed.append((command.name, field.name))
            with pytest.raises(DomainError) as refused:
                desk.dispatcher.run_named(
                    command.name, body_of(command) | {field.name: str(ids[entity])}, actor
                )
            codes = {"client.not_yours", "permission.denied"}
            assert refused.value.code in codes or refused.value.code.startswith("input."), command.name
    assert len(aimed) >= 15
    with desk.store.read() as connection:
        assert store_digest(connection, [desk.org_id]) == before


def test_a_refusal_is_in_the_audit_and_names_the_field(desk):
    actor = desk.person("receptionist", 2)
    with pytest.raises(DomainError) as refused:
        desk.dispatcher.run_named("reception.book", _booking(desk), actor)
    assert (refused.value.code, refused.value.field) == ("client.not_yours", "patient_id")
    with desk.store.read() as connection:
        last = connection.execute(select(change_log).order_by(change_log.c.position.desc()).limit(1)).one()
    assert last.outcome == "refused"


def _booking(desk):
    body = body_of(commands()["reception.book"])
    return body | {"patient_id": str(desk.day.patient_id)}


def test_search_and_scan_find_only_own_clients(desk):
    index = SearchIndex()
    index.prepare(desk.store)
    actor, all_of_them = desk.person("receptionist", 2), desk.person("receptionist", 2)
    all_of_them = dataclasses.replace(all_of_them, own_clients=False)
    with desk.store.read() as connection:
        number = connection.execute(select(Patient.number).where(Patient.id == desk.day.patient_id)).scalar()
        for wanted in (NAME, NAME[:2], PHONE, ID_NUMBER, number):
            assert index.find(connection, wanted, all_of_them), wanted
            assert not index.find(connection, wanted, actor), wanted
        assert route_scan(connection, number, all_of_them, today=date(2026, 11, 23)).record_id is not None
        assert route_scan(connection, number, actor, today=date(2026, 11, 23)).record_id is None


def test_a_client_with_a_whole_number_is_taken_on_until_the_evening(desk):
    actor = desk.person("receptionist", 1)
    for bad in (ID_NUMBER[:10], "99999999", NAME):
        with pytest.raises(DomainError) as refused:
            desk.run(TakeOnClient(number=bad), actor)
        assert refused.value.code == "tie.nobody"
    taken = desk.run(TakeOnClient(number=ID_NUMBER.lower(), presence=Presence.CARD), actor)
    assert taken.patient_id == desk.day.patient_id
    assert (
        desk.run(TakeOnClient(number=ID_NUMBER), actor).patient_id == taken.patient_id
    )  # twice makes one tie
    with desk.store.read() as connection:
        ties = connection.execute(
            select(ClientTie.__table__).where(ClientTie.staff_id == actor.staff_id)
        ).all()
        assert [tie.reason for tie in ties] == ["出示证件"]
        assert visible(connection, actor, Patient, desk.day.patient_id)
        assert SearchIndex().find(connection, NAME, actor)
    assert len(desk.seen(actor)) > 20
    tomorrow = dataclasses.replace(actor, clock=lambda: desk.clock() + timedelta(days=1))
    assert "patient" not in desk.seen(tomorrow)
    assert "patient" not in desk.seen(desk.person("receptionist", 2))


def test_who_registers_a_client_sees_them_and_a_colleague_does_not(desk):
    actor, colleague = desk.person("receptionist", 1), desk.person("receptionist", 2)
    made = desk.run(
        RegisterPatient(name="登记乙", sex=Sex.MALE, birth_date=date(1980, 1, 2)), actor
    ).patient_id
    with desk.store.read() as connection:
        assert visible(connection, actor, Patient, made)
        assert not visible(connection, colleague, Patient, made)


def test_a_double_is_refused_though_the_other_client_is_not_seen(desk):
    """Rules see everybody: a second record with the same number would mix two people up."""
    with pytest.raises(DomainError) as refused:
        desk.run(
            RegisterPatient(name="别人", sex=Sex.MALE, birth_date=date(1975, 8, 23), id_number=ID_NUMBER),
            desk.person("receptionist", 2),
        )
    assert refused.value.code in {"patient.exists", "patient.sex_differs"}


@pytest.fixture
def assigned(desk):
    operator = desk.person("messaging_operator", 1)
    tie = desk.run(
        AssignClient(patient_id=desk.day.patient_id, login="messaging_operator1", reason="原负责人离职"),
        desk.system,
    )
    yield operator, tie
    with desk.store.read() as connection:
        until = connection.execute(select(ClientTie.until).where(ClientTie.id == tie)).scalar()
    if until is None:
        desk.run(EndTie(client_tie_id=tie, reason="测试"), desk.system)


def test_a_lead_assigns_a_client_and_takes_them_away(desk, assigned):
    operator, tie = assigned
    assert len(desk.seen(operator)) > 20
    assert desk.day.patient_id in desk.seen(operator)["patient"]
    with pytest.raises(DomainError) as twice:
        desk.run(
            AssignClient(patient_id=desk.day.patient_id, login="messaging_operator1", reason="再来"),
            desk.system,
        )
    assert twice.value.code == "tie.has_it"
    with pytest.raises(DomainError):
        desk.run(EndTie(client_tie_id=tie, reason="自己"), operator)
    desk.run(EndTie(client_tie_id=tie, reason="换人"), desk.system)
    desk.clock.advance(timedelta(seconds=1))
    assert "patient" not in desk.seen(operator)


def test_an_alert_about_nobodys_client_is_not_seen_by_nobody(desk, assigned):
    """Told to the role while the client is nobody's; a colleague's alone once the client is theirs."""
    operator, _ = assigned
    other = desk.person("messaging_operator", 2)
    with desk.store.read() as connection:
        about = select(record_classes()["alert"].__table__.c.id).where(
            record_classes()["alert"].__table__.c.patient_id == desk.day.patient_id
        )
        alerts = connection.execute(about).scalars().all()
        assert alerts
        kind = record_classes()["alert"]
        assert all(visible(connection, operator, kind, one) for one in alerts)
        assert not any(visible(connection, other, kind, one) for one in alerts)
        assert count_for(connection, other)[0] == len(alerts_for(connection, other, limit=500))


def test_ties_of_features_make_a_client_somebodys(desk):
    """The manager of the service file, as one of the declared ties."""
    manager = desk.person("messaging_operator", 2)
    with desk.store.write() as connection:
        work = UnitOfWork(connection, desk.system, now=desk.clock(), new_id=desk.dispatcher.ids)
        profile = ensure_profile(work, work.require(Patient, desk.day.patient_id))
        before, profile.manager_id = profile.manager_id, manager.staff_id
        work.commit_entry("test.manager", txn_id=uuid.uuid4())
        work.close()
    with desk.store.read() as connection:
        assert desk.day.patient_id in connection.execute(own_clients(manager)).scalars().all()
    with desk.store.write() as connection:
        work = UnitOfWork(connection, desk.system, now=desk.clock(), new_id=desk.dispatcher.ids)
        ensure_profile(work, work.require(Patient, desk.day.patient_id)).manager_id = before
        work.commit_entry("test.manager", txn_id=uuid.uuid4())
        work.close()


def test_one_client_only_is_another_limit_of_the_same_kind(desk):
    actor = dataclasses.replace(desk.system, only_client=desk.day.patient_id)
    assert desk.seen(actor)["patient"] == [desk.day.patient_id]
    elsewhere = dataclasses.replace(desk.system, only_client=uuid.uuid4())
    assert "patient" not in desk.seen(elsewhere)
