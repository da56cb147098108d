"""A diet of the physician's own, its menu, the diary, and what eating comes to against what is prescribed."""

from datetime import timedelta

import pytest

import resources
from domain.care.content import CARE, load_care
from domain.care.diary import diet_in_force, menu_of, structure_for
from domain.care.diary_commands import ClientNotesMeal, ClientSwapsFood, NoteMeal
from domain.care.diary_records import DietEntry, DietMeal
from domain.care.diet_commands import PrescribeDiet
from domain.care.exchange import fill, sums_of
from domain.care.generator import Body, MonthPlan, month_plan
from domain.care.kitchen import eaten, meal_said, menu
from domain.care.plan_commands import SignPlan
from domain.care.records import CareItem, CareWay
from domain.care.structure import structure_of
from domain.kernel.errors import DomainError
from domain.kernel.ids import stable_id
from domain.kernel.texts import Texts
from forms.care_plan import care_plan_data

CONTENT = load_care(resources.folder("care"))
KITCHEN, FOODS = CONTENT.kitchen, CONTENT.foods
OWN = {"kcal": 1800, "protein_g": 72, "fat_g": 56, "carb_g": 252, "sodium_mg": 2000}


def refused(care, order, actor=None):
    with pytest.raises(DomainError) as error:
        care.run(order, actor)
    return error.value


@pytest.fixture
def plan(care):
    plan_id = care.plan(care.client())
    return plan_id, care.rows(CareItem)


@pytest.fixture
def diet(care):
    patient = care.client()
    plan_id = care.plan(patient)
    item_id = care.run(PrescribeDiet(care_plan_id=plan_id, **OWN))
    care.run(SignPlan(care_plan_id=plan_id))
    return patient, care.one(CareItem, id=item_id)


def test_foods_are_read_as_people_write_them_and_counted_by_the_exchange_list():
    grams = meal_said(KITCHEN, FOODS, "米饭 150 g，鸡蛋 1 份、酱油 6.5克；牛奶 200 mL")
    assert grams == {"米饭": 150, "鸡蛋": 60, "酱油": 6.5, "牛奶": 200}
    found = eaten(KITCHEN, FOODS, {"米饭": 150, "酱油": 6.5})
    assert (found.protein, found.fat, round(found.carb, 1), found.sodium) == (4.0, 0.4, 38.8, 400)
    assert found.kcal == pytest.approx(4 * 42.8 + 9 * 0.4)
    for wrong in ("米饭", "米饭 2 碗", "龙肝 100", "米饭 0", "米饭 99999 g"):
        with pytest.raises(ValueError, match=wrong[:2]):
            meal_said(KITCHEN, FOODS, wrong)


def test_the_physicians_own_numbers_are_filled_with_portions_and_print(care, diet):
    item = diet[1]
    sums = sums_of(FOODS, item.detail["portions"])
    assert item.detail["misses"] == []
    assert abs(sums.kcal - 1800) < 90
    assert item.target_value == 1800
    care.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    with care.desk.store.read() as connection:
        [told] = care_plan_data(connection, care.desk, care.doctor, item.plan_id)["diet"]
    assert told["energy"] == "1800 千卡"
    assert told["sodium"] == "≤2000 mg"
    assert len(told["menu"]) == 7
    assert "全天烹调油" in told["menu"][0]["dishes"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [({"kcal": 1500}, "care.diet_sum", "kcal"),
     ({"kcal": 1000, "protein_g": 50, "fat_g": 30, "carb_g": 130}, "care.diet_low", "low_energy"),
     ({"foods": "龙肝 100 g"}, "care.bad_meal", "foods"), ({"foods": "盐 3 g"}, "care.bad_meal", "foods"),
     ({"foods": "米饭 100 g"}, "care.diet_foods", "foods")],
)  # fmt: skip
def test_numbers_that_do_not_hold_together_are_refused_and_nothing_is_kept(care, plan, given, code, field):
    error = refused(care, PrescribeDiet(care_plan_id=plan[0], **{**OWN, **given}))
    assert (error.code, error.field) == (code, field)
    assert care.rows(CareItem) == []


def test_only_a_physician_prescribes(care, plan):
    assert refused(care, PrescribeDiet(care_plan_id=plan[0], **OWN), care.nurse).code == "permission.denied"


@pytest.mark.parametrize("code", sorted(CONTENT.programmes.diseases))
def test_every_disease_has_a_week_of_its_menu_that_comes_to_the_prescription(code):
    body = Body("male", 50, 172, 78)
    month = month_plan(CONTENT.programmes, body, [code], "medium", 1)
    assert isinstance(month, MonthPlan)
    portions = fill(FOODS, month)
    for day in range(7):
        plates = menu(KITCHEN, FOODS, portions, [code], day)
        served = {}
        for plate in plates:
            served[plate.kind] = served.get(plate.kind, 0.0) + plate.portions
        assert served == pytest.approx(portions)
        assert {"breakfast", "lunch", "dinner"} <= {plate.meal for plate in plates}
        dishes = {d.label: d for kind in KITCHEN.dishes.values() for d in kind}
        assert not [p.label for p in plates if code in dishes[p.label].not_for]


