"""Units: odd spellings, both micro signs, conversions by analyte."""

import contextlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog.content import load_catalog
from domain.catalog.units import shown_unit
from domain.kernel.errors import DomainError
from resources import folder


@cache
def catalog():
    return load_catalog(folder("catalog"))


@pytest.mark.parametrize(
    ("spelled", "ucum"),
    [
        ("10^9/L", "10*9/L"),
        ("×10⁹/L", "10*9/L"),
        ("mmHg", "mm[Hg]"),
        ("次/分", "/min"),
        ("℃", "Cel"),
        ("\u00b5mol/L", "umol/L"),
        ("\u03bcmol/L", "umol/L"),
        ("UMOL/L", "umol/L"),
        ("ｍｍｏｌ／Ｌ", "mmol/L"),
        (" g / L ", "g/L"),
        ("μIU/mL", "m[IU]/L"),
        ("mIU/L", "m[IU]/L"),
        ("%", "%"),
        ("mL/min/1.73m²", "mL/min/{1.73_m2}"),
    ],
)
def test_spellings_of_the_field_are_understood(spelled, ucum):
    assert catalog().units.to_ucum(spelled) == ucum


@pytest.mark.parametrize(
    ("key", "value", "unit", "expected"),
    [
        ("glu", 100, "mg/dL", 5.551),
        ("crea", 1.0, "mg/dL", 88.4),
        ("tc", 200, "mg/dL", 5.172),
        ("tg", 150, "mg/dL", 1.694),
        ("ua", 7.0, "mg/dL", 416.4),
        ("hgb", 13.5, "g/dL", 135),
        ("hct", 42, "%", 0.42),
        ("wbc", 5600, "/uL", 5.6),
        ("plt", 200, "K/uL", 200),
        ("hscrp", 0.5, "mg/dL", 5.0),
        ("temp", 98.6, "℉", 37.0),
        ("sbp", 16, "kPa", 120.01),
        ("tsh", 2.0, "μIU/mL", 2.0),
        ("uacr", 3.4, "mg/mmol", 30.06),
        ("hba1c", 53, "mmol/mol", 7.0),
        ("k", 4.1, "mEq/L", 4.1),
        ("ca", 10, "mg/dL", 2.495),
        ("vitd", 75, "nmol/L", 30.05),
    ],
)
def test_conversions_on_worked_values(key, value, unit, expected):
    item = catalog().observation(key)
    assert catalog().units.convert(item, value, unit) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(
    ("key", "unit", "code"),
    [
        ("glu", "stone", "catalog.unknown_unit"),
        ("glu", "", "catalog.unit_missing"),
        ("glu", "g/L", "catalog.unit_mismatch"),
        ("lpa", "nmol/L", "catalog.unit_mismatch"),
        ("ddimer", "mg/L", "catalog.unit_mismatch"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(key, unit, code):
    with pytest.raises(DomainError, match=code):
        catalog().units.convert(catalog().observation(key), 1.0, unit)


def test_unitless_items_need_no_unit():
    for key in ("inr", "u_ph", "u_sg", "ag"):
        assert catalog().units.factors(catalog().observation(key), "") == (1.0, 0.0)


def test_factors_of_moles_follow_from_the_molar_mass():
    """mg/dL to mmol/L is 10 / M; the other pairs differ from it by powers of ten."""
    per_litre = {
        "mg/dL": 1e-2,
        "ug/dL": 1e-5,
        "ng/dL": 1e-8,
        "ug/L": 1e-6,
        "ng/mL": 1e-6,
        "ng/L": 1e-9,
        "pg/mL": 1e-9,
    }
    moles = {"mmol/L": 1e-3, "umol/L": 1e-6, "nmol/L": 1e-9, "pmol/L": 1e-12}
    import yaml

    items = yaml.safe_load((folder("catalog") / "units.yaml").read_text("utf-8"))["items"]
    checked = 0
    for entry in items:
        for key in entry["items"]:
            target = catalog().observation(key).ucum
            if "molar_mass" in entry and entry["from"] in per_litre and target in moles:
                expected = per_litre[entry["from"]] / entry["molar_mass"] / moles[target]
                assert entry["factor"] == pytest.approx(expected, rel=1e-3), key
                checked += 1
    assert checked >= 18


@pytest.mark.parametrize(
    ("word", "grade"),
    [
        ("阴性", 0),
        ("-", 0),
        ("(-)", 0),
        ("Negative", 0),
        ("±", 0.5),
        ("+", 1),
        ("阳性", 1),
        ("＋＋", 2),
        ("+++", 3),
        ("4+", 4),
    ],
)
def test_words_of_presence_results(word, grade):
    assert catalog().grade(word) == grade


def test_unknown_words_have_no_grade():
    assert catalog().grade("大概有") is None


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_known_unit_or_refused(text):
    with contextlib.suppress(DomainError):
        assert catalog().units.to_ucum(text) in catalog().units


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [
        ("mm[Hg]", "mmHg"),
        ("10*9/L", "10^9/L"),
        ("kg/m2", "kg/m²"),
        ("umol/L", "μmol/L"),
        ("ug/L", "μg/L"),
        ("u[IU]/mL", "μIU/mL"),
        ("mu", "mu"),
        ("mL/min/{1.73_m2}", "mL/min/1.73m²"),
        (None, ""),
    ],
)
def test_units_are_shown_as_people_write_them(ucum, shown):
    assert shown_unit(ucum) == shown
