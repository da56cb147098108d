"""Paper at the desk: printed on record, opened by its code, typed by its numbers, its photo in the response."""
# ruff: noqa: F811  (fixtures of another module)

import pypdfium2
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QMenu

import resources
from client.pages.form.viewmodel import CHOOSING, FILLING, RESULT
from client.shell.viewmodel import ShellModel
from domain.checkup.records import Attachment, QuestionnaireResponse
from domain.checkup.sheets import sheet_code
from domain.outgoing.records import Outgoing
from domain.people.records import Patient
from domain.people.scans import route_scan
from forms.questionnaire_reader import load_form
from tests.client.test_form_page import PATIENCE_MS, answer_all, desk_for, draft_key, rows, wei  # noqa: F401
from tests.client.test_form_page import rows as all_rows

VERSION = load_form(resources.folder("forms") / "phq9.json").version


def number_of(open_desk, patient_id):
    return next(row.number for row in all_rows(open_desk, Patient) if row.id == patient_id)


def scanned(open_desk, desk, text):
    with open_desk.store.read() as connection:
        return route_scan(connection, text, desk.model.context.actor, today=open_desk.clock().date())


def printed(desk, form, blank=True):
    """Print a form from the list by keys; returns what reached the printer."""
    sent = []
    desk.model.printer = lambda path: sent.append(path.read_bytes())
    listed = desk.view.findChild(QListWidget, "form_choices")
    listed.setCurrentRow(next(n for n, one in enumerate(desk.choices()) if one.form == form))
    desk.view._ask_how_to_print()
    menu = desk.view.findChild(QMenu, "form_print_menu")
    menu.actions()[0 if blank else 1].trigger()
    menu.close()
    desk.view.activateWindow()
    desk.qtbot.waitUntil(desk.view.isActiveWindow, timeout=PATIENCE_MS)
    desk.settle()
    desk.qtbot.waitUntil(lambda: bool(sent) or len(desk.said) > 1, timeout=5_000)
    assert sent, desk.said
    return sent[0]


def photo_of(pdf, path):
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil().convert("RGB")
    picture.rotate(3, fillcolor="gray", expand=True).save(path, quality=70)
    return path


def test_a_sheet_is_printed_filled_in_by_hand_and_typed_in_with_its_photo(desk_for, wei, open_desk, tmp_path):
    desk = desk_for("patient", wei)
    photo = photo_of(printed(desk, "phq9"), tmp_path / "问卷照片.jpg")
    [out] = rows(open_desk, Outgoing)
    assert out.what.startswith("纸质问卷 ")
    assert out.patient_id == wei
    code = sheet_code(number_of(open_desk, wei), "phq9", VERSION)
    found = scanned(open_desk, desk, code)
    assert (found.kind, found.record_id) == ("form_sheet", wei)
    assert desk.model.on_scan(found)
    desk.settle()
    assert (desk.model.stage, desk.model.choice.form) == (FILLING, "phq9")
    answer_all(desk, Qt.Key.Key_2)
    desk.model.add_photos([photo])
    desk.qtbot.waitUntil(lambda: desk.model.filling.session.attached() != (), timeout=PATIENCE_MS)
    desk.settle()
    assert any("问卷照片.jpg" in one for line in desk.model.lines() for one in line.files), desk.said
    desk.key(Qt.Key.Key_F9)
    assert desk.model.stage == RESULT, desk.said
    [response] = rows(open_desk, QuestionnaireResponse)
    assert (response.source, response.form) == ("paper", "phq9")
    [file] = rows(open_desk, Attachment)
    assert (file.subject_id, file.name) == (response.id, "问卷照片.jpg")


def test_a_photo_alone_opens_its_form_and_another_clients_is_not_attached(
    desk_for, wei, seeded, open_desk, tmp_path
):
    desk = desk_for("patient", wei)
    own = photo_of(printed(desk, "gad7"), tmp_path / "自己的.jpg")
    other_id = seeded[1][0].patient_id
    other = desk_for("patient", other_id)
    other.model.add_photos([own])
    other.settle()
    assert other.model.stage == CHOOSING
    assert any("不是当前客户" in said for said in other.said)
    desk.model.add_photos([own])
    desk.settle()
    desk.qtbot.waitUntil(
        lambda: desk.model.filling is not None and desk.model.filling.session.attached() != (),
        timeout=PATIENCE_MS,
    )
    assert (desk.model.stage, desk.model.choice.form) == (FILLING, "gad7"), desk.said
    assert desk.model.filling.session.attached()[0].title == "自己的.jpg"
    desk.model.show_choices()
    desk.settle()
    desk.open("phq9")
    desk.model.add_photos([own])
    desk.settle()
    assert any("不是当前客户" in said for said in desk.said[-2:]), "another form's sheet is not this one's"
    assert desk.model.filling.session.attached() == ()


def test_a_photo_without_a_code_opens_nothing(desk_for, wei, tmp_path):
    desk = desk_for("patient", wei)
    blank = tmp_path / "白.png"
    from PySide6.QtGui import QImage

    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    image.save(str(blank))
    desk.model.add_photos([blank])
    desk.settle()
    assert desk.model.stage == CHOOSING
    assert any("没有找到问卷的二维码" in said for said in desk.said)


def test_where_a_scanned_sheet_leads(desk_for, wei, open_desk):
    desk = desk_for("patient", wei)
    code = sheet_code(number_of(open_desk, wei), "phq9", VERSION)
    assert scanned(open_desk, desk, code[:-2]).reason == "scan.damaged_sheet"
    assert (
        scanned(open_desk, desk, sheet_code("P9999999999", "phq9", VERSION)).reason == "scan.sheet_of_nobody"
    )
    shell = ShellModel.__new__(ShellModel)
    shell.actor = desk.model.context.actor
    assert ShellModel.page_for(shell, scanned(open_desk, desk, code)) == f"form:patient:{wei}"
