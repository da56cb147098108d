"""R1.3.4, R1.3.5: a plan has goals as numbers; values move them on, and how each plan stands is told at once."""

from datetime import timedelta

import pytest

import resources
from domain.care.content import load_care
from domain.care.goal_commands import DropGoal, SetGoal
from domain.care.goal_records import CareGoal, CarePlanStanding
from domain.care.goals import Advice, Effect, Stand, changed, effect_of, is_reached, progress, targets_for
from domain.care.plan_commands import AddNode, CompleteNode, FinishCarePlan, SignPlan
from domain.care.records import CareItem, CareKind, CareNode, CareOutcome
from domain.checkup.records import Visit
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError

BOOK = load_care(resources.folder("care")).goals


def test_diseases_bring_goals_by_age_and_the_strictest_counts():
    young = targets_for(BOOK, ["HTN", "CKD12", "OB"], 50, {"weight": 80.0})
    assert {(t.item, t.high, t.strict) for t in young} == {
        ("sbp", 130, True), ("dbp", 80, True), ("weight", 76.0, False),
    }  # fmt: skip
    old = {t.item: t.high for t in targets_for(BOOK, ["HTN"], 82, {})}
    assert old == {"sbp": 150, "dbp": 90}
    assert targets_for(BOOK, ["OB"], 50, {}) == [], "no loss without a first weight"


@pytest.mark.parametrize(
    ("first", "now", "high", "low", "share"),
    [(160, 150, 140, None, 50), (160, 170, 140, None, 0), (160, 130, 140, None, 100), (40, 45, None, 50, 50)],
)
def test_progress_is_the_way_that_was_gone(first, now, high, low, share):
    assert progress(first, now, high, low) == share


def test_a_limit_is_met_on_its_side():
    assert not is_reached(140, 140, None, strict=True)
    assert is_reached(140, 140, None, strict=False)
    assert not is_reached(139, 140, 139.5, strict=True)
    assert changed(160, 158, 17.5, downwards=True) == 0, "the body's own swing"
    assert changed(160, 130, 17.5, downwards=True) == 1
    assert changed(160, 195, 17.5, downwards=True) == -1
    assert changed(160, 130, None, downwards=True) is None


@pytest.mark.parametrize(
    ("goals", "rate", "effect", "advice"),
    [
        ([], 90, Effect.UNKNOWN, Advice.MEASURE),
        ([Stand(False, None)], 90, Effect.UNKNOWN, Advice.MEASURE),
        ([Stand(True, 1), Stand(True, 0)], 90, Effect.REACHED, Advice.CLOSE),
        ([Stand(True, 1), Stand(False, 0)], 90, Effect.IMPROVING, Advice.GO_ON),
        ([Stand(False, 0)], 40, Effect.STABLE, Advice.ADHERE),
        ([Stand(False, 0)], 95, Effect.STABLE, Advice.ADJUST),
        ([Stand(False, 1), Stand(False, -1)], 95, Effect.WORSE, Advice.ADJUST),
    ],
)
def test_what_a_plan_came_to_and_what_is_to_be_done(goals, rate, effect, advice):
    assert effect_of(goals, rate, 70) == (effect, advice)


def measure(care, patient_id, **values):
    [visit] = care.rows(Visit, patient_id=patient_id) or [None]
    if visit is None:
        own = care.run(OpenVisit(patient_id=patient_id), care.nurse).visit_id
        care.run(Arrive(visit_id=own), care.nurse)
    else:
        own = visit.id
    units = {"sbp": "mm[Hg]", "weight": "kg"}
    given = [Measured(item=key, value=value, unit=units[key]) for key, value in values.items()]
    care.run(RecordMeasurement(visit_id=own, values=given), care.nurse)


def goal(care, plan_id, item="收缩压", high=140.0, **more):
    given = {"by_on": care.today + timedelta(days=30), "reason": "医生设定"}
    return care.run(SetGoal(care_plan_id=plan_id, item=item, high=high, **{**given, **more}))


