"""Supplements of a physician's own: limits, interactions, and what a day with the diet comes to."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import resources
from domain.alerts.records import Alert
from domain.care.execution_commands import NoteExecution
from domain.care.intake_records import CareIntake
from domain.care.item_commands import AddItem
from domain.care.nutrients import IN_MG, acting, amounts_said, load_nutrition
from domain.care.plan_commands import SignPlan
from domain.care.records import CareEvent, CareItem, CareKind, CareOutcome
from domain.care.supplement_commands import NoteDiet, PrescribeSupplement
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.messaging.templates import TEMPLATES, load_templates

NUTRIENTS, INTERACTIONS = load_nutrition(resources.folder("care"))
MORNING = "08:00"


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("维生素D 10 µg，钙 300 mg", {"vd": 10, "ca": 300}),
        ("VD10微克；Ca 0.3 g", {"vd": 10, "ca": 300}),
        ("维D 400", {"vd": 400}),
        ("EPA+DHA 1000mg", {"omega3": 1}),
    ],
)
def test_amounts_are_read_as_people_write_them(text, amounts):
    assert amounts_said(NUTRIENTS, text) == pytest.approx(amounts)


@pytest.mark.parametrize("text", ["维生素D", "维生素Q 3 mg", "钙 300 IU", "钙 100 mg，钙 200 mg", "10 µg"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        amounts_said(NUTRIENTS, text)


def test_limits_of_the_source_and_what_was_read_nowhere():
    known = NUTRIENTS.nutrients
    assert (known["vd"].upper(40), known["b6"].upper(49), known["b6"].upper(50)) == (50, 60, 55)
    assert (known["niacin"].upper(64), known["niacin"].upper(65), known["niacin"].upper(75)) == (
        310,
        300,
        290,
    )
    assert known["vk"].upper(40) is None
    assert {code for code, one in known.items() if one.status != "V"} == {"mg", "omega3"}
    assert all(one.unit in IN_MG for one in known.values())


@pytest.mark.parametrize(
    ("given", "taken", "level"),
    [
        ("红曲胶囊", "阿托伐他汀片", "severe"),
        ("深海鱼油软胶囊", "华法林钠片", "moderate"),
        ("碳酸钙D3片", "左甲状腺素钠片", "moderate"),
        ("维生素C", "硫酸亚铁", "minor"),
        ("鱼油", "阿莫西林", None),
        ("", "华法林", None),
    ],
)
def test_what_acts_on_what_is_found_in_the_names_of_products(given, taken, level):
    found = acting(INTERACTIONS, [given], [taken])
    assert (found[0].level if found else None) == level
    assert all(pair.source for pair in found)


def test_every_pair_says_how_bad_it_is_and_where_that_was_read():
    assert len(INTERACTIONS.pairs) == len({one.id for one in INTERACTIONS.pairs}) == 150
    assert all(one.effect and one.source for one in INTERACTIONS.pairs)
    assert INTERACTIONS.classes.status == "UNVERIFIED", "nobody has checked the members yet"


@pytest.fixture
def patient_id(care):
    return care.client()


@pytest.fixture
def plan_id(care, patient_id):
    made = care.plan(patient_id)
    care.item(made, CareKind.MONITORING, "血压", watched="sbp")
    care.run(SignPlan(care_plan_id=made))
    return made


def prescribes(care, plan_id, content, **more):
    given = {"label": "钙片", "times": MORNING, **more}
    return care.run(PrescribeSupplement(care_plan_id=plan_id, content=content, **given))


def item(care, item_id):
    with care.desk.store.read() as connection:
        return connection.execute(select(CareItem.__table__).where(CareItem.id == item_id)).one()


def intakes(care, **where):
    with care.desk.store.read() as connection:
        found = connection.execute(select(CareIntake.__table__)).all()
    return [one for one in found if all(getattr(one, name) == value for name, value in where.items())]


def alerts(care):
    with care.desk.store.read() as connection:
        return connection.execute(select(Alert.__table__).where(Alert.rule == "A-016")).all()


def took(care, item_id, doses, at=None):
    order = NoteExecution(care_item_id=item_id, outcome=CareOutcome.DONE, value=doses, occasion_at=at)
    care.run(order)


def test_a_prescription_keeps_what_a_dose_has(care, plan_id):
    own = prescribes(care, plan_id, "钙 300 mg，维生素D 5 µg", dose=2, times="08:00、20:00")
    kept = item(care, own)
    assert (kept.kind, kept.target_value) == (CareKind.SUPPLEMENT, 2)
    assert kept.detail["nutrients"] == {"ca": 300, "vd": 5}


def test_supplements_and_diet_together_stay_under_the_upper_intake(care, plan_id, patient_id):
    prescribes(care, plan_id, "钙 600 mg", times="08:00、20:00")
    care.run(NoteDiet(patient_id=patient_id, amounts="钙 500 mg", method="三日膳食记录"))
    with pytest.raises(DomainError) as refused:
        prescribes(care, plan_id, "钙 301 mg")
    said = refused.value
    assert (said.code, said.field) == ("care.over_upper", "content")
    assert (said.facts["whole"], said.facts["others"], said.facts["diet"]) == ("2001", "1200", "500")
    assert prescribes(care, plan_id, "钙 300 mg")


@pytest.mark.parametrize("content", ["白开水", "，"])
def test_a_content_that_cannot_be_read_is_said_beside_its_field(care, plan_id, content):
    with pytest.raises(DomainError) as refused:
        prescribes(care, plan_id, content)
    assert (refused.value.code, refused.value.field) == ("care.bad_content", "content")


def test_what_is_taken_already_is_looked_at_wherever_it_stands(care, plan_id):
    care.run(AddItem(care_plan_id=plan_id, kind=CareKind.MEDICATION, label="华法林钠片", times=MORNING))
    with pytest.raises(DomainError, match=r"care\.acts_on"):
        prescribes(care, plan_id, "EPA+DHA 1 g", label="鱼油")
    own = prescribes(care, plan_id, "EPA+DHA 1 g", label="鱼油", accepted="INR 稳定，每月复查")
    assert "华法林" in item(care, own).detail["hints"][0]
    with pytest.raises(DomainError, match=r"care\.must_not"):
        prescribes(care, plan_id, "植物甾醇 1 g", label="红曲胶囊", medicines="辛伐他汀", accepted="坚持")


def test_only_a_physician_prescribes(care, plan_id):
    with pytest.raises(DomainError):
        care.run(
            PrescribeSupplement(care_plan_id=plan_id, label="x", content="钙 300 mg", times=MORNING),
            care.nurse,
        )


def test_more_than_was_prescribed_is_told_and_a_correction_takes_it_back(care, plan_id):
    care.desk.content[TEMPLATES] = load_templates(resources.folder("messages"))
    own = prescribes(care, plan_id, "维生素D 10 µg", label="维D")
    care.later(hours=1)
    today = clinic(care.clock()).date()
    took(care, own, 1)
    [intake] = intakes(care, nutrient="vd", day=today)
    assert (intake.taken, intake.prescribed, intake.percent) == (10, 10, 100)
    assert alerts(care) == []
    begins = next(iter(_occasions(care, own)))
    took(care, own, 1.5, begins)
    [alert] = alerts(care)
    assert alert.state == "open"
    assert "处方日量的 150.0%" in alert.summary
    took(care, own, 1, begins)
    assert alerts(care)[0].state == "closed"


def _occasions(care, item_id):
    with care.desk.store.read() as connection:
        return set(
            connection.execute(select(CareEvent.occasion_at).where(CareEvent.item_id == item_id)).scalars()
        )


def test_a_diet_that_is_noted_later_counts_at_once(care, plan_id, patient_id):
    own = prescribes(care, plan_id, "铁 30 mg", label="铁剂")
    care.later(hours=1)
    took(care, own, 1)
    assert intakes(care, nutrient="fe")[0].why == "处方日量"
    care.run(NoteDiet(patient_id=patient_id, amounts="铁 12.6 mg", method="三日膳食记录"))
    [intake] = intakes(care, nutrient="fe")
    assert (intake.diet, intake.why, intake.percent) == (12.6, "可耐受最高摄入量", 101.4)
    assert len(alerts(care)) == 1
    tomorrow = clinic(care.clock()).date() + timedelta(days=1)
    with pytest.raises(DomainError, match=r"care\.too_early"):
        care.run(NoteDiet(patient_id=patient_id, amounts="铁 1 mg", method="x", from_on=tomorrow))
