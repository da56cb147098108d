"""Exercise is changed by a physician, swapped by the client, noted in a diary that counts, and reported by week."""

from datetime import date, timedelta

import pytest

from domain.care.activities import Done, as_much, burnt, moved
from domain.care.exercise_commands import ChangeExercise, ClientSwapsExercise, NoteExercise, SwapExercise
from domain.care.exercise_reading import moved_lately
from domain.care.exercise_records import ExerciseEntry
from domain.care.plan_commands import SignPlan
from domain.care.programme_commands import ApplyProgramme
from domain.care.records import CareEvent, CareItem, CareKind, CareOutcome
from domain.checkup.form_commands import AnswerForm
from domain.kernel.errors import DomainError
from domain.kernel.ids import stable_id
from tests.care.test_programmes import MODERATE, known  # noqa: F401  (a fixture)
from tests.scales.answering import least
from tests.scales.conftest import SCALES

MONDAY = date(2026, 11, 2)


def refused(care, order, actor=None):
    with pytest.raises(DomainError) as error:
        care.run(order, actor)
    return error.value


@pytest.fixture
def moves(care, known):  # noqa: F811
    """The first month's exercise of a signed programme for high blood pressure."""
    for scale, answers in (("parq", least(SCALES["parq"])), ("ipaq", MODERATE)):
        order = AnswerForm(patient_id=known, form=scale, form_version="1.0.0", answers=answers)
        care.run(order, care.nurse)
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="高血压", level="低危"))
    care.run(SignPlan(care_plan_id=plan_id))
    return min(care.rows(CareItem, kind=CareKind.EXERCISE), key=lambda item: item.from_on)


def test_energy_is_that_of_the_compendium_and_another_way_costs_as_much():
    assert burnt(3.8, 82, 30) == pytest.approx(3.8 * 3.5 * 82 / 200 * 30, abs=0.05)
    assert burnt(3.8, None, 30) is None
    assert as_much(30, 3.8, 3.0) == 40
    assert as_much(30, 3.8, 5.8) == 20
    assert (as_much(5, 2.3, 8), as_much(300, 8, 2)) == (10, 120)


def test_the_physician_changes_items_and_intensity_inside_the_limit(care, moves):
    change = {"care_item_id": moves.id, "reason": "膝痛"}
    care.run(ChangeExercise(**change, ways="游泳、太极", minutes=25, times=4, low=40, high=50))
    now = care.one(CareItem, id=moves.id)
    assert now.detail["ways"] == ["SWIM", "TAICHI"]
    assert (now.target_value, now.detail["minutes"], len(now.schedule["weekdays"])) == (25, 100, 4)
    assert (now.detail["reserve"], now.detail["target"]) == ([40, 50], 45)
    assert (now.detail["met_minutes"], "游泳" in now.label, now.reason) == (580, True, "膝痛")
    over = refused(care, ChangeExercise(**change, high=75))
    assert (over.code, over.field, over.facts["limit"]) == ("care.over_intensity", "accepted", "59")
    assert care.run(ChangeExercise(**change, high=75, accepted="心肺运动试验达标，监护下进行")) == moves.id
    assert care.one(CareItem, id=moves.id).detail["limit"] == [40, 59]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [({"ways": "蹦极"}, "care.no_way", "ways"), ({"low": 70, "high": 50}, "care.bad_intensity", "high")],
)
def test_what_cannot_be_prescribed_is_refused_and_changes_nothing(care, moves, given, code, field):
    error = refused(care, ChangeExercise(care_item_id=moves.id, reason="试", **given))
    assert (error.code, error.field) == (code, field)
    assert care.one(CareItem, id=moves.id).detail == moves.detail
    assert (
        refused(care, ChangeExercise(care_item_id=moves.id, reason="试"), care.nurse).code
        == "permission.denied"
    )


