"""Published worked examples and independent recomputations: within 0.05 percentage points, scores exactly."""

import math

import pytest

from tests.risk.people import healthy, person, results_of

MG = {"tc": "mg/dL", "hdl": "mg/dL"}
NO_CVD = {"cvd_history": False, "stroke_history": False, "heart_failure": False}


def value_of(model, factors):
    result = results_of(factors)[model]
    assert result.status == "computed", (result.why, result.missing)
    return result.value


def lipid_person(sex, age, sbp, ancestry="white", tc=213, hdl=50, **more):
    facts = {"smoker": False, "diabetes": False, "bp_treated": False} | more
    return person(sex, age, MG, ancestry=ancestry, tc=tc, hdl=hdl, sbp=sbp, **NO_CVD, **facts)


PCE = [  # exact arithmetic and an independent implementation's tests
    ("male", "white", 120, 5.38), ("female", "white", 120, 2.05), ("male", "black", 120, 6.07),
    ("female", "black", 120, 3.03), ("male", "white", 140, 7.01), ("female", "white", 140, 2.76),
    ("male", "black", 140, 7.95), ("female", "black", 140, 5.08),
]  # fmt: skip


@pytest.mark.parametrize(("sex", "ancestry", "sbp", "expected"), PCE)
def test_pooled_cohort_equations(sex, ancestry, sbp, expected):
    assert value_of("pce_2013", lipid_person(sex, 55, sbp, ancestry)) == pytest.approx(expected, abs=0.05)


def test_people_of_asian_descent_are_computed_by_the_column_of_whites_and_others():
    asian = value_of("pce_2013", lipid_person("male", 55, 120, "asian"))
    assert asian == value_of("pce_2013", lipid_person("male", 55, 120, "white"))


@pytest.mark.parametrize(
    ("factors", "expected"),
    [(lipid_person("male", 55, 140), 13.53), (lipid_person("female", 61, 124, tc=230, hdl=47), 8.4)],
)
def test_framingham_general_cvd_with_lipids(factors, expected):
    assert value_of("framingham_cvd_lipid", factors) == pytest.approx(expected, abs=0.05)


def test_framingham_general_cvd_with_bmi():
    assert value_of("framingham_cvd_bmi", lipid_person("male", 55, 140, bmi=30)) == pytest.approx(
        16.75, abs=0.05
    )


def test_prevent_of_the_published_example():
    factors = person(
        "female", 50, MG, sbp=160, bp_treated=True, tc=200, hdl=45, lipid_treated=False, diabetes=True,
        smoker=False, egfr=90, bmi=35, **NO_CVD,
    )  # fmt: skip
    assert value_of("prevent_cvd10", factors) == pytest.approx(14.7, abs=0.05)
    assert value_of("prevent_ascvd10", factors) == pytest.approx(9.2, abs=0.05)
    assert value_of("prevent_hf10", factors) == pytest.approx(8.1, abs=0.05)


CHINA_PAR = [  # sex, age, north, urban, waist, TC, HDL, SBP, treated, diabetes, smokes, family; official, ours
    ("male", 48, 1, 0, 75, 380, 125, 115, 0, 1, 1, 0, 3.9, 3.94),
    ("male", 49, 1, 1, 105, 280, 40, 105, 1, 0, 1, 1, 5.7, 5.67),
    ("male", 47, 1, 0, 125, 220, 30, 180, 0, 0, 0, 0, 14.0, 14.17),
    ("male", 51, 0, 1, 105, 120, 22, 90, 0, 1, 1, 0, 1.4, 1.40),
    ("female", 56, 0, 1, 125, 220, 75, 145, 1, 0, 0, 0, 8.0, 7.80),
    ("female", 53, 1, 1, 115, 200, 40, 160, 1, 0, 1, 1, 24.0, 23.22),
    ("female", 47, 1, 0, 95, 150, 50, 105, 0, 0, 0, 1, 1.6, 1.60),
    ("female", 47, 0, 0, 85, 320, 100, 135, 1, 0, 1, 0, 3.8, 3.72),
]


@pytest.mark.parametrize("row", CHINA_PAR)
def test_china_par_against_the_official_calculator_and_the_refined_coefficients(row):
    sex, age, north, urban, waist, tc, hdl, sbp, treated, diabetes, smoker, family, official, ours = row
    factors = person(
        sex, age, MG, region_north=north, urban=urban, waist=waist, tc=tc, hdl=hdl, sbp=sbp, bp_treated=treated,
        diabetes=diabetes, smoker=smoker, fh_ascvd=family, **NO_CVD,
    )  # fmt: skip
    value = value_of("china_par", factors)
    assert value == pytest.approx(ours, abs=0.05)
    assert value == pytest.approx(official, abs=1.1)


