"""A year's plan is drawn up from diseases, level and body, changed by a physician, and carried out month by month."""

from datetime import timedelta

import msgspec
import pypdfium2
import pytest

import resources
from domain.care.content import CARE
from domain.care.plan_commands import SignPlan
from domain.care.programme_commands import ApplyProgramme, ChangeItem, month_from
from domain.care.records import CareItem, CareKind, CareNode, CarePlan, CareStanding
from domain.checkup.form_commands import AnswerForm
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel
from domain.scales.content import scale_content
from forms.printables import printables
from tests.care.conftest import SYSTEM
from tests.scales.answering import least
from tests.scales.conftest import SCALES

MODERATE = {
    "vigorous-days": 0, "vigorous-minutes": 0, "moderate-days": 5, "moderate-minutes": 40, "walking-days": 5,
    "walking-minutes": 40, "sitting": 300,
}  # fmt: skip


@pytest.fixture
def known(care):
    """A client of 58 who was measured: 172 cm, 82 kg."""
    made = scale_content(resources.folder("scales"), resources.folder("forms"))
    care.desk.content |= {name: make() for name, make in made.items()}
    patient = care.client()
    visit = care.run(OpenVisit(patient_id=patient), care.nurse).visit_id
    care.run(Arrive(visit_id=visit), care.nurse)
    values = [
        Measured(item="height", value=172, unit="cm"),
        Measured(item="weight", value=82, unit="kg"),
    ]
    care.run(RecordMeasurement(visit_id=visit, values=values), care.nurse)
    return patient


def refused(care, order):
    with pytest.raises(DomainError) as error:
        care.run(order)
    return error.value


def test_a_year_is_drawn_up_for_several_diseases_and_asks_for_nothing_before_it_is_signed(care, known):
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="高血压、T2DM，HUA", level="中危"))
    plan = care.one(CarePlan, id=plan_id)
    assert (plan.state, plan.unverified, plan.programme) == ("draft", True, "HTN+T2DM+HUA:medium")
    assert plan.ends_on == month_from(plan.starts_on, 12) - timedelta(days=1)
    diets = [item for item in care.rows(CareItem) if item.kind is CareKind.DIET]
    assert len(diets) == len(care.rows(CareNode)) == 12
    assert len({(item.from_on, item.to_on) for item in diets}) == 12
    assert all(item.detail["sodium_mg"] <= 4000 and item.detail["alcohol_g"] == 0 for item in diets)
    assert all(item.detail["misses"] == [] for item in diets)
    assert {item.watched for item in care.rows(CareItem)} == {None, "sbp", "fpg", "weight"}
    assert care.rows(CareStanding) == []
    care.run(SignPlan(care_plan_id=plan_id))
    assert len(care.rows(CareItem, state="running")) == len(care.rows(CareItem))
    care.later(days=2)
    behind = {row.id for row in care.rows(CareStanding) if row.missed_run}
    assert all(care.one(CareItem, id=one).from_on == plan.starts_on for one in behind)


def test_without_a_screening_there_is_no_exercise_and_the_plan_says_why(care, known):
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="高血压", level="低危"))
    assert CareKind.EXERCISE not in {item.kind for item in care.rows(CareItem)}
    assert any("运动前筛查" in note for note in care.one(CarePlan, id=plan_id).notes)


def test_whoever_passed_the_screening_gets_exercise_that_rises(care, known):
    for scale, answers in (("parq", least(SCALES["parq"])), ("ipaq", MODERATE)):
        order = AnswerForm(patient_id=known, form=scale, form_version="1.0.0", answers=answers)
        care.run(order, care.nurse)
    care.run(ApplyProgramme(patient_id=known, diseases="高血压", level="中危"))
    moves = sorted(
        (item for item in care.rows(CareItem) if item.kind is CareKind.EXERCISE),
        key=lambda item: item.from_on,
    )
    assert len(moves) == 12
    minutes = [item.detail["minutes"] for item in moves]
    assert minutes == sorted(minutes)
    assert minutes[0] < minutes[-1] <= 200
    assert all(40 <= item.detail["target"] <= 59 for item in moves)


