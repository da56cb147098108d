"""Foods are swapped as a client likes, inside what is prescribed."""

import pytest
from sqlalchemy import select

from domain.care.exchange import Wanted, misses, sums_of
from domain.care.plan_commands import SignPlan
from domain.care.programme_commands import ApplyProgramme
from domain.care.records import CareItem, CareKind
from domain.care.swap_commands import SwapFood
from domain.kernel.errors import DomainError
from tests.care.test_programmes import known  # noqa: F401  (a fixture)


@pytest.fixture
def diet(care, known):  # noqa: F811
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="高血压", level="低危"))
    care.run(SignPlan(care_plan_id=plan_id))
    with care.desk.store.read() as connection:
        i = CareItem.__table__
        query = select(i).where(i.c.kind == CareKind.DIET, i.c.plan_id == plan_id).order_by(i.c.from_on)
        return connection.execute(query).first()


def refused(care, diet, **order):
    with pytest.raises(DomainError) as error:
        care.run(SwapFood(care_item_id=diet.id, **order), care.nurse)
    return error.value


def test_as_many_portions_of_another_food_of_the_group_and_the_whole_stays_inside(care, diet):
    from domain.care.content import CARE

    foods, before = care.desk.content[CARE].foods, diet.detail["portions"]
    done = care.run(SwapFood(care_item_id=diet.id, gives="谷物", takes="米饭", portions=2), care.nurse)
    assert done.grams["米饭"] == 150
    now = care.one(CareItem, id=diet.id).detail
    assert now["portions"]["rice"] == 2
    assert now["portions"]["grain"] == before["grain"] - 2
    assert sum(now["portions"].values()) == sum(before.values())
    wanted = Wanted(*(now[n] for n in ("kcal", "protein_percent", "fat_percent", "carb_percent")))
    assert misses(foods, wanted, now["portions"]) == misses(foods, wanted, before)
    assert done.kcal == round(sums_of(foods, now["portions"]).kcal)
    assert now["kcal"] == diet.detail["kcal"]


def test_what_would_leave_the_prescription_is_refused_with_what_would_fit(care, diet):
    count = diet.detail["portions"]["grain"]
    said = refused(care, diet, gives="谷物", takes="糕点油炸", portions=count)
    assert (said.code, said.field) == ("care.outside_diet", "takes")
    assert "脂肪" in said.facts["why"]
    assert "糕点油炸" not in said.facts["fits"]
    assert care.one(CareItem, id=diet.id).detail == diet.detail


def test_only_foods_of_one_group_and_no_more_than_there_is(care, diet):
    other = refused(care, diet, gives="谷物", takes="蛋", portions=1)
    assert (other.code, other.field) == ("care.no_food", "takes")
    assert "米饭" in other.facts["known"]
    assert refused(care, diet, gives="乳酪", takes="豆浆", portions=1).field == "gives"
    assert refused(care, diet, gives="谷物", takes="米饭", portions=29).code == "care.too_few_portions"
    water = care.item(diet.plan_id, CareKind.MONITORING, "血压", watched="sbp")
    with pytest.raises(DomainError, match=r"care\.no_portions"):
        care.run(SwapFood(care_item_id=water, gives="谷物", takes="米饭", portions=1), care.nurse)
