"""The register of major positives shows each marked value as it goes on, and calls no noise a change."""

from datetime import date
from types import SimpleNamespace

import pytest

import resources
from domain.care.content import CARE, load_care
from domain.followup.content import FOLLOWUP, followup_of
from domain.followup.task_records import FollowTask
from domain.tracking.commands import TellClient
from domain.tracking.next_steps import next_step
from domain.tracking.progress import FollowProgress, course_since
from domain.tracking.progress_records import NextStep, PositiveCourse, PositiveProgress
from domain.tracking.records import AbnormalTracking, TellingWay, TrackingGrade, TrackingStep
from domain.trends.content import Swing
from tests.tracking.test_tracking import SYSTEM, branch, visit  # noqa: F401

SWING = Swing(analytical=2.0, within=6.0, levers=())  # a reference change value of 17.5 %


def result(value, flag, ucum="mm[Hg]", range_text="90–139"):
    return SimpleNamespace(value_number=value, flag=flag, ucum=ucum, range_text=range_text)


@pytest.mark.parametrize(
    ("first", "last", "course"),
    [
        (result(180, "HH"), result(205, "HH"), PositiveCourse.STEADY),
        (result(180, "HH"), result(212, "HH"), PositiveCourse.WORSE),
        (result(180, "HH"), result(145, "H"), PositiveCourse.BETTER),
        (result(180, "HH"), result(120, "N"), PositiveCourse.RECOVERED),
        (result(40, "L"), result(30, "L"), PositiveCourse.WORSE),
        (result(40, "L"), result(50, "L"), PositiveCourse.BETTER),
        (result(180, "HH"), result(24, "HH", "kPa"), PositiveCourse.UNKNOWN),
        (result(None, "A"), result(None, "A"), PositiveCourse.UNKNOWN),
    ],
)
def test_which_way_is_worse_is_told_by_the_side_it_was_out_on(first, last, course):
    assert course_since([first, last], SWING)[0] is course


def test_what_nobody_knows_the_swing_of_is_a_physicians_to_read():
    assert course_since([result(180, "HH"), result(300, "HH")], None)[0] is PositiveCourse.UNKNOWN
    assert course_since([result(180, "HH")], SWING) == (PositiveCourse.WAITING, None, None)


def test_a_marked_value_is_in_the_register_and_follows_its_rechecks(branch, visit):  # noqa: F811
    def row():
        found = branch.rows(PositiveProgress, item="sbp")
        return found[0] if found else None

    branch.measured(visit, 128, 78)
    assert row() is None, "what has no class is not in the register"
    branch.later(hours=1)
    branch.measured(visit, 190)
    assert (row().course, row().marked, row().rechecks) == ("waiting", "190 mm[Hg]", 0)
    branch.later(days=30)
    branch.measured(visit, 120, 78)
    assert (row().course, row().last, row().rechecks) == ("recovered", "120 mm[Hg]", 1)


@pytest.mark.parametrize("grade", [TrackingGrade.HIGH, TrackingGrade.IMPORTANT])
def test_every_course_of_a_marked_value_has_a_next_step_and_what_gets_worse_comes_first(grade):
    day = date(2026, 11, 23)
    found = {course: next_step(grade, course, day) for course in PositiveCourse}
    assert min(found, key=lambda course: found[course][1]) is PositiveCourse.WORSE
    assert found[PositiveCourse.WORSE][0] is NextStep.READ_AND_REFER
    assert found[PositiveCourse.RECOVERED][0] is NextStep.CONFIRM


def test_a_value_that_gets_worse_is_followed_up_earlier_by_a_task_of_its_own_once_a_result(
    branch,  # noqa: F811
    visit,  # noqa: F811
    authority,
):
    forms = resources.folder("forms")
    branch.desk.content[FOLLOWUP] = followup_of(resources.folder("followup"), authority.roles, forms)
    branch.desk.content |= {CARE: load_care(resources.folder("care"))}
    branch.measured(visit, 181, 112)
    [tracking] = [t for t in branch.rows(AbnormalTracking) if "收缩压" in t.sentence]
    tell = TellClient(tracking_id=tracking.id, way=TellingWay.PHONE, known_by="客户复述数值")
    branch.run(tell)
    before = branch.rows(AbnormalTracking, id=tracking.id)[0].follow_on
    branch.later(days=1)
    branch.measured(visit, 240, 112)
    worse = branch.rows(PositiveProgress, item="sbp")[0]
    assert (worse.course, worse.next_step) == ("worse", "read_and_refer")
    now = branch.rows(AbnormalTracking, id=tracking.id)[0]
    assert now.follow_on < before
    assert now.due_at is not None
    tasks = [t for t in branch.rows(FollowTask) if t.title.startswith("阳性指标加重随访")]
    assert [t.urgent for t in tasks] == [True]
    branch.run(FollowProgress(observation_ids=[worse.advised_for]), SYSTEM)
    assert len([t for t in branch.rows(FollowTask) if t.title.startswith("阳性指标加重随访")]) == 1
    assert "moved_up" in [s.kind for s in branch.rows(TrackingStep)]
