"""The three risk questionnaires: what they ask for, that their codes are known, and what they refuse."""

import json
from datetime import UTC, datetime

import pytest
import yaml

import resources
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from forms.questionnaire_reader import load_forms
from forms.session import FormSession
from tests.scales.answering import questions
from tests.scales.conftest import FORMS

FACTOR = "urn:aftercheck:factor"
NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
CHINA_PAR = {
    "region_north",
    "urban",
    "waist",
    "tc",
    "hdl",
    "sbp",
    "bp_treated",
    "dm_history",
    "smoking",
    "fh_ascvd",
}
PREVENT = {
    "sbp",
    "bp_treated",
    "tc",
    "hdl",
    "lipid_treated",
    "dm_history",
    "smoking",
    "height",
    "weight",
    "crea",
}
C_DRS = {"height", "weight", "waist", "sbp", "fh_diabetes"}
FINDRISC = {"daily_activity", "veg_daily", "bp_treated", "high_glucose_ever", "fh_diabetes", "waist"}


def factors(name):
    found = {}
    for link_id, item in questions(FORMS[name]).items():
        for code in item.get("code", ()):
            if code["system"] == FACTOR:
                found[code["code"]] = (link_id, item)
    return found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("ascvd", CHINA_PAR | PREVENT | {"cvd_history", "dbp"}), ("cdc_chronic", C_DRS | FINDRISC)],
)
def test_a_risk_questionnaire_asks_what_its_models_need(name, wanted):
    assert wanted <= factors(name).keys()


def test_every_factor_a_form_asks_for_is_declared():
    declared = {
        one["code"]: one
        for path in (resources.folder("risk") / "factors").glob("*.yaml")
        for one in yaml.safe_load(path.read_text("utf-8"))["factors"]
    }
    wrong = []
    for form in FORMS:
        for code, (_, item) in factors(form).items():
            kind = declared.get(code, {}).get("kind")
            fits = {
                "yes_no": ("boolean",),
                "choice": ("choice",),
                "number": ("integer", "decimal"),
                None: ("decimal", "integer"),
            }
            if code not in declared or item["type"] not in fits[kind]:
                wrong.append((form, code, item["type"], kind))
            if kind == "choice":
                options = {{True: "yes", False: "no"}.get(k, k) for k in declared[code]["options"]}
                asked = {o["valueCoding"]["code"] for o in item["answerOption"]}
                if not asked <= options:
                    wrong.append((form, code, asked - options))
    assert wrong == []


def test_the_comprehensive_one_says_that_it_is_a_structure():
    form = FORMS["comprehensive"]
    assert "待载入机构授权文本" in form["title"]
    assert "不公开" in form["purpose"]
    note = form["item"][0]["item"][0]
    assert (note["type"], "不公开" in note["text"]) == ("display", True)
    assert len(form["item"]) == 12


@pytest.fixture(scope="module")
def loaded():
    return load_forms(resources.folder("forms"))


def test_what_follows_from_an_answer_is_asked_only_then(loaded):
    session = FormSession(loaded["comprehensive"])
    assert not session.is_enabled("births")
    session.set_answer("sex", "female")
    session.set_answer("births", "0")
    assert session.is_enabled("births")
    assert not session.is_enabled("first-birth-age")
    session.set_answer("births", "2")
    assert session.is_enabled("first-birth-age")
    assert not session.is_enabled("quit-years")


@pytest.mark.parametrize("name", sorted(FORMS))
def test_what_follows_from_no_answer_yet_is_not_asked(name, loaded):
    """``!=`` holds of a question nobody has answered: what hangs on it waits for the answer."""
    session = FormSession(loaded[name])
    hanging = [
        item.link_id for item in loaded[name].walk() if any(c.operator == "!=" for c in item.enable_when)
    ]
    assert [link_id for link_id in hanging if session.is_enabled(link_id)] == []


def test_how_much_is_asked_of_smokers_alone(loaded):
    session = FormSession(loaded["ascvd"])
    for answer, asked in (("never", False), ("former", True), ("current", True)):
        session.set_answer("smoking", answer)
        assert session.is_enabled("cig-per-day") is asked
        assert session.is_enabled("quit-years") is (answer == "former")


def test_a_low_pressure_above_the_high_one_is_asked_again(loaded):
    session = FormSession(loaded["ascvd"])
    session.set_answer("sbp", "120")
    session.set_answer("dbp", "130")
    said = [Texts.load(resources.folder("texts/zh")).say(p.code, **p.facts) for p in session.problems()]
    assert any("舒张压（低压）应低于收缩压" in sentence for sentence in said)
    session.set_answer("dbp", "80")
    assert not any(p.code == "form.constraint" for p in session.problems())


def test_what_is_missing_is_named_before_it_may_be_handed_in(loaded):
    session = FormSession(loaded["ascvd"])
    with pytest.raises(DomainError) as refused:
        session.response(NOW)
    assert refused.value.code == "form.incomplete"
    assert {"region-north", "smoking", "fh-ascvd"} <= set(session.missing())
    assert "tc" not in session.missing(), "a result the checkup has need not be asked"


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_loads_and_has_a_name_for_lists(name, loaded):
    texts = Texts.load(resources.folder("texts/zh"))
    assert loaded[name].title
    assert f"word.form.{name}" in texts
    assert json.dumps(FORMS[name], ensure_ascii=False).count('"linkId"') > 1
