"""How long a workstation goes on without the centre: by role, counted by what was seen, and begun anew by a word."""

from datetime import timedelta

import pytest

from domain.kernel.authority import system_actor
from domain.people.offline import days_left_of, note_contact
from domain.people.quick_commands import SetPin
from domain.people.quick_signing_in import quick_sign_in
from domain.people.signing_in import sign_in
from domain.people.staff_commands import CreateOrganization, CreateStaff
from tests.conftest import BRANCH, DEVICE
from tests.fixtures.refusals import TEXTS

PASSWORD = "Xk7#mQ2p-Lw9"


@pytest.fixture
def org(desk, authority, clock):
    desk.content |= {"authority": authority}
    system = system_actor(BRANCH, DEVICE)
    made = desk.run(CreateOrganization(code="B01", name="滨江分院"), system).receipt
    for login, role in (("zhou", "nurse"), ("xin", "it")):
        order = CreateStaff(
            login=login, name=login, role=role, org_id=made, password=PASSWORD, must_change=False
        )
        desk.run(order, system)
    note_contact(desk.store, clock())
    return made


def come_in(desk, authority, org, login="zhou"):
    return sign_in(desk, authority, login, PASSWORD, device_id=DEVICE, org_id=org)


def test_each_role_has_its_days_and_the_refusal_says_what_to_do(desk, authority, org, clock):
    clock.advance(timedelta(days=6, hours=23))
    assert come_in(desk, authority, org, "xin").actor is not None
    clock.advance(timedelta(hours=2))
    found = come_in(desk, authority, org, "xin")
    assert found.actor is None
    assert (found.code, found.facts["days"], found.facts["limit"]) == ("sign_in.offline_too_long", 7, 7)
    told = TEXTS.say(found.code, **found.facts)
    assert "网络" in told
    assert "{" not in told
    assert come_in(desk, authority, org).actor is not None, "nurses have thirty"
    clock.advance(timedelta(days=23))
    assert come_in(desk, authority, org).actor is None


def test_a_pin_is_no_way_around_it(desk, authority, org, clock):
    actor = come_in(desk, authority, org, "xin").actor
    clock.advance(timedelta(days=6, hours=20))
    come_in(desk, authority, org, "xin")
    desk.run(SetPin(password=PASSWORD, pin="482915", again="482915"), actor)
    clock.advance(timedelta(hours=5))
    found = quick_sign_in(desk, authority, "xin", "482915", hours=12, device_id=DEVICE, org_id=org)
    assert (found.actor, found.code) == (None, "sign_in.offline_too_long")


def test_the_centre_heard_once_begins_it_anew(desk, authority, org, clock):
    clock.advance(timedelta(days=31))
    assert come_in(desk, authority, org).actor is None
    note_contact(desk.store, clock())
    assert come_in(desk, authority, org).actor is not None


def test_a_clock_set_back_gives_no_days(desk, authority, org, clock):
    clock.advance(timedelta(days=31))
    assert come_in(desk, authority, org).actor is None, "the refusal is an entry of the log"
    clock.advance(timedelta(days=-20))
    assert come_in(desk, authority, org).actor is None


def test_people_are_told_five_days_before(desk, authority, org, clock):
    actor = come_in(desk, authority, org).actor

    def told():
        with desk.store.read() as connection:
            return days_left_of(connection, actor)

    clock.advance(timedelta(days=24))
    assert told() is None
    clock.advance(timedelta(days=1))
    assert told() == (25, 5)


def test_a_store_without_a_centre_has_no_term(desk, authority, clock, store):
    desk.content |= {"authority": authority}
    system = system_actor(BRANCH, DEVICE)
    made = desk.run(CreateOrganization(code="B01", name="总院"), system).receipt
    order = CreateStaff(login="xin", name="x", role="it", org_id=made, password=PASSWORD, must_change=False)
    desk.run(order, system)
    clock.advance(timedelta(days=80))
    assert come_in(desk, authority, made, "xin").actor is not None
