"""What holds of every model: both sides of a cut, direction, units, what is missing; nothing raises or is NaN."""

import csv
import math
from collections import Counter
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from domain.risk.assess import assess
from domain.risk.definitions import LEVELS, Rules
from domain.risk.factors import Factors, Given
from domain.risk.prepared import band_of
from domain.risk.results import Assessment, Result
from tests.risk.people import DAY, healthy, models, person, population, result_of, results_of

MG = {"tc": "mg/dL", "hdl": "mg/dL"}
NHANES = Path(resources.folder("risk")).resolve().parents[2] / "shared" / "data" / "nhanes3-labs.csv"


def numbers_of(result: Result):
    yield from (result.value, result.reference, result.relative)
    yield from (one.value for one in (*result.parts, *result.extras))
    for share in result.contributions:
        yield from (share.drop, share.share)
    for lever in result.levers:
        yield from (lever.value, lever.drop)


def check_sound(assessment: Assessment):
    """What every assessment keeps, whatever went in."""
    for result in assessment.results:
        for number in numbers_of(result):
            assert number is None or math.isfinite(number), result
        if result.status == "computed":
            assert result.value is not None or result.level is not None
            assert not result.why
            if result.unit == "%" and result.value is not None:
                assert 0 <= result.value <= 100
            if result.contributions:
                assert sum(one.share for one in result.contributions) == pytest.approx(1)
            assert len(result.levers) <= 3
        else:
            assert result.value is None
            assert result.level is None
            assert not result.contributions
            assert result.why
        assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result


def test_there_are_at_least_25_disease_categories_and_each_is_served():
    served = models().diseases
    assert len([one for one in served.values() if not one.is_score]) >= 25
    assert {one.model.disease for one in models().models.values()} == set(served)


def test_somebody_about_whom_everything_is_known_gets_every_model_that_is_for_them():
    for sex, age in (("male", 60), ("female", 55)):
        results = results_of(healthy(sex, age))
        assert not [one.model for one in results.values() if one.status == "not_computable"]
        computed = [one for one in results.values() if one.status == "computed"]
        assert len(computed) > 45


# --- what is missing -------------------------------------------------------------------------------------------


def test_an_unanswered_question_is_missing_and_never_no():
    result = results_of(person("male", 50, sbp=120, waist=80))["china_par"]
    assert result.status == "not_computable"
    assert {"cvd_history", "smoking", "dm_history", "tc", "hdl", "region_north"} <= set(result.missing)
    assert result.why[0].code == "risk.missing"
    assert "总胆固醇" in result.why[0].facts["factors"]


def test_only_descent_has_a_default_and_it_is_shown_as_one():
    assert [code for code, one in models().book.definitions.items() if one.default is not None] == [
        "ancestry"
    ]
    used = {one.code: one for one in results_of(healthy("male", 55))["pce_2013"].inputs}
    assert (used["tc"].source, used["smoker"].source) == ("", "computed")


def test_each_input_of_an_equation_is_needed():
    """Leave one out at a time: nothing may be computed as if it were no, or nought."""
    whole = healthy("male", 60, smoking="former", smoke_years=20, cig_per_day=20, quit_years=3)
    for ready in models().models.values():
        result = results_of(whole)[ready.model.id]
        if result.status != "computed" or isinstance(ready.model, Rules):
            continue
        for code in {leaf for column in ready.columns for leaf in column.program.names} - {
            "sex",
            "age",
            "ancestry",
        }:
            definition = models().book.definitions[code]
            if definition.computed or definition.unless:
                continue
            if code not in {one.code for one in result.inputs}:
                continue
            less = Factors(sex="male", age=60, given=tuple(g for g in whole.given if g.code != code))
            without = results_of(less)[ready.model.id]
            assert without.status == "not_computable" or code not in {one.code for one in without.inputs}
            assert without.status != "computed", (ready.model.id, code)


def test_a_rule_set_is_decided_as_soon_as_the_open_answers_cannot_change_it():
    known = {
        "stroke_history": False,
        "smoking": "current",
        "bmi": 27,
        "fh_stroke": True,
        "dyslipidaemia": True,
    }
    decided = results_of(person("male", 60, **known))["stroke_screen_cn"]
    assert (decided.status, decided.level, decided.value) == ("computed", "high", None)
    assert "dm_history" in decided.missing
    open_ = results_of(person("male", 60, **(known | {"fh_stroke": False, "bmi": 22})))["stroke_screen_cn"]
    assert (open_.status, open_.level) == ("not_computable", None)


