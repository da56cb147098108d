"""Judging: every threshold on both sides, sexes and ages, impossible values."""

import contextlib
import math
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog.content import load_catalog
from domain.catalog.definitions import Interval
from domain.checkup.judge import judge
from domain.kernel.errors import DomainError
from resources import folder
from tests.fixtures.paces import units


@cache
def catalog():
    return load_catalog(folder("catalog"))


def judged(key, value, sex="male", age=45, **more):
    return judge(catalog().observation(key), value, sex, age, **more)


def _cases():
    """Yield for each bound of each rule and item: rule, key, bound, whether the rule holds under, at and over it."""
    sides = {"low": (False, True, True), "above": (False, False, True)}
    sides |= {"high": (True, True, False), "below": (True, False, False)}
    for rule in catalog().rules.values():
        for key in rule.items:
            for name, expected in sides.items():
                if (bound := getattr(rule, name)) is not None:
                    yield pytest.param(rule, key, bound, expected, id=f"{rule.id}-{key}-{name}")
            for name, expected in (("low_uln", sides["low"]), ("above_uln", sides["above"])):
                if (times := getattr(rule, name)) is not None:
                    upper = catalog().observation(key).ranges[0].upper
                    yield pytest.param(rule, key, times * upper, expected, id=f"{rule.id}-{key}-{name}")


@pytest.mark.parametrize(("rule", "key", "bound", "expected"), list(_cases()))
def test_a_rule_holds_on_the_right_side_of_its_bound(rule, key, bound, expected):
    age = rule.age_from or 45
    values = (math.nextafter(bound, -math.inf), bound, math.nextafter(bound, math.inf))
    assert tuple(rule.id in judged(key, value, rule.sex or "male", age).rules for value in values) == expected


# Typed from the rule tables, apart from the files: (item, value, class, level).
TABLE = [
    *[("sbp", 179, "B", None), ("sbp", 180, "A", None), ("sbp", 160, "B", None), ("sbp", 139, None, None)],
    *[("dbp", 109, "B", None), ("dbp", 110, "A", None), ("pulse", 45, "A", None), ("pulse", 46, None, None)],
    *[
        ("pulse", 149, None, None),
        ("pulse", 150, "A", None),
        ("spo2", 89, "A", None),
        ("spo2", 90, None, None),
    ],
    *[("glu", 2.7, "A", 1), ("glu", 2.8, "A", None), ("glu", 2.9, None, None), ("glu", 16.6, None, None)],
    *[("fpg", 6.9, None, None), ("fpg", 7.0, "B", None), ("fpg", 16.7, "A", None), ("fpg", 22.2, "A", None)],
    *[("fpg", 22.3, "A", 1), ("hgb", 59, "A", 1), ("hgb", 60, "A", None), ("hgb", 61, "B", None)],
    *[("hgb", 89, "B", None), ("hgb", 90, None, None), ("hgb", 180, None, None), ("hgb", 181, "B", None)],
    *[("hgb", 200, "B", None), ("hgb", 201, "B", 2), ("plt", 30, "A", 1), ("plt", 31, "B", None)],
    *[("plt", 80, None, None), ("plt", 501, "B", None), ("plt", 1000, "B", 2), ("wbc", 1.0, "A", 1)],
    *[("wbc", 2.0, "B", 2), ("wbc", 2.4, "B", None), ("wbc", 2.5, None, None), ("wbc", 15, "B", None)],
    *[("wbc", 30, "A", 1), ("k", 2.5, "A", 1), ("k", 2.8, None, 2), ("k", 2.9, None, None)],
    *[("k", 6.1, None, None), ("k", 6.2, None, 2), ("k", 6.5, "A", 1), ("na", 120, "A", 1)],
    *[("na", 121, None, None), ("na", 159, None, None), ("na", 160, "A", 1), ("ca", 1.74, None, 2)],
    *[("ca", 1.75, None, None), ("ca", 3.4, None, 2), ("crea", 706, None, None), ("crea", 707, "A", 1)],
    *[("alt", 119, None, None), ("alt", 120, "B", None), ("alt", 599, "B", None), ("alt", 600, "A", 1)],
    *[("tbil", 170, "B", None), ("tbil", 171, "A", 1), ("hstni", 499, None, None), ("hstni", 500, "A", 1)],
    *[("inr", 3.5, None, None), ("inr", 3.6, None, 2), ("inr", 5.0, "A", 1), ("alb", 29.9, "B", None)],
    *[("alb", 24.9, "B", 2), ("hct", 0.199, None, 2), ("crp", 100, None, None), ("crp", 101, None, 2)],
    *[("cl", 74, None, 2), ("cl", 126, None, 2), ("tg", 5.6, "B", None), ("ua", 600, "B", None)],
    *[("tsh", 0.09, "B", None), ("tsh", 10.1, "B", None), ("psa", 10.1, "B", None), ("ca153", 50, "B", None)],
    *[("u_pro", 1, None, None), ("u_pro", 2, "B", None), ("fit", 1, "B", None), ("amy", 405, None, None)],
    *[("amy", 406, None, 2), ("hba1c", 6.5, "B", None), ("uacr", 300.1, "B", None), ("egfr", 44, "B", None)],
]


