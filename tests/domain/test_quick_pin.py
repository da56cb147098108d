"""Coming in by PIN at a shared desk: only after one's password here, only for some hours, and never by guessing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import entries_after
from domain.kernel.errors import DomainError
from domain.people.quick_commands import DropPin, SetCard, SetPin, check_pin
from domain.people.quick_records import QuickPin
from domain.people.quick_signing_in import quick_sign_in
from domain.people.signing_in import sign_in
from domain.people.staff_commands import CreateOrganization, CreateStaff, ResetPassword, SetStaffActive
from tests.conftest import BRANCH, DEVICE
from tests.fixtures.refusals import TEXTS

PASSWORD, PIN = "Xk7#mQ2p-Lw9", "482915"


@pytest.fixture
def system():
    return system_actor(BRANCH, DEVICE)


@pytest.fixture
def people(desk, authority, system):
    """The organisation, and two nurses with accounts; the first has a PIN here."""
    desk.content |= {"authority": authority}
    org = desk.run(CreateOrganization(code="B01", name="滨江分院"), system).receipt
    ids = [
        desk.run(
            CreateStaff(
                login=login, name=name, role="nurse", org_id=org, password=PASSWORD, must_change=False, card_no=card
            ),
            system,
        ).receipt
        for login, name, card in (("zhou", "周建国", "K-1001"), ("qian", "钱小雨", None))
    ]  # fmt: skip
    actor = sign_in(desk, authority, "zhou", PASSWORD, device_id=DEVICE, org_id=org).actor
    desk.run(SetPin(password=PASSWORD, pin=PIN, again=PIN), actor)
    return org, ids, actor


def come_in(desk, authority, people, pin=PIN, *, said="zhou", hours=12):
    return quick_sign_in(desk, authority, said, pin, hours=hours, device_id=DEVICE, org_id=people[0])


def test_a_pin_opens_as_its_owner_and_the_log_says_how(desk, authority, people):
    found = come_in(desk, authority, people)
    assert found.actor == people[2]
    assert come_in(desk, authority, people, said="K-1001").actor == people[2], "by card and PIN too"
    with desk.store.read() as connection:
        bodies = [entry.body for entry in entries_after(connection, 0, 1000)]
        assert bodies[-2].command == "staff.quick_sign_in"
        assert bodies[-2].note == {"way": "pin", "login": "zhou", "outcome": "signed in"}
        kept = connection.execute(select(QuickPin.__table__.c.pin_hash)).scalar_one()
    assert PIN not in kept
    assert kept.startswith("$argon2id$")


def test_three_wrong_pins_ask_for_the_password_and_lock_nobodys_account(desk, authority, people):
    for _ in range(3):
        assert come_in(desk, authority, people, "111222").code == "sign_in.quick_refused"
    assert come_in(desk, authority, people).actor is None, "the right one no longer helps"
    found = sign_in(desk, authority, "zhou", PASSWORD, device_id=DEVICE, org_id=people[0])
    assert found.actor is not None, "the account itself is open"
    assert come_in(desk, authority, people).actor is not None


def test_it_is_good_for_the_hours_of_the_desk_after_a_password(desk, authority, people, clock):
    clock.advance(timedelta(hours=11, minutes=59))
    assert come_in(desk, authority, people).actor is not None
    clock.advance(timedelta(minutes=2))
    assert come_in(desk, authority, people).actor is None
    sign_in(desk, authority, "zhou", PASSWORD, device_id=DEVICE, org_id=people[0])
    assert come_in(desk, authority, people).actor is not None
    clock.advance(timedelta(hours=-3))
    assert come_in(desk, authority, people).actor is None, "a clock set back makes nothing younger"


def test_a_wrong_password_renews_nothing(desk, authority, people, clock):
    clock.advance(timedelta(hours=13))
    assert sign_in(desk, authority, "zhou", "nope", device_id=DEVICE, org_id=people[0]).actor is None
    assert come_in(desk, authority, people).actor is None


def test_who_was_reset_or_switched_off_needs_more_than_a_pin(desk, authority, people, system):
    desk.run(SetStaffActive(staff_id=people[1][0], active=False), system)
    assert come_in(desk, authority, people).actor is None
    desk.run(SetStaffActive(staff_id=people[1][0], active=True), system)
    assert come_in(desk, authority, people).actor is not None
    desk.run(ResetPassword(staff_id=people[1][0], reason="忘记口令"), system)
    assert come_in(desk, authority, people).actor is None


def test_nobody_learns_who_has_an_account_or_a_pin(desk, authority, people):
    refused = {
        (found.code, tuple(found.facts))
        for found in (
            come_in(desk, authority, people, "999111", said="nobody"),
            come_in(desk, authority, people, "999111", said="qian"),
            come_in(desk, authority, people, "999111"),
        )
    }
    assert refused == {("sign_in.quick_refused", ())}


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("48291", "pin.shape"), ("4829153746281", "pin.shape"), ("48a915", "pin.shape"),
        ("４８２９１５", "pin.shape"),
        ("123456", "pin.easy"), ("987654", "pin.easy"), ("111222", "pin.easy"), ("482482", "pin.easy"),
    ],
)  # fmt: skip
def test_a_pin_that_is_guessed_at_once_is_refused(pin, code):
    with pytest.raises(DomainError) as refused:
        check_pin(pin)
    assert (refused.value.code, refused.value.field) == (code, "pin")
    assert "?" not in TEXTS.explain(refused.value)


def test_setting_one_takes_the_password_and_typing_it_twice(desk, people):
    for order, field in (
        (SetPin(password="nope", pin=PIN, again=PIN), "password"),
        (SetPin(password=PASSWORD, pin=PIN, again="482916"), "again"),
    ):
        with pytest.raises(DomainError) as refused:
            desk.run(order, people[2])
        assert refused.value.field == field


def test_a_pin_is_dropped_and_never_leaves_the_workstation(desk, authority, people):
    desk.run(DropPin(), people[2])
    assert come_in(desk, authority, people).actor is None
    with desk.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(QuickPin.__table__)).scalar_one() == 0
        sent = [
            change.entity
            for entry in entries_after(connection, 0, 1000)
            if entry.dev_seq is not None
            for change in entry.body.changes
        ]
    assert "quick_pin" not in sent


def test_a_card_is_one_persons(desk, authority, people, system):
    with pytest.raises(DomainError) as refused:
        desk.run(SetCard(staff_id=people[1][1], card_no="K-1001"), system)
    assert refused.value.field == "card_no"
    desk.run(SetCard(staff_id=people[1][0], card_no=None), system)
    desk.run(SetCard(staff_id=people[1][1], card_no="K-1001"), system)
    assert come_in(desk, authority, people, said="K-1001").actor is None, "the new holder has no PIN here"
