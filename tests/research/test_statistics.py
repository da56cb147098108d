"""Figures agree with published ones and with what is worked out by hand; every one says of how many it is."""

import math

import numpy as np
import pytest
from scipy import stats

from forms.research.frame import made
from forms.research.statistics import (
    change_over_visits,
    described,
    missing_map,
    smd_of_means,
    smd_of_shares,
    spread,
    table_of_people,
)
from forms.research.survival import Event, curve, survival_of
from forms.research.variables import Variable

COLUMNS = [
    Variable("subject", "", "text"), Variable("arm", "", "code"), Variable("visit", "", "code"),
    Variable("visit_state", "", "code"), Variable("off_window", "", "flag"), Variable("age", "年龄", "number"),
    Variable("sex", "性别", "code", codes=(("1", "男"), ("2", "女"))),
    Variable("lab.fpg", "空腹血糖", "number", "mmol/L", part="results"),
]  # fmt: skip
# subject, arm, visit, day, age, sex, glucose
LINES = [
    ("1", "A", "V0", 0, 50, "1", 5.0), ("2", "A", "V0", 0, 60, "2", 6.0), ("3", "A", "V0", 0, 70, "2", 7.0),
    ("4", "B", "V0", 0, 55, "1", None), ("5", "B", "V0", 0, 65, "1", 6.5), ("6", "B", "V0", 0, 75, "1", 5.5),
    ("1", "A", "V1", 365, 51, "1", 5.4), ("2", "A", "V1", 360, 61, "2", 7.2), ("3", "A", "V1", None, 71, "2", None),
    ("5", "B", "V1", 370, 66, "1", 6.7), ("6", "B", "V1", 350, 76, "1", 5.9),
]  # fmt: skip


@pytest.fixture
def frame():
    columns = [list(one) for one in zip(*LINES, strict=True)]
    subject, arm, visit, day, age, sex, glucose = columns
    state = ["done" if one is not None else "planned" for one in day]
    gathered = [subject, arm, visit, state, [0] * len(day), age, sex, glucose]
    days = [math.nan if one is None else one for one in day]
    return made(COLUMNS, gathered, days, (("V0", "基线"), ("V1", "一年")))


def test_numbers_are_described_by_hand():
    one = described(np.array([1.0, 2.0, 3.0, 4.0, math.nan]))
    assert (one.n, one.missing, one.mean, one.median, one.q1, one.q3, one.low, one.high) == (
        4, 1, 2.5, 2.5, 1.75, 3.25, 1.0, 4.0,
    )  # fmt: skip
    assert one.sd == pytest.approx(math.sqrt(5 / 3))
    assert described(np.array([math.nan])) is None
    assert described(np.array([7.0])).sd == 0.0


def test_the_table_of_people_says_of_how_many(frame):
    groups, lines = table_of_people(frame, "V0", "arm")
    by_name = {line.variable.name: line for line in lines}
    assert groups == ["A", "B"]
    glucose = by_name["lab.fpg"]
    assert (glucose.of, glucose.missing) == ((5, 3, 2), (1, 0, 1))
    assert (glucose.numbers[1].mean, glucose.numbers[2].mean) == (6.0, 6.0)
    assert (glucose.test, glucose.p, glucose.smd) == ("Welch t", pytest.approx(1.0), 0.0)
    age = by_name["age"]
    expected = stats.ttest_ind([50, 60, 70], [55, 65, 75], equal_var=False).pvalue
    assert (age.p, age.smd) == (pytest.approx(expected), pytest.approx(0.5)), "5 years apart, SD 10 both"
    sex = by_name["sex"]
    assert sex.counts == (("1", "男", (4, 1, 3)), ("2", "女", (2, 2, 0)))
    assert (sex.test, sex.p) == ("Fisher", pytest.approx(0.4)), "2 * C(3,1)C(3,3)/C(6,4) = 0.4"
    assert glucose.q == pytest.approx(1.0)
    assert min(line.q for line in lines) == pytest.approx(
        min(1.0, 3 * min(line.p for line in lines)), rel=0.6
    )


def test_without_two_groups_nothing_is_compared(frame):
    groups, lines = table_of_people(frame, "V1", "nothing")
    assert groups == []
    assert {line.p for line in lines} == {None}
    assert {len(line.of) for line in lines} == {1}
    assert lines[0].of == (4,), "who has not come yet is in no figure"


