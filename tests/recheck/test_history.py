"""Checkups side by side: values are aligned before they are compared, and noise is not called change."""

from datetime import date, timedelta

import pypdfium2
import pytest

import resources
from domain.care.content import CARE, load_care
from domain.care.records import CareItem
from domain.checkup.records import Observation, ResultSource, Visit
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.trends.content import Swing
from domain.trends.history import Point, compare, notes_of
from forms.checkup_history import checkup_history_data
from forms.printables import printables
from tests.fixtures.followup_day import keep
from tests.recheck.test_rechecks import SYSTEM, Branch

LAST = date(2026, 11, 20)
SWING = Swing(analytical=2.5, within=5.6, levers=())
CONTENT = load_care(resources.folder("care"))
TEXTS = Texts.load(resources.folder("texts") / "zh")


def point(on, value, **more):
    return Point(on, value, str(value), more.get("flag", ""), more.get("range", ""), more.get("system", ""))


def years_before(years, days=0):
    return LAST - timedelta(days=round(years * 365.25) + days)


def test_each_span_takes_the_nearest_checkup_within_half_a_year_of_it():
    points = [
        point(years_before(5, 100), 5.0),
        point(years_before(5, -20), 5.1),
        point(years_before(1, 184), 6.0),
    ]
    found = compare([*points, point(LAST, 7.0)], SWING)
    assert [(one.years, one.then.value) for one in found] == [(5, 5.1)]
    assert [one.years for one in compare([point(years_before(1, 183), 6.0), point(LAST, 7.0)], SWING)] == [1]


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [(6.0, 7.0, "same"), (6.0, 7.1, "up"), (7.1, 5.8, "down"), (6.0, 6.0, "same")],
)
def test_only_what_is_more_than_the_reference_change_value_is_called_change(first, last, verdict):
    assert round(SWING.change(1, 1), 1) == 17.0
    [found] = compare([point(years_before(1), first), point(LAST, last)], SWING)
    assert found.verdict == verdict


def test_what_nobody_knows_the_swing_of_is_not_judged_and_zero_is_no_base():
    [found] = compare([point(years_before(1), 1.0), point(LAST, 9.0)], None)
    assert (found.verdict, found.needed) == ("unknown", None)
    assert compare([point(years_before(1), 0.0), point(LAST, 9.0)], SWING) == ()
    assert compare([point(LAST, 9.0)], SWING) == ()


def test_a_range_or_a_system_that_changed_is_told():
    points = [
        point(years_before(1), 6.0, range="3.9–6.1", system="LIS-A"),
        point(LAST, 7.0, range="3.9–6.0", system="LIS-B"),
    ]  # fmt: skip
    assert notes_of(points) == ("range|3.9–6.1|3.9–6.0", "system|LIS-A|LIS-B")
    assert notes_of([point(years_before(1), 6.0), point(LAST, 7.0)]) == ()


@pytest.fixture
def branch(desk, clock, authority, nurse, as_role):
    made = Branch(desk, clock, authority, nurse, as_role("health_manager"))
    desk.content |= {CARE: CONTENT, "texts": TEXTS}
    made.physician = as_role("physician")
    return made


def visited(branch, years, *values):
    """A checkup so many years ago with results as an earlier system kept them."""
    at = branch.clock() - timedelta(days=round(years * 365.25))
    number = f"V{years}"
    visit = Visit(
        number=number, patient_id=branch.patient, visit_date=at.date(), package="标准套餐", state="finished",
        state_since=at,
    )  # fmt: skip
    keep(branch.desk, SYSTEM, visit)
    [kept] = branch.rows(Visit, number=number)
    for item, label, value, unit in values:
        row = Observation(
            visit_id=kept.id, patient_id=branch.patient, item=item, label=label, value_number=value,
            value_text=str(value), ucum=unit, flag="H", effective_at=at, source=ResultSource.INTERFACE,
        )  # fmt: skip
        keep(branch.desk, SYSTEM, row)


def test_units_are_aligned_what_cannot_be_is_told_and_what_else_changed_stands_beside_without_a_cause(branch):
    visited(
        branch,
        3,
        ("fpg", "空腹血糖", 108.0, "mg/dL"),
        ("weight", "体重", 80.0, "kg"),
        ("fpg", "空腹血糖", 1.0, "nm"),
    )
    visited(branch, 1, ("fpg", "空腹血糖", 6.3, "mmol/L"))
    began = (branch.clock() - timedelta(days=600)).date()
    item = CareItem(
        plan_id=branch.patient, patient_id=branch.patient, kind="medication", label="二甲双胍 0.5 g", schedule={},
        from_on=began, state="running", state_since=branch.clock(),
    )  # fmt: skip
    keep(branch.desk, SYSTEM, item)
    visited(branch, 0, ("fpg", "空腹血糖", 7.62, "mmol/L"), ("weight", "体重", 84.0, "kg"))
    data, _ = checkup_history_data(branch.desk, branch.physician, branch.patient)
    assert (data["times"], [one["place"] for one in data["checkups"]]) == (3, [3, 2, 1])
    line = next(one for one in data["lines"] if one["name"] == "空腹血糖")
    assert [one["value"] for one in line["points"]] == ["5.99", "6.3", "7.62"]
    assert [(one["years"], one["verdict"]) for one in line["compared"]] == [(1, "up"), (3, "up")]
    assert any("mg/dL" in note for note in line["notes"])
    assert any("nm" in one for one in line["dropped"])
    assert any("二甲双胍" in one for one in line["beside"])
    assert any("体重 80.0 → 84.0" in one for one in line["beside"])
    text = "".join(
        page.get_textpage().get_text_range()
        for page in pypdfium2.PdfDocument(
            printables()["checkup_history"].make(branch.desk, branch.physician, branch.patient)
        )
    )
    for words in ("第 1 次", "确有升高", "不表示因果", "标准套餐", "待核定"):
        assert words in text


def test_who_never_came_has_nothing_to_compare_and_strangers_see_nothing(branch, as_role):
    with pytest.raises(DomainError, match=r"checkup_history\.none"):
        checkup_history_data(branch.desk, branch.physician, branch.patient)
    with pytest.raises(DomainError, match=r"assessment\.clearance|permission\.denied"):
        checkup_history_data(branch.desk, as_role("health_manager"), branch.patient)
