"""R1.3.4: the library is brought up to date by a package; running plans keep theirs until a person moves them."""

import pytest

from domain.care.content import CARE
from domain.care.goal_records import CareGoal, CarePlanStanding
from domain.care.library_commands import ImportLibrary, RedrawPlan, WithdrawLibrary
from domain.care.library_records import CareLibrary
from domain.care.plan_commands import SignPlan
from domain.care.programme_commands import ApplyProgramme
from domain.care.records import CareItem, CareKind, CarePlan
from tests.care import test_programmes
from tests.care.test_programmes import refused

known = test_programmes.known

PACKAGE = """
package: 疾控 2026-12 高血压
source: 成人高血压食养指南（示例）
diseases:
  HTN: {sodium: 1500, minutes: [150, 220, 280]}
"""


def package(care, text=PACKAGE, reason="按最新发布更新"):
    return care.run(ImportLibrary(text=text, reason=reason))


def sodium(care, plan_id):
    items = [one for one in care.rows(CareItem, plan_id=plan_id) if one.kind is CareKind.DIET]
    return min(one.detail["sodium_mg"] for one in items)  # it is reached step by step


def drawn(care, patient):
    return care.run(ApplyProgramme(patient_id=patient, diseases="高血压", level="中危"))


def test_new_plans_follow_the_package_and_running_ones_stay_until_they_are_moved(care, known):
    before = drawn(care, known)
    care.run(SignPlan(care_plan_id=before))
    assert {goal.item: goal.high for goal in care.rows(CareGoal)} == {"sbp": 140.0, "dbp": 90.0}
    assert care.one(CarePlanStanding).newer is None
    told = package(care)
    assert told == {"HTN": ["钠：2000 → 1500", "每周有氧分钟：150、200、250 → 150、220、280"]}
    kept = care.one(CareLibrary)
    assert (kept.version, kept.package, kept.title) == (1, "疾控 2026-12 高血压", "高血压")
    old = care.one(CarePlan, id=before)
    assert (old.programme_version, sodium(care, before)) == ("1.0", 2000)
    assert care.one(CarePlanStanding).newer == "1.0+HTN.1", "who looks after it is told"
    moved = care.run(RedrawPlan(care_plan_id=before))
    new = care.one(CarePlan, id=moved)
    assert (new.state, new.programme_version, new.unverified) == ("draft", "1.0+HTN.1", True)
    assert sodium(care, moved) == 1500
    assert new.notes[0].startswith("按方案库 1.0+HTN.1 由“高血压")
    assert "钠：2000 → 1500" in new.notes[1], "the difference is shown to who signs"
    assert care.one(CarePlan, id=before).state == "running"
    assert refused(care, RedrawPlan(care_plan_id=moved)).code == "care.nothing_newer"


def test_a_version_is_taken_back_and_what_ships_counts_again(care, known):
    package(care)
    care.run(WithdrawLibrary(care_library_id=care.one(CareLibrary).id, reason="发布有误"))
    assert sodium(care, drawn(care, known)) == 2000
    assert care.one(CarePlan).programme_version == "1.0+HTN.2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("package: [", "不是 YAML"), ("package: x", "source"),
        ("package: x\nsource: y\ndiseases: {NONE: {sodium: 1}}", "没有这个病种代码"),
        ("package: x\nsource: y\ndiseases: {HTN: {sodium: 1500}, T2DM: {sodium: viel}}", "sodium"),
        ("package: x\nsource: y\ndiseases: {HTN: {checked: true}}", "checked 不能由方案包决定"),
        ("package: x\nsource: y\ndiseases: {HTN: {kinds: [FLY]}}", "没有运动方式 FLY"),
        ("package: x\nsource: y\ndiseases: {HTN: {carb: [65, 50]}}", "carb 不是从小到大的范围"),
        ("package: x\nsource: y\ndiseases: {HTN: {sodium: 20}}", "超出可能范围"),
    ],
)  # fmt: skip
def test_a_package_that_does_not_fit_changes_nothing_and_names_its_place(care, text, said):
    error = refused(care, ImportLibrary(text=text, reason="更新"))
    assert (error.code, error.field) == ("care.bad_package", "text")
    assert said in error.facts["problem"]
    assert care.rows(CareLibrary) == []


def test_a_package_that_says_nothing_new_is_refused(care):
    text = "package: x\nsource: y\ndiseases: {HTN: {sodium: 2000}}"
    assert refused(care, ImportLibrary(text=text, reason="更新")).code == "care.same_library"
    assert refused(care, ImportLibrary(text=PACKAGE, reason=" ")).code == "input.missing"
    assert care.desk.content[CARE].programmes.diseases["HTN"].sodium == 2000
