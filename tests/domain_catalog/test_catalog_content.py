"""The catalogue's files: complete, consistent, and every mistake told at once with file and field."""

import copy
from functools import cache

import pytest
import yaml

from domain.catalog.content import FILES, build_catalog, load_catalog
from domain.catalog.ranges import range_text, read_range
from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from resources import folder


@cache
def catalog():
    return load_catalog(folder("catalog"))


@cache
def _parsed():
    return {stem: yaml.safe_load((folder("catalog") / f"{stem}.yaml").read_text("utf-8")) for stem in FILES}


def files():
    return copy.deepcopy(_parsed())


def test_every_analyte_has_a_range_or_says_why_not():
    without = {key for key, item in catalog().observations.items() if not item.ranges}
    assert without == {
        *("height", "weight", "hip", "glu"),
        *("ica", "pct", "ph_art", "paco2", "pao2", "sao2", "lactate", "ammonia"),
    }


def test_known_codes_find_their_analyte():
    assert catalog().by_loinc("718-7").key == "hgb"
    assert catalog().by_loinc("2160-0").key == "crea"
    assert catalog().find("wbc", "99LIS").key == "wbc"
    assert catalog().find("血红蛋白").key == "hgb"
    assert catalog().find("718-7").key == "hgb"
    assert catalog().find("718-7", "99LIS") is None
    assert catalog().find("HGB", "LN") is None
    assert catalog().find("") is None
    with pytest.raises(DomainError, match=r"catalog\.unknown_code"):
        catalog().observation("nothing")


def test_every_numeric_item_prints_its_range():
    for item in catalog().observations.values():
        for one in item.ranges:
            assert range_text(one, item.decimals)


def test_ranges_of_the_table_stand_in_the_file():
    def shown(key, sex=None, age=40):
        item = catalog().observation(key)
        fits = [
            r
            for r in item.ranges
            if r.sex in (None, sex) and age >= r.age_from and age < (r.age_below or 999)
        ]
        return [(r.low, r.above, r.high, r.below) for r in fits if sex is None or r.sex == sex]

    assert shown("hgb", "male") == [(130, None, 175, None)]
    assert shown("hgb", "female") == [(115, None, 150, None)]
    assert shown("crea", "female", 70) == [(41, None, 81, None)]
    assert shown("alp", "female", 60) == [(50, None, 135, None)]
    assert shown("tc") == [(None, None, None, 5.2)]
    assert shown("egfr") == [(90, None, None, None)]
    assert shown("bodyfat", "male", 47) == [(13.5, None, 23.8, None)]
    assert shown("k") == [(3.5, None, 5.3, None)]


def test_conditions_of_rules_have_a_sentence():
    texts = Texts.load(folder("texts") / "zh")
    conditions = {name for rule in catalog().rules.values() for name in rule.conditions}
    assert conditions
    assert [name for name in conditions if f"checkup.condition.{name}" not in texts] == []


def test_all_mistakes_are_told_at_once_with_file_and_field():
    broken = files()
    first = broken["observations"]["observations"][0]
    first["decimals"] = "many"
    first["colour"] = "red"
    del first["ucum"]
    broken["observations"]["observations"][13]["loinc"] = "8302-2x"
    broken["observations"]["observations"][14]["loinc"] = "8302-2x"
    broken["observations"]["observations"][15]["ranges"][0]["sources"] = ["Z9"]
    broken["critical"]["rules"][0]["items"] = ["wbcc"]
    broken["critical"]["rules"][1]["high"] = 5000
    broken["critical"]["rules"][2]["important"] = "A"
    broken["important"]["rules"][1]["id"] = broken["important"]["rules"][0]["id"]
    del broken["important"]["version"]
    broken["units"]["spellings"]["mmol/L"].append("mmHg")
    broken["units"]["items"][0]["from"] = "stone"
    with pytest.raises(ContentError) as caught:
        build_catalog(broken)
    told = caught.value.problems
    for start in (
        "observations.yaml: height: decimals:",
        "observations.yaml: height: colour: unknown field",
        "observations.yaml: height: ucum: missing",
        "observations.yaml: neut: loinc: 8302-2x is also of",
        "observations.yaml: neut_pct: ranges[0]: sources: Z9",
        "critical.yaml: C-WBC-L1: items: wbcc",
        "critical.yaml: C-WBC-L2: high: 5000",
        "critical.yaml: C-WBC-H1: important: give either",
        "important.yaml: A-SBP-H: id: used twice",
        "important.yaml: version: missing",
        "units.yaml: spellings: 'mmHg' means both",
        "units.yaml: stone -> glu, fpg, ogtt2h: from:",
    ):
        assert any(problem.startswith(start) for problem in told), (start, told)


def test_a_missing_or_unreadable_file_is_named(tmp_path):
    (tmp_path / "observations.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_catalog(tmp_path)
    assert len(caught.value.problems) == len(FILES)
    assert caught.value.problems[0].startswith("observations.yaml: ")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("3.9-6.1", (3.9, None, 6.1, None)),
        ("3.9～6.1", (3.9, None, 6.1, None)),
        (" 3.9 -- 6.1 ", (3.9, None, 6.1, None)),
        ("-2.5--1", (-2.5, None, -1.0, None)),
        ("<5.2", (None, None, None, 5.2)),
        ("≤5.2", (None, None, 5.2, None)),
        (">=1.04", (1.04, None, None, None)),
        ("＞0.16", (None, 0.16, None, None)),
    ],
)
def test_reported_ranges_are_read(text, bounds):
    found = read_range(text)
    assert (found.low, found.above, found.high, found.below) == bounds


@pytest.mark.parametrize("text", ["", "阴性", "男130-175 女115-150", "6.1-3.9", "3.9-", "3,9-6,1"])
def test_what_is_no_plain_interval_is_not_guessed(text):
    assert read_range(text) is None