def test_values_move_a_goal_on_and_a_later_one_can_lose_it_again(care):
    patient_id = care.client()
    measure(care, patient_id, sbp=162.0)
    plan_id = care.plan(patient_id)
    care.item(plan_id)
    own = goal(care, plan_id)
    assert care.one(CareGoal).state == "planned"
    care.run(SignPlan(care_plan_id=plan_id))
    begun = care.one(CareGoal)
    assert (begun.state, begun.first, begun.progress) == ("pursued", 162.0, 0)
    assert care.one(CarePlanStanding).effect == Effect.UNKNOWN
    care.later(days=2)
    measure(care, patient_id, sbp=150.0)
    half = care.one(CareGoal)
    assert (half.state, half.latest, half.progress) == ("pursued", 150.0, 55)
    care.later(days=2)
    measure(care, patient_id, sbp=128.0)
    assert (care.one(CareGoal).state, care.one(CareGoal).due_at) == ("reached", None)
    stands = care.one(CarePlanStanding)
    assert (stands.effect, stands.advice, stands.goals_reached) == (Effect.REACHED, Advice.CLOSE, 1)
    care.later(days=1)
    measure(care, patient_id, sbp=155.0)
    assert care.one(CareGoal).state == "pursued"
    care.run(DropGoal(care_goal_id=own, reason="改用家庭血压"))
    assert (care.one(CareGoal).state, care.one(CarePlanStanding).goals) == ("dropped", 0)


def test_a_goal_that_runs_out_is_told_and_the_alert_ends_when_it_is_reached(care):
    patient_id = care.client()
    measure(care, patient_id, sbp=162.0)
    plan_id = care.plan(patient_id)
    care.item(plan_id)
    goal(care, plan_id)
    care.run(SignPlan(care_plan_id=plan_id))
    care.later(days=30)
    assert care.alerts("A-996") == []
    care.later(days=1)
    assert care.alerts("A-996") == [("A-996", "open")]
    measure(care, patient_id, sbp=128.0)
    assert care.alerts("A-996") == [("A-996", "closed")]


def test_progress_counts_nodes_and_what_was_done(care):
    plan_id, items = care.signed(CareKind.SUPPLEMENT)
    for days in (3, 20):
        care.run(
            AddNode(care_plan_id=plan_id, label=f"复查{days}", planned_on=care.today + timedelta(days=days))
        )
    first = care.rows(CareNode)[0]
    care.run(CompleteNode(care_node_id=first.id, result="已复查"), care.nurse)
    for _ in range(4):
        care.note(items[CareKind.SUPPLEMENT], CareOutcome.DONE)
        care.later(days=1)
    care.later(days=3)
    stands = care.one(CarePlanStanding)
    assert (stands.nodes, stands.nodes_done, stands.next_node) == (2, 1, "复查20")
    assert 40 < stands.rate < 80
    node = next(row for row in care.rows(CareNode) if row.state == "waiting")
    care.run(CompleteNode(care_node_id=node.id, result="已复查"), care.nurse)
    care.run(FinishCarePlan(care_plan_id=plan_id, outcome="结束"))
    assert care.rows(CarePlanStanding) == []
    assert {item.state for item in care.rows(CareItem)} == {"ended"}


def test_what_no_goal_can_be_is_refused(care):
    plan_id = care.plan(care.client())
    for more, code, field in (
        ({"item": "没有"}, "care.no_item", "item"), ({"high": None}, "care.no_limit", "high"),
        ({"high": 100.0, "low": 120.0}, "care.no_limit", "high"),
        ({"by_on": care.today + timedelta(days=900)}, "care.outside_plan", "by_on"),
        ({"reason": " "}, "input.missing", "reason"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            goal(care, plan_id, **more)
        assert (refused.value.code, refused.value.field) == (code, field)
    assert care.rows(CareGoal) == []