@pytest.mark.parametrize("age", [40, 50, 60, 70])
@pytest.mark.parametrize("sex", ["male", "female"])
def test_china_par_comes_near_a_second_fit_to_the_official_output(sex, age):
    """The other implementation is a fit of 1 − exp(−exp(z)) to 360 outputs; the two differ under a point."""
    factors = healthy(sex, age, sbp=140, smoking="current", region_north=True, urban=False)
    assert abs(value_of("china_par", factors) - _fitted(sex, age)) < 1.0


def _fitted(sex, age):
    ln = math.log
    sbp, tc, hdl, waist = 140, 4.8 / 0.0258598, 1.3 / 0.0258598, 82
    if sex == "male":
        z = 32.344877 * ln(age) + 26.455809 * ln(sbp) + 0.619958 * ln(tc) - 0.700506 * ln(hdl)
        z += -0.717373 * ln(waist) + 3.976209 + 0.478726 - 5.804677 * ln(age) * ln(sbp) - 0.943908 * ln(age)
        z -= 145.726914
    else:
        z = 25.266747 * ln(age) + 20.290294 * ln(sbp) + 0.064764 * ln(tc) - 0.212145 * ln(hdl)
        z += 1.469891 * ln(waist) + 0.496938 + 0.545760 - 4.436694 * ln(age) * ln(sbp) - 123.071553
    return 100 * (1 - math.exp(-math.exp(z)))


def test_framingham_hypertension():
    factors = person(
        "female", 45, sbp=125, dbp=80, bmi=26, smoker=False, fh_hypertension=1, htn_history=False, bp_treated=False,
        diabetes=False,
    )  # fmt: skip
    result = results_of(factors)["framingham_htn"]
    assert result.value == pytest.approx(17.83, abs=0.05)
    assert [round(one.value, 2) for one in result.extras] == [3.96, 8.52]
    assert result.level == "high"


@pytest.mark.parametrize(
    ("factors", "score", "level"),
    [
        (person("male", 45, bmi=25, waist=88, sbp=135, fh_diabetes="first", dm_history=False), 36, "high"),
        (person("female", 20, bmi=20, waist=65, sbp=100, fh_diabetes="none", dm_history=False), 0, "low"),
    ],
)
def test_chinese_diabetes_score(factors, score, level):
    result = results_of(factors)["cdrs"]
    assert (result.value, result.level) == (score, level)


def test_findrisc():
    plain = {"dm_history": False, "bp_treated": False, "high_glucose_ever": False, "fh_diabetes": "none"}
    first = person("female", 60, bmi=32, waist=90, daily_activity=False, veg_daily=True, **plain)
    plain = {"dm_history": False, "bp_treated": True, "high_glucose_ever": True, "fh_diabetes": "first"}
    second = person("male", 70, bmi=32, waist=105, daily_activity=False, veg_daily=False, **plain)
    one, other = results_of(first)["findrisc"], results_of(second)["findrisc"]
    assert (one.value, one.level, one.band) == (12, "medium", "中")
    assert (other.value, other.level, other.band) == (26, "high", "很高")
    assert [x.extras[0].value for x in (one, other)] == [17, 50]


def test_liver_indices():
    fli = person("male", 50, {"tg": "mg/dL"}, tg=150, bmi=30, ggt=60, waist=100)
    assert value_of("fli", fli) == pytest.approx(80.84, abs=0.05)
    assert value_of("hsi", person("female", 50, alt=60, ast=30, bmi=30, diabetes=True)) == pytest.approx(50)
    border = results_of(person("male", 50, alt=40, ast=40, bmi=28, diabetes=False))["hsi"]
    assert (border.value, border.level) == (36, "medium")


@pytest.mark.parametrize(
    ("age", "tbil", "alb", "plt", "expected", "level"),
    [(50, 15, 42, 200, 53.82, "medium"), (30, 10, 45, 250, 41.10, "low"), (65, 25, 38, 150, 64.88, "high")],
)
def test_amap(age, tbil, alb, plt, expected, level):
    result = results_of(
        person("male", age, tbil=tbil, alb=alb, plt=plt, chronic_liver=True, liver_cancer=False)
    )["amap"]
    assert result.value == pytest.approx(expected, abs=0.05)
    assert result.level == level


def test_filtration_rate():
    man = person("male", 50, {"crea": "mg/dL"}, crea=1.0, dialysis=False)
    woman = person("female", 60, {"crea": "mg/dL"}, crea=0.8, dialysis=False)
    assert value_of("egfr_stage", man) == pytest.approx(91.7, abs=0.05)
    assert value_of("egfr_stage", woman) == pytest.approx(84.3, abs=0.05)


