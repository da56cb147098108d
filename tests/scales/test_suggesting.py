"""Instruments are suggested by age, sex, history, results and earlier scales, each with its reason."""

from datetime import date, timedelta

import pytest

import resources
from domain.kernel.content import ContentError
from domain.scales.suggesting import Earlier, Person, load_suggestions, suggest
from tests.scales.conftest import FORMS, SCALES

BOOK = load_suggestions(resources.folder("scales") / "rules")
TODAY = date(2026, 11, 29)


def forms(**known):
    return {one.form: one for one in suggest(BOOK, Person(TODAY, **known))}


def said(**bands):
    return {name: Earlier(band=band, level=level, day=TODAY) for name, (band, level) in bands.items()}


def test_every_rule_names_a_form_and_scales_that_are_there():
    for rule in BOOK.rules:
        assert rule.form in FORMS, rule.form
        assert rule.reason
        for one in (*rule.said, *rule.needs):
            scale = SCALES[one.scale]
            total = next(r for r in scale.scores if r.id == scale.total)
            assert set(one.bands) <= {band.code for band in total.bands}, rule
            assert set(one.levels) <= {band.level for band in total.bands}, rule


def test_every_instrument_is_suggested_to_somebody_or_kept_for_old_files():
    """What is asked after a contact is suggested by the contact, not by the person."""
    assert set(FORMS) - {rule.form for rule in BOOK.rules} == {
        "pre_visit", "tcm_2009", "satisfaction", "node_record",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "below", "inside"),
    [
        ("gds15", 64, 65),
        ("tcm_elderly", 64, 65),
        ("frail", 69, 70),
        ("sarc_f", 59, 60),
        ("ascvd", 34, 35),
        ("cdc_chronic", 17, 18),
        ("ad8", 64, 65),
    ],
)
def test_age_opens_a_form_on_its_birthday(form, below, inside):
    assert form not in forms(age=below)
    assert str(inside) in " ".join(forms(age=inside)[form].reasons) or form == "cdc_chronic"


@pytest.mark.parametrize(("form", "inside", "above"), [("tcm_2025", 64, 65), ("ascvd", 74, 75)])
def test_age_closes_a_form(form, inside, above):
    assert form in forms(age=inside)
    assert form not in forms(age=above)


@pytest.mark.parametrize(
    ("form", "item", "without", "with_it"),
    [
        ("stop_bang", "bmi", 27.9, 28),
        ("diet_habit", "bmi", 23.9, 24),
        ("diet_habit", "ua", 420, 421),
        ("ipaq", "fpg", 6.0, 6.1),
        ("audit_c", "ggt", 60, 61),
        ("copd_sq", "fev1fvc", 70, 69.9),
        ("pstri", "sbp", 139, 140),
        ("psqi", "sleep_hours", 6, 5.9),
        ("sarc_f", "bmi", 18.5, 18.4),
    ],
)
def test_a_result_asks_for_a_form_and_is_shown_with_it(form, item, without, with_it):
    assert form not in forms(age=55, values={item: without})
    assert f"{with_it:g}" in " ".join(forms(age=55, values={item: with_it})[form].reasons)


@pytest.mark.parametrize(
    ("form", "history"),
    [
        ("ftnd", {"smoking": "current"}),
        ("copd_sq", {"smoking": "former"}),
        ("phq9", {"stroke_history": True}),
        ("type_a", {"htn_history": True}),
        ("audit_c", {"drinking": True}),
        ("ess", {"osa_history": True}),
    ],
)
def test_history_asks_for_a_form(form, history):
    assert form in forms(age=50, history=history)
    denied = {code: False if value is True else "never" for code, value in history.items()}
    assert form not in forms(age=50, history=denied)


@pytest.mark.parametrize(
    ("form", "results"),
    [
        ("phq9", {"gad7": ("moderate", "medium")}),
        ("gad7", {"phq9": ("severe", "high")}),
        ("isi", {"psqi": ("good", "medium")}),
        ("ess", {"stop_bang": ("high", "high")}),
        ("parq", {"ipaq": ("low", "high")}),
    ],
)
def test_what_one_scale_said_asks_for_the_next(form, results):
    assert form in forms(age=40, results=said(**results))
    fine = dict.fromkeys(results, ("none", "low"))
    assert form not in forms(age=40, results=said(**fine))


def test_fitness_waits_for_the_gate_and_its_year():
    assert "fitness_2023" not in forms(age=30)
    assert "fitness_2023" not in forms(age=30, results=said(parq=("medical", "high")))
    assert "fitness_2023" in forms(age=30, results=said(parq=("clear", "low")))
    old = {"parq": Earlier(band="clear", level="low", day=TODAY - timedelta(days=366))}
    assert "fitness_2023" not in forms(age=30, results=old)


@pytest.mark.parametrize(("days", "again"), [(364, False), (365, True)])
def test_what_was_done_lately_is_not_asked_again(days, again):
    assert ("gds15" in forms(age=70, done={"gds15": TODAY - timedelta(days=days)})) is again


def test_without_the_age_nothing_is_suggested_by_age():
    assert forms() == {}


def test_the_most_pressing_stands_first_with_all_its_reasons():
    results = said(gad7=("severe", "high"))
    found = suggest(BOOK, Person(TODAY, age=50, results=results, history={"depression_history": True}))
    assert found[0].form == "phq9"
    assert len(found[0].reasons) == 2
    assert [one.order for one in found] == sorted(one.order for one in found)


def test_a_file_without_rules_is_refused(tmp_path):
    with pytest.raises(ContentError):
        load_suggestions(tmp_path)
