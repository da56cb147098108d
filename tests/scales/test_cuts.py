"""Both sides of every published cut, reached by answers as a person gives them."""

import pytest

from domain.scales.scoring import score
from tests.scales.answering import reaching

CUTS = {
    "phq9": [(0, "none"), (4, "none"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"),
             (15, "moderately_severe"), (19, "moderately_severe"), (20, "severe"), (27, "severe")],
    "gad7": [(0, "none"), (4, "none"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"),
             (15, "severe"), (21, "severe")],
    "isi": [(0, "none"), (7, "none"), (8, "subthreshold"), (14, "subthreshold"), (15, "moderate"),
            (21, "moderate"), (22, "severe"), (28, "severe")],
    "ess": [(0, "normal"), (10, "normal"), (11, "mild"), (14, "mild"), (15, "moderate"), (17, "moderate"),
            (18, "severe"), (24, "severe")],
    "ftnd": [(0, "very_low"), (2, "very_low"), (3, "low"), (4, "low"), (5, "moderate"), (6, "high"), (7, "high"),
             (8, "very_high"), (10, "very_high")],
    "ad8": [(0, "negative"), (1, "negative"), (2, "positive"), (8, "positive")],
    "frail": [(0, "robust"), (1, "prefrail"), (2, "prefrail"), (3, "frail"), (5, "frail")],
    "sarc_f": [(0, "negative"), (3, "negative"), (4, "positive"), (10, "positive")],
}  # fmt: skip


@pytest.mark.parametrize(("name", "total", "band"), [(n, t, b) for n, cuts in CUTS.items() for t, b in cuts])
def test_the_band_of_a_sum(scale, name, total, band):
    found = score(scale(name), reaching(scale(name), total))
    assert (found.status, found.total.value, found.total.band) == ("computed", total, band)


@pytest.mark.parametrize(
    ("sex", "total", "band"),
    [
        ("male", 3, "low"),
        ("male", 4, "positive"),
        ("female", 2, "low"),
        ("female", 3, "positive"),
        ("male", 7, "positive"),
        ("female", 7, "positive"),
        ("male", 8, "high"),
        ("female", 8, "high"),
    ],
)
def test_the_cut_of_drinking_is_lower_for_women(scale, sex, total, band):
    found = score(scale("audit_c"), reaching(scale("audit_c"), total), {"sex": sex})
    assert (found.total.value, found.total.band) == (total, band)


def test_without_the_sex_drinking_is_not_judged(scale):
    found = score(scale("audit_c"), reaching(scale("audit_c"), 4))
    assert (found.status, found.total, found.missing) == ("incomplete", None, ("fact:sex",))


def test_who_never_drinks_is_not_asked_how_much(scale):
    found = score(scale("audit_c"), {"frequency": "a"}, {"sex": "male"})
    assert (found.status, found.total.value, found.total.band) == ("computed", 0, "low")


@pytest.mark.parametrize(
    ("name", "raw", "standard", "band"),
    [
        ("sas", 39, 48, "normal"),
        ("sas", 40, 50, "mild"),
        ("sas", 47, 58, "mild"),
        ("sas", 48, 60, "moderate"),
        ("sas", 55, 68, "moderate"),
        ("sas", 56, 70, "severe"),
        ("sds", 42, 52, "normal"),
        ("sds", 43, 53, "mild"),
        ("sds", 50, 62, "mild"),
        ("sds", 51, 63, "moderate"),
        ("sds", 58, 72, "moderate"),
        ("sds", 59, 73, "severe"),
    ],
)
def test_zung_is_multiplied_and_cut_down(scale, name, raw, standard, band):
    """The whole part of raw * 1.25, not the nearest number: 47 is 58.75 and stays 58."""
    rule = next(s for s in scale(name).scores if s.id == "raw")
    straight = [q for q in rule.of if q not in rule.reversed]
    answers = dict.fromkeys(rule.reversed, "d")  # each counts 1
    left = raw - len(rule.reversed)
    while left > 4 * len(straight):
        answers[next(q for q in rule.reversed if answers[q] == "d")] = "a"  # counts 4
        left -= 3
    answers |= reaching(scale(name), left, of=straight)
    found = score(scale(name), answers)
    assert (found.score("raw").value, found.total.value, found.total.band) == (raw, standard, band)


@pytest.mark.parametrize(("score_wanted", "band"), [(4, "normal"), (5, "mild"), (8, "mild"), (9, "moderate"),
                                                    (11, "moderate"), (12, "severe"), (15, "severe")])  # fmt: skip
def test_the_bands_of_the_elderly_mood_scale(scale, score_wanted, band):
    rule = next(s for s in scale("gds15").scores if s.id == "total")
    counted = [*((q, "yes") for q in rule.yes), *((q, "no") for q in rule.no)]
    answers = {q: ("no" if a == "yes" else "yes") for q, a in counted} | dict(counted[:score_wanted])
    found = score(scale("gds15"), answers, {"age": 70})
    assert (found.total.value, found.total.band) == (score_wanted, band)


def apnoea(neck, bmi, age, sex):
    answers = {"snore": True, "tired": False, "observed": False, "pressure": False, "neck-size": neck}
    return answers, {"bmi": bmi, "age": age, "sex": sex}


@pytest.mark.parametrize(
    ("neck", "bmi", "age", "sex", "total", "band"),
    [
        (40, 35, 50, "female", 1, "low"),
        (40.1, 35, 50, "female", 2, "low"),
        (40.1, 35.1, 50, "female", 3, "medium"),
        (40.1, 35.1, 51, "female", 4, "medium"),
        (40.1, 35.1, 51, "male", 5, "high"),
    ],
)
def test_apnoea_counts_what_lies_above_and_not_what_is_equal(scale, neck, bmi, age, sex, total, band):
    found = score(scale("stop_bang"), *apnoea(neck, bmi, age, sex))
    assert (found.total.value, found.total.band) == (total, band)


@pytest.mark.parametrize(
    ("age", "bmi", "daily", "years", "breath", "total", "band"),
    [
        (40, 28, 20, 14, "none", 0, "low"),
        (49, 27.9, 20, 14, "none", 1, "low"),
        (50, 24, 20, 15, "none", 5, "low"),
        (60, 23.9, 20, 15, "none", 12, "medium"),
        (70, 23.9, 20, 29, "none", 15, "medium"),
        (70, 23.9, 20, 30, "none", 16, "high"),
        (70, 18.4, 20, 30, "level", 22, "high"),
    ],
)
def test_the_lung_score_by_age_weight_and_smoking(scale, age, bmi, daily, years, breath, total, band):
    answers = {
        "smoking-state": "former",
        "cigarettes": daily,
        "years": years,
        "cough": False,
        "breathless": breath,
    }
    found = score(scale("copd_sq"), answers | {"fuel": False, "family": False}, {"age": age, "bmi": bmi})
    assert (found.total.value, found.total.band) == (total, band)


@pytest.mark.parametrize(("sex", "calf", "points"), [("male", 33.9, 10), ("male", 34, 0), ("female", 32.9, 10),
                                                     ("female", 33, 0)])  # fmt: skip
def test_a_thin_calf_counts_ten(scale, sex, calf, points):
    found = score(scale("sarc_f"), reaching(scale("sarc_f"), 1) | {"calf-girth": calf}, {"sex": sex})
    assert found.score("calf-total").value == 1 + points
    assert found.score("calf-total").band == ("positive" if points else "negative")


def test_without_the_calf_the_other_total_stands(scale):
    found = score(scale("sarc_f"), reaching(scale("sarc_f"), 4))
    assert found.status == "computed"
    assert "calf-total" not in {one.id for one in found.scores}