def test_what_is_already_there_is_no_risk_any_more():
    assessment = assess(healthy("male", 60, dm_history=True, cvd_history=True), DAY, models())
    of = {one.disease: one for one in assessment.diseases}
    assert of["diabetes"].status == of["ascvd"].status == "already_diagnosed"
    assert of["diabetes"].level is None


def test_a_value_outside_the_range_a_model_was_made_for_gives_no_number():
    result = results_of(healthy("male", 60, sbp=205))["pce_2013"]
    assert (result.status, result.value, result.why[0].code) == ("not_computable", None, "risk.out_of_range")
    assert result.why[0].facts["high"] == "200"


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        (Given(code="sbp", value=900), "risk.implausible"),
        (Given(code="sbp", value=float("nan")), "risk.unusable"),
        (Given(code="sbp", value="120"), "risk.unusable"),
        (Given(code="sbp", value=True), "risk.unusable"),
        (Given(code="sbp", value=120, unit="mmol/L"), "risk.bad_unit"),
        (Given(code="sbp", value=120, at=date(2020, 1, 1)), "risk.old_value"),
        (Given(code="sbp", value=120, at=date(2027, 1, 1)), "risk.later_value"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_reason(given_, code):
    others = tuple(g for g in healthy("male", 60).given if g.code != "sbp")
    result = results_of(Factors(sex="male", age=60, given=(*others, given_)))["china_par"]
    assert (result.status, result.missing) == ("not_computable", ("sbp",))
    assert [why.code for why in result.why] == [code]


def test_of_several_values_the_newest_that_can_be_used_counts():
    of = [
        Given(code="sbp", value=v, at=d)
        for v, d in ((150, date(2026, 1, 1)), (130, date(2026, 6, 1)), (170, None))
    ]
    for order in (of, of[::-1]):
        known = models().book.know(Factors(sex="male", age=50, given=tuple(order)), DAY)
        assert known.values["sbp"] == 130


# --- bands -----------------------------------------------------------------------------------------------------

BANDED = [
    (name, place)
    for name, ready in models().models.items()
    for place, band in enumerate(ready.model.bands)
    if band.below is not None or band.upto is not None
]


@pytest.mark.parametrize(("name", "place"), BANDED)
def test_every_cut_of_a_level_on_both_sides(name, place):
    bands = models().models[name].model.bands
    band, above = bands[place], bands[place + 1]
    cut = band.below if band.below is not None else band.upto
    assert band_of(bands, math.nextafter(cut, -math.inf)) is band
    assert band_of(bands, cut) is (above if band.below is not None else band)
    assert band_of(bands, math.nextafter(cut, math.inf)) is above


@pytest.mark.parametrize("low", [4.999999, 5.0, 9.999999, 10.0])
def test_china_par_is_low_under_5_and_high_from_10(low):
    bands = models().models["china_par"].model.bands
    expected = "low" if low < 5 else "medium" if low < 10 else "high"
    assert band_of(bands, low).level == expected


CUTS = [  # model, factor, just under, at the cut: labels by the source's own >= or >
    ("findrisc", "bmi", {"bmi": 30.0}, {"bmi": 30.000001}, 1, 3, "BMI"),
    ("findrisc", "age", {"age": 64}, {"age": 65}, 3, 4, "年龄"),
    ("cdrs", "bmi", {"bmi": 23.99}, {"bmi": 24.0}, 1, 3, "BMI"),
    ("cdrs", "sbp", {"sbp": 159.9}, {"sbp": 160}, 8, 10, "收缩压"),
    ("stop_bang", "bmi", {"bmi": 35.0}, {"bmi": 35.1}, 0, 1, "BMI >35"),
    ("stop_bang", "age", {"age": 50}, {"age": 51}, 0, 1, "年龄 >50 岁"),
    ("caide", "sbp", {"sbp": 140}, {"sbp": 140.5}, 0, 2, "收缩压 >140 mmHg"),
    ("caide", "age", {"age": 53}, {"age": 54}, 3, 4, "年龄"),
    ("gastric_li", "g17", {"g17": 5.7}, {"g17": 5.71}, 3, 5, "胃泌素 17"),
    ("gastric_li", "pgr", {"pgr": 3.88}, {"pgr": 3.89}, 3, 0, "胃蛋白酶原比值"),
    ("le8", "sleep", {"sleep_hours": 8.99}, {"sleep_hours": 9}, 100, 90, "睡眠"),
    ("le8", "active", {"activity_minutes": 149}, {"activity_minutes": 150}, 90, 100, "身体活动"),
    ("le8", "sbp", {"sbp": 119, "dbp": 79}, {"sbp": 120, "dbp": 79}, 100, 75, "血压"),
    ("copd_sq", "packs", {"pack_years": 14.9}, {"pack_years": 15}, 0, 1, "吸烟包年"),
]


@pytest.mark.parametrize(("model", "what", "under", "at", "before", "after", "label"), CUTS)
def test_points_change_exactly_at_the_published_cut(model, what, under, at, before, after, label):
    for changed, expected in ((under, before), (at, after)):
        result = results_of(
            healthy("male", changed.get("age", 55), **{k: v for k, v in changed.items() if k != "age"})
        )
        found = [one.value for one in result[model].parts if one.label == label]
        assert found == [expected], what


def test_kdigo_cells():
    cells = {(95, 10): "低", (95, 30): "中", (95, 300): "中", (95, 301): "高", (50, 10): "中", (50, 100): "高",
             (50, 400): "极高", (40, 10): "高", (40, 100): "极高", (20, 10): "极高", (60, 29.9): "低", (45, 10): "中",
             (44.9, 10): "高", (29.9, 1): "极高"}  # fmt: skip
    for (egfr, acr), label in cells.items():
        band = results_of(person("male", 60, egfr=egfr, uacr=acr, dialysis=False))["kdigo"].band
        assert band == f"{label}风险", (egfr, acr)


# --- direction, units -----------------------------------------------------------------------------------------

RISING = {
    "china_par": ("sbp", "tc"), "pce_2013": ("sbp", "tc"), "framingham_cvd_lipid": ("sbp", "tc"),
    "framingham_cvd_bmi": ("sbp", "bmi"), "prevent_cvd10": ("sbp", "nonhdl"), "prevent_ascvd10": ("sbp", "nonhdl"),
    "prevent_hf10": ("sbp",), "framingham_htn": ("sbp", "dbp", "bmi"), "cdrs": ("sbp", "bmi", "waist"),
    "findrisc": ("bmi", "waist"), "fli": ("tg", "bmi", "ggt", "waist"), "hsi": ("alt", "bmi"), "uric_acid": ("ua",),
    "charge_af": ("sbp", "weight", "height"), "caide": ("sbp", "bmi", "tc"), "pbcg": ("psa",), "psa_cn": ("psa",),
    "stop_bang": ("bmi", "neck"), "bmi_cn": ("bmi",), "fib4": ("ast",), "kdigo": ("uacr",),
}  # fmt: skip
FALLING = {"china_par": ("hdl",), "pce_2013": ("hdl",), "framingham_cvd_lipid": ("hdl",), "prevent_cvd10": ("hdl",),
           "fib4": ("plt",), "kdigo": ("egfr",), "gastric_li": ("pgr",)}  # fmt: skip


FROM = {"sbp": 112}  # under 110 the published PREVENT equations rise again


@pytest.mark.parametrize("name", sorted(RISING | FALLING))
@pytest.mark.parametrize("sex", ["male", "female"])
def test_monotone_in_each_factor_where_the_model_is(name, sex):
    ready = models().models[name]
    if ready.model.applies.sex not in (None, sex):
        pytest.skip("a model for the other sex")
    for sign, codes in ((1, RISING.get(name, ())), (-1, FALLING.get(name, ()))):
        for code in codes:
            low, high = ready.model.limits.get(code, models().book.definitions[code].limits)
            if code in ready.model.units:
                factor, offset = models().book.scale(code, ready.model.units[code])
                low, high = (
                    (low * factor + offset, high * factor + offset)
                    if code in ready.model.limits
                    else (low, high)
                )
            low = max(low, FROM.get(code, low))
            found = [
                result_of(name, healthy(sex, 55, **{code: low + (high - low) * step / 59}))
                for step in range(60)
            ]
            values = [sign * one.value for one in found if one.status == "computed" and one.value is not None]
            assert values == sorted(values), code
            assert values[0] < values[-1], code


def test_the_published_prevent_equations_rise_again_under_110_and_no_lever_goes_there():
    lower, at = (result_of("prevent_ascvd10", healthy("male", 55, sbp=sbp)) for sbp in (95, 110))
    assert lower.value > at.value
    result = result_of("prevent_ascvd10", healthy("male", 55, sbp=150.0))
    assert [one.target for one in result.levers if one.factor == "sbp"] == [115]


def test_yes_never_lowers_a_risk_where_it_is_a_risk_factor():
    """China-PAR's family history is asked under 58: its published interaction with ln(age) turns the sign there."""
    base = {"smoking": "former", "cig_per_day": 20, "smoke_years": 25, "quit_years": 5}
    for name, age, codes in (
        ("china_par", 50, ("dm_history", "fh_ascvd")), ("pce_2013", 60, ("dm_history",)),
        ("prevent_hf10", 60, ("dm_history",)), ("charge_af", 60, ("heart_failure", "mi_history")),
        ("plco_m2012", 60, ("fh_lung_cancer", "copd_history")),
    ):  # fmt: skip
        plain = result_of(name, healthy("male", age, **base)).value
        for code in codes:
            assert result_of(name, healthy("male", age, **base, **{code: True})).value > plain, (name, code)


OTHER_UNITS = {
    "tc": "mg/dL", "hdl": "mg/dL", "ldl": "mg/dL", "nonhdl": "mg/dL", "tg": "mg/dL", "fpg": "mg/dL",
    "ogtt2h": "mg/dL", "crea": "mg/dL", "ua": "mg/dL", "tbil": "mg/dL", "alb": "g/dL", "hgb": "g/dL",
    "hba1c": "mmol/mol", "uacr": "mg/mmol", "sbp": "kPa", "dbp": "kPa", "height": "m", "waist": "[in_i]", "neck": "m",
    "weight": "[lb_av]",
    "plt": "10*3/uL", "pg1": "ng/mL", "psa": "ug/L",
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["male", "female"]), st.integers(25, 85))
def test_a_value_in_another_unit_gives_the_same_result(random, sex, age):
    book = models().book
    plain, other = [], []
    for one in healthy(sex, age).given:
        value = one.value
        if one.code in OTHER_UNITS:
            low, high = book.definitions[one.code].limits
            value = min(max(value * random.uniform(0.7, 1.6), low), high)
        plain.append(Given(code=one.code, value=value))
        unit = OTHER_UNITS.get(one.code, "")
        if unit and unit != book.definitions[one.code].unit:
            factor, offset = book.scale(one.code, unit)
            other.append(Given(code=one.code, value=(value - offset) / factor, unit=unit))
        else:
            other.append(plain[-1])
    first = results_of(Factors(sex=sex, age=age, given=tuple(plain)))
    second = results_of(Factors(sex=sex, age=age, given=tuple(other)))
    for name, result in first.items():
        told = second[name]
        assert (told.status, told.level) == (result.status, result.level), name
        assert (
            told.value == pytest.approx(result.value, abs=1e-4)
            if result.value is not None
            else told.value is None
        )


