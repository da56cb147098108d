"""The report of special assessments: its numbers are those of the results, its doubts are shown, safety is alone."""

from datetime import UTC, date, datetime

import pypdfium2
import pytest

import resources
from domain.kernel.texts import Texts
from domain.scales.advice import advise, crossed, load_advice
from domain.scales.exercise_draft import exercise_draft, load_draft_rules
from domain.scales.scoring import score
from domain.scales.suggesting import Earlier, Person
from forms.assessment_report import Assessed, Follows, assessment_content, render_assessment
from forms.documents import load_documents
from tests.scales.answering import least, reaching
from tests.scales.conftest import SCALES
from tests.scales.test_worked_examples import night, week

AT = datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
SAY = Texts.load(resources.folder("texts/zh")).say
ADVICE = load_advice(resources.folder("scales") / "advice")
DRAFTS = load_draft_rules(resources.folder("scales") / "rules")
HEAD = {
    "organisation": {"name": "示例集团", "branch": "滨江分院"},
    "client": {"name": "王美娜", "number": "P1000123", "sex": "female", "age": 52},
}


@pytest.fixture(scope="module")
def document():
    return load_documents(resources.folder("documents"))["assessment_report"]


def content(*results, levels=None, draft=None):
    told = advise(ADVICE, results)
    found = [r.total.band for r in results if r.total and r.scale.startswith("tcm")]
    follows = Follows(told, ADVICE, crossed(ADVICE, found, levels or {}), draft)
    return assessment_content(HEAD, [Assessed(SCALES[r.scale], r, AT) for r in results], follows, AT, SAY)


def text(document, data):
    pdf = pypdfium2.PdfDocument(render_assessment(document, data))
    pages = [page.get_textpage().get_text_range() for page in pdf]
    pdf.close()
    return "".join("".join(pages).split())


def damp():
    given = {i.id: "1" for i in SCALES["tcm_2025"].items} | dict.fromkeys(("q12", "q13", "q14"), "4")
    return score(SCALES["tcm_2025"], given, {"sex": "female"})


def test_sleep_and_exercise_are_reported_with_the_numbers_of_their_results(document):
    sleep, moving = (
        score(SCALES["psqi"], night(causes=12, latency=45)),
        score(SCALES["ipaq"], week(walking=(5, 30))),
    )
    data = content(sleep, moving)
    shown = text(document, data)
    for result in (sleep, moving):
        for one in result.scores:
            if one.value is not None:
                assert f"{one.label}{one.number}{one.unit}".replace(" ", "") in shown, one
    assert "睡眠质量还行" in shown
    assert "待医师核定" in shown
    assert "睡眠习惯" in shown


def test_a_constitution_brings_its_prescriptions_and_what_it_says_beside_risks(document):
    data = content(damp(), levels={"diabetes": "high"})
    shown = text(document, data)
    assert "主要体质痰湿质" in shown
    assert len(data["prescriptions"]) == 5
    assert ADVICE.prescriptions["ts"][0].title in shown
    assert "痰湿质并有体重、血糖方面的风险" in shown


def test_an_exercise_draft_is_told_or_the_reason_why_not(document):
    gate = Earlier(band="clear", day=date(2026, 11, 1))
    person = Person(
        date(2026, 11, 29), age=52, results={"parq": gate, "ipaq": Earlier(band="moderate", day=gate.day)}
    )
    moving = score(SCALES["ipaq"], week(walking=(5, 30)))
    shown = text(document, content(moving, draft=exercise_draft(DRAFTS, person, resting_rate=74)))
    assert "每周5天，每次30–45分钟" in shown
    assert "每分钟113–132次" in shown
    refused = content(moving, draft=exercise_draft(DRAFTS, Person(date(2026, 11, 29), age=52)))
    assert DRAFTS.no_gate in text(document, refused)


def test_where_safety_is_at_stake_the_page_says_only_that(document):
    danger = score(SCALES["phq9"], least(SCALES["phq9"]) | {"self-harm": "some"})
    data = content(
        danger, damp(), levels={"diabetes": "high"}, draft=exercise_draft(DRAFTS, Person(AT.date()))
    )
    assert (data["safety"], data["prescriptions"], data["crossings"], "exercise" in data) == (
        True,
        [],
        [],
        False,
    )
    assert [entry["title"] for entry in data["advice"]] == [ADVICE.entries["safety"].title]
    assert "安全提示" in text(document, data)


def test_what_could_not_be_computed_says_why_and_shows_no_number(document):
    lacking = score(SCALES["gad7"], {"worry": "most"})
    data = content(lacking, score(SCALES["gds15"], {}, {"age": 30}))
    first, second = data["assessments"]
    assert (first["status"], first["scores"], "result" in first) == ("incomplete", [], False)
    assert "还缺 6 项" in first["remarks"][0]
    assert "适用于 60 岁以上，本人 30 岁" in second["remarks"][0]
    assert "缺项，未出总分" in text(document, data)


def test_the_bar_is_where_the_score_stands(document):
    made = content(score(SCALES["phq9"], reaching(SCALES["phq9"], 9)))
    total = next(one for one in made["assessments"][0]["scores"] if one["label"] == "总分")
    assert total["share"] == 33
    document.check(made)
