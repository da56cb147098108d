"""The generator of programmes: the worked example, every disease and level, limits that are never passed."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from domain.care.exchange import choices, fill, misses, sums_of, swapped
from domain.care.generator import Body, MonthPlan, Refused, month_plan, resting_kcal
from domain.care.programmes import LEVELS, load_programmes

BOOK, FOODS = load_programmes(resources.folder("care"))
MAN = Body("male", 52, 172, 82, sodium_mg=4200, resting_rate=74)
THREE = ("HTN", "T2DM", "HUA")
bodies = st.builds(
    Body, st.sampled_from(["male", "female"]), st.integers(18, 90), st.integers(145, 195).map(float),
    st.integers(40, 130).map(float), st.sampled_from(sorted(BOOK.activity)), st.sampled_from(sorted(BOOK.fitness)),
)  # fmt: skip
sets = st.lists(st.sampled_from(sorted(BOOK.diseases)), min_size=1, max_size=3, unique=True)


def test_the_worked_example():
    """Intervention facts, 9.10: hypertension, diabetes and high uric acid, medium, third month."""
    plan = month_plan(BOOK, MAN, THREE, "medium", 3)
    assert resting_kcal(MAN) == 1640
    assert (plan.kcal, plan.protein_g, plan.sodium_mg) == (1750, 70, 2000)
    assert (round(plan.protein_percent), round(plan.fat_percent), round(plan.carb_percent)) == (16, 28, 56)
    assert (plan.carb_g, plan.fat_g) == (245, 54)
    assert (plan.minutes, plan.times, plan.reserve, plan.target, plan.heart_rate) == (
        150,
        5,
        (40, 59),
        43.8,
        116,
    )
    assert (plan.resistance_days, plan.resistance, plan.weight_kg) == (2, (2, 10, 50), 79.1)
    assert (plan.pattern, plan.alcohol_g, plan.potassium) == ("LPUR", 0, "hi")
    assert {"INTERVAL", "JOG", "憋气"} <= set(plan.forbidden)
    assert {note.rule for note in plan.notes} >= {"R15", "R18", "R25"}


def test_exercise_is_as_much_as_the_fitness_bears():
    minutes = [
        month_plan(BOOK, Body("male", 52, 172, 82, fitness=fitness), ["HTN"], "medium", 6).minutes
        for fitness in ("low", "middle", "high")
    ]
    assert minutes == [160, 200, 220]


def test_a_year_of_every_disease_and_level_is_another_plan_each_month():
    """28 codes of 25 diseases, 3 levels, 12 months."""
    body = Body("male", 58, 170, 78, resting_rate=70)
    seen = set()
    for code, level, month in itertools.product(BOOK.diseases, LEVELS, range(1, 13)):
        plan = month_plan(BOOK, body, [code], level, month)
        assert isinstance(plan, MonthPlan)
        seen.add((code, level, month, plan.kcal, plan.minutes, plan.target, plan.focus))
    assert len(seen) == 28 * 3 * 12 >= 1000


@settings(max_examples=300, deadline=None)
@given(bodies, sets, st.sampled_from(LEVELS), st.integers(1, 12))
def test_no_limit_of_any_disease_is_passed(body, codes, level, month):
    plan = month_plan(BOOK, body, codes, level, month)
    if isinstance(plan, Refused):
        assert plan.reason
        return
    found = [BOOK.diseases[code] for code in codes]
    assert plan.kcal >= max(resting_kcal(body), BOOK.floors[body.sex]) - 25
    assert abs(plan.carb_percent + plan.protein_percent + plan.fat_percent - 100) <= 0.3
    assert plan.reserve[1] == min(d.reserve[1] for d in found)
    assert plan.target <= plan.reserve[1]
    assert plan.alcohol_g == min(d.alcohol for d in found)
    assert plan.saturated_percent == min(d.saturated for d in found)
    assert not set(plan.ways) & set(plan.forbidden)
    assert plan.sodium_mg >= 0
    if month >= 3:
        assert plan.sodium_mg <= max(d.sodium for d in found)
    if "CKD35" in codes:
        assert plan.protein_g <= round(0.6 * body.ideal_kg) + 1
    for what, percent in (("fat", plan.fat_percent), ("carb", plan.carb_percent)):
        inside = all(getattr(d, what)[0] - 0.1 <= percent <= getattr(d, what)[1] + 0.1 for d in found)
        assert inside or any(note.rule == "R27" for note in plan.notes)
    assert plan == month_plan(BOOK, body, codes, level, month)


@pytest.mark.parametrize(
    ("body", "codes"),
    [(Body("male", 17, 170, 60), ["OB"]), (MAN, ["HYPO", "HYPER"]), (MAN, ["CKD12", "CKD35"]), (MAN, []),
     (Body("male", 40, 17, 60), ["OB"])],
)  # fmt: skip
def test_who_gets_no_plan_is_told_why(body, codes):
    assert isinstance(month_plan(BOOK, body, codes, "low", 1), Refused)


@pytest.mark.parametrize("code", sorted(BOOK.diseases))
@pytest.mark.parametrize("sex", ["male", "female"])
def test_portions_fill_a_plan(code, sex):
    plan = month_plan(BOOK, Body(sex, 52, 168, 76), [code], "medium", 3)
    portions = fill(FOODS, plan)
    assert misses(FOODS, plan, portions) == []
    assert all(count % 0.25 == 0 for count in portions.values())


@given(st.data())
def test_a_swap_that_is_offered_stays_inside_and_can_be_taken_back(data):
    plan = month_plan(BOOK, MAN, THREE, "medium", 3)
    portions = fill(FOODS, plan)
    gives = data.draw(st.sampled_from(sorted(portions)))
    count = data.draw(st.integers(1, int(portions[gives] * 4))) / 4
    for takes in choices(FOODS, plan, portions, gives, count):
        changed = swapped(FOODS, portions, gives, takes, count)
        assert misses(FOODS, plan, changed) == []
        back = swapped(FOODS, changed, takes, gives, count)
        assert sums_of(FOODS, back).kcal == pytest.approx(sums_of(FOODS, portions).kcal)


def test_a_swap_that_leaves_the_plan_is_not_offered():
    plan = month_plan(BOOK, MAN, THREE, "medium", 3)
    portions = fill(FOODS, plan)
    offered = choices(FOODS, plan, portions, "grain", 5)
    assert "rice" in offered
    assert "pastry" not in offered
    with pytest.raises(ValueError, match="group"):
        swapped(FOODS, portions, "grain", "oil", 1)
    with pytest.raises(ValueError, match="count"):
        swapped(FOODS, portions, "grain", "rice", 99)