@pytest.mark.parametrize(
    ("colour", "level"), [(Colour.RED, "high"), (Colour.YELLOW, "medium"), (Colour.GREEN, "low")]
)
def test_the_level_in_force_chooses_the_programme(care, known, colour, level):
    assert refused(care, ApplyProgramme(patient_id=known, diseases="HTN")).code == "care.no_level"
    with care.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=care.clock(), new_id=care.desk.ids)
        work.add(
            RiskLevel(
                patient_id=known, colour=colour, why={}, levels={}, confirmed_levels={}, high_factors={},
                noted_factors={}, changed_at=care.clock(),
            )
        )  # fmt: skip
        work.commit_entry("test.level", txn_id=care.desk.ids())
        work.close()
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="HTN"))
    assert care.one(CarePlan, id=plan_id).programme == f"HTN:{level}"


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [({"diseases": "感冒"}, "care.no_disease", "diseases"), ({"level": "极危"}, "care.no_level", "level"),
     ({"activity": "飞"}, "care.no_activity", "activity"),
     ({"diseases": "HYPO、HYPER"}, "care.no_programme", "diseases")],
)  # fmt: skip
def test_what_makes_no_programme_is_refused_and_leaves_nothing(care, known, given, code, field):
    error = refused(care, ApplyProgramme(**{"patient_id": known, "diseases": "HTN", "level": "low", **given}))
    assert (error.code, error.field) == (code, field)
    assert care.rows(CarePlan) == care.rows(CareItem) == []


def test_who_was_not_measured_gets_no_programme(care, known):
    from datetime import date

    from domain.people.patient_commands import RegisterPatient
    from domain.people.records import Sex

    born = RegisterPatient(name="李梅", sex=Sex.FEMALE, birth_date=date(1980, 5, 5))
    other = care.run(born, care.nurse).patient_id
    assert (
        refused(care, ApplyProgramme(patient_id=other, diseases="HTN", level="low")).code
        == "care.body_unknown"
    )


def test_a_physician_changes_an_item_within_its_plan(care, known):
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="HTN", level="low"))
    care.run(SignPlan(care_plan_id=plan_id))
    item = next(one for one in care.rows(CareItem) if one.kind is CareKind.DIET and one.from_on == care.today)
    care.run(ChangeItem(care_item_id=item.id, target_value=1700.0, reason="加餐"))
    changed = care.one(CareItem, id=item.id)
    assert (changed.target_value, changed.label) == (1700.0, item.label)
    late = ChangeItem(care_item_id=item.id, to_on=care.today + timedelta(days=900), reason="延长")
    assert refused(care, late).code == "care.outside_plan"


def text_of(pdf):
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return "".join("".join(pages).split())


def test_a_plan_is_printed_with_its_numbers_its_signature_and_a_code(care, known, tmp_path):
    care.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    plan_id = care.run(ApplyProgramme(patient_id=known, diseases="高血压、HUA", level="中危"))
    make = printables()["care_plan"].make
    drafted = text_of(make(care.desk, care.doctor, plan_id))
    assert "草稿" in drafted
    assert "待核定" in drafted
    care.run(SignPlan(care_plan_id=plan_id))
    pdf = make(care.desk, care.doctor, plan_id)
    (tmp_path / "care_plan.pdf").write_bytes(pdf)
    printed = text_of(pdf)
    first = min((i for i in care.rows(CareItem) if i.kind is CareKind.DIET), key=lambda item: item.from_on)
    for said in (
        f"{first.detail['kcal']}千卡",
        f"≤{first.detail['sodium_mg']}mg",
        "王建军",
        care.doctor.name,
        "谷物",
    ):
        assert said.replace(" ", "") in printed
    assert "草稿" not in printed


def test_a_plan_of_signed_limits_bears_no_mark(care, known):
    content = care.desk.content[CARE]
    diseases = dict(content.programmes.diseases)
    diseases["HTN"] = msgspec.structs.replace(diseases["HTN"], limits="V", checked=True)
    programmes = msgspec.structs.replace(content.programmes, diseases=diseases)
    care.desk.content[CARE] = msgspec.structs.replace(content, programmes=programmes)
    signed = care.run(ApplyProgramme(patient_id=known, diseases="高血压", level="中危"))
    mixed = care.run(ApplyProgramme(patient_id=known, diseases="高血压、肥胖", level="中危"))
    assert not care.one(CarePlan, id=signed).unverified
    assert care.one(CarePlan, id=mixed).unverified
