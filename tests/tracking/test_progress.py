"""The register of major positives shows each marked value as it goes on, and calls no noise a change."""

from types import SimpleNamespace

import pytest

from domain.tracking.progress import course_since
from domain.tracking.progress_records import PositiveCourse, PositiveProgress
from domain.trends.content import Swing
from tests.tracking.test_tracking import branch, visit  # noqa: F401

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
