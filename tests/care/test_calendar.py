"""A month of check-ins, on paper and in numbers, and supplements beside the diet that is prescribed."""

from datetime import date, datetime, timedelta

import pypdfium2
import pytest

import resources
from domain.care.calendar import month_of, sums_of, supplements_in
from domain.care.content import CARE
from domain.care.diet_commands import PrescribeDiet
from domain.care.plan_commands import SignPlan
from domain.care.records import CareKind, CareOutcome
from domain.care.schedules import Course, schedule_of
from domain.care.supplement_commands import NoteDiet, PrescribeSupplement
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from forms.printables import printables

FIRST = date(2026, 11, 1)
TWICE = Course(schedule_of({"at": ["08:00", "20:00"], "window_h": 4}), date(2026, 11, 3), date(2026, 11, 28))


def at(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=CLINIC_TIME)


def test_every_day_of_a_month_has_a_mark_for_each_time_it_was_to_be_taken():
    noted = {
        at(3, 8): CareOutcome.DONE, at(3, 20): CareOutcome.PART, at(4, 8): CareOutcome.MISSED,
        at(4, 20): CareOutcome.EXCUSED, at(6, 20): CareOutcome.DONE,
    }  # fmt: skip
    days, done, asked = month_of(TWICE, noted, at(3, 7), FIRST, at(6, 19))
    marks = {day.day.day: day.marks for day in days}
    assert len(days) == 30
    assert (marks[2], marks[3], marks[4], marks[5], marks[6], marks[7]) == ("", "√△", "×○", "××", "×√", "··")
    assert (marks[28], marks[29]) == ("··", "")
    assert (done, asked) == (3, 7)


@pytest.fixture
def taken(care):
    patient = care.client()
    plan_id = care.plan(patient)
    diet = PrescribeDiet(care_plan_id=plan_id, kcal=1800, protein_g=72, fat_g=56, carb_g=252)
    care.run(diet)
    item = PrescribeSupplement(
        care_plan_id=plan_id, label="复合片", content="钙 300 mg，维生素D 5 µg", dose=2, times="08:00"
    )
    item_id = care.run(item)
    care.run(SignPlan(care_plan_id=plan_id))
    return patient, plan_id, item_id


def test_the_calendar_and_the_sum_line_by_line_are_printed(care, taken):
    patient, plan_id, item_id = taken
    care.run(NoteDiet(patient_id=patient, amounts="钙 500 mg", method="三日膳食"), care.nurse)
    care.later(hours=1)
    care.note(item_id)
    with care.desk.store.read() as connection:
        [month] = supplements_in(connection, patient, care.today.replace(day=1), care.clock())
        sums = {
            one.code: one for one in sums_of(connection, care.desk.content[CARE], patient, care.today, 58)
        }
    assert (month.done, month.asked, month.rate) == (1, 1, 100)
    assert (sums["ca"].supplements, sums["ca"].diet, sums["ca"].upper, sums["ca"].over) == (
        600,
        500,
        2000,
        False,
    )
    assert sums["vd"].parts == (("复合片", 10.0),)
    care.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    pdf = printables()["supplements"].make(care.desk, care.doctor, plan_id)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    for said in ("复合片", "1100 mg", "2000 mg", "打卡日历", "已打卡 1 / 应打卡 1 次"):
        assert said in text


def test_protein_powder_is_counted_with_the_protein_of_the_diet_that_is_prescribed(care, taken):
    patient, plan_id, _ = taken
    order = {"care_plan_id": plan_id, "label": "乳清蛋白粉", "times": "10:00"}
    with pytest.raises(DomainError, match=r"care\.over_upper") as error:
        care.run(PrescribeSupplement(**order, content="乳清蛋白 20 g"))
    assert (error.value.field, error.value.facts["nutrient"], error.value.facts["upper"]) == (
        "content",
        "蛋白质",
        "90",
    )
    care.run(PrescribeSupplement(**order, content="乳清蛋白 15 g"))
    with care.desk.store.read() as connection:
        [protein] = [
            one for one in sums_of(connection, care.desk.content[CARE], patient, care.today + timedelta(days=1), 58)
            if one.code == "protein"
        ]  # fmt: skip
    assert (protein.supplements, protein.diet, protein.upper) == (15, 72, 90)


def test_who_takes_none_has_nothing_to_print(care):
    plan_id = care.plan(care.client())
    care.item(plan_id, CareKind.DIET, "少盐")
    with pytest.raises(DomainError, match=r"care\.no_supplement"):
        printables()["supplements"].make(care.desk, care.doctor, plan_id)
