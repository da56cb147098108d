"""Type A, stress, the gate before exercise, eating and fitness: keys, cuts and norms."""

import pytest

from domain.scales.scoring import score
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES

TYPE_A = {rule.id: rule for rule in SCALES["type_a"].scores}
FULL = {"vital": 4000, "vo2max": 40, "reach": 5, "balance": 30, "grip": 45, "situps": 30, "pushups": 25, "jump": 35,
        "reaction": 0.5, "bmi-now": 22, "body-fat": 18}  # fmt: skip


def behaviour(th=0, ch=0, lie=0):
    """Answer so that so many questions of each key count."""
    given = {}
    for name, wanted in (("TH", th), ("CH", ch), ("L", lie)):
        rule = TYPE_A[name]
        counting = [*((q, "yes") for q in rule.yes), *((q, "no") for q in rule.no)]
        for place, (question, answer) in enumerate(counting):
            given[question] = answer if place < wanted else {"yes": "no", "no": "yes"}[answer]
    return score(SCALES["type_a"], given)


def test_the_keys_share_out_all_sixty_questions():
    keys = [q for name in ("TH", "CH", "L") for q in (*TYPE_A[name].yes, *TYPE_A[name].no)]
    assert sorted(keys, key=lambda q: int(q[1:])) == [f"q{n}" for n in range(1, 61)]
    assert [len((*TYPE_A[n].yes, *TYPE_A[n].no)) for n in ("TH", "CH", "L")] == [25, 25, 10]
    assert "q19" in TYPE_A["TH"].no


@pytest.mark.parametrize(("total", "band"), [(0, "B"), (19, "B"), (20, "B-"), (26, "B-"), (27, "M"), (29, "M"),
                                             (30, "A-"), (36, "A-"), (37, "A"), (50, "A")])  # fmt: skip
def test_the_types_by_total(total, band):
    found = behaviour(th=min(25, total), ch=max(0, total - 25))
    assert (found.total.value, found.total.band) == (total, band)


@pytest.mark.parametrize(("lie", "valid"), [(6, True), (7, False)])
def test_answers_that_hide_are_not_judged(lie, valid):
    found = behaviour(th=20, ch=20, lie=lie)
    assert [flag.code for flag in found.flags] == ([] if valid else ["untrue"])
    assert (found.total.band, found.advice) == (("A", ("type_a",)) if valid else ("", ()))


@pytest.mark.parametrize(("total", "band", "nine"), [
    (0, "low", "n1"), (15, "low", "n1"), (16, "low", "n2"), (26, "low", "n2"), (27, "low", "n3"), (37, "low", "n3"),
    (38, "low", "n4"), (42, "low", "n4"), (43, "moderate", "n4"), (48, "moderate", "n4"), (49, "moderate", "n5"),
    (59, "moderate", "n5"), (60, "moderate", "n6"), (65, "moderate", "n6"), (66, "high", "n6"), (70, "high", "n6"),
    (71, "high", "n7"), (81, "high", "n7"), (82, "high", "n8"), (92, "high", "n8"), (93, "high", "n9"),
    (200, "high", "n9"),
])  # fmt: skip
def test_stress_in_three_and_in_nine_degrees(total, band, nine):
    found = score(SCALES["pstri"], reaching(SCALES["pstri"], total))
    assert (found.total.value, found.total.band, found.score("nine").band) == (total, band, nine)
    assert (found.total.unverified, found.score("nine").unverified) == (False, True)


def gate(general=(), following=(), waiting=(), asked=True):
    items = {rule.id: rule.of for rule in SCALES["parq"].scores}
    given = {i: "yes" if i in general else "no" for i in items["general"]}
    given |= {i: "yes" if i in waiting else "no" for i in items["waiting"]}
    if asked:
        given |= {i: "yes" if i in following else "no" for i in items["following"]}
    return score(SCALES["parq"], given)