def test_osta():
    known = {"postmenopausal": True, "osteoporosis_history": False}
    heavy = results_of(person("female", 60, weight=60, **known))["osta"]
    light = results_of(person("female", 70, weight=45, **known))["osta"]
    assert (heavy.value, heavy.level) == (0.0, "low")
    assert (light.value, light.level) == (-5.0, "high")


SMOKER = {
    "smoking": "former", "cig_per_day": 80, "smoke_years": 27, "quit_years": 10, "bmi": 27, "education_plco": 4,
    "copd": False, "cancer_history": False, "fh_lung_cancer": False,
}  # fmt: skip


@pytest.mark.parametrize(("ancestry", "expected"), [("white", 1.750922), ("asian", 1.1053)])
def test_plco(ancestry, expected):
    factors = person("male", 62, ancestry=ancestry, **SMOKER)
    assert value_of("plco_m2012", factors) == pytest.approx(expected, abs=0.0005)


def test_breast_cancer_of_chinese_women():
    factors = person(
        "female", 50, breast_biopsies=0, menarche_age=13, births=1, first_birth_age=27, fh_breast_cancer=1,
        breast_cancer=False, lcis=False, chest_radiation=False, brca=False,
    )  # fmt: skip
    assert value_of("gail_cn", factors) == pytest.approx(1.463, abs=0.0005)


@pytest.mark.parametrize(
    ("age", "more", "expected"),
    [
        (62, {"psa": 4, "ancestry": "asian"}, (62.002, 21.391, 16.607)),
        (55, {"psa": 1.2, "ancestry": "black", "prior_negative_biopsy": True, "fh_prostate_cancer": True},
         (73.407, 23.431, 3.162)),
    ],
)  # fmt: skip
def test_prostate_biopsy(age, more, expected):
    facts = {"prior_negative_biopsy": False, "dre_abnormal": False, "fh_prostate_cancer": False} | more
    result = results_of(person("male", age, {"psa": "ng/mL"}, prostate_cancer=False, **facts))["pbcg"]
    none, low = (one.value for one in result.extras)
    assert (none, low, result.value) == pytest.approx(expected, abs=0.001)


AF = {"bp_treated": False, "smoker": False, "diabetes": False, "heart_failure": False, "mi_history": False}
AF |= {"af_history": False}


@pytest.mark.parametrize(
    ("age", "facts", "expected"),
    [
        (65, {"height": 170, "weight": 80, "sbp": 130, "dbp": 80, "bp_treated": True, "ancestry": "white"}, 3.23),
        (75, {"height": 168, "weight": 90, "sbp": 150, "dbp": 85, "smoker": True, "bp_treated": True,
              "diabetes": True, "heart_failure": True, "ancestry": "white"}, 32.58),
    ],
)  # fmt: skip
def test_charge_af(age, facts, expected):
    assert value_of("charge_af", person("male", age, **(AF | facts))) == pytest.approx(expected, abs=0.05)


def test_charge_af_is_not_told_under_the_age_it_was_made_for():
    """The published example of a man of 45 (0.19 %) lies one year under the range; one of 46 is computed."""
    facts = AF | {"height": 175, "weight": 70, "sbp": 120, "dbp": 75}
    assert results_of(person("male", 45, **facts))["charge_af"].status == "not_applicable"
    assert value_of("charge_af", person("male", 46, **facts)) == pytest.approx(
        0.19 * math.exp(0.508 / 5), abs=0.01
    )


def test_dementia():
    factors = person(
        "female", 50, education_years=8, sbp=150, bmi=27, tc=7.0, exercise_days=0, dementia_history=False
    )
    result = results_of(factors)["caide"]
    assert result.value == pytest.approx(6.91, abs=0.05)
    assert (result.parts[-1].label, result.parts[-1].value, result.level) == ("总分", 10, "high")


def test_c2hest_with_everything():
    factors = person(
        "male", 80, chd_history=True, copd=True, hypertension=True, systolic_hf=True, hyperthyroid=True,
        af_history=False, structural_heart=False,
    )  # fmt: skip
    assert value_of("c2hest", factors) == 8


@pytest.mark.parametrize(
    ("hp", "pg1", "pgr", "group"),
    [(False, 54.3, 5.4, "A"), (True, 73.7, 3.6, "B"), (True, 41.9, 2.1, "C"), (False, 35.7, 2.0, "D")],
)
def test_abc_method(hp, pg1, pgr, group):
    factors = person(
        "male",
        50,
        {"pg1": "ng/mL"},
        hp_positive=hp,
        pg1=pg1,
        pgr=pgr,
        gastric_cancer=False,
        hp_eradicated=False,
    )
    assert results_of(factors)["gastric_abc"].band == group


