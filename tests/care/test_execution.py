"""A plan is carried out or not: every occasion counts once, late words count, several misses are one card."""

from datetime import timedelta

import pytest

from domain.alerts.records import Alert
from domain.care.plan_commands import AddNode, CompleteNode, FinishCarePlan, SignPlan, StopPlan
from domain.care.records import (
    CareClient,
    CareEvent,
    CareItem,
    CareKind,
    CareNode,
    CareOutcome,
    CarePlan,
    CareStanding,
    CareWay,
    CareWeek,
)
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError

K = CareKind
FIVE = (K.DIET, K.EXERCISE, K.MEDICATION, K.SUPPLEMENT, K.MONITORING)


def test_a_plan_asks_for_nothing_until_it_is_signed(care):
    plan_id = care.plan(care.client())
    with pytest.raises(DomainError, match=r"care\.plan_empty"):
        care.run(SignPlan(care_plan_id=plan_id))
    item = care.item(plan_id)
    with pytest.raises(DomainError, match=r"care\.not_running"):
        care.note(item)
    care.later(days=2)
    assert care.rows(CareStanding) == []
    care.run(SignPlan(care_plan_id=plan_id))
    assert care.one(CareItem).state == "running"
    assert care.one(CareStanding).missed_run == 0


def test_what_is_not_noted_is_missed_when_its_time_is_over_and_can_be_made_good(care):
    _, items = care.signed(K.SUPPLEMENT)
    care.later(hours=24)
    care.later(hours=24)
    standing = care.one(CareStanding)
    missed = standing.missed_run
    assert missed >= 1
    assert ("A-017", "open") in care.alerts()
    care.note(items[K.SUPPLEMENT], occasion_at=standing.missed_since)
    assert care.one(CareStanding).missed_run == missed - 1
    care.note(items[K.SUPPLEMENT])
    assert care.one(CareStanding).missed_run == 0
    assert care.alerts("A-017") == [("A-017", "closed")]


def test_the_last_word_on_an_occasion_counts_and_both_are_kept(care):
    _, items = care.signed(K.SUPPLEMENT)
    care.note(items[K.SUPPLEMENT], CareOutcome.MISSED)
    care.later(minutes=1)
    care.note(items[K.SUPPLEMENT], occasion_at=care.one(CareEvent).occasion_at)
    care.later(days=1)
    assert care.one(CareStanding).missed_run == 0
    assert len(care.rows(CareEvent)) == 2


def test_who_has_a_reason_has_not_missed(care):
    _, items = care.signed(K.EXERCISE)
    with pytest.raises(DomainError, match=r"care\.reason_missing"):
        care.note(items[K.EXERCISE], CareOutcome.EXCUSED)
    care.note(items[K.EXERCISE], CareOutcome.EXCUSED, note="发热")
    care.later(hours=17)
    assert care.one(CareStanding).missed_run == 0
    assert care.one(CareWeek).excused == 1


@pytest.mark.parametrize(
    ("shift", "code"),
    [(timedelta(hours=1), "care.no_occasion"), (timedelta(days=1), "care.too_early"),
     (timedelta(days=-40), "care.no_occasion")],
)  # fmt: skip
def test_only_occasions_there_are_can_be_noted(care, shift, code):
    _, items = care.signed(K.SUPPLEMENT)
    care.note(items[K.SUPPLEMENT])
    with pytest.raises(DomainError) as refused:
        care.note(items[K.SUPPLEMENT], occasion_at=care.one(CareEvent).occasion_at + shift)
    assert refused.value.code == code
    assert len(care.rows(CareEvent)) == 1


def test_a_measurement_counts_as_done_once(care):
    plan_id, _ = care.signed(K.MONITORING)
    patient = care.one(CarePlan, id=plan_id).patient_id
    visit = care.run(OpenVisit(patient_id=patient), care.nurse).visit_id
    care.run(Arrive(visit_id=visit), care.nurse)
    values = [
        Measured(item="sbp", value=128, unit="mm[Hg]"),
        Measured(item="dbp", value=78, unit="mm[Hg]"),
    ]
    care.run(RecordMeasurement(visit_id=visit, values=values), care.nurse)
    event = care.one(CareEvent)
    assert (event.way, event.value, event.outcome) == (CareWay.DEVICE, 128, CareOutcome.DONE)
    care.reader.act([])
    assert len(care.rows(CareEvent)) == 1


def test_several_kinds_overdue_are_one_card_with_the_one_thing_to_do_first(care):
    _, items = care.signed(*FIVE)
    care.later(days=2)
    care.later(hours=8)
    card = care.one(CareClient)
    assert card.overdue_kinds == 5
    assert "用药" in card.next_step
    assert card.next_item_id == items[K.MEDICATION]
    opened = care.alerts()
    assert opened == [("A-028", "open")]
    care.later(days=1)
    assert {rule for rule, _ in care.alerts()} - {"A-021"} == {"A-028"}  # the plan was never begun
    alert = care.one(Alert, rule="A-028")
    assert "用药、监测" in alert.summary
    assert "physician" in alert.receivers
    for kind in FIVE:
        if kind is not K.MEDICATION:
            care.note(items[kind])
    assert care.one(CareClient).overdue_names == "用药"
    assert ("A-028", "closed") in care.alerts()


def test_a_week_is_told_by_item_and_a_rate_only_after_a_whole_week(care):
    _, items = care.signed(K.DIET)
    for day in range(8):
        if day % 2 == 0:
            care.note(items[K.DIET])
        assert care.one(CareStanding).week_rate is None or day >= 7
        care.later(days=1)
    standing = care.one(CareStanding)
    assert standing.week_rate == pytest.approx(100 * standing.week_done / standing.week_due, abs=0.1)
    assert ("A-013", "open") in care.alerts()
    assert sum(week.due for week in care.rows(CareWeek)) >= 7


def test_a_part_counts_by_its_value(care):
    _, items = care.signed(K.EXERCISE, target_value=40.0, target_unit="min")
    care.note(items[K.EXERCISE], CareOutcome.PART, value=10)
    care.later(days=1)
    week = care.one(CareWeek)
    assert (week.due, week.part, week.rate) == (1, 1, 25.0)


def test_a_plan_that_is_stopped_asks_for_nothing_and_closes_its_alerts(care):
    plan_id, _ = care.signed(K.MEDICATION, K.SUPPLEMENT)
    care.later(days=3)
    care.later(days=3)
    assert "open" in {state for _, state in care.alerts()}
    care.run(StopPlan(care_plan_id=plan_id, outcome="客户迁居"))
    assert care.rows(CareStanding) == []
    assert care.one(CareClient).overdue_kinds == 0
    assert {state for _, state in care.alerts()} == {"closed"}


def test_a_plan_is_not_finished_over_open_nodes(care):
    plan_id, _ = care.signed(K.DIET)
    care.run(AddNode(care_plan_id=plan_id, label="三月复评", planned_on=care.today + timedelta(days=30)))
    with pytest.raises(DomainError, match=r"care\.nodes_open"):
        care.run(FinishCarePlan(care_plan_id=plan_id, outcome="达标"))
    care.run(CompleteNode(care_node_id=care.one(CareNode).id, result="已复评"))
    care.run(FinishCarePlan(care_plan_id=plan_id, outcome="达标"))
    assert care.one(CarePlan).state == "finished"


def test_a_store_that_was_filled_works_out_how_things_stand(care):
    care.signed(K.DIET, K.EXERCISE)
    assert care.reader.rebuild() == 2