@pytest.mark.parametrize(
    ("answers", "band"),
    [
        ({}, "clear"),
        ({"asked": False}, "clear"),
        ({"general": ("drugs",)}, "caution"),
        ({"general": ("drugs",), "following": ("f-heart",)}, "medical"),
        ({"waiting": ("w-ill",)}, "postpone"),
        ({"general": ("drugs",), "following": ("f-heart",), "waiting": ("w-pregnant",)}, "postpone"),
    ],
)
def test_the_gate_before_exercise(answers, band):
    found = gate(**answers)
    assert (found.status, found.total.band, found.total.unverified) == ("computed", band, True)
    assert SCALES["parq"].days_valid == 365


def test_one_yes_asks_for_the_following_questions():
    found = gate(general=("chest",), asked=False)
    assert (found.status, found.total) == ("incomplete", None)
    assert "f-heart" in found.missing


IDEAL = {"grain": 250, "whole": 60, "tubers": 60, "veg": 350, "fruit": 250, "meat": 60, "fish": 50, "egg": 45,
         "milk": 300, "soy": 30, "oil": 25, "salt": 4, "alcohol": 0, "sugar": 10}  # fmt: skip


def eating(**given):
    return score(SCALES["diet_habit"], IDEAL | given)


@pytest.mark.parametrize(
    ("given", "total"),
    [
        ({}, 100),
        ({"grain": 450}, 95),
        ({"grain": 375}, 97.5),
        ({"whole": 0}, 95),
        ({"veg": 150}, 92.5),
        ({"meat": 75}, 100),
        ({"meat": 112.5}, 95),
        ({"meat": 150}, 90),
        ({"egg": 75}, 97.5),
        ({"egg": 120}, 95),
        ({"oil": 45}, 97.5),
        ({"salt": 8.5}, 97.5),
        ({"salt": 20}, 95),
        ({"alcohol": 15}, 100),
        ({"alcohol": 30}, 98.5),
        ({"sugar": 50}, 99),
    ],
)
def test_each_kind_of_food_counts_by_its_amount(given, total):
    assert eating(**given).total.value == pytest.approx(total)


def test_what_is_eaten_too_little_of_has_its_advice():
    assert {"diet_veg", "diet_salt"} <= set(eating(veg=100, salt=9).advice)
    assert "diet_veg" not in eating().advice


def test_more_whole_grain_than_grain_is_asked_again():
    assert [f.code for f in eating(grain=100, whole=150).flags] == ["whole_more"]


@pytest.mark.parametrize(("total", "points", "band"), [(3, 0, "q0"), (4, 25, "q25"), (7, 25, "q25"), (8, 50, "q50"),
                                                       (11, 50, "q50"), (12, 80, "q80"), (13, 80, "q80"),
                                                       (14, 80, "q80"), (15, 100, "q100")])  # fmt: skip
def test_the_pattern_of_eating(total, points, band):
    rule = next(r for r in SCALES["mepa"].scores if r.id == "total")
    habits = [i for i in rule.of if i != "wine"]
    given = {i: "yes" if n < total else "no" for n, i in enumerate(habits)} | {"drinks": 0}
    found = score(SCALES["mepa"], given, {"sex": "male"})
    assert (found.total.value, found.total.band, found.score("le8-diet").value) == (total, band, points)
    assert "no_need_to_drink" in {flag.code for flag in found.flags}


@pytest.mark.parametrize(("sex", "drinks", "counts"), [("male", 0, 0), ("male", 14, 1), ("male", 14.1, 0),
                                                       ("female", 7, 1), ("female", 7.1, 0)])  # fmt: skip
def test_drinking_counts_only_within_the_limit_of_the_sex(sex, drinks, counts):
    rule = next(r for r in SCALES["mepa"].scores if r.id == "total")
    given = dict.fromkeys([i for i in rule.of if i != "wine"], "no") | {"drinks": drinks}
    assert score(SCALES["mepa"], given, {"sex": sex}).total.value == counts


def fit(sex="male", age=22, **given):
    return score(SCALES["fitness_2023"], FULL | given, {"sex": sex, "age": age})


@pytest.mark.parametrize(
    ("grip", "points"),
    [(28.9, 10), (29.0, 30), (30.7, 30), (30.8, 50), (35.5, 50), (35.6, 55), (38.3, 55), (53.5, 90), (53.6, 95),
     (56.6, 95), (56.7, 100)],
)  # fmt: skip
def test_a_norm_belongs_to_its_own_column(grip, points):
    assert fit(grip=grip).score("grip-p").value == points