@pytest.mark.parametrize(("key", "value", "important", "critical"), TABLE)
def test_the_tables_values(key, value, important, critical):
    found = judged(key, value)
    assert (found.important, found.critical) == (important, critical)


@pytest.mark.parametrize(
    ("key", "value", "sex", "age", "flag"),
    [
        ("hgb", 129, "male", 40, "L"),
        ("hgb", 130, "male", 40, "N"),
        ("hgb", 129, "female", 40, "N"),
        ("hgb", 151, "female", 40, "H"),
        ("hgb", 151, "unknown", 40, "N"),
        ("hgb", 176, None, None, "H"),
        ("hgb", 114, None, None, "L"),
        ("tc", 5.19, "male", 40, "N"),
        ("tc", 5.2, "male", 40, "H"),
        ("hdl", 1.04, "male", 40, "N"),
        ("hdl", 1.03, "male", 40, "L"),
        ("crea", 100, "male", 59, "H"),
        ("crea", 100, "male", 60, "N"),
        ("crea", 100, "male", 85, "N"),
        ("tbil", 22, None, 40, "N"),
        ("tbil", 22, "female", 40, "H"),
        ("bmi", 23.9, "male", 40, "N"),
        ("bmi", 24, "male", 40, "H"),
        ("k", 6.6, "male", 40, "HH"),
        ("k", 2.6, "male", 40, "LL"),
        ("glu", 18, "male", 40, "H"),
        ("glu", 8, "male", 40, None),
        ("hgb", 100, "male", 10, None),
        ("u_pro", 0, "male", 40, "N"),
        ("u_pro", 0.5, "male", 40, "A"),
        ("blast", 1, "male", 40, "AA"),
    ],
)
def test_flags_by_sex_and_age(key, value, sex, age, flag):
    assert judged(key, value, sex, age).flag == flag


def test_female_threshold_of_haemoglobin():
    assert judged("hgb", 171, "female").important == "B"
    assert judged("hgb", 171, "male").important is None
    assert judged("hgb", 171, None).important == "B"


def test_age_bands_of_ntprobnp():
    for age, bound in ((49, 450), (50, 900), (74, 900), (75, 1800)):
        assert judged("ntprobnp", bound, age=age).important is None
        assert judged("ntprobnp", bound + 1, age=age).important == "A"


def test_a_changed_definition_is_judged_by_what_it_says_now():
    """What was worked out for a definition is never taken for another one, also where Python gives its id again."""
    item = catalog().observation("fpg")
    for high in (5.0, 6.0, 5.0):
        ranges = (msgspec.structs.replace(item.ranges[0], high=high, below=None, text=None),)
        changed = msgspec.structs.replace(item, ranges=ranges)
        assert judge(changed, 5.5, "male", 40).flag == ("H" if high == 5.0 else "N")
        del changed


def test_the_reports_own_range_goes_first():
    found = judged("alt", 55, reported=Interval(low=0, high=60), reported_text="0-60")
    assert (found.flag, found.range_text) == ("N", "0-60")
    assert judged("alt", 55).flag == "H"


def test_conditions_and_verification_are_carried():
    pressure = judged("sbp", 185)
    assert pressure.conditions == ("acute_symptoms_or_repeated_at_rest",)
    assert not pressure.unverified
    assert judged("temp", 39.5).unverified
    assert judged("k", 6.6).conditions == ()
    assert judged("inr", 4).conditions == ("not_on_anticoagulant",)


@pytest.mark.parametrize(
    ("key", "value"), [("sbp", 400), ("weight", -3), ("glu", 900), ("k", 0), ("temp", 60), ("hgb", math.nan)]
)
def test_impossible_values_are_refused_by_name(key, value):
    with pytest.raises(DomainError) as caught:
        judged(key, value)
    assert (caught.value.code, caught.value.field) == ("checkup.value_implausible", key)
    assert caught.value.facts["name"] == catalog().observation(key).name


@settings(deadline=None)
@given(
    st.sampled_from(sorted(catalog().observations)),
    st.floats(),
    st.sampled_from(["male", "female", None]),
    st.data(),
)
def test_any_number_is_judged_or_refused(key, value, sex, data):
    age = data.draw(st.none() | st.integers(0, 120))
    with contextlib.suppress(DomainError):
        found = judged(key, value, sex, age)
        assert found.critical is None or found.flag in ("HH", "LL", "AA")
        assert bool(found.rules) == bool(found.important or found.critical)


def test_ten_results_are_judged_fast():
    values = {
        "wbc": 5,
        "hgb": 50,
        "plt": 200,
        "glu": 18,
        "crea": 80,
        "alt": 700,
        "k": 6.6,
        "tc": 5.5,
        "ua": 400,
        "sbp": 185,
    }
    items = [(catalog().observation(key), value) for key, value in values.items()]
    cost = units(lambda: [judge(item, value, "male", 45) for item, value in items])
    assert cost < 2  # 0.4 is usual
