"""Where a scale and a risk model know the same score, both say the same number and the same level."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.risk.assess import assess
from domain.scales.scoring import score
from tests.risk.people import DAY, models, person, result_of
from tests.scales.answering import questions, reaching
from tests.scales.conftest import FORMS, SCALES
from tests.scales.test_factor_forms import factors

TICK = st.booleans()
BODY = {
    "bmi": st.floats(16, 45).map(lambda x: round(x, 1)),
    "age": st.integers(40, 90),
    "sex": st.sampled_from(["male", "female"]),
}


def both(name, answers, facts):
    """Return the scale's total and level beside the model's, on the same answers by their factor codes."""
    coded = {i: c["code"] for i, item in questions(FORMS[name]).items() for c in item.get("code", ())}
    values = {coded[i]: v for i, v in answers.items() if i in coded}
    if name == "stop_bang":
        values |= {"htn_history": answers["pressure"]}
    known = person(facts["sex"], facts["age"], bmi=facts["bmi"], **values)
    found, model = score(SCALES[name], answers, facts), result_of(name, known)
    assert (found.status, model.status) == ("computed", "computed")
    return (found.total.value, found.total.level), (model.value, model.level)


@settings(max_examples=60, deadline=None)
@given(st.tuples(TICK, TICK, TICK, TICK), st.floats(30, 50), st.fixed_dictionaries(BODY))
def test_apnoea(ticks, neck, facts):
    names = ("snore", "tired", "observed", "pressure")
    answers = dict(zip(names, ticks, strict=True)) | {"neck-size": round(neck, 1), "diagnosed": False}
    scale, model = both("stop_bang", answers, facts)
    assert scale == model


@settings(max_examples=60, deadline=None)
@given(st.tuples(TICK, TICK, TICK), st.sampled_from(["none", "brisk", "level"]),
       st.sampled_from(["never", "former", "current"]), st.integers(0, 60), st.integers(0, 60),
       st.fixed_dictionaries(BODY))  # fmt: skip
def test_lungs(ticks, breath, smoking, daily, years, facts):
    answers = dict(zip(("cough", "fuel", "family"), ticks, strict=True))
    answers |= {
        "diagnosed": False,
        "breathless": breath,
        "smoking-state": smoking,
        "cigarettes": daily,
        "years": years,
    }
    scale, model = both("copd_sq", answers, facts)
    assert scale == model


@pytest.mark.parametrize("name", ["phq9", "gad7"])
@pytest.mark.parametrize("total", range(22))
def test_mood(name, total):
    """The model takes the total that the scale gives; the levels must not part."""
    found = score(SCALES[name], reaching(SCALES[name], total))
    kept = {"phq9_total": total, "phq9_item9": 0} if name == "phq9" else {"gad7_total": total}
    model = result_of(name, person("female", 40, **kept))
    assert (model.value, model.level) == (found.total.value, found.total.level)


MEASURED = {"height": 170, "weight": 72, "waist": 88, "sbp": 128, "dbp": 80, "tc": 5.2, "hdl": 1.2, "ldl": 3.1,
            "tg": 1.5, "fpg": 5.4, "hba1c": 5.5, "crea": 75}  # fmt: skip


def filled(name):
    """Return the values of a form by factor code: denied, or the first answer; numbers as an even case has them."""
    found = {}
    for code, (_, item) in factors(name).items():
        if item["type"] == "boolean":
            found[code] = False
        elif item["type"] == "choice":
            found[code] = item["answerOption"][0]["valueCoding"]["code"]
        else:
            found[code] = MEASURED.get(code, 0)
    return found


@pytest.mark.parametrize(
    ("form", "model"),
    [
        ("ascvd", "china_par"),
        ("ascvd", "pce_2013"),
        ("ascvd", "framingham_cvd_lipid"),
        ("ascvd", "prevent_ascvd10"),
        ("cdc_chronic", "cdrs"),
        ("cdc_chronic", "findrisc"),
    ],
)
def test_what_a_form_asks_is_enough_for_its_models(form, model):
    result = result_of(model, person("male", 52, **filled(form)))
    assert (result.status, result.missing) == ("computed", ()), result.why


def test_the_comprehensive_one_leaves_only_the_laboratory_and_other_scales_to_be_known():
    """With the usual results, what is not computable lacks a result or the total of a scale, never an answer."""
    results = {k: v for k, v in MEASURED.items() if k not in ("height", "weight", "waist", "sbp", "dbp")}
    known = person("female", 60, **(filled("comprehensive") | {"neck": 35} | results))
    found = assess(known, DAY, models())
    asked = set(factors("comprehensive"))
    lacking = {one.disease: set(one.missing) for one in found.diseases if one.status == "not_computable"}
    assert {disease: names & asked for disease, names in lacking.items() if names & asked} == {}
    assert len([one for one in found.diseases if one.status == "computed"]) >= 16
