"""Nine constitutions in three versions: the counts of items, transformed scores, judgement, the leading one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.scales.scoring import score
from tests.scales.answering import questions
from tests.scales.conftest import FORMS, SCALES

EIGHT = ("qx", "yangx", "yinx", "ts", "sr", "xy", "qy", "tb")
MEMBERS = {
    "tcm_2025": {"ph": 4, "qx": 3, "yangx": 3, "yinx": 3, "ts": 3, "sr": 3, "xy": 3, "qy": 3, "tb": 4},
    "tcm_2009": {"ph": 8, "qx": 8, "yangx": 7, "yinx": 8, "ts": 8, "sr": 6, "xy": 7, "qy": 7, "tb": 7},
    "tcm_elderly": {"ph": 5, **dict.fromkeys(EIGHT, 4)},
}
FACTS = {"sex": "female", "age": 70, "bmi": 22.0, "waist": 75.0}


def rules(name):
    return {rule.id: rule for rule in SCALES[name].scores}


def answers(name, value="1", **given):
    """Answer every item alike, then what is given."""
    return {i.id: value for i in SCALES[name].items if i.points} | given


def even(name, balanced, other):
    """Answer so that the balanced score counts `balanced` an item; the other items are as low as can be."""
    rule, found = rules(name)["ph"], answers(name, str(other))
    for item in rule.of:
        found[item] = str(6 - balanced) if item in rule.reversed else str(balanced)
    return found


@pytest.mark.parametrize("name", MEMBERS)
def test_each_constitution_has_its_number_of_items_and_a_person_answers_so_many(name):
    for sex in ("female", "male"):
        skipped = {i.id for i in SCALES[name].items if i.sex not in ("", sex)}
        found = {k: len([i for i in rules(name)[k].of if i not in skipped]) for k in MEMBERS[name]}
        assert found == MEMBERS[name]
        asked = [q for q in questions(FORMS[name]) if q not in skipped]
        assert len(asked) == {"tcm_2025": 26, "tcm_2009": 60, "tcm_elderly": 33}[name]


def test_published_transformed_scores():
    """Seven items with 22 points are 53.57; eight with 32 are 75."""
    yang = rules("tcm_2009")["yangx"].of
    given = dict(zip(yang, "4333333", strict=True))
    found = score(SCALES["tcm_2009"], answers("tcm_2009") | given, FACTS)
    assert found.score("yangx").value == pytest.approx(53.5714, abs=1e-4)
    assert found.score("yangx").number == "53.57"
    calm = score(SCALES["tcm_2009"], even("tcm_2009", 4, 1), FACTS)
    assert calm.score("ph").value == 75


@pytest.mark.parametrize("name", ["tcm_2025", "tcm_2009"])
def test_reversed_items_count_the_other_way(name):
    low, high = (score(SCALES[name], even(name, n, 1), FACTS).score("ph").value for n in (1, 5))
    assert (low, high) == (0, 100)


@pytest.mark.parametrize(("points", "band"), [("221", "no"), ("222", "no"), ("322", "tendency"), ("332", "tendency"),
                                              ("333", "yes")])  # fmt: skip
def test_a_leaning_turns_at_thirty_and_forty(points, band):
    """Three items: 4 of 12 are 33.3, 5 of 12 are 41.7; 2 of 12 and 3 of 12 lie below 30."""
    given = dict(zip(rules("tcm_2025")["yinx"].of, points, strict=True))
    found = score(SCALES["tcm_2025"], answers("tcm_2025") | given, FACTS)
    wanted = {"221": 16.67, "222": 25, "322": 33.33, "332": 41.67, "333": 50}[points]
    assert found.score("yinx").value == pytest.approx(wanted, abs=0.01)
    assert found.score("yinx").band == ("yes" if wanted >= 40 else band)


@pytest.mark.parametrize(("total", "band"), [("3221", "no"), ("3222", "tendency"), ("3322", "tendency"),
                                             ("3332", "yes")])  # fmt: skip
def test_the_elderly_form_turns_at_nine_and_eleven(total, band):
    given = dict(zip(rules("tcm_elderly")["yinx"].of, total, strict=True))
    found = score(SCALES["tcm_elderly"], answers("tcm_elderly") | given, FACTS)
    assert (found.score("yinx").value, found.score("yinx").band) == (sum(map(int, total)), band)


@pytest.mark.parametrize(("bmi", "points"), [(23.9, 1), (24, 2), (25, 3), (26, 4), (27.9, 4), (28, 5)])
def test_weight_stands_for_the_ninth_question_of_the_elderly(bmi, points):
    found = score(SCALES["tcm_elderly"], answers("tcm_elderly"), FACTS | {"bmi": bmi})
    assert found.score("ts").value == 3 + points


@pytest.mark.parametrize(("waist", "points"), [(79.9, 1), (80, 2), (85, 2), (86, 3), (90, 3), (91, 4), (105, 4),
                                               (105.1, 5)])  # fmt: skip
def test_the_waist_stands_for_another(waist, points):
    found = score(SCALES["tcm_elderly"], answers("tcm_elderly"), FACTS | {"waist": waist})
    assert found.score("ts").value == 3 + points
    assert found.score("ts").unverified


def test_without_weight_and_waist_the_elderly_form_says_what_it_lacks():
    found = score(SCALES["tcm_elderly"], answers("tcm_elderly"), {"sex": "female", "age": 70})
    assert (found.status, set(found.missing)) == ("incomplete", {"q9", "q28"})


@pytest.mark.parametrize(
    ("name", "highest", "verdict"),
    [("tcm_2025", "222", "yes"), ("tcm_2025", "322", "basic"), ("tcm_2025", "332", "no")],
)
def test_balance_needs_all_others_low(name, highest, verdict):
    """25 lies below 30; 33.3 below 40; 41.7 does not."""
    given = even(name, 5, 1) | dict(zip(rules(name)["yinx"].of, highest, strict=True))
    found = score(SCALES[name], given, FACTS)
    assert (found.score("ph").value, found.score("peaceful").band) == (100, verdict)


@pytest.mark.parametrize(
    ("highest", "verdict"), [("3221", "yes"), ("3222", "basic"), ("3322", "basic"), ("3332", "no")]
)
def test_balance_of_the_elderly_takes_eight_and_ten_in(highest, verdict):
    given = even("tcm_elderly", 5, 1) | dict(zip(rules("tcm_elderly")["yinx"].of, highest, strict=True))
    found = score(SCALES["tcm_elderly"], given, FACTS)
    assert (found.score("peaceful").band, found.score("peaceful").unverified) == (verdict, True)


@pytest.mark.parametrize(("balanced", "verdict"), [(17, "yes"), (16, "no")])
def test_balance_of_the_elderly_needs_seventeen(balanced, verdict):
    rule = rules("tcm_elderly")["ph"]
    given, left = answers("tcm_elderly"), balanced - 4 * 5 - 1  # the four reversed ones count 5 each
    given["q1"] = "1"
    for item in rule.reversed:
        step = min(2, -left) if left < 0 else 0
        given[item], left = str(1 + step), left + step
    found = score(SCALES["tcm_elderly"], given, FACTS)
    assert (found.score("ph").value, found.score("peaceful").band) == (balanced, verdict)


def main(given, name="tcm_2025"):
    return score(SCALES[name], given, FACTS).total.band


def test_the_highest_leaning_leads():
    given = even("tcm_2025", 3, 1)
    given |= dict(zip(rules("tcm_2025")["yinx"].of, "333", strict=True))
    given |= dict(zip(rules("tcm_2025")["xy"].of, "444", strict=True))
    assert main(given) == "xy"


def test_a_tendency_yields_to_balance_and_leads_without_it():
    tendency = dict(zip(rules("tcm_2025")["yinx"].of, "322", strict=True))
    assert main(even("tcm_2025", 5, 1) | tendency) == "ph"
    assert main(answers("tcm_2025") | {"q1": "1", "q2": "2", "q4": "2", "q3": "2"} | tendency) == "yinx"


def test_nothing_found_is_said_so():
    low = answers("tcm_2025") | {"q1": "1", "q2": "2", "q3": "2", "q4": "2", "q5": "1"}
    assert main(low) == "none"


def test_four_leanings_ask_for_another_look():
    found = score(SCALES["tcm_2025"], answers("tcm_2025", "3"), FACTS)
    assert "many" in {flag.code for flag in found.flags}
    three = even("tcm_2025", 5, 1)
    for name in ("yinx", "ts", "xy"):
        three |= dict(zip(rules("tcm_2025")[name].of, "333", strict=True))
    assert "many" not in {flag.code for flag in score(SCALES["tcm_2025"], three, FACTS).flags}


def test_each_sex_is_asked_its_own_question():
    given = answers("tcm_2025", "3")
    del given["q17m"]
    assert score(SCALES["tcm_2025"], given, {"sex": "female"}).status == "computed"
    assert score(SCALES["tcm_2025"], given, {"sex": "male"}).missing == ("q17m",)
    assert score(SCALES["tcm_2025"], given, {}).missing == ("fact:sex",)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=26, max_size=26), st.sampled_from(EIGHT))
def test_more_of_a_leaning_never_lowers_its_score(values, name):
    items = [i.id for i in SCALES["tcm_2025"].items if i.id != "q17m"]
    given = {item: str(v) for item, v in zip(items, values, strict=True)}
    before = score(SCALES["tcm_2025"], given, FACTS)
    item = next(i for i in rules("tcm_2025")[name].of if i in given)
    after = score(SCALES["tcm_2025"], given | {item: str(min(5, int(given[item]) + 1))}, FACTS)
    assert after.score(name).value >= before.score(name).value