# --- what it is made of -----------------------------------------------------------------------------------------


def test_levers_and_shares_come_from_the_same_function():
    base = {
        "smoking": "current",
        "cig_per_day": 20,
        "smoke_years": 30,
        "sbp": 158.0,
        "tc": 6.4,
        "hdl": 0.9,
        "waist": 98.0,
    }
    result = results_of(healthy("male", 60, **base))["pce_2013"]
    assert len(result.levers) == 3
    for lever in result.levers:
        unit = {"tc": "mg/dL", "hdl": "mg/dL"}.get(lever.factor, "")
        changed = healthy("male", 60, **base)
        kept = tuple(g for g in changed.given if g.code != lever.factor)
        new = Factors(
            sex="male", age=60, given=(*kept, Given(code=lever.factor, value=lever.target, unit=unit))
        )
        if lever.factor == "smoker":
            new = Factors(sex="male", age=60, given=(*kept, Given(code="smoker", value=False)))
        assert results_of(new)["pce_2013"].value == pytest.approx(lever.value, abs=1e-4)
        assert lever.drop == pytest.approx(result.value - lever.value)
    assert result.relative == pytest.approx(result.value / result.reference)
    assert result.levers == tuple(sorted(result.levers, key=lambda one: -one.drop))


def test_relative_risk_of_china_par_is_against_the_official_ideal_values():
    ideal = person(
        "male", 60, MG, tc=200, hdl=40, sbp=120, waist=84, bp_treated=False, smoker=False,
        diabetes=False, fh_ascvd=False, region_north=True, urban=True, cvd_history=False, stroke_history=False,
    )  # fmt: skip
    result = results_of(ideal)["china_par"]
    assert result.relative == pytest.approx(1)
    assert result.contributions == ()
    smokes = results_of(healthy("male", 60, smoking="current", waist=84.0))["china_par"]
    assert smokes.reference == pytest.approx(result.value, rel=1e-6)


