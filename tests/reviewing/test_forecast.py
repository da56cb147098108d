"""What will be late is told before it is, with why: the queue of its reviewer, their pace, the hours they work."""

import dataclasses
from datetime import UTC, datetime, timedelta

from domain.checkup.report_commands import PassSecondReview
from domain.reviewing.forecast import Pace, Waiting, late_ones, work_through
from domain.reviewing.forecast_commands import ForecastLateness

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)  # twelve at the clinic
DAY = frozenset(range(8, 18))


def waiting(number, hours, owner="a", **more):
    return Waiting(
        number=number, state="second_review", since=NOON - HOUR, due=NOON + hours * HOUR, owner=owner, **more
    )


def test_work_goes_on_in_the_hours_in_which_somebody_works():
    pace = Pace(acts=40, active_hours=10, day_hours=DAY)
    assert work_through(NOON, 4, pace) == NOON + HOUR
    assert work_through(NOON, 24, pace) == NOON + 6 * HOUR
    assert work_through(NOON, 28, pace) == NOON + 21 * HOUR, "the seventh hour is tomorrow's first"
    assert work_through(NOON + HOUR / 2, 1, pace) == NOON + 3 * HOUR / 4


def test_the_queue_of_a_reviewer_tells_which_of_theirs_will_be_late():
    paces = {"a": Pace(acts=20, active_hours=10, day_hours=DAY)}  # two an hour
    rows = [waiting(f"R{n}", 2.2) for n in range(6)] + [waiting("U", 0.4, urgency=2), waiting("past", -1)]
    found = late_ones(rows, paces, {}, NOON)
    # the urgent one first, then what is late already, then the others
    assert [(one.number, one.ahead) for one in found] == [
        ("U", 0),
        ("R2", 4),
        ("R3", 5),
        ("R4", 6),
        ("R5", 7),
    ]
    assert found[0].expected == NOON + HOUR / 2


def test_nothing_is_foretold_of_who_has_hardly_worked_and_a_level_has_its_mean():
    paces = {"a": Pace(acts=4, active_hours=1, day_hours=DAY)}
    assert late_ones([waiting("R", 0.1)], paces, {}, NOON) == []
    [by_mean] = late_ones([waiting("R", 0.1, owner=None)], paces, {"second_review": 3.0}, NOON)
    assert (by_mean.ahead, by_mean.expected) == (None, NOON + 2 * HOUR)


def test_a_store_is_read_within_the_scope_of_who_asks(region):
    owned = [region.arrive(name=f"王{n}") for n in range(18)]
    mine = [r for r in owned if region.login_of(region.task(r).owner_id) == "chief"]
    for report in mine[:5]:
        region.run(PassSecondReview(report_id=report), "chief")
    region.follow()
    last = region.state_of(mine[5])
    region.clock.advance(last.due_at - region.clock() - HOUR / 12)
    [late] = region.run(ForecastLateness(), "doctor")
    assert (late.number, late.owner_name, late.ahead) == (last.number, region.actors["chief"].name, 0)
    assert late.expected > late.due, "five an hour, and begins at nine"
    elsewhere = dataclasses.replace(region.actors["doctor"], orgs=frozenset({region.other}))
    assert region.dispatcher.run(ForecastLateness(), elsewhere).receipt == []