def test_standardised_differences_by_hand():
    one, other = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert smd_of_means(one, other) == pytest.approx(2 / math.sqrt((1 + 4) / 2))
    assert smd_of_means(np.array([1.0, 1.0]), np.array([1.0, 1.0])) is None
    # 30 % against 50 %: |0.3 - 0.5| / sqrt((0.21 + 0.25) / 2)
    assert smd_of_shares([70, 30], [50, 50]) == pytest.approx(0.2 / math.sqrt(0.23))
    assert smd_of_shares([10, 0], [0, 0]) is None


def test_what_is_missing_is_told_by_visit(frame):
    told = {variable.name: by_visit for variable, by_visit in missing_map(frame)}
    assert told["lab.fpg"] == {"V0": (1, 6), "V1": (0, 4)}
    assert told["sex"] == {"V0": (0, 6), "V1": (0, 4)}


def test_a_spread_counts_everybody_once():
    bins = spread(np.array([1.0, 1.5, 2.0, 9.0, math.nan]), 4)
    assert [n for _a, _b, n in bins] == [3, 0, 0, 1]
    assert (bins[0][0], bins[-1][1]) == (1.0, 9.0)
    assert spread(np.array([math.nan])) == []


def test_change_is_that_of_those_who_have_both(frame):
    first, second = change_over_visits(frame, "lab.fpg")
    assert (first.visit, first.n, first.pairs, first.p) == ("基线", 5, 0, None)
    assert (second.visit, second.n, second.pairs) == ("一年", 4, 4)
    moved = [0.4, 1.2, 0.2, 0.4]
    half = stats.t.ppf(0.975, 3) * np.std(moved, ddof=1) / 2
    assert second.difference == pytest.approx(0.55)
    assert (second.low, second.high) == (pytest.approx(0.55 - half), pytest.approx(0.55 + half))
    assert second.p == pytest.approx(stats.ttest_rel([5.4, 7.2, 6.7, 5.9], [5.0, 6.0, 6.5, 5.5]).pvalue)


# Freireich et al. 1963: weeks of remission under 6-mercaptopurine (+ is censored), as every textbook has it.
MERCAPTOPURINE = [
    (6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0), (19, 0),
    (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0),
]  # fmt: skip
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_the_estimate_is_the_published_one():
    one = curve("", [(day, bool(hit)) for day, hit in MERCAPTOPURINE], 35)
    at = dict(zip(one.days, one.share, strict=True))
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {day: round(at[day], 3) for day in published} == published
    assert (one.n, one.events, one.median) == (21, 9, 23.0)
    assert dict(one.at_risk)[0] == 21
    assert one.at_risk[-1] == (35, 1)
    assert one.low[0] < one.share[0] < one.high[0]


def test_the_log_rank_test_is_the_published_one():
    """Chi-square 16.79 with one degree of freedom (Kleinbaum and Klein, Survival Analysis)."""
    treated = [(float(day), bool(hit)) for day, hit in MERCAPTOPURINE]
    lines = [(f"t{n}", "6-MP", day, 9.0 if hit else 1.0) for n, (day, hit) in enumerate(treated)]
    lines += [(f"p{n}", "安慰剂", float(day), 9.0) for n, day in enumerate(PLACEBO)]
    columns = [list(one) for one in zip(*lines, strict=True)]
    subject, arm, day, value = columns
    count = len(lines)
    gathered = [
        subject, arm, ["V1"] * count, ["done"] * count, [0] * count, [50] * count, ["1"] * count, value,
    ]  # fmt: skip
    frame = made(COLUMNS, gathered, day, (("V1", "随访"),))
    found = survival_of(frame, Event("lab.fpg", "ge", "9"))
    assert [(one.name, one.n, one.events) for one in found.curves] == [
        ("", 42, 30), ("6-MP", 21, 9), ("安慰剂", 21, 21),
    ]  # fmt: skip
    assert stats.chi2.isf(found.p, 1) == pytest.approx(16.79, abs=0.01)
    assert [one.median for one in found.curves[1:]] == [23.0, 8.0]


def test_who_had_the_event_at_the_start_was_not_at_risk(frame):
    found = survival_of(frame, Event("lab.fpg", "ge", "7"))
    assert (found.had_before, found.without) == (1, 1), "one had 7.0 at day 0; one has no later value"
    assert (found.curves[0].n, found.curves[0].events) == (4, 1)
    assert found.curves[0].days[0] == 350.0
