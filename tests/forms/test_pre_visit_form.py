import json
import re
from datetime import UTC, datetime
from pathlib import Path

from domain.kernel.texts import Texts
from forms.session import FormSession
from resources import folder

HEALTHY = {
    "fasting-hours": "10.5",
    "medicine-today": False,
    "pregnant-or-preparing": "not-applicable",
    "known-diseases": "none",
    "allergy": False,
    "anticoagulant": False,
    "smoking": "never",
    "alcohol": "never",
    "sleep-hours": "7",
    "sleep-trouble": "none",
    "exercise-days": "0",
}


def test_a_healthy_client_is_done_after_eleven_questions(pre_visit):
    session = FormSession(pre_visit)
    for link_id, value in HEALTHY.items():
        session.set_answer(link_id, value)
    assert session.problems() == []
    assert session.response(datetime(2026, 11, 23, tzinfo=UTC))["status"] == "completed"
    assert session.score() == 0


def test_answers_open_the_questions_they_call_for(pre_visit):
    session = FormSession(pre_visit)
    opened = {
        ("medicine-today", True): {"medicine-names"},
        ("allergy", True): {"allergy-details"},
        ("smoking", "daily"): {"cigarettes-per-day"},
        ("alcohol", "weekly"): {"alcohol-amount"},
        ("exercise-days", "3"): {"exercise-minutes"},
        ("fasting-hours", "7.9"): {"fasting-short"},
        ("pregnant-or-preparing", "pregnant"): {"no-x-ray"},
    }
    for (link_id, value), expected in opened.items():
        assert session.set_answer(link_id, value).enabled == expected
    assert session.set_answer("known-diseases", "hypertension", "diabetes").enabled == {
        "hypertension-treated",
        "diabetes-treatment",
    }
    assert session.set_answer("fasting-hours", "8").disabled == {"fasting-short"}
    assert session.set_answer("smoking", "former").enabled == {"quit-years"}


def test_none_of_these_excludes_a_disease(pre_visit):
    session = FormSession(pre_visit)
    session.set_answer("known-diseases", "none", "diabetes")
    assert "form.exclusive_option" in [problem.code for problem in session.problems()]


def test_every_standard_code_says_how_well_it_is_known():
    form = json.loads((folder("forms") / "pre_visit.json").read_text("utf-8"))
    codes = [
        code for group in form["item"] for item in group.get("item", []) for code in item.get("code", [])
    ]
    loinc = [code for code in codes if code["system"] == "http://loinc.org"]
    assert loinc
    for code in loinc:
        assert code["extension"][0]["valueString"].startswith(("V: ", "UNVERIFIED"))


def test_every_code_of_the_package_has_its_sentence():
    source = "".join(path.read_text("utf-8") for path in (Path(__file__).parents[2] / "forms").glob("*.py"))
    used = set(re.findall(r'(?<!check\()"((?:form|document|signature|chart)\.[a-z_]+)"', source)) - {
        "document.yaml"
    }
    known = set(Texts.load(folder("texts") / "zh").codes())
    assert used
    assert {code for code in used - known if not any(one.startswith(f"{code}.") for one in known)} == set()


def test_a_problem_becomes_a_sentence_that_names_field_and_limit(pre_visit):
    session = FormSession(pre_visit)
    session.set_answer("exercise-days", "9")
    problem = next(problem for problem in session.problems() if problem.link_id == "exercise-days")
    sentence = Texts.load(folder("texts") / "zh").say(problem.code, **problem.facts)
    assert sentence == "“每周有几天做中等及以上强度的运动（如快走）？”不能大于 7天/周，请核对。"
