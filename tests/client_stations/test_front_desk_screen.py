"""The front desk on the screen: keys and scans as a nurse gives them; what the eyes find where."""

import dataclasses
import hashlib
import os

import numpy as np
import pytest
import zxingcpp
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QTableWidget, QWidget

from client.phone_dialog.view import PhoneDialog
from client.ports import Scanned
from client.stations.front_desk.omission_dialog.view import OmissionDialog
from client.stations.front_desk.view import View
from client.stations.front_desk.viewmodel import ViewModel
from domain.checkup.intake import ResultLine
from domain.checkup.omission_records import Omission
from domain.checkup.records import Attachment, Observation, QuestionnaireResponse, Visit
from domain.checkup.result_commands import ReceiveResults
from domain.kernel.authority import system_actor
from domain.links.records import PersonLink
from domain.people.identity import Identity
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from domain.scales.records import FormTask
from tests.client_stations.conftest import WANG, arrived, reading_set
from tests.client_stations.test_front_desk_models import pressure, rows
from tests.conftest import BRANCH, DEVICE

NUMBER = WANG.number


@pytest.fixture
def view(context_for, qtbot):
    made = View(ViewModel(context_for("nurse")))
    qtbot.addWidget(made)
    made.resize(1150, 640)
    made.show()
    qtbot.waitExposed(made)
    made.model.on_open()
    made.focus_first()
    yield made
    made.model.close()


@pytest.fixture
def known(station_desk, nurse):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=WANG.birth_date, id_number=NUMBER)
    return station_desk.dispatcher.run(order, nurse).receipt


@pytest.fixture
def opened(view, known, qtbot):
    """Her visit is open, the first question has the focus, the labels are printed."""
    view.model.hub.card_read.emit(arrived(WANG, port="card"))
    visit = view.model.visit
    qtbot.waitUntil(lambda: visit.encounter is not None and visit.form.is_open)
    qtbot.waitUntil(lambda: bool(visit.tubes.lines()) and all(x.printed for x in visit.tubes.lines()))
    return view


def find(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def press(qtbot, view, *keys):
    """Press keys where the focus is."""
    for key in keys:
        target = view.focusWidget() or view
        if isinstance(key, str) and not key.isascii():
            target.insert(key)  # what an input method commits; no key makes it
        elif isinstance(key, str):
            qtbot.keyClicks(target, key)
        else:
            qtbot.keyClick(target, key)


def shown(view, name, kind=QLabel):
    widget = find(view, kind, name)
    return widget.text() if widget.isVisibleTo(view) else ""


def test_a_new_client_is_registered_with_the_keyboard_alone(view, station_desk, qtbot):
    press(qtbot, view, Qt.Key.Key_F2)
    press(qtbot, view, "李强", Qt.Key.Key_Tab, Qt.Key.Key_Tab, "19800101", Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)
    (kept,) = rows(station_desk, Patient)
    assert (kept.name, kept.sex, kept.birth_date.isoformat()) == ("李强", "1", "1980-01-01")


def test_a_wrong_identity_number_is_said_beside_its_field(view, qtbot):
    press(qtbot, view, Qt.Key.Key_F2, "李强")
    find(view, QLineEdit, "field_birth_date").setText("19800101")
    find(view, QLineEdit, "field_id_number").setText("110101198001010011")
    press(qtbot, view, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "校验位" in shown(view, "note_id_number"))
    assert view.focusWidget().objectName() == "field_id_number"


def test_who_is_likely_the_same_is_taken_by_one_digit(view, station_desk, nurse, qtbot):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=WANG.birth_date)
    station_desk.dispatcher.run(order, nurse)
    view.model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: view.model.identity.registration is not None)
    press(qtbot, view, "1")
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)
    assert len(rows(station_desk, Patient)) == 1


def test_a_client_without_card_is_found_by_name(view, known, qtbot):
    press(qtbot, view, Qt.Key.Key_F3, "王美", Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(view.model.identity.found))
    press(qtbot, view, "1")
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)


def test_the_form_follows_number_keys_and_keeps_the_focus(opened, qtbot):
    form = opened.model.visit.form
    assert opened.focusWidget().objectName() == "form_answer"
    press(qtbot, opened, "9", Qt.Key.Key_Return)
    assert form.question().link_id == "medicine-today"
    assert opened.focusWidget().objectName() == "form"
    press(qtbot, opened, "2")
    assert form.question().link_id == "pregnant-or-preparing"
    press(qtbot, opened, "2", "2", "6")
    assert [c.chosen for c in form.question().choices].count(True) == 2
    press(qtbot, opened, Qt.Key.Key_Return)
    assert form.question().link_id == "hypertension-treated"
    press(qtbot, opened, Qt.Key.Key_F7)
    assert form.question().link_id == "known-diseases"


