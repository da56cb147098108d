"""Wrong passwords, spent enrolment codes and data that does not fit: refused by name, nothing written by half."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log, entries_after
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from domain.people.patient_commands import FindByIdNumber
from domain.people.records import EnrolmentCode, Staff, Workstation
from domain.people.signing_in import sign_in
from domain.people.staff_commands import CreateOrganization, CreateStaff, SetStaffActive
from tests.conftest import BRANCH, DEVICE
from tests.fixtures.consistency import assert_whole
from tests.fixtures.refusals import TEXTS, refused
from tests.fixtures.whole_day import PASSWORD


@pytest.fixture
def day(desk, authority):
    desk.content["authority"] = authority
    return desk


@pytest.fixture
def system():
    return system_actor(BRANCH, DEVICE)


def count_of(day, kind):
    with day.store.read() as connection:
        return connection.execute(select(func.count()).select_from(kind.__table__)).scalar_one()


@pytest.fixture
def account(day, system):
    org = day.run(CreateOrganization(code="B01", name="滨江分院"), system).receipt
    day.run(CreateStaff(login="zhou", name="周建国", role="nurse", org_id=org, password=PASSWORD), system)
    return org


def test_a_wrong_password_ten_times_locks_and_only_time_opens(day, authority, account, clock):
    def attempt(password, login="zhou"):
        return sign_in(day, authority, login, password, device_id=DEVICE, org_id=account)

    codes = []
    for _ in range(10):
        codes.append(attempt("Wrong-Password-1").code)
        clock.advance(timedelta(seconds=5))
    assert codes == ["sign_in.refused"] * 4 + ["sign_in.locked"] * 6, "the one that locks says so"
    locked = attempt(PASSWORD)
    assert (locked.actor, locked.code) == (None, "sign_in.locked"), "the right password does not open it"
    assert locked.facts == {"until": "09:15", "minutes": 15}
    assert "锁定到 09:15" in TEXTS.say(locked.code, **locked.facts)
    clock.advance(-timedelta(days=2))
    assert attempt(PASSWORD).code == "sign_in.locked", "a clock set back does not open it"
    clock.advance(timedelta(days=2) + timedelta(minutes=16))
    opened = attempt(PASSWORD)
    assert opened.actor is not None
    assert opened.actor.name == "周建国"
    noted = [e.body.note.get("outcome") for e in assert_whole(day.store) if e.body.command == "staff.sign_in"]
    assert noted == ["refused"] * 5 + ["locked"] * 7 + ["signed in"]
    assert PASSWORD not in str(noted)


def test_an_unknown_login_is_answered_like_a_wrong_password(day, authority, account):
    answer = sign_in(day, authority, "nobody", PASSWORD, device_id=DEVICE, org_id=account)
    assert (answer.actor, answer.code) == (None, "sign_in.refused")


def test_an_account_that_was_switched_off_does_not_open(day, system, authority, account):
    with day.store.read() as connection:
        staff_id = connection.execute(select(Staff.id)).scalar_one()
    for active in (False, True):
        day.run(SetStaffActive(staff_id=staff_id, active=active), system)
        answer = sign_in(day, authority, "zhou", PASSWORD, device_id=DEVICE, org_id=account)
        assert (answer.actor is not None) is active
    assert answer.must_change, "the first password is changed at the first sign-in"


@pytest.fixture
def enrol(day, system):
    org = day.run(CreateOrganization(code="B01", name="滨江分院"), system).receipt
    code = day.run(IssueEnrolmentCode(org_id=org), system).receipt.code
    return lambda text=code: day.run(EnrolWorkstation(code=text, name="采血室 1", public_key="k"), system)


def test_an_enrolment_code_is_used_once(day, enrol):
    enrol()
    assert refused(day, enrol) == ("enrolment.used_code", "code")
    assert count_of(day, Workstation) == 1


def test_an_expired_enrolment_code_is_refused(day, enrol, clock):
    clock.advance(timedelta(hours=24))
    assert refused(day, enrol) == ("enrolment.expired_code", "code")
    assert count_of(day, Workstation) == 0
    with day.store.read() as connection:
        assert connection.execute(select(EnrolmentCode.used_at)).scalar_one() is None


@pytest.mark.parametrize("code", ["AAAAA-BBBBB", "", "x" * 60, "'; --"])
def test_an_unknown_enrolment_code_is_refused(day, enrol, code):
    said = "enrolment.unknown_code" if code else "input.missing"
    assert refused(day, lambda: enrol(code)) == (said, "code")


@pytest.mark.parametrize(
    ("name", "data", "code", "field"),
    [
        ("people.register", {"sex": "1", "birth_date": "1980-01-01"}, "input.missing", "name"),
        ("people.register", {"name": " ", "sex": "1", "birth_date": "1980-01-01"}, "input.missing", "name"),
        ("people.register", {"name": "王", "sex": "男", "birth_date": "1980-01-01"}, "input.type", "sex"),
        (
            "people.register",
            {"name": "王", "sex": "1", "birth_date": "1980-02-30"},
            "input.type",
            "birth_date",
        ),
        ("people.register", {"name": ["王"], "sex": "1", "birth_date": "1980-02-03"}, "input.type", "name"),
        (
            "people.register",
            {"name": "王" * 61, "sex": "1", "birth_date": "1980-02-03"},
            "input.too_long",
            "name",
        ),
        (
            "people.register",
            {"name": "王\x00", "sex": "1", "birth_date": "1980-02-03"},
            "input.control",
            "name",
        ),
        ("people.edit", {"patient_id": "not an id"}, "input.type", "patient_id"),
        ("people.edit", {"patient_id": str(uuid.UUID(int=5))}, "patient.unknown", "patient_id"),
        ("people.edit", {"patient_id": str(uuid.UUID(int=5)), "salary": 1}, "input.unknown", "salary"),
        ("container.create", {"code": "B", "name": "盒", "rows": 27}, "input.range", "rows"),
        ("container.create", {"code": "B", "name": "盒", "rows": "NaN"}, "input.type", "rows"),
        ("nothing.at_all", {}, "command.unknown", None),
    ],
)
def test_plain_data_that_does_not_fit_names_the_field(day, system, name, data, code, field):
    assert refused(day, lambda: day.run_named(name, data, system)) == (code, field)


def test_a_lookup_writes_nothing(day, nurse):
    with day.store.read() as connection:
        before = connection.execute(select(func.count()).select_from(change_log)).scalar_one()
    assert day.run(FindByIdNumber(id_number="11010119900307453X"), nurse).receipt is None
    with day.store.read() as connection:
        assert entries_after(connection, before, 10) == []
