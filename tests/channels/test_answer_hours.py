"""When answers are owed: spans of a week, days without, the hours of one place and of all."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.conversations.hours import ALWAYS, hours_of, read_hours, spans_of
from domain.conversations.hours_commands import SetAnswerHours
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, OrganizationKind
from tests.conftest import BRANCH, OTHER_BRANCH

HALF = timedelta(minutes=30)
WEEK = {str(day): ["08:00-12:00", "13:30-17:30"] for day in range(1, 6)}


def at(text):
    """A moment of the clinic's time, eight hours before UTC (2026-11-23 is a Monday)."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-11-23 09:00", "2026-11-23 09:30"),
        ("2026-11-23 11:30", "2026-11-23 12:00"),
        ("2026-11-23 11:45", "2026-11-23 13:45"),
        ("2026-11-23 12:30", "2026-11-23 14:00"),
        ("2026-11-23 17:29", "2026-11-24 08:29"),
        ("2026-11-27 20:00", "2026-12-01 08:30"),
    ],
)
def test_a_limit_runs_while_the_place_is_open(since, due):
    hours = read_hours(WEEK, ["2026-11-30"])
    assert hours.due(at(since), HALF) == at(due)


def test_a_place_that_never_opens_again_is_open_at_any_time():
    assert read_hours({}, []).due(at("2026-11-23 03:00"), HALF) == at("2026-11-23 03:30")
    assert ALWAYS.due(at("2026-11-23 23:50"), HALF) == at("2026-11-24 00:20")


@pytest.mark.parametrize(
    "text", ["8:00-12:00", "08:00", "12:00-08:00", "08:00-12:00 11:00-13:00", "08:00-25:00", "x"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        spans_of(text)


def test_full_width_signs_of_an_input_method_are_understood():
    assert spans_of("08：00－12：00，13：30－17：30") == ((480, 720), (810, 1050))


@pytest.fixture
def head(desk, as_role, system):
    with desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=desk.clock(), new_id=desk.ids)
        work.add(Organization(id=BRANCH, code="B01", name="城西分院", kind=OrganizationKind.BRANCH))
        work.commit_entry("test.keep", txn_id=desk.ids())
        work.close()
    return as_role("administrator")


def test_a_place_goes_by_its_own_hours_else_by_those_of_all(desk, head):
    def hours(org):
        with desk.store.read() as connection:
            return hours_of(connection, org).due(at("2026-11-23 18:00"), HALF)

    assert hours(BRANCH) == at("2026-11-23 18:30")
    desk.run(SetAnswerHours(monday="08:00-12:00", tuesday="09:00-12:00", reason="作息"), head)
    assert hours(BRANCH) == at("2026-11-24 09:30")
    desk.run(SetAnswerHours(place_code="B01", monday="08:00-20:00", reason="晚间门诊"), head)
    assert (hours(BRANCH), hours(OTHER_BRANCH)) == (at("2026-11-23 18:30"), at("2026-11-24 09:30"))
    assert desk.run(SetAnswerHours(place_code="B01", monday="08:00-18:15", reason="改"), head).receipt == 2
    assert hours(BRANCH) == at("2026-11-30 08:15")


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"monday": "8点到12点"}, "conversation.bad_hours", "monday"),
        ({}, "conversation.never_open", "monday"),
        ({"monday": "08:00-12:00", "closed_days": "春节"}, "conversation.bad_day", "closed_days"),
        ({"monday": "08:00-12:00", "place_code": "Z9"}, "conversation.no_place", "place_code"),
    ],
)
def test_what_cannot_be_meant_is_said_beside_its_field(desk, head, given, code, field):
    with pytest.raises(DomainError) as refused:
        desk.run(SetAnswerHours(reason="x", **given), head)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_only_who_may_set_hours_sets_them(desk, as_role):
    with pytest.raises(DomainError):
        desk.run(SetAnswerHours(monday="08:00-12:00", reason="x"), as_role("messaging_operator"))
