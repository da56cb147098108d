"""Visit numbers have a check digit; older ones, and those the checkup system gives, are valid as they are."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.biobank.numbers import is_specimen_number
from domain.checkup.numbers import check_digit, is_damaged_visit_number, visit_number
from domain.checkup.records import Visit
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.commands import ask, command, handles
from domain.kernel.ids import Id
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.scans import route_scan

PREFIXES = st.one_of(st.just("1"), st.integers(101, 9999).map(str))
SERIALS = st.integers(1, 99_999_999)
TODAY = date(2026, 11, 23)


@command("test.take_visit", "接收体检", permission="checkup.edit", place="internal")
class TakeVisit:
    """A visit under a number that was not made here by this program."""

    patient_id: Id = ask("客户")
    number: str = ask("体检号")


@handles(TakeVisit)
def _take_visit(order, work):
    made = Visit(
        number=order.number, patient_id=order.patient_id, visit_date=date(2026, 1, 5), state="arrived"
    )
    made.state_since = work.now
    return work.add(made).id


@pytest.fixture
def client(desk, nurse):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
    return desk.run(order, nurse).receipt.patient_id


@pytest.fixture
def scan(desk, nurse):
    def route(text):
        with desk.store.read() as connection:
            return route_scan(connection, text, nurse, today=TODAY)

    return route


def test_the_check_digit_is_that_of_the_standard():
    assert check_digit("0794") == "5"  # the example of ISO/IEC 7064 for MOD 11,10
    assert visit_number("101", 42) == "V101000000425"


@given(PREFIXES, SERIALS, st.integers(1, 99), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(prefix, serial, place, by):
    number = visit_number(prefix, serial)
    place = 1 + place % (len(number) - 1)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert not is_damaged_visit_number(number)
    assert is_damaged_visit_number(wrong)
    assert is_damaged_visit_number(f" {wrong[:5].lower()} {wrong[5:]}")


@given(PREFIXES, st.integers(1, 9_999_999))
def test_a_visit_number_is_no_tube_and_no_older_visit(prefix, serial):
    number = visit_number(prefix, serial)
    assert len(number) >= 13
    assert not is_specimen_number(number)
    older = f"V{prefix}{serial:07d}"
    assert number != older
    assert not is_damaged_visit_number(older)


@given(PREFIXES, PREFIXES, st.integers(1, 9_999_999), st.integers(1, 9_999_999))
def test_two_installations_never_make_one_number(one, two, first, second):
    assert (visit_number(one, first) == visit_number(two, second)) == ((one, first) == (two, second))


def test_a_new_visit_has_one_and_a_damaged_scan_names_nobody(desk, nurse, client, scan):
    visit = desk.run(OpenVisit(patient_id=client), nurse).receipt
    assert visit.number == visit_number("101", 1)
    assert scan(visit.number).record_id == visit.visit_id
    for place in range(1, len(visit.number)):
        for digit in set("0123456789") - {visit.number[place]}:
            found = scan(visit.number[:place] + digit + visit.number[place + 1 :])
            assert (found.kind, found.record_id, found.reason) == (
                "unknown",
                None,
                "scan.damaged_visit_number",
            )


@pytest.mark.parametrize("number", ["V1010000042", "T2611230042", "V202601050042", "20260105-7"])
def test_a_number_that_was_not_made_here_is_valid_as_it_is(desk, nurse, client, scan, number):
    made = desk.run(TakeVisit(patient_id=client, number=number), nurse).receipt
    assert scan(number).record_id == made