def test_the_client_takes_another_way_that_fits_for_as_long_as_costs_as_much(care, moves):
    before = care.one(CareItem, id=moves.id)
    minutes = care.run(SwapExercise(care_item_id=moves.id, takes="太极"), care.nurse)
    now = care.one(CareItem, id=moves.id)
    assert now.detail["ways"][0] == "TAICHI"
    assert set(now.detail["ways"]) == set(before.detail["ways"])
    met = care.desk.content["care"].programmes.names[before.detail["ways"][0]].met
    assert now.target_value == minutes == as_much(before.target_value, met, 3.0)
    error = refused(care, SwapExercise(care_item_id=moves.id, takes="呼吸训练"), care.nurse)
    assert (error.code, error.field) == ("care.no_way", "takes")
    assert "游泳" in error.facts["known"]
    other = ClientSwapsExercise(patient_id=stable_id("other"), care_item_id=moves.id, takes="太极")
    assert refused(care, other, care.reader.actor).code == "care_item.unknown"


def test_the_days_bouts_together_count_as_carrying_out_the_prescription(care, moves):
    def days_until_asked():
        while care.today.isoweekday() not in moves.schedule["weekdays"]:
            care.later(days=1)

    days_until_asked()
    noted = {"patient_id": moves.patient_id, "activity": "快走"}
    kcal = care.run(NoteExercise(**noted, minutes=moves.target_value / 2, heart_rate=112), care.nurse)
    assert kcal == burnt(3.8, 82, moves.target_value / 2)
    care.later(minutes=5)
    care.run(NoteExercise(**{**noted, "activity": "太极"}, minutes=moves.target_value / 2), care.nurse)
    events = sorted(care.rows(CareEvent, item_id=moves.id), key=lambda event: event.at)
    assert [event.outcome for event in events] == [CareOutcome.PART, CareOutcome.DONE]
    assert events[-1].value == moves.target_value
    with care.desk.store.read() as connection:
        report = moved_lately(connection, moves.patient_id, care.today)
    week = report.weeks[0]
    assert (week.days, week.minutes) == (1, moves.target_value)
    assert week.wanted == pytest.approx(moves.target_value * sum(
        care.today - timedelta(days=care.today.isoweekday() - 1) + timedelta(days=day - 1) >= moves.from_on
        for day in moves.schedule["weekdays"]
    ))  # fmt: skip
    assert week.kcal == pytest.approx(
        burnt(3.8, 82, week.minutes / 2) + burnt(3.0, 82, week.minutes / 2), abs=1
    )


def test_bad_entries_name_the_field_and_leave_nothing(care, moves):
    noted = {"patient_id": moves.patient_id, "minutes": 20}
    error = refused(care, NoteExercise(**noted, activity="快跑走"), care.nurse)
    assert (error.code, error.field) == ("care.no_activity_named", "activity")
    assert "快走" in error.facts["known"]
    for day in (care.today + timedelta(days=1), care.today - timedelta(days=31)):
        assert refused(care, NoteExercise(**noted, activity="快走", day=day), care.nurse).field == "day"
    assert care.rows(ExerciseEntry) == []


def test_the_report_tells_reach_intensity_course_and_breaks():
    def did(week, day, minutes, met=3.8):
        return Done(MONDAY + timedelta(days=7 * week + day), "快走", minutes, met, met * minutes)

    entries = [did(0, day, 40) for day in range(4)] + [did(1, day, 40) for day in range(4)]
    entries += [did(2, 0, 30), did(2, 1, 30, 7.0)]
    wanted = {MONDAY + timedelta(days=7 * week): 150.0 for week in range(4)}
    report = moved(entries, wanted, MONDAY + timedelta(days=21), 4)
    assert [week.minutes for week in report.weeks] == [0, 60, 160, 160]
    assert (report.weeks[1].reached, report.weeks[1].moderate, report.weeks[1].vigorous) == (40, 30, 30)
    said = "".join(report.said)
    for part in ("为处方的 40%，未达到处方量", "不足 150 分钟", "减少 62%", "连续 5 天没有运动记录"):
        assert part in said
    good = moved(entries, wanted, MONDAY + timedelta(days=13), 2)
    assert "达到处方量" in good.said[0]
    assert good.most == (("快走", 320.0),)
    assert moved([], {}, MONDAY, 4).said != ()
