"""An institution's conditions draft plans by themselves, for whom they hold and who has none."""

from datetime import date, timedelta

import pytest

import resources
from domain.care.plan_commands import SignPlan, StopPlan
from domain.care.preset_commands import AGAIN_AFTER, SetPreset
from domain.care.preset_records import CarePreset
from domain.care.presets import Preset, conditions_said
from domain.care.records import CarePlan
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel
from domain.scales.content import scale_content
from tests.care.conftest import CATALOG, SYSTEM

UNITS = {"height": "cm", "weight": "kg", "sbp": "mm[Hg]", "dbp": "mm[Hg]"}


@pytest.fixture
def boss(as_role):
    return as_role("administrator")


@pytest.fixture
def measured(care):
    """Return a function that measures a client, a new one of 172 cm and 82 kg without one."""
    made = scale_content(resources.folder("scales"), resources.folder("forms"))
    care.desk.content |= {name: make() for name, make in made.items()}

    visits, names = {}, iter("甲乙丙丁")

    def client():
        return care.run(
            RegisterPatient(name=f"王{next(names)}", sex=Sex.MALE, birth_date=date(1968, 3, 2)), care.nurse
        ).patient_id

    def measure(patient=None, **values):
        given = values if patient is not None else {"height": 172, "weight": 82, **values}
        patient = patient or client()
        if patient not in visits:
            visits[patient] = care.run(OpenVisit(patient_id=patient), care.nurse).visit_id
            care.run(Arrive(visit_id=visits[patient]), care.nurse)
        visit = visits[patient]
        taken = [Measured(item=item, value=value, unit=UNITS[item]) for item, value in given.items()]
        care.run(RecordMeasurement(visit_id=visit, values=taken), care.nurse)
        return patient

    return measure


def sets(care, boss, **more):
    given = {
        "name": "高血压",
        "conditions": "收缩压 ≥ 140",
        "diseases": "高血压",
        "level": "中危",
        "reason": "院内规范",
    }
    return care.run(SetPreset(**given | more), boss)


def plans(care):
    return care.rows(CarePlan)


def test_conditions_are_read_as_people_write_them():
    said = conditions_said(CATALOG, "收缩压≥140，weight > 80.5 kg；dbp <= 89")
    assert [(one["item"], one["op"], one["value"]) for one in said] == [
        ("sbp", "ge", 140), ("weight", "gt", 80.5), ("dbp", "le", 89),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["收缩压", "血压 ≥ 140", "收缩压 ≥ 140 kPa", "收缩压 ≥ 1400", "收缩压 高于 140"]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        conditions_said(CATALOG, text)


def test_all_conditions_and_the_colour_have_to_hold():
    preset = Preset(
        "x", 1, (("sbp", "ge", 140), ("weight", "gt", 80)), frozenset({"red"}), ("HTN",), None, "light"
    )
    assert preset.holds({"sbp": 140, "weight": 81}, "red")
    assert not preset.holds({"sbp": 140, "weight": 80}, "red")
    assert not preset.holds({"sbp": 140, "weight": 81}, "orange")
    assert not preset.holds({"sbp": 140}, "red"), "what was never measured does not hold"


def test_a_plan_is_drafted_for_whom_the_conditions_hold_and_waits_for_a_signature(care, boss, measured):
    sets(care, boss)
    measured(sbp=139, dbp=80)
    assert plans(care) == []
    ill = measured(sbp=140, dbp=80)
    [plan] = plans(care)
    assert (plan.patient_id, plan.state, plan.programme, plan.unverified) == (
        ill,
        "draft",
        "HTN:medium",
        True,
    )
    assert plan.notes[0] == "按预设“高血压”（第 1 版）生成：收缩压 140（≥ 140）"
    assert care.running() == [], "nothing is asked for before it is signed"
    measured(ill, sbp=160, dbp=80)
    assert len(plans(care)) == 1, "who has a plan gets no other"
    care.run(SignPlan(care_plan_id=plan.id))
    assert care.running()


def test_several_that_hold_are_one_plan_of_all_their_diseases_at_the_highest_level(care, boss, measured):
    sets(care, boss)
    sets(care, boss, name="超重", conditions="体重 ≥ 80", diseases="肥胖", level="高危")
    measured(sbp=150, dbp=80)
    [plan] = plans(care)
    assert plan.programme in {"HTN+OB:high", "OB+HTN:high"}
    assert sum("按预设" in note for note in plan.notes) == 2


def test_a_colour_alone_is_a_condition_too(care, boss, measured):
    sets(care, boss, conditions="", colours="橙红", level=None)
    patient = measured(sbp=120, dbp=80)
    assert plans(care) == []
    with care.desk.store.write() as connection:
        work = UnitOfWork(
            connection, SYSTEM, now=care.clock(), new_id=care.desk.ids, content=care.desk.content
        )
        work.add(
            RiskLevel(
                patient_id=patient, colour=Colour.RED, why={}, levels={}, confirmed_levels={}, high_factors={},
                noted_factors={}, changed_at=care.clock(),
            )
        )  # fmt: skip
        work.commit_entry("test.level", txn_id=care.desk.ids())
        work.close()
    care.settle()
    assert [plan.programme for plan in plans(care)] == ["HTN:high"]


def test_a_newer_version_counts_and_one_taken_out_of_force_drafts_nothing(care, boss, measured):
    sets(care, boss)
    assert sets(care, boss, conditions="收缩压 ≥ 160") == 2
    first = measured(sbp=150, dbp=80)
    assert plans(care) == []
    sets(care, boss, in_force=False)
    measured(first, sbp=170, dbp=80)
    assert plans(care) == []
    assert [row.number for row in sorted(care.rows(CarePreset), key=lambda row: row.number)] == [1, 2, 3]


def test_who_ended_a_plan_is_not_drafted_another_at_once(care, boss, measured):
    sets(care, boss)
    ill = measured(sbp=150, dbp=80)
    care.run(StopPlan(care_plan_id=plans(care)[0].id, outcome="客户拒绝"))
    measured(ill, sbp=151, dbp=80)
    assert len(plans(care)) == 1
    care.clock.advance(AGAIN_AFTER + timedelta(days=1))
    measured(ill, sbp=152, dbp=80)
    assert len(plans(care)) == 2


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"conditions": "血压高"}, "care.bad_condition", "conditions"),
        ({"conditions": ""}, "care.bad_condition", "conditions"),
        ({"colours": "紫"}, "care.bad_colour", "colours"),
        ({"diseases": "感冒"}, "care.no_disease", "diseases"),
        ({"level": "极高"}, "care.no_level", "level"),
        ({"activity": "躺"}, "care.no_activity", "activity"),
    ],
)
def test_what_cannot_be_meant_is_said_beside_its_field(care, boss, given, code, field):
    with pytest.raises(DomainError) as refused:
        sets(care, boss, **given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert care.rows(CarePreset) == []


def test_only_an_administrator_sets_them(care):
    with pytest.raises(DomainError):
        sets(care, care.nurse)
