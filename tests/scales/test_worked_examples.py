"""Published and hand-worked examples of the scales, and where each rule turns."""

import pytest

from domain.scales.scoring import score
from domain.scales.values import answers_of_response
from tests.scales.answering import least, reaching

CAUSES = ("waking", "toilet", "breath", "snore", "cold", "hot", "dreams", "pain", "other")
TIMES = ("none", "rare", "some", "often")


def night(
    latency=30, asleep=7, bed=(23, 0), up=(7, 0), late=1, causes=5, quality="good", medicine=0, day=(1, 1)
):
    """Return answers of the sleep form; `causes` is the sum of what disturbs."""
    answers = {"bed-hour": bed[0], "bed-minute": bed[1], "up-hour": up[0], "up-minute": up[1]}
    answers |= {"latency": latency, "asleep": asleep, "cause-latency": TIMES[late], "quality": quality}
    for name in CAUSES:
        step = min(3, causes)
        answers[f"cause-{name}"], causes = TIMES[step], causes - step
    energy = ("none", "slight", "some", "much")
    return answers | {"medicine": TIMES[medicine], "sleepy": TIMES[day[0]], "vigour": energy[day[1]]}


def test_the_sleep_example(scale):
    found = score(scale("psqi"), night())
    values = {one.id: one.value for one in found.scores}
    assert {key: values[key] for key in "ABCDEFG"} == {"A": 1, "B": 1, "C": 0, "D": 0, "E": 1, "F": 0, "G": 1}
    assert (found.status, found.total.value) == ("computed", 4)
    assert not {flag.code for flag in found.flags}


@pytest.mark.parametrize(
    ("changes", "component", "points"),
    [
        ({"latency": 15, "late": 0}, "B", 0),
        ({"latency": 16, "late": 0}, "B", 1),
        ({"latency": 30, "late": 1}, "B", 1),
        ({"latency": 31, "late": 1}, "B", 2),
        ({"latency": 60, "late": 2}, "B", 2),
        ({"latency": 61, "late": 2}, "B", 3),
        ({"asleep": 7}, "C", 0),
        ({"asleep": 6.9}, "C", 1),
        ({"asleep": 6}, "C", 1),
        ({"asleep": 5.9}, "C", 2),
        ({"asleep": 5}, "C", 2),
        ({"asleep": 4.9}, "C", 3),
        ({"asleep": 6.8}, "D", 0),  # of 8 hours: 85 %
        ({"asleep": 6.7}, "D", 1),
        ({"asleep": 6}, "D", 1),  # 75 %
        ({"asleep": 5.9}, "D", 2),
        ({"asleep": 5.2}, "D", 2),  # 65 %
        ({"asleep": 5.1}, "D", 3),
        ({"causes": 0}, "E", 0),
        ({"causes": 1}, "E", 1),
        ({"causes": 9}, "E", 1),
        ({"causes": 10}, "E", 2),
        ({"causes": 18}, "E", 2),
        ({"causes": 19}, "E", 3),
        ({"medicine": 3}, "F", 3),
        ({"day": (0, 0)}, "G", 0),
        ({"day": (1, 1)}, "G", 1),
        ({"day": (3, 0)}, "G", 2),
        ({"day": (3, 2)}, "G", 3),
    ],
)
def test_each_component_of_sleep_turns_where_the_rule_says(scale, changes, component, points):
    assert score(scale("psqi"), night(**changes)).score(component).value == points


def test_a_night_within_one_day_and_one_past_midnight_are_as_long(scale):
    late, early = night(bed=(1, 30), up=(9, 30)), night(bed=(22, 15), up=(6, 15))
    efficiency = [score(scale("psqi"), a).score("efficiency").value for a in (late, early)]
    assert efficiency == [87.5, 87.5]
    long = score(scale("psqi"), night(bed=(20, 30), up=(10, 30), asleep=7)).score("efficiency").value
    assert long == 50


def test_more_sleep_than_bed_is_told_and_not_judged(scale):
    found = score(scale("psqi"), night(asleep=9))
    assert [flag.kind for flag in found.flags] == ["invalid"]
    assert (found.total.band, found.total.text) == ("", "")


def test_what_else_disturbs_sleep_may_be_left_out(scale):
    answers = night(causes=0)
    del answers["cause-other"]
    assert score(scale("psqi"), answers).status == "computed"


def test_the_chinese_bands_of_sleep_carry_their_mark(scale):
    found = score(scale("psqi"), night())
    assert found.total.unverified
    assert "scales.unverified" in [sentence.code for sentence in found.explanation]


