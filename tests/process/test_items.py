"""R3.1.2: what a package asks for, what is not done and what is not entered, why, and what leaves with whose word."""

from datetime import date, timedelta

import msgspec
import pytest

from domain.biobank.commands import CollectSpecimen, PlanSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.completeness import lacking
from domain.checkup.form_commands import AnswerForm
from domain.checkup.omission_commands import RecordOmission
from domain.checkup.omission_records import OmissionKind
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, FinishVisit
from domain.kernel.content import ContentError
from domain.kernel.worklists import Pages, worklists
from domain.people.records import Sex
from domain.process.content_commands import (
    SetDayRules,
    WithdrawProcessContent,
    WriteCheckupItem,
    WriteCheckupPackage,
    WriteNode,
)
from domain.process.definitions import load_process, problems_of
from domain.process.in_force import process_in_force
from domain.process.item_commands import (
    AddItems,
    CheckExit,
    ChoosePackage,
    DropItem,
    HandleItems,
    PerformItem,
    SayCause,
    WaiveItem,
)
from domain.process.records import MissCause, ProcessContentVersion, VisitItem

SIGNED = {"signature_sha256": "a" * 64, "signature_size": 900}


def missing(hall, visit_id):
    with hall.desk.store.read() as connection:
        return [one.item for one in lacking(connection, visit_id) if one.item.startswith("item:")]


def measure(hall, visit_id, **values):
    units = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "height": "cm", "weight": "kg"}
    given = [Measured(item=k, value=v, unit=units.get(k, "mmol/L")) for k, v in values.items()]
    hall.run(RecordMeasurement(visit_id=visit_id, values=given))


def item(hall, visit_id, code):
    return next(row for row in hall.rows(VisitItem, VisitItem.visit_id == visit_id) if row.code == code)


def test_a_package_asks_for_what_fits_the_client_and_custom_items_come_on_top(hall):
    woman = hall.visit("标准套餐", born=date(1999, 5, 1))
    man = hall.visit("standard", sex=Sex.MALE, born=date(1965, 5, 1))
    assert {"gynaecology_exam"} <= hall.items(woman).keys()
    assert not {"psa", "tumour_markers", "breast", "faecal_blood"} & hall.items(woman).keys()
    assert {"psa", "tumour_markers"} <= hall.items(man).keys()
    assert not {"gynaecology_exam", "breast"} & hall.items(man).keys()
    hall.run(AddItems(visit_id=woman, items="胸部低剂量CT、便隐血"))
    assert {"chest_ct", "faecal_blood"} <= hall.items(woman).keys(), (
        "what somebody asked for is not judged by age"
    )
    ours = item(hall, woman, "chest_ct")
    assert (ours.package, ours.key, ours.state) == (None, True, "planned")
    wrong = hall.refused(AddItems(visit_id=woman, items="头颅核磁"))
    assert (wrong.code, wrong.field) == ("process.unknown_item", "items")


def test_another_package_cancels_what_nobody_began_and_keeps_what_was_asked_for_apart(hall):
    visit = hall.visit("深度套餐")
    hall.run(AddItems(visit_id=visit, items="便隐血"))
    hall.run(PerformItem(visit_item_id=item(hall, visit, "thyroid").id))
    assert hall.refused(ChoosePackage(visit_id=visit, package="豪华")).code == "process.unknown_package"
    hall.run(ChoosePackage(visit_id=visit, package="基础套餐"))
    now = hall.items(visit)
    assert "chest_ct" not in now
    assert now["thyroid"] == "done"
    hall.run(ChoosePackage(visit_id=visit, package="深度套餐"))
    assert hall.items(visit)["chest_ct"] == "planned"