def test_dishes_that_are_not_cut_are_spread_over_lunch_and_dinner():
    portions = {"grain": 6, "dark_leaf": 1, "light_leaf": 1, "tofu": 0.5, "poultry": 0.75}
    plates = menu(KITCHEN, FOODS, portions, ["HTN"], 0)
    for meal in ("lunch", "dinner"):
        kinds = {plate.kind for plate in plates if plate.meal == meal}
        assert kinds & {"dark_leaf", "light_leaf"}
        assert kinds & {"tofu", "poultry"}


def test_menus_differ_by_disease_and_day():
    portions = {"grain": 8, "dark_leaf": 1, "shellfish": 1, "citrus": 1}

    def labels(code, day):
        return {plate.label for plate in menu(KITCHEN, FOODS, portions, [code], day)}

    assert "白灼虾" in labels("OP", 0)
    assert all("白灼虾" not in labels("HUA", day) for day in range(7))
    assert all("小米粥" not in labels("T2DM", day) for day in range(7))
    assert {"荞麦面", "燕麦饭"} & (labels("T2DM", 0) | labels("T2DM", 2))
    assert labels("HTN", 0) != labels("HTN", 1)
    assert labels("HTN", 3) == labels("HTN", 3)


def test_the_newest_note_of_a_meal_counts_and_bad_ones_leave_nothing(care, diet):
    patient, item = diet
    noted = {"patient_id": patient, "meal": DietMeal.LUNCH}
    for wrong, field in (({"foods": "一碗饭"}, "foods"), ({"foods": "；"}, "foods"),
                         ({"foods": "米饭 100", "day": care.today + timedelta(days=1)}, "day"),
                         ({"foods": "米饭 100", "day": care.today - timedelta(days=31)}, "day")):  # fmt: skip
        assert refused(care, NoteMeal(**noted, **wrong), care.nurse).field == field
    assert care.rows(DietEntry) == []
    care.run(NoteMeal(**noted, foods="米饭 300 g"), care.nurse)
    care.later(minutes=1)
    care.run(
        ClientNotesMeal(**noted, foods="米饭 150 g，鸡肉 50 g，油菜 300 g，植物油 10 g"), care.reader.actor
    )
    assert [row.way for row in care.rows(DietEntry)] == [CareWay.DESK, CareWay.PHONE]
    with care.desk.store.read() as connection:
        found = structure_for(connection, CONTENT, patient, care.today, item.detail)
    assert (found.days, found.enough) == (1, False)
    assert found.lines[0].eaten == pytest.approx(sum(r.kcal for r in care.rows(DietEntry)[1:]), abs=1)
    assert (found.lines[0].wanted, found.lines[0].off) == (1800, -1)


def test_structure_tells_energy_shares_and_seasonings_against_the_prescription_with_advice():
    day = {
        "breakfast": {"油条": 100, "豆浆": 330},
        "lunch": {"米饭": 300, "五花肉": 90, "白菜": 150, "植物油": 20, "酱油": 20},
        "dinner": {"面条": 210, "鸡蛋": 60, "植物油": 15, "盐": 4},
    }
    wanted = {"kcal": 1500, "protein_percent": 16, "fat_percent": 26, "carb_percent": 58, "sodium_mg": 2000}
    found = structure_of(KITCHEN, FOODS, [day] * 3, wanted)
    lines = {line.code: line for line in found.lines}
    assert found.enough
    assert (lines["kcal"].off, lines["fat_percent"].off, lines["carb_percent"].off) == (1, 1, -1)
    assert lines["sodium_mg"].eaten == round(400 * (20 / 6.5 + 4))
    assert lines["sodium_mg"].off == 1
    wrong = {one.code: one.value for one in found.habits if not one.well}
    assert wrong["vegetable"] == 150
    assert wrong["oil"] == 35
    assert {"fruit", "milk", "whole", "salt", "pastry"} <= set(wrong)
    assert "breakfast" not in wrong
    assert all(one.habit.advice and one.habit.source for one in found.habits)
    fine = structure_of(KITCHEN, FOODS, [day], None)
    assert not fine.enough
    assert {line.off for line in fine.lines} == {0}
    assert structure_of(KITCHEN, FOODS, [], wanted).lines == ()


def test_the_menu_follows_the_clients_own_swap_and_nobody_elses(care, diet):
    patient, item = diet
    kind = next(
        k for k, count in item.detail["portions"].items() if FOODS.foods[k].group == "grain" and count >= 1
    )
    swap = {"care_item_id": item.id, "gives": FOODS.foods[kind].label, "takes": "米饭", "portions": 1.0}
    other = ClientSwapsFood(patient_id=stable_id("somebody"), **swap)
    assert refused(care, other, care.reader.actor).code == "care_item.unknown"
    care.run(ClientSwapsFood(patient_id=patient, **swap), care.reader.actor)
    with care.desk.store.read() as connection:
        now = diet_in_force(connection, patient, care.today)
        plates = menu_of(connection, care.desk.content[CARE], now, care.today)
    assert [plate.grams for plate in plates if plate.label == "米饭"] == [75]
