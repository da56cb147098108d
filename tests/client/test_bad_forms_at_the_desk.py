"""Whatever can be wrong with a form, as who sits at the desk or has paper meets it: a sentence, nothing lost."""
# ruff: noqa: F811  (fixtures of another module)

import os
import time
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt

from client.pages.form.viewmodel import CHOOSING, FILLING, RESULT
from domain.checkup.form_commands import AnswerForm
from domain.checkup.records import QuestionnaireResponse
from domain.checkup.sheets import sheet_code
from domain.links.commands import RevokeLink
from domain.people.records import Patient
from domain.people.scanned import FORM_SHEET, Scanned
from forms.nodes import Place
from tests.client.kiosk_camera import code
from tests.client.test_form_page import desk_for, draft_key, question, rows, wei, write_form  # noqa: F401
from tests.client.test_kiosk_alone import FORM, SYSTEM, handed_over
from tests.forms.bad_forms import BROKEN, HOSTILE_CALCULATIONS, calculated


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_form_that_cannot_be_used_says_why_and_the_others_are_there(desk_for, wei, tmp_path, wrong):
    items, word = BROKEN[wrong]
    house = write_form(tmp_path / "forms", *items)
    write_form(house, question("a"), name="good")
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    assert desk.model.stage == CHOOSING
    assert desk.said
    assert word in desk.said[-1]
    desk.open("good")
    assert desk.model.stage == FILLING


@pytest.mark.parametrize("hostile", HOSTILE_CALCULATIONS)
def test_a_hostile_expression_is_stopped_told_and_the_form_is_handed_in(
    desk_for, wei, open_desk, tmp_path, hostile
):
    house = write_form(
        tmp_path / "forms", question("n"), calculated("bad", HOSTILE_CALCULATIONS[hostile]), name="house"
    )
    desk = desk_for("patient", wei, folder=house)
    began = time.process_time()
    desk.open("house")
    desk.model.type(Place("n"), "7")
    desk.settle()
    assert time.process_time() - began < 20, "unbounded, this takes hours"
    [told] = [line for line in desk.model.lines() if line.place.link_id == "bad"]
    assert "算" in told.warning, told
    desk.key(Qt.Key.Key_F9, desk.view)
    assert desk.model.stage == RESULT, desk.said
    assert len(rows(open_desk, QuestionnaireResponse)) == 1


def test_an_answer_out_of_range_is_said_beside_it_and_the_form_stays(desk_for, wei, tmp_path, open_desk):
    limits = [
        {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 0},
        {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": 20},
    ]
    house = write_form(tmp_path / "forms", question("n", extension=limits), question("m"))
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    for typed, words in (("21", "20"), ("-1", "0"), ("很多", "要填")):
        desk.model.type(Place("n"), typed)
        desk.settle()
        assert words in desk.text("n", "problem"), typed
        desk.key(Qt.Key.Key_F9, desk.view)
        assert desk.model.stage == FILLING
    assert rows(open_desk, QuestionnaireResponse) == []
    desk.model.type(Place("n"), "20")
    desk.settle()
    desk.key(Qt.Key.Key_F9, desk.view)
    assert desk.model.stage == RESULT, desk.said


def test_a_code_of_a_hand_over_opens_it_at_the_desk_or_says_why_not(desk_for, wei, open_desk, clock):
    _, link = handed_over(open_desk, wei)
    desk = desk_for("person_link", link)
    assert (desk.model.stage, desk.model.choice.form) == (FILLING, "gad7")
    open_desk.dispatcher.run(RevokeLink(link_id=link, reason="客户不愿填写"), SYSTEM)
    _, late = handed_over(open_desk, wei, minutes=10)
    clock.advance(timedelta(minutes=11))
    for one, words in ((link, "作废"), (late, "有效期")):
        shut = desk_for("person_link", one)
        assert shut.model.stage == CHOOSING
        assert words in shut.said[-1]


def sheet_of(open_desk, patient_id, form, version):
    number = next(row.number for row in rows(open_desk, Patient) if row.id == patient_id)
    return sheet_code(number, form, version)


def scanned(patient_id, text):
    return Scanned(FORM_SHEET, text, patient_id, "")


@pytest.mark.parametrize(
    ("form", "version", "words"), [("gad7", "0.0.1", "0.0.1"), ("nosuch", "1.0.0", "nosuch")]
)
def test_a_sheet_of_a_form_or_version_that_is_gone_says_so_and_its_photo_waits(
    desk_for, wei, open_desk, tmp_path, form, version, words
):
    desk = desk_for("patient", wei)
    text = sheet_of(open_desk, wei, form, version)
    assert desk.model.on_scan(scanned(wei, text))
    desk.settle()
    assert desk.model.stage == CHOOSING
    assert words in desk.said[-1]
    photo = tmp_path / "纸.png"
    code(text).save(str(photo))
    desk.model.add_photos([photo])
    desk.settle()
    assert words in desk.said[-1]
    assert photo.exists(), "what was brought is nobody's to throw away"


@pytest.mark.qt_log_ignore("JPEG", "This plugin does not support", extend=True)
def test_sheets_that_are_too_large_or_no_pictures_are_told_and_the_good_one_is_taken(
    desk_for, wei, open_desk, tmp_path
):
    desk = desk_for("patient", wei)
    desk.open("gad7")
    big, none, good = tmp_path / "大.jpg", tmp_path / "程序.jpg", tmp_path / "好.png"
    big.write_bytes(b"\xff\xd8\xff\xe0")
    os.truncate(big, 50_000_000)
    none.write_bytes(b"MZ" + bytes(300))
    code(sheet_of(open_desk, wei, "gad7", FORM.version)).save(str(good))
    desk.model.add_photos([big, none, good])
    desk.settle()
    assert any("50.0 MB" in said for said in desk.said)
    assert any("不接受" in said for said in desk.said)
    assert [file.title for file in desk.model.filling.session.attached()] == ["好.png"]


def test_answers_to_questions_that_are_not_in_the_form_are_not_scored_and_not_lost(open_desk, wei):
    """What another program sends past every screen: kept as it came, and no number is made of it."""
    items = [{"linkId": "nobody", "answer": [{"valueInteger": 3}]},
             {"linkId": "nervous", "answer": [{"valueCoding": {"code": "no such answer"}}]}]  # fmt: skip
    order = AnswerForm(
        patient_id=wei, form="gad7", form_version=FORM.version, answers={"item": items}, score=99.0
    )
    done = open_desk.dispatcher.run(order, SYSTEM).receipt
    [response] = rows(open_desk, QuestionnaireResponse)
    assert response.answers["item"] == items
    [result] = [row for row in _results(open_desk) if row.response_id == done.response_id]
    assert result.total is None
    assert result.status != "computed"


def _results(open_desk):
    from domain.scales.records import ScaleResult

    return rows(open_desk, ScaleResult)
