"""Schedules: every moment belongs to one occasion, days and weeks add up, whatever the schedule."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.care.item_commands import schedule_said
from domain.care.records import CareOutcome
from domain.care.schedules import Course, Schedule
from domain.care.standing import Noted, share_of, standing_of, week_of
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError

FIRST = date(2026, 3, 2)
START = datetime(2026, 3, 1, 16, tzinfo=UTC)
clock_times = st.lists(
    st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)),
    min_size=1,
    max_size=4,
    unique=True,
).map(sorted)
schedules = st.builds(
    Schedule, at=clock_times.map(tuple), window_h=st.integers(1, 72),
    weekdays=st.sets(st.integers(1, 7)).map(lambda days: tuple(sorted(days))),
) | st.builds(
    Schedule, at=clock_times.map(tuple), window_h=st.integers(1, 72), every_days=st.integers(1, 40)
)  # fmt: skip
courses = st.builds(
    Course, schedules, st.just(FIRST), st.none() | st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n))
)
moments = st.integers(0, 60 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute))


@given(courses, moments, moments)
def test_occasions_of_two_spans_are_those_of_the_whole(course, one, other):
    first, last = sorted((one, other))
    end = last + timedelta(days=20)
    whole = course.over_between(first, end)
    assert whole == course.over_between(first, last) + course.over_between(last, end)
    assert [o.ends_at for o in whole] == sorted({o.ends_at for o in whole})


@given(courses, moments)
def test_an_occasion_lies_on_a_day_of_its_course(course, moment):
    occasion = course.at(moment)
    if occasion is None:
        return
    day = clinic(occasion.begins_at).date()
    assert occasion.ends_at > moment
    assert course.from_on <= day
    assert course.to_on is None or day <= course.to_on
    schedule = course.schedule
    assert not schedule.weekdays or day.isoweekday() in schedule.weekdays
    assert (day - course.from_on).days % schedule.every_days == 0
    assert course.begins(occasion.begins_at)
    assert not course.begins(occasion.begins_at + timedelta(seconds=1))


@given(courses, moments, st.lists(st.sampled_from(list(CareOutcome)), min_size=0, max_size=40))
def test_a_week_adds_up_and_a_run_is_never_longer_than_what_was_over(course, now, outcomes):
    over = course.over_between(START, now)
    noted = {
        o.begins_at: Noted(outcome, share_of(outcome, None, None), o.ends_at)
        for o, outcome in zip(reversed(over), outcomes, strict=False)
    }
    standing = standing_of(course, noted, START, now, whole=False)
    assert 0 <= standing.missed_run <= len(over)
    assert standing.week_done <= standing.week_due
    assert standing.week_rate is None or 0 <= standing.week_rate <= 100
    assert (standing.missed_since is None) == (standing.missed_run == 0)
    monday = START
    week = week_of(course, noted, START, monday, now)
    assert week.due == week.done + week.part + week.missed
    assert week.due + week.excused == len(course.over_between(monday, min(now, monday + timedelta(days=7))))


@pytest.mark.parametrize(
    ("outcome", "value", "target", "share"),
    [(CareOutcome.DONE, None, 30, 1), (CareOutcome.PART, 15, 30, 0.5), (CareOutcome.PART, 60, 30, 1),
     (CareOutcome.PART, None, 30, 0.5), (CareOutcome.MISSED, 30, 30, 0), (CareOutcome.PART, 0, 30, 0)],
)  # fmt: skip
def test_how_much_of_an_occasion_was_done(outcome, value, target, share):
    assert share_of(outcome, value, target) == share


def test_schedules_as_people_say_them():
    assert schedule_said("8:00、20：00", "每日", None) == Schedule(at=("08:00", "20:00"), window_h=16)
    assert schedule_said("07:30", "周一三五", 4).weekdays == (1, 3, 5)
    assert schedule_said("07:30", "每2天", None).every_days == 2


@pytest.mark.parametrize(("times", "days", "field"), [("25:00", "每日", "times"), ("20:00、08:00", "每日", "times"),
                                                      ("", "每日", "times"), ("08:00", "周八", "days")])  # fmt: skip
def test_what_is_no_schedule_is_refused_at_its_field(times, days, field):
    with pytest.raises(DomainError) as refused:
        schedule_said(times, days, None)
    assert refused.value.field == field
