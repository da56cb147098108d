"""Courses with state, what goes with an intervention, what goes together; on paper and on the phone."""

from datetime import date, timedelta

import pypdfium2
import pytest

import resources
from domain.care.content import CARE, load_care
from domain.care.diary_commands import NoteMeal
from domain.care.diary_records import DietMeal
from domain.care.records import CareKind
from domain.catalog.definitions import Interval
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.texts import Texts
from domain.risk.content import load_risk
from domain.trends.courses import CourseState, cause_of, course_of, together
from domain.trends.reading import trends_of
from forms.final_report import trend_charts
from forms.printables import printables
from forms.risk_reporting import _states, _trends

BOOK = load_care(resources.folder("care")).indicators
SBP, LDL = BOOK.indicators["sbp"], BOOK.indicators["ldl"]
PRESSURE = Interval(low=90, below=140)
START = date(2025, 1, 6)


def points(*values, step=60):
    return [(START + timedelta(days=step * at), float(value)) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "state"),
    [((120, 124, 118, 122, 121, 119), CourseState.NORMAL), ((110, 112, 111, 130, 133, 131), CourseState.WITHIN),
     ((172, 170, 174, 152, 148, 150), CourseState.IMPROVING), ((165, 168, 166, 128, 126, 130), CourseState.RECOVERED),
     ((120, 122, 121, 150, 152, 149), CourseState.TURNED), ((145, 147, 146, 172, 170, 175), CourseState.WORSE),
     ((150, 152, 149, 151, 153, 150), CourseState.PERSISTING), ((138, 142, 137, 141, 139, 142), CourseState.SWINGING),
     ((150,), CourseState.FEW), ((), CourseState.FEW)],
)  # fmt: skip
def test_a_course_has_its_state(values, state):
    assert course_of(points(*values), SBP, PRESSURE).state is state


def test_what_measuring_and_the_bodys_own_swing_explain_is_no_change():
    needed = 1.96 * ((2.0**2 + 6.0**2) * 2) ** 0.5
    assert SBP.change(1, 1) == pytest.approx(needed)
    assert SBP.change(3, 3) == pytest.approx(needed * 0.4487**0.5)
    just_under, over = 150 * (1 + (needed - 0.5) / 100), 150 * (1 + (needed + 0.5) / 100)
    assert course_of(points(150, just_under), SBP, PRESSURE).state is CourseState.PERSISTING
    assert course_of(points(150, over), SBP, PRESSURE).state is CourseState.WORSE
    one_bad_day = course_of(points(120, 122, 121, 120, 160, 121, 120), SBP, PRESSURE)
    assert not one_bad_day.counts
    assert one_bad_day.state is CourseState.SWINGING


def test_without_an_interval_a_change_is_neither_better_nor_worse():
    assert course_of(points(80, 80, 76, 75), BOOK.indicators["weight"], None).state is CourseState.FALLING
    assert course_of(points(80, 80, 80, 80.2), BOOK.indicators["weight"], None).state is CourseState.STEADY
    assert course_of(points(100, 110, step=365), LDL, None).yearly == pytest.approx(10.007, abs=0.01)


@pytest.mark.parametrize(
    ("values", "done", "said"),
    [((160, 162, 161, 139, 138, 137), {"膳食": 85.0}, "改善与干预在时间上一致"),
     ((160, 162, 161, 139, 138, 137), {"膳食": 30.0}, "请查其他原因"),
     ((145, 146, 144, 170, 172, 171), {"膳食": 90.0}, "请医师复核方案"),
     ((145, 146, 144, 170, 172, 171), {"膳食": 90.0, "运动": 20.0}, "先改善执行"),
     ((150, 151, 150, 151, 150, 152), {"膳食": 90.0}, "未超出测量误差"),
     ((150, 151, 150, 151, 150, 152), {}, "没有相应干预")],
)  # fmt: skip
def test_a_change_is_laid_beside_the_intervention_and_how_much_of_it_was_done(values, done, said):
    found = cause_of(points(*values), SBP, PRESSURE, START + timedelta(days=121), done, BOOK.least)
    assert said in found.said
    assert (found.before is not None, found.under is not None) == (True, True)


def test_without_a_value_before_or_after_nothing_is_compared():
    assert "不能比较" in cause_of(points(150, 140), SBP, PRESSURE, START - timedelta(days=1), {}, 70).said