def week(**given):
    names = ("vigorous", "moderate", "walking")
    told = {
        f"{n}-{part}": v
        for n in names
        for part, v in zip(("days", "minutes"), given.get(n, (0, None)), strict=True)
    }
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize(
    ("given", "total", "level"),
    [
        ({"vigorous": (3, 30), "moderate": (2, 40), "walking": (5, 30)}, 1535, "high"),
        ({"vigorous": (3, 62)}, 1488, "moderate"),  # below 1500, yet 20 minutes on 3 days
        ({"vigorous": (3, 63)}, 1512, "high"),
        ({"vigorous": (3, 19)}, 456, "low"),
        ({"vigorous": (3, 20)}, 480, "moderate"),
        ({"moderate": (4, 30)}, 480, "low"),
        ({"moderate": (5, 29)}, 580, "low"),
        ({"moderate": (5, 30)}, 600, "moderate"),
        ({"walking": (5, 30)}, 495, "moderate"),
        ({"moderate": (2, 30), "walking": (3, 30)}, 537, "moderate"),
        ({"moderate": (7, 100)}, 2800, "moderate"),
        ({"moderate": (7, 110)}, 3080, "high"),
        ({"vigorous": (7, 9)}, 0, "low"),  # under ten minutes does not count
        ({"vigorous": (7, 10)}, 560, "low"),
        ({"walking": (7, 300)}, 4158, "high"),  # counts as 180 minutes
        ({}, 0, "low"),
    ],
)
def test_activity_by_the_week(scale, given, total, level):
    found = score(scale("ipaq"), week(**given))
    assert found.score("met-total").value == pytest.approx(total)
    assert (found.total.id, found.total.band) == ("level", level)


def test_more_than_sixteen_hours_a_day_is_not_judged(scale):
    given = {"vigorous": (7, 400), "moderate": (7, 400), "walking": (7, 161)}
    found = score(scale("ipaq"), week(**given))
    assert [flag.code for flag in found.flags] == ["impossible"]
    assert found.total.band == ""
    kept = score(scale("ipaq"), week(**{**given, "walking": (7, 160)}))
    assert kept.total.band == "high"


def test_days_without_their_minutes_are_incomplete(scale):
    found = score(scale("ipaq"), week(moderate=(3, None)))
    assert (found.status, found.missing, found.total) == ("incomplete", ("moderate-minutes",), None)


@pytest.mark.parametrize(("minutes", "band"), [(479, "normal"), (480, "long")])
def test_sitting_is_told_apart(scale, minutes, band):
    found = score(scale("ipaq"), week() | {"sitting": minutes})
    assert (found.score("sitting-time").band, found.score("sitting-time").unverified) == (band, True)


def test_zung_all_second_answers(scale):
    found = score(scale("sas"), {f"q{n}": "b" for n in range(1, 21)})
    assert (found.score("raw").value, found.total.value, found.total.band) == (45, 56, "mild")


def test_the_first_two_mood_questions_screen_by_themselves(scale):
    two = score(scale("phq9"), reaching(scale("phq9"), 2))
    three = score(scale("phq9"), reaching(scale("phq9"), 3))
    assert (two.score("phq2").band, three.score("phq2").band) == ("negative", "positive")


@pytest.mark.parametrize(("answer", "flagged"), [("none", False), ("some", True), ("most", True)])
def test_any_thought_of_self_harm_starts_the_safety_flow(scale, answer, flagged):
    found = score(scale("phq9"), least(scale("phq9")) | {"self-harm": answer})
    assert found.safety is flagged
    assert found.advice[:1] == (("safety",) if flagged else ())


def test_the_safety_flow_does_not_wait_for_the_other_questions(scale):
    found = score(scale("phq9"), {"self-harm": "some"})
    assert (found.status, found.total, found.safety) == ("incomplete", None, True)
    assert found.explanation[1].code == "scales.safety"


@pytest.mark.parametrize(("name", "item", "answer"), [("sds", "q19", "b"), ("gds15", "q14", "yes"),
                                                      ("gds15", "q12", "yes"), ("gds15", "q11", "no")])  # fmt: skip
def test_other_mood_scales_start_it_too(scale, name, item, answer):
    assert score(scale(name), {item: answer}, {"age": 70}).safety
    assert not score(scale(name), {}, {"age": 70}).safety


@pytest.mark.parametrize(("age", "status"), [(59, "not_applicable"), (60, "computed"), (None, "incomplete")])
def test_a_scale_for_the_old_is_not_scored_for_the_young(scale, age, status):
    answers = {f"q{n}": "yes" for n in range(1, 16)}
    found = score(scale("gds15"), answers, {} if age is None else {"age": age})
    assert found.status == status
    assert (found.total is None) == (status != "computed")


def test_safety_holds_also_outside_the_ages_of_the_scale(scale):
    assert score(scale("gds15"), {"q14": "yes"}, {"age": 40}).safety


def test_answers_are_read_from_a_fhir_response():
    response = {
        "item": [
            {"linkId": "g", "item": [
                {"linkId": "a", "answer": [{"valueCoding": {"system": "s", "code": "half"}}]},
                {"linkId": "b", "answer": [{"valueDecimal": 7.5, "item": [
                    {"linkId": "c", "answer": [{"valueBoolean": False}]}]}]},
                {"linkId": "d", "answer": [{"valueString": "x"}, {"valueString": "y"}]},
            ]},
        ]
    }  # fmt: skip
    assert answers_of_response(response) == {"a": "half", "b": 7.5, "c": False, "d": ["x", "y"]}