def test_a_letter_where_a_number_belongs_is_refused_in_words(opened, qtbot):
    press(qtbot, opened, "abc", Qt.Key.Key_Return)
    assert shown(opened, "form_problem")
    assert opened.model.visit.form.question().link_id == "fasting-hours"


def test_a_reading_shows_large_over_any_step_and_f9_keeps_it(opened, station_desk, qtbot):
    opened.model.hub.measured.emit(arrived(pressure(SYSTOLIC=146)))
    assert "尚未保存" in shown(opened, "pending_title")
    assert "146" in opened.pending._cells[0].accessibleName()
    assert "↑" in opened.pending._cells[0].accessibleName()
    press(qtbot, opened, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: len(rows(station_desk, Observation)) == 3)
    qtbot.waitUntil(lambda: not opened.pending.isVisibleTo(opened))
    table = find(opened, QTableWidget, "values_table")
    qtbot.waitUntil(lambda: table.rowCount() == 3)
    assert table.item(0, 1).text() == "146 ↑"
    assert not rows(station_desk, QuestionnaireResponse)


def test_a_reading_of_a_device_without_check_asks_for_a_look_at_its_display(opened):
    opened.model.hub.measured.emit(arrived(pressure(), driver="bp.omron.hbp9030"))
    assert "与设备屏幕上的数值核对" in shown(opened, "pending_flags")
    opened.model.visit.vitals.discard()
    opened.model.hub.measured.emit(arrived(pressure()))
    assert shown(opened, "pending_flags") == ""
    opened.model.visit.vitals.discard()
    weight = reading_set(BODY_WEIGHT="58", BODY_HEIGHT="165")
    opened.model.hub.measured.emit(arrived(weight, port="scale", driver="scale.tanita.wb3000"))
    assert "未经实机验证" in shown(opened, "pending_flags")


def test_escape_drops_a_reading_of_somebody_else(opened, station_desk, qtbot):
    opened.model.hub.measured.emit(arrived(pressure(), first_s=0.0))
    assert opened.doubt.isVisibleTo(opened)
    press(qtbot, opened, Qt.Key.Key_Escape)
    assert not opened.doubt.isVisibleTo(opened)
    assert not opened.model.visit.vitals.pending


def test_values_are_typed_when_the_device_fails(opened, station_desk, qtbot):
    opened.model.visit.go("pressure")
    press(qtbot, opened, "400", Qt.Key.Key_Return, "80", Qt.Key.Key_Return, "70", Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "超出可能范围" in shown(opened, "note_sbp"))
    assert not rows(station_desk, Observation)
    field = find(opened, QLineEdit, "field_sbp")
    assert field.hasFocus()
    field.selectAll()
    press(qtbot, opened, "124", Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: opened.model.visit.encounter.has("sbp", "dbp", "pulse"))
    assert opened.model.visit.step == "form"


def test_an_alarm_stays_on_the_screen_with_what_to_confirm(opened, qtbot):
    opened.model.visit.vitals.enter("pressure", {"sbp": "186", "dbp": "112"})
    qtbot.waitUntil(lambda: opened.alarms.isVisibleTo(opened))
    assert "186 mmHg" in shown(opened, "alarms_text")
    assert "需确认" in shown(opened, "alarms_text")
    opened.model.visit.go("leave")
    assert opened.alarms.isVisibleTo(opened)


def test_a_tube_scanned_at_any_step_is_collected_and_a_foreign_one_shown_red(opened, qtbot):
    lines = opened.model.visit.tubes.lines()
    opened.model.on_scan(Scanned("specimen", lines[0].number))
    qtbot.waitUntil(lambda: opened.model.visit.tubes.lines()[0].collected)
    assert opened.model.visit.step == "collect"
    table = find(opened, QTableWidget, "tube_table")
    assert table.item(0, 3).text() == "✓ 已采集"
    opened.model.on_scan(Scanned("specimen", "261100000058"))
    assert "不是 王美娜 的采集管" in shown(opened, "tube_outcome_text")


