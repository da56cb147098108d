"""The report of eating and exercise habits: verdict, change, advice on whose word; nothing from nothing."""

import json
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest

import resources
from domain.checkup.form_commands import AnswerForm
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.risk.content import RISK, load_risk
from domain.scales.drafting import draft_of
from forms.assessing import patient_seen
from forms.documents import load_documents
from forms.habit_report import VERSIONS, habit_data, habit_report_pdf
from tests.scales.answering import least, reaching
from tests.scales.conftest import SCALES
from tests.scales.handing_in import CONTENT, hand_in
from tests.scales.test_behaviour_stress_fitness import IDEAL
from tests.scales.test_worked_examples import week

DOCUMENTS = load_documents(resources.folder("documents")) if not os.environ.get("SAMPLE") else {}


@pytest.fixture
def living(branch):
    branch.content |= {name: read() for name, read in CONTENT.items()}
    branch.content["texts"] = Texts.load(resources.folder("texts/zh"))
    branch.content[RISK] = load_risk(
        resources.folder("risk"), branch.content["catalog"], resources.folder("forms")
    )
    return branch


def eats(**given):
    return {name: float(value) for name, value in (IDEAL | given).items()}


def shown(desk, actor, patient, version="professional"):
    pdf = pypdfium2.PdfDocument(habit_report_pdf(desk, actor, DOCUMENTS, patient, version))
    text = "".join("".join(page.get_textpage().get_text_range() for page in pdf).split())
    pdf.close()
    return text


def area(data, name):
    return next(one for one in data["areas"] if one["id"] == name)


def test_eating_and_exercise_are_judged_with_what_to_do_and_on_whose_word(living, nurse, patient):
    hand_in(living, nurse, patient, "diet_habit", eats(veg=100, salt=9))
    hand_in(living, nurse, patient, "ipaq", {**week(walking=(2, 15)), "sitting": 600.0})
    data = habit_data(living, nurse, patient)
    diet, moving = area(data, "diet"), area(data, "exercise")
    assert any(one.startswith("蔬菜") for one in diet["short"])
    assert any(one.startswith("盐") for one in diet["short"])
    assert "水果" in diet["good"]
    assert {"多吃蔬菜", "减盐"} <= {one["title"] for one in diet["advice"]}
    assert (moving["level"], {"动起来", "少坐"} <= {one["title"] for one in moving["advice"]}) == (
        "high",
        True,
    )
    told = [one for part in data["areas"] for one in part["advice"]]
    assert all(one["source"] for one in told), "no advice without its source"
    for version in VERSIONS:
        text = shown(living, nurse, patient, version)
        for word in (
            "膳食习惯",
            "运动习惯",
            "每天300克以上",
            "来源：中国居民膳食指南2022",
            "待医师核定",
            "久坐",
        ):
            assert word in text, (version, word)
    table = SCALES["diet_habit"]
    assert f"{next(s.label for s in table.scores if s.id == 'veg-p')}5.0" in shown(living, nurse, patient)


def test_better_than_the_time_before_is_told_and_what_is_right_is_only_to_be_kept(living, nurse, patient):
    hand_in(living, nurse, patient, "diet_habit", eats(veg=100, salt=9, milk=0))
    living.clock.advance(timedelta(days=90))
    hand_in(living, nurse, patient, "diet_habit", eats())
    diet = area(habit_data(living, nurse, patient), "diet")
    assert diet["short"] == []
    assert [one["title"] for one in diet["advice"]] == ["保持良好饮食"]
    [result] = diet["results"]
    assert result["before"].startswith("比上次（")
    assert result["before"].endswith("增加。")
    assert area(habit_data(living, nurse, patient), "exercise")["missing"].startswith(
        "还没有可计分的运动问卷"
    )


def test_answers_without_a_score_are_told_with_their_day_and_nobody_is_judged_by_them(living, nurse, patient):
    given = [("exercise-days", "valueInteger", 1), ("veg-daily", "valueBoolean", False)]
    items = [{"linkId": link, "answer": [{kind: value}]} for link, kind, value in given]
    living.run(
        AnswerForm(patient_id=patient, form="cdc_chronic", form_version="1.0.0", answers={"item": items}),
        nurse,
    )
    data = habit_data(living, nurse, patient)
    [veg] = area(data, "diet")["facts"]
    assert (veg["label"], veg["value"], veg["short"]) == ("每日吃蔬菜水果", "否", "需改善")
    assert {one["label"] for one in area(data, "exercise")["facts"]} >= {"每周运动次数"}
    assert "verdict" not in area(data, "diet")
    assert "未作评价" in shown(living, nurse, patient, "plain")


def test_what_is_about_safety_stands_alone(living, nurse, patient):
    hand_in(living, nurse, patient, "diet_habit", eats(veg=0))
    hand_in(
        living,
        nurse,
        patient,
        "phq9",
        reaching(SCALES["phq9"], 3, of=["self-harm"], start=least(SCALES["phq9"])),
    )
    data = habit_data(living, nurse, patient)
    assert data["safety"]
    assert all(not one["advice"] for one in data["areas"])
    assert "请立即由医护人员当面评估" in shown(living, nurse, patient, "plain")


def test_the_draft_that_prescriptions_ask_for_is_the_one_of_the_report(living, nurse, patient):
    hand_in(living, nurse, patient, "ipaq", week(moderate=(5, 30)))
    with living.store.read() as connection:
        person = patient_seen(connection, nurse, patient)
        without = draft_of(connection, living.content, person, living.clock())
    assert (without.plan, without.refused) == (None, living.content["exercise_drafts"].no_gate)
    no = {item.id: "no" for item in SCALES["parq"].items}
    hand_in(living, nurse, patient, "parq", no)
    with living.store.read() as connection:
        draft = draft_of(connection, living.content, person, living.clock())
    assert draft.plan is not None
    lines = habit_data(living, nurse, patient)["exercise"]["lines"]
    assert f"每周 {draft.plan.days[0]}" in lines[0]


def test_only_who_may_and_only_where_there_is_something(living, nurse, patient, as_role):
    with pytest.raises(DomainError, match=r"habits\.nothing"):
        habit_data(living, nurse, patient)
    hand_in(living, nurse, patient, "diet_habit", eats())
    with pytest.raises(DomainError, match=r"assessment\.clearance"):
        habit_data(living, as_role("health_manager"), patient)
    with pytest.raises(DomainError, match=r"patient\.unknown"):
        habit_data(living, as_role("physician", org_id=uuid.uuid4()), patient)


def test_the_sample_is_a_whole_report(living, nurse, patient):
    """SAMPLE=1 writes it anew from answers."""
    hand_in(living, nurse, patient, "diet_habit", eats(veg=150, salt=9, oil=45))
    living.clock.advance(timedelta(days=200))
    hand_in(living, nurse, patient, "diet_habit", eats(veg=220, salt=8))
    hand_in(living, nurse, patient, "ipaq", {**week(walking=(4, 30)), "sitting": 540.0})
    hand_in(living, nurse, patient, "parq", {item.id: "no" for item in SCALES["parq"].items})
    data = habit_data(living, nurse, patient)
    path = Path(resources.folder("documents")) / "habit_report" / "sample.json"
    if os.environ.get("SAMPLE"):
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sample = json.loads(path.read_text("utf-8"))
    assert sample.keys() == data.keys()