def test_not_done_and_not_entered_are_told_apart_and_follow_what_is_kept(hall, desk):
    visit = hall.visit("基础套餐")
    plan = PlanSpecimen(visit_id=visit, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR)
    number = hall.run(plan).number
    assert "item:lipids" not in missing(hall, visit), "blood is told by its tube"
    hall.run(CollectSpecimen(number=number))
    measure(hall, visit, sbp=118.0, dbp=74.0, fpg=5.0, tc=4.4)
    hall.run(PerformItem(visit_item_id=item(hall, visit, "abdomen").id))
    hall.settle()
    states = {row.code: row.state for row in hall.rows(VisitItem, VisitItem.visit_id == visit)}
    assert (states["blood_pressure"], states["glucose"]) == ("entered", "entered")
    assert (states["lipids"], states["abdomen"], states["liver"]) == ("done", "done", "done")
    assert states["electrocardiogram"] == "planned"
    assert missing(hall, visit) == [
        "item:electrocardiogram", "item:internal_exam", "item:surgical_exam", "item:urinalysis",
    ]  # fmt: skip
    assert item(hall, visit, "lipids").due_at == desk.clock() + timedelta(hours=4)
    answers = {"resourceType": "QuestionnaireResponse", "item": []}
    hall.run(AnswerForm(visit_id=visit, form="node_record", form_version="1.0.0", answers=answers))
    hall.settle()
    assert item(hall, visit, "abdomen").state == "entered"


def test_nobody_leaves_with_an_item_open_until_it_is_done_or_signed_for(hall, desk):
    visit = hall.visit("基础套餐")
    measure(hall, visit, sbp=118.0, dbp=74.0, height=165.0, weight=58.0)
    hall.run(AnswerForm(visit_id=visit, form="pre_visit", form_version="1.0.0", answers={"item": []}))
    hall.settle()
    end = item(hall, visit, "abdomen").due_at
    assert end > desk.clock()
    assert hall.run(CheckExit(visit_id=visit)) == 10
    assert item(hall, visit, "abdomen").due_at == desk.clock() < end
    refusal = hall.refused(FinishVisit(visit_id=visit))
    assert refusal.code == "visit.incomplete"
    assert "腹部超声" in refusal.facts["items"]
    items = ["tubes", *missing(hall, visit)]
    order = RecordOmission(
        visit_id=visit, items=items, kind=OmissionKind.REFUSED, reason="有事先走", **SIGNED
    )
    hall.run(order)
    hall.run(FinishVisit(visit_id=visit))
    hall.settle()
    states = {row.state for row in hall.rows(VisitItem, VisitItem.visit_id == visit)}
    assert states == {"entered", "refused"}, "what is examined in blood went with the tubes"


def test_of_a_client_who_did_not_come_nothing_is_due(hall):
    visit = hall.visit("基础套餐", arrive=False)
    hall.settle()
    assert {row.due_at for row in hall.rows(VisitItem)} == {None}
    hall.run(Arrive(visit_id=visit))
    hall.settle()
    assert None not in {row.due_at for row in hall.rows(VisitItem)}


def test_why_is_said_of_many_at_once_and_a_key_item_takes_the_word_of_a_head(hall):
    visit = hall.visit("基础套餐")
    rows = {row.code: row for row in hall.rows(VisitItem, VisitItem.visit_id == visit)}
    ids = [rows[code].id for code in ("abdomen", "electrocardiogram", "internal_exam")]
    said = hall.run(HandleItems(visit_item_ids=ids, act="cause", cause=MissCause.DEVICE, note="超声停机"))
    assert (said.done, said.refused) == (3, [])
    assert item(hall, visit, "abdomen").cause is MissCause.DEVICE
    assert item(hall, visit, "abdomen").state == "planned", "a reason alone settles nothing"
    assert hall.refused(SayCause(visit_item_id=ids[0], cause=MissCause.OTHER)).field == "note"
    assert hall.refused(DropItem(visit_item_id=ids[0], reason="不做")).code == "process.key_item"
    hall.run(DropItem(visit_item_id=ids[2], reason="选错"))
    assert hall.refused(WaiveItem(visit_item_id=ids[0], note="外院已做")).code == "permission.denied"
    batch = HandleItems(visit_item_ids=ids, act="waive", note="外院一周内已做")
    assert hall.refused(batch).code == "permission.denied"
    came = hall.run(batch, hall.head)
    assert (came.done, came.refused) == (2, [(ids[2], "visit_item.wrong_state")])
    assert item(hall, visit, "abdomen").waived_by == hall.head.name
    assert not {"item:abdomen", "item:internal_exam"} & set(missing(hall, visit))
    assert hall.refused(HandleItems(visit_item_ids=ids, act="burn")).code == "process.unknown_act"