@pytest.mark.parametrize(
    ("seconds", "points"),
    [(0.72, 10), (0.71, 30), (0.70, 30), (0.69, 50), (0.63, 50), (0.62, 55), (0.43, 95), (0.42, 100)],
)
def test_reaction_is_better_the_shorter(seconds, points):
    assert fit(reaction=seconds).score("reaction-p").value == points


@pytest.mark.parametrize(
    ("fat", "points"), [(10.2, 60), (10.3, 100), (17.2, 100), (17.3, 60), (28.5, 60), (28.6, 20)]
)
def test_body_fat_by_age_and_sex(fat, points):
    assert fit(**{"body-fat": fat}).score("body-fat-p").value == points


@pytest.mark.parametrize(
    ("bmi", "points"), [(18.4, 60), (18.5, 100), (23.9, 100), (24, 60), (27.9, 60), (28, 20)]
)
def test_weight_of_the_fitness_test(bmi, points):
    assert fit(**{"bmi-now": bmi}).score("bmi-p").value == points


def test_the_whole_is_weighted_by_age():
    for age, weights in (
        (49, {"bmi": 5, "body-fat": 10, "vital": 10, "vo2max": 15, "grip": 10, "jump": 10, "pushups": 5, "situps": 5,
              "reach": 10, "balance": 10, "reaction": 10}),
        (50, {"bmi": 5, "body-fat": 10, "vital": 10, "vo2max": 15, "grip": 15, "pushups": 5, "situps": 5, "reach": 15,
              "balance": 10, "reaction": 10}),
    ):  # fmt: skip
        assert sum(weights.values()) == 100
        found = fit(age=age)
        wanted = sum(found.score(f"{item}-p").value * weight for item, weight in weights.items()) / 100
        assert found.total.value == pytest.approx(wanted, abs=1e-9)


def test_an_item_not_measured_leaves_the_single_scores_and_no_whole():
    given = {k: v for k, v in FULL.items() if k != "jump"}
    young = score(SCALES["fitness_2023"], given, {"sex": "male", "age": 30})
    assert (young.status, young.missing, young.total) == ("incomplete", ("jump",), None)
    assert young.score("grip-p").value
    older = score(SCALES["fitness_2023"], given, {"sex": "male", "age": 55})
    assert older.status == "computed"


@pytest.mark.parametrize(("age", "status"), [(19, "not_applicable"), (20, "computed"), (59, "computed"),
                                             (60, "not_applicable")])  # fmt: skip
def test_norms_that_were_not_read_give_no_points(age, status):
    assert fit(age=age).status == status


@pytest.mark.parametrize(("sex", "value"), [("male", 46.635), ("female", 35.648)])
def test_oxygen_uptake_without_exercise(sex, value):
    """56.363 + 1.921*5 - 0.381*40 - 0.754*20 + 10.987 for a man."""
    given = score(SCALES["vo2max"], {"activity": 5}, {"age": 40, "bmi": 20, "sex": sex})
    assert given.total.value == pytest.approx(value)


@pytest.mark.parametrize(("sex", "expected", "limit"), [("male", 553.5, 400.5), ("female", 518.6, 379.6)])
def test_six_minutes_of_walking(sex, expected, limit):
    """Man of 60, 170 cm, 70 kg: 7.57*170 - 5.02*60 - 1.76*70 - 309."""
    facts = {"sex": sex, "age": 60, "height": 170, "weight": 70}
    if sex == "female":
        facts["weight"] = (2.11 * 170 - 5.78 * 60 + 667 - expected) / 2.29
    found = score(SCALES["six_minute_walk"], {"distance": 500}, facts)
    assert found.score("expected").value == pytest.approx(expected, abs=0.05)
    assert found.score("limit").value == pytest.approx(limit, abs=0.05)
    for distance, band in ((int(limit), "low"), (int(limit) + 1, "normal")):
        assert score(SCALES["six_minute_walk"], {"distance": distance}, facts).total.band == band