def test_a_label_is_printed_again_with_its_reason_by_one_digit(opened, simulated, qtbot):
    press(qtbot, opened, Qt.Key.Key_F8)
    assert "重打原因" in shown(opened, "reprint_reasons_text")
    press(qtbot, opened, "1")
    qtbot.waitUntil(lambda: len(simulated.labels) == 4)
    qtbot.waitUntil(lambda: not opened.model.visit.tubes.labels.busy)
    assert opened.model.visit.step == "labels"


def test_the_exit_check_names_each_missing_thing_with_its_key(opened, qtbot):
    opened.model.hub.card_read.emit(arrived(WANG, port="card"))
    text = shown(opened, "leave_missing")
    assert "Alt+2    到检问卷未提交" in text
    assert "血清（促凝管） 1010 0000" in text
    qtbot.keyClick(opened.focusWidget(), Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert opened.model.visit.step == "pressure"
    assert opened.focusWidget().objectName() == "field_sbp"


def test_weight_after_the_form_was_never_touched_does_not_answer_it(opened, station_desk, qtbot):
    opened.model.hub.measured.emit(arrived(reading_set(BODY_WEIGHT="58", BODY_HEIGHT="165"), port="scale"))
    press(qtbot, opened, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: opened.model.visit.encounter.has("height", "weight"))
    assert opened.model.visit.form.progress()[0] == 0


def test_every_widget_of_input_has_a_name_for_the_screen_reader(opened):
    for editor in opened.findChildren(QLineEdit):
        assert editor.objectName(), editor
        assert editor.accessibleName(), editor.objectName()


def test_unfinished_forms_are_told_while_the_desk_waits(opened, qtbot):
    press(qtbot, opened, "9", Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.model.visit.form.kept_at is not None)
    press(qtbot, opened, Qt.Key.Key_F10)
    opened.model.on_open()
    qtbot.waitUntil(lambda: "1 份未提交的问卷" in shown(opened, "waiting_note"))


def draw(qtbot, pad):
    """Write something with the mouse."""
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(40, 70))
    for step in range(1, 12):
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(40 + 20 * step, 70 + 30 * (step % 2)), QPointF(0, 0),
            Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        pad.mouseMoveEvent(event)
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(280, 70))


def test_what_is_not_done_today_is_signed_for_on_the_spot(opened, station_desk, qtbot):
    opened.model.hub.card_read.emit(arrived(WANG, port="card"))
    press(qtbot, opened, Qt.Key.Key_F9)
    assert "登记弃检或延期" in shown(opened, "leave_do_text")
    press(qtbot, opened, Qt.Key.Key_F9)
    dialog = find(opened, OmissionDialog, "omission_dialog")
    qtbot.waitUntil(dialog.findChild(QLineEdit, "field_reason").hasFocus)
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    assert "原因" in find(dialog, QLabel, "note_reason").text()
    dialog.findChild(QLineEdit, "field_reason").setText("客户赶飞机")
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "须由客户签名" in find(dialog, QLabel, "note_witness").text())
    qtbot.waitUntil(lambda: not dialog._model._busy)
    draw(qtbot, dialog.pad)
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: opened.model.visit.encounter is None)
    [visit] = rows(station_desk, Visit)
    assert visit.state == "finished"
    assert all(o.reason == "客户赶飞机" and o.signature_sha256 for o in rows(station_desk, Omission))
    [signature] = rows(station_desk, Attachment)
    assert station_desk.blobs.get(signature.sha256).startswith(b"\x89PNG")


def test_one_untick_and_a_witness_will_do_too(opened, station_desk, qtbot):
    opened.model.visit.go("leave")
    press(qtbot, opened, Qt.Key.Key_F9, Qt.Key.Key_F9)
    dialog = find(opened, OmissionDialog, "omission_dialog")
    qtbot.waitUntil(dialog.findChild(QLineEdit, "field_reason").hasFocus)
    qtbot.keyClick(dialog.findChild(QCheckBox, "omit_0"), Qt.Key.Key_Space)
    dialog.findChild(QLineEdit, "field_reason").setText("手外伤")
    dialog.findChild(QLineEdit, "field_witness").setText("没有这人")
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "没有登录名或工牌号" in find(dialog, QLabel, "note_witness").text())
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert rows(station_desk, Omission) == []
    assert opened.model.visit.encounter.state == "arrived"