def test_medicine_already_taken_and_diagnoses_are_no_levers():
    fixed = {"bp_treated", "lipid_treated", "diabetes", "hypertension"}
    for one in population(200, seed=4):
        for result in results_of(one).values():
            assert not {lever.factor for lever in result.levers} & fixed


def test_unverified_parts_are_marked_in_each_result():
    results = results_of(healthy("male", 60))
    assert results["hba1c_state"].unverified == ("5.7–<6.5% 为风险升高",)
    assert results_of(healthy("female", 50))["cervix_cn"].unverified == ("模型整体",)
    assert results["china_par"].unverified == ()
    assert "条目分值（两套公布分值，默认变体 A）" in results["copd_sq"].unverified
    for ready in models().models.values():
        assert ready.model.status == "V" or ready.unverified, ready.model.id


# --- anything at all -------------------------------------------------------------------------------------------

ANYTHING = st.one_of(
    st.floats(), st.integers(-(10**30), 10**30), st.booleans(), st.none(), st.text(max_size=5),
    st.sampled_from(["never", "former", "current", "first", "asian", "senior"]),
)  # fmt: skip
UNITS = st.sampled_from(["", "mg/dL", "mmol/L", "kPa", "mm[Hg]", "kg", "cm", "nonsense", "%"])
CODES = st.sampled_from(sorted(models().book.definitions))


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.sampled_from(["male", "female", "other", None])),
    st.one_of(st.integers(-5, 200), st.none()),
    st.lists(st.tuples(CODES, ANYTHING, UNITS), max_size=150),
    st.booleans(),
)
def test_no_input_makes_an_exception_or_a_nan(sex, age, given_, whole):
    odd = tuple(Given(code=code, value=value, unit=unit) for code, value, unit in given_)
    base = tuple(g for g in healthy("male", 60).given if g.code not in {o.code for o in odd}) if whole else ()
    check_sound(assess(Factors(sex=sex, age=age, given=(*base, *odd)), DAY, models()))


