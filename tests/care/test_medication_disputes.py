"""A medication that two places say differently: everybody sees both until a person has chosen."""

import pytest

import resources
from domain.care.item_commands import AddItem
from domain.care.plan_commands import SignPlan
from domain.care.records import CareItem, CareKind
from domain.care.supplement_commands import PrescribeSupplement
from domain.kernel.columns import Sensitivity
from domain.kernel.disputes import Disputed, told_of
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages, records, worklists
from forms.care_plan import care_plan_data
from sync.merge import decide
from sync.shapes import shape_of
from tests.fixtures.conflicts import dispute
from tests.sync.test_merge_policies import change, row


def test_doses_changed_at_two_places_are_a_safety_conflict_and_neither_is_lost():
    current = row("care_item", label="二甲双胍", target_value=0.5, target_unit="g")
    done = decide(
        shape_of("care_item"),
        current,
        change("care_item", "upd", {"target_value": 1.0}, {"target_value": 0.25}),
    )
    [clash] = done.clashes
    assert (clash.theirs, clash.mine, clash.safety) == ({"target_value": 0.5}, {"target_value": 1.0}, True)
    assert done.values == {}, "what stands stays until somebody has chosen"


@pytest.fixture
def medication(care):
    plan = care.plan(care.client())
    item = care.run(
        AddItem(
            care_plan_id=plan,
            kind=CareKind.MEDICATION,
            label="二甲双胍",
            target_value=0.5,
            target_unit="g",
            times="07:00",
        )
    )
    care.run(SignPlan(care_plan_id=plan))
    return plan, item


def test_rows_lists_print_and_checks_know_both_names(care, medication):
    plan, item = medication
    care.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    with care.desk.store.read() as connection:
        assert told_of(connection, Sensitivity.SENSITIVE, "care_item", [item]) == {}
    dispute(care.desk, care.doctor, "care_item", item, "label", "二甲双胍", "华法林")
    with care.desk.store.read() as connection:
        [found] = records(connection, care.doctor, CareItem, CareItem.id == item)
        assert isinstance(found.label, Disputed)
        told = told_of(connection, Sensitivity.SENSITIVE, "care_item", [item])
        assert "二甲双胍 ／ 华法林" in told[item]
        printed = care_plan_data(connection, care.desk, care.doctor, plan)
    assert "华法林" in printed["others"][0]["label"]
    lists = [one for one in worklists().values() if one.record is CareItem]
    assert lists
    marked = [
        r
        for one in lists
        if care.doctor.may(one.permission)
        for r in Pages(care.desk.store).page(one, care.doctor).rows
        if r.id == item and r.disputes
    ]
    assert marked


def test_a_supplement_is_checked_against_both_names(care, medication):
    plan, item = medication
    fish = PrescribeSupplement(care_plan_id=plan, label="鱼油", content="EPA+DHA 1 g", times="08:00")
    dispute(care.desk, care.doctor, "care_item", item, "label", "二甲双胍", "华法林钠片")
    with pytest.raises(DomainError, match=r"care\.acts_on"):
        care.run(fish)