def test_the_list_of_what_is_missing_says_which_of_the_two(hall):
    visit = hall.visit("基础套餐")
    hall.run(PerformItem(visit_item_id=item(hall, visit, "abdomen").id))
    hall.settle()
    page = Pages(hall.desk.store).page(worklists()["process.missing"], hall.nurse)
    names = [column.name for column in worklists()["process.missing"].columns]
    states = {row.values[names.index("label")]: row.values[names.index("state")] for row in page.rows}
    assert (states["腹部超声"], states["心电图"]) == ("done", "planned")


def test_an_institutions_own_versions_take_the_place_of_what_ships(hall):
    node = WriteNode(code="bone", name="骨密度", order=95, roles="护士", form="node_record", reason="新开")
    assert hall.refused(node, hall.nurse).code == "permission.denied"
    hall.run(node, hall.admin)
    hall.run(
        WriteCheckupItem(
            code="bone_density", name="骨密度检查", node="骨密度", sex="女", age_from=50, reason="新开"
        ),
        hall.admin,
    )
    plus = WriteCheckupPackage(
        code="basic", name="基础套餐", items="血压、骨密度检查", key="骨密度检查", reason="加项"
    )
    version = hall.run(plus, hall.admin)
    old, young = hall.visit("基础套餐", born=date(1970, 1, 1)), hall.visit("基础套餐", born=date(1990, 1, 1))
    assert (hall.items(old).keys(), hall.items(young).keys()) == (
        {"blood_pressure", "bone_density"},
        {"blood_pressure"},
    )
    assert item(hall, old, "bone_density").key
    assert item(hall, old, "bone_density").form == "node_record"
    assert hall.refused(plus, hall.admin).code == "process.same_content"
    for order, field in (
        (WriteNode(code="x", name="某室", order=1, after="没有", reason="x"), "after"),
        (WriteNode(code="x", name="某室", order=1, roles="院长", reason="x"), "roles"),
        (WriteNode(code="x", name="某室", order=1, form="没有", reason="x"), "form"),
        (WriteCheckupItem(code="x", name="某项", node="骨密度", results="nope", reason="x"), "results"),
        (WriteCheckupItem(code="x", name="某项", node="骨密度", sex="猫", reason="x"), "sex"),
        (WriteNode(code="X 1", name="某室", order=1, reason="x"), "code"),
        (WriteNode(code="blood", name="采血", order=30, after="早餐", reason="x"), "code"),
    ):
        assert hall.refused(order, hall.admin).field == field
    bone = next(row.id for row in hall.rows(ProcessContentVersion) if row.code == "bone")
    used = hall.refused(WithdrawProcessContent(process_content_version_id=bone, reason="停"), hall.admin)
    assert used.code == "process.still_used"
    hall.run(WithdrawProcessContent(process_content_version_id=version, reason="停"), hall.admin)
    hall.run(SetDayRules(day_ends="16:00", reason="冬季"), hall.admin)
    with hall.desk.store.read() as connection:
        now = process_in_force(connection, hall.desk.content)
    assert len(now.packages["basic"].items) == 12
    assert (now.rules.day_ends, now.rules.wait) == ("16:00", hall.process.rules.wait)
    assert hall.refused(SetDayRules(day_ends="25:00", reason="x"), hall.admin).code == "process.bad_content"


def test_what_ships_fits_together_and_every_mistake_is_named(hall, tmp_path):
    content = hall.process
    bad = msgspec.structs.replace(
        content.items["abdomen"], node="nowhere", results=("nope",), age_from=50, age_below=40
    )
    broken = msgspec.structs.replace(content, items={**content.items, "abdomen": bad})
    assert len(list(problems_of(broken, hall.desk.content["authority"].roles, {"sbp"}))) > 3
    with pytest.raises(ContentError):
        load_process(tmp_path, (), ())