def test_two_series_go_together_only_with_enough_pairs_and_an_interval_without_none():
    weight = points(80, 79, 78, 77, 76, 75, 74, 73, step=30)
    falling = points(160, 157, 155, 150, 148, 141, 139, 135, step=30)
    found = together("sbp", "weight", falling, weight)
    assert (found.pairs, found.rho, found.counts) == (8, 1.0, True)
    assert 0.9 < found.low <= found.high <= 1
    wild = points(150, 141, 158, 140, 152, 149, 139, 157, step=30)
    assert not together("sbp", "weight", wild, weight).counts
    few = together("sbp", "weight", falling[:5], weight[:5])
    assert (few.pairs, few.rho, few.counts) == (5, None, False)
    far = [(day + timedelta(days=13), value) for day, value in weight]
    assert together("sbp", "weight", falling, far).pairs == 0


@pytest.fixture
def measured(care):
    """A client measured before and under a plan whose diet was carried out."""
    patient = care.client()

    def measure(sbp, weight):
        visit = care.run(OpenVisit(patient_id=patient), care.nurse).visit_id
        care.run(Arrive(visit_id=visit), care.nurse)
        values = [
            Measured(item="sbp", value=sbp, unit="mm[Hg]"),
            Measured(item="weight", value=weight, unit="kg"),
        ]
        care.run(RecordMeasurement(visit_id=visit, values=values), care.nurse)
        care.clock.advance(timedelta(days=1))

    return patient, measure


def test_a_clients_courses_are_read_with_unit_interval_and_cause_and_print(care, measured):
    from domain.care.plan_commands import SignPlan

    patient, measure = measured
    for sbp in (168, 166, 169):
        measure(sbp, 82)
    plan_id = care.plan(patient)
    care.item(plan_id, CareKind.DIET, "少盐")
    care.run(SignPlan(care_plan_id=plan_id))
    care.clock.advance(timedelta(days=1))
    for sbp in (142, 141, 143):
        measure(sbp, 80)
    care.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    with care.desk.store.read() as connection:
        names = {kind: str(kind) for kind in CareKind}
        found = trends_of(
            connection, care.desk.content[CARE], care.desk.content["catalog"], patient, care.clock(), names
        )
    by_item = {one.item: one for one in found.told}
    assert by_item["sbp"].course.state is CourseState.IMPROVING
    assert by_item["sbp"].cause.before == 168
    assert by_item["weight"].course.state is CourseState.FALLING
    assert [(pair.one, pair.other, pair.pairs) for pair in found.pairs] == [("sbp", "weight", 6)]
    pdf = printables()["trends"].make(care.desk, care.doctor, patient)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    for said in ("指 标 趋 势 分 析 报 告", "收缩压", "逐步改善", "参考变化值", "待核定"):
        assert said in text


def test_the_state_stands_in_the_health_assessment_report(care, measured):
    patient, measure = measured
    for sbp in (145, 147, 146, 172, 170, 175):
        measure(sbp, 82)
    models = load_risk(resources.folder("risk"), care.desk.content["catalog"])
    with care.desk.store.read() as connection:
        states = _states(care.desk, connection, patient)
        [entry] = [one for one in _trends(connection, patient, models, states) if one["title"] == "收缩压"]
    assert entry["state"] == "明显加重"
    assert "收缩压（明显加重）" in trend_charts([entry])[0].alt


def test_a_value_is_laid_beside_what_was_eaten_in_the_week_before_it(care, measured):
    patient, _ = measured
    grams = (400, 380, 350, 300, 260, 220, 200)
    for at, eaten in enumerate(grams):
        for _ in range(3):
            care.run(NoteMeal(patient_id=patient, meal=DietMeal.LUNCH, foods=f"米饭 {eaten} g"), care.nurse)
            care.clock.advance(timedelta(days=1))
        visit = care.run(OpenVisit(patient_id=patient), care.nurse).visit_id
        care.run(Arrive(visit_id=visit), care.nurse)
        value = [Measured(item="weight", value=80 - at * 0.9, unit="kg")]
        care.run(RecordMeasurement(visit_id=visit, values=value), care.nurse)
        care.clock.advance(timedelta(days=7))
    with care.desk.store.read() as connection:
        content, catalog = care.desk.content[CARE], care.desk.content["catalog"]
        found = trends_of(
            connection, content, catalog, patient, care.clock(), {kind: str(kind) for kind in CareKind}
        )
    [pair] = [one for one in found.pairs if one.other == "diet.kcal"]
    assert (pair.one, pair.pairs, pair.rho, pair.counts) == ("weight", 7, 1.0, True)