def test_a_seeded_population_through_every_model(capsys):
    counts = Counter()
    for one in population(600):
        assessment = assess(one, DAY, models())
        check_sound(assessment)
        counts.update(
            (r.model, r.status if r.status == "computed" else r.why[0].code.removeprefix("risk."))
            for r in assessment.results
        )
    report(counts, capsys)
    computed = {model for (model, status) in counts if status == "computed"}
    assert computed == set(models().models)


def test_9926_real_people_through_every_model_that_their_data_allow(capsys):
    if not NHANES.is_file():
        pytest.skip("the survey data are not here")
    counts, people = Counter(), 0
    for row in csv.DictReader(NHANES.read_text("utf-8").splitlines()):
        factors = of_survey(row)
        assessment = assess(factors, DAY, models())
        people += 1
        for r in assessment.results:
            assert all(number is None or math.isfinite(number) for number in numbers_of(r))
            counts[outcome(r)] += 1
    report(counts, capsys)
    assert people == 9926
    assert counts["egfr_stage", "computed"] == counts["fpg_state", "computed"] == people
    assert counts["uric_acid", "computed"] == counts["china_par", "computed"] == 0


def outcome(result):
    """Return the model with 'computed' or the first reason."""
    return result.model, result.status if result.status == "computed" else result.why[0].code.removeprefix(
        "risk."
    )


SURVEY = (("alb", "albumin_gL", "g/L"), ("crea", "creat_umol", "umol/L"), ("fpg", "glucose_mmol", "mmol/L"))


def of_survey(row) -> Factors:
    """Return what the survey's file knows of a person: age, sex, albumin, creatinine, glucose."""
    sex = {"1": "male", "2": "female"}[row["HSSEX"]]
    given_ = tuple(
        Given(code=code, value=float(row[name]), unit=unit)
        for code, name, unit in (
            ("alb", "albumin_gL", "g/L"),
            ("crea", "creat_umol", "umol/L"),
            ("fpg", "glucose_mmol", "mmol/L"),
        )
        if row[name]
    )
    return Factors(sex=sex, age=int(float(row["age"])), given=given_)


def report(counts, capsys):
    reasons = sorted({reason for _, reason in counts})
    with capsys.disabled():
        print()  # noqa: T201
        print(f"{'model':22}" + "".join(f"{reason:>15}" for reason in reasons))  # noqa: T201
        for model in models().models:
            print(f"{model:22}" + "".join(f"{counts[model, reason]:>15}" for reason in reasons))  # noqa: T201


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_met_in_the_population(level):
    assert any(r.level == level for one in population(40) for r in results_of(one).values())