def test_a_doubt_about_who_it_is_stands_above_every_step(opened, station_desk, qtbot):
    said = Identity(name="王美娜", sex=Sex.FEMALE, birth_date=WANG.birth_date, id_number=NUMBER[:-1] + "1")
    line = ResultLine(item="hgb", code="hgb", label="血红蛋白", text="128", number=128.0, ucum="g/L")
    number = opened.model.visit.encounter.number
    order = ReceiveResults(message_id="M1", org_id=BRANCH, patient=said, visit_number=number, lines=[line])
    station_desk.dispatcher.run(order, system_actor(BRANCH, DEVICE))
    qtbot.waitUntil(lambda: "身份待核实" in shown(opened, "alarms_text"))
    assert "校验位有误" in shown(opened, "alarms_text")


def test_a_number_that_is_somebodys_offers_them_by_one_digit(view, known, station_desk, qtbot):
    press(qtbot, view, Qt.Key.Key_F2, "王小娜")
    find(view, QLineEdit, "field_birth_date").setText("19750823")
    find(view, QLineEdit, "field_id_number").setText(NUMBER)
    view.model.identity.register(
        {"name": "王小娜", "sex": "2", "birth_date": "19750823", "id_number": NUMBER}
    )
    qtbot.waitUntil(lambda: "该证件号码已登记" in shown(view, "note_id_number"))
    qtbot.waitUntil(lambda: bool(view.model.identity.registration.likely))
    assert view.model.identity.choose(1)
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)
    assert view.model.visit.encounter.name == "王美娜"
    assert len(rows(station_desk, Patient)) == 1


def read_code(widget):
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    width, height, line = picture.width(), picture.height(), picture.bytesPerLine()
    pixels = np.frombuffer(picture.constBits(), np.uint8).reshape(height, line)[:, :width]
    return [code.text for code in zxingcpp.read_barcodes(pixels)]


@pytest.fixture
def enrolled(opened, station_desk):
    station_desk.installation = dataclasses.replace(
        station_desk.installation, server="https://centre.example:8443/"
    )
    return opened


def dialog_of(view, qtbot):
    view.model.action_set.trigger("phone")
    qtbot.waitUntil(lambda: bool(view.findChildren(PhoneDialog)))
    return view.findChildren(PhoneDialog)[-1]


def test_one_key_shows_a_code_whose_secret_is_kept_nowhere(enrolled, station_desk, qtbot):
    opened = enrolled
    press(qtbot, opened, "9", Qt.Key.Key_Return)
    dialog = dialog_of(opened, qtbot)
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        dialog.grab().save(f"{folder}/phone.png")
    (link,) = rows(station_desk, PersonLink)
    (address,) = read_code(find(dialog, QWidget, "phone_code"))
    assert address.startswith("https://centre.example:8443/p/")
    assert address == find(dialog, QLabel, "phone_address").text()
    secret = address.rpartition("/p/")[2]
    assert len(secret) >= 22
    assert hashlib.sha256(secret.encode()).hexdigest() == link.token_sha256
    assert secret.encode() not in b"".join(
        p.read_bytes() for p in station_desk.home.folder.rglob("*") if p.is_file()
    )
    assert "fasting-hours" in str(link.draft), "what was answered goes along"
    (task,) = rows(station_desk, FormTask)
    assert (task.id, task.state) == (link.task_id, "issued")
    dialog.accept()
    qtbot.waitUntil(lambda: opened.model.visit.form.question() is not None)


def test_a_second_code_closes_the_first(enrolled, station_desk, qtbot):
    dialog_of(enrolled, qtbot).accept()
    dialog_of(enrolled, qtbot).accept()
    qtbot.waitUntil(lambda: len(rows(station_desk, PersonLink)) == 2)
    assert sorted(link.revoked_at is None for link in rows(station_desk, PersonLink)) == [False, True]


@pytest.mark.parametrize(
    ("server", "words"), [("https://centre.example", "请先打开客户的问卷"), ("", "没有登记总院地址")]
)
def test_without_an_open_form_or_a_centre_the_key_says_what_to_do(view, station_desk, qtbot, server, words):
    station_desk.installation = dataclasses.replace(station_desk.installation, server=server)
    told = []
    view.model.message.connect(lambda sentence, _tone: told.append(sentence))
    view.model.action_set.trigger("phone")
    qtbot.waitUntil(lambda: bool(told))
    assert words in told[0]
    assert rows(station_desk, PersonLink) == []