def test_asia_pacific_colorectal_score():
    factors = person("male", 55, ever_smoker=True, fh_colorectal_cancer=0, colorectal_cancer=False)
    result = results_of(factors)["apcs"]
    assert (result.value, result.level) == (4, "high")


def test_lifes_essential_8():
    factors = person(
        "male", 50, {"nonhdl": "mg/dL", "fpg": "mg/dL"}, mepa=13, activity_minutes=90, smoking="former", quit_years=6,
        sleep_hours=7.5, bmi=27.5, nonhdl=145, fpg=95, sbp=128, dbp=78, diabetes=False, bp_treated=False,
        lipid_treated=False, ecig=False, household_smoke=False,
    )  # fmt: skip
    result = results_of(factors)["le8_general"]
    assert [one.value for one in result.parts] == [80, 80, 75, 100, 70, 60, 100, 75]
    assert result.value == pytest.approx(80)
    assert results_of(factors)["le8"].value == pytest.approx(77.5)


def test_kidney_screening_score_and_its_probability():
    """Points of the published score; the probability by the equation of the same paper, worked out apart."""
    result = results_of(healthy("female", 60, htn_history=True))["scored"]
    assert (result.value, result.level) == (5, "high")
    assert result.extras[0].value == pytest.approx(100 / (1 + math.exp(5.4 - 2.31 - 0.29 - 0.45)))
    assert results_of(healthy("male", 49))["scored"].value == 0


@pytest.mark.parametrize(
    ("ast", "age", "level"),
    [
        (129, 60, "low"),
        (130, 60, "medium"),
        (267, 60, "medium"),
        (268, 60, "high"),
        (171, 70, "low"),
        (172, 70, "medium"),
    ],
)
def test_fibrosis_index_has_another_low_step_from_65(ast, age, level):
    """age · AST / (platelets · √ALT) with 600 and √100; from 65 on the first step is 2.0 in place of 1.3."""
    result = results_of(person("male", age, ast=ast, alt=100, plt=600))["fib4"]
    assert result.value == pytest.approx(age * ast / 6000)
    assert result.level == level


def test_breast_cancer_across_two_steps_of_age():
    """From 48 on five years lie in two steps: who died or fell ill in the first is not at risk in the second."""
    factors = person(
        "female", 48, breast_biopsies=0, menarche_age=13, births=1, first_birth_age=27, fh_breast_cancer=1,
        breast_cancer=False, lcis=False, chest_radiation=False, brca=False,
    )  # fmt: skip
    risk = math.exp(0.07499257592975 + 2 * 0.27638268294593 + 0.79185633720481)
    first, second = 0.001471537353 * 0.47519806426735 * risk, 0.001421275482 * 0.50316401683903 * risk
    died, dies = 0.000800271380, 0.001217480226
    before = first / (first + died) * (1 - math.exp(-(first + died) * 2))
    after = second / (second + dies) * (1 - math.exp(-(second + dies) * 3))
    expected = before + math.exp(-(first + died) * 2) * after
    assert value_of("gail_cn", factors) == pytest.approx(100 * expected, abs=1e-9)
    lifetime = results_of(factors)["gail_cn"].extras[0].value
    assert 100 * expected < lifetime < 30


def test_unknown_lipids_count_as_a_factor_of_the_stroke_screen_as_its_rule_says():
    known = {
        "stroke_history": False,
        "htn_history": False,
        "bp_treated": False,
        "sbp": 120,
        "dbp": 70,
        "bmi": 27,
    }
    known |= {
        "dm_history": False,
        "fpg": 5.0,
        "af_history": False,
        "valve_disease": False,
        "smoking": "current",
    }
    known |= {"physical_labour": True, "fh_stroke": False}
    unknown = results_of(person("male", 60, **known))["stroke_screen_cn"]
    assert (unknown.status, unknown.level, unknown.value) == ("computed", "high", 3)
    fine = results_of(person("male", 60, **known, dyslipidaemia=False))["stroke_screen_cn"]
    assert (fine.level, fine.value) == ("low", 2)


def test_the_waist_is_a_must_of_the_international_criteria():
    facts = {
        "fpg": 6.5,
        "sbp": 140,
        "dbp": 90,
        "tg": 2.0,
        "hdl": 0.9,
        "dm_history": False,
        "bp_treated": False,
    }
    facts |= {"htn_history": False, "tg_hdl_treated": False, "ogtt2h": 6.0, "hba1c": 5.5}
    slim, wide = (results_of(person("male", 50, waist=waist, **facts))["mets_idf"] for waist in (89.9, 90))
    assert (slim.value, slim.level) == (4, "medium")
    assert (wide.value, wide.level) == (5, "high")
    assert results_of(person("male", 50, waist=89.9, **facts))["mets_cds"].level == "high"
