"""The workstation as a kiosk: a code and the birth date open one form, and the next client finds nothing of it."""
# ruff: noqa: F811  (fixtures of another module)

import dataclasses
import os
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from sqlalchemy import select

import resources
from client.pages.form.kiosk.view import DONE
from client.pages.kiosk.view import View
from client.pages.kiosk.viewmodel import ViewModel
from client.phone_link import new_secret
from client.scan_lookup import join_scans
from client.views.in_hands import window_in_hands
from domain.checkup.records import Attachment, QuestionnaireResponse
from domain.checkup.sheets import sheet_code
from domain.kernel.authority import system_actor
from domain.links.commands import HandOverForm, RevokeLink
from domain.links.records import PersonLink
from domain.people.records import Patient, Staff
from forms.questionnaire_reader import load_form
from forms.session import FormSession
from tests.client import seeding
from tests.client.kiosk_camera import code, look_at, scene
from tests.client.test_form_page import PATIENCE_MS, desk_for, draft_key, question, rows, wei, write_form  # noqa: F401

FORM = load_form(resources.folder("forms") / "gad7.json")
BORN = "19800501"
SYSTEM = system_actor(seeding.BRANCH, seeding.DEVICE)


class Kiosk:
    """The screen, and what a client does before it."""

    def __init__(self, qtbot, context):
        self.qtbot, self.context = qtbot, context
        self.page = View(ViewModel(context))
        self.page.show()
        self.page.model.action_set.trigger("begin")
        self.screen = self.page.waiting
        qtbot.waitExposed(self.screen)
        self.settle()

    def settle(self):
        from PySide6.QtCore import QCoreApplication

        for _ in range(3):
            self.qtbot.waitUntil(lambda: not self.context.jobs.busy, timeout=PATIENCE_MS)
            QCoreApplication.processEvents()

    def scan(self, text):
        self.screen.take_scan(text)
        self.settle()

    def born(self, typed):
        self.screen.born.setText(typed)
        self.qtbot.keyClick(self.screen.born, Qt.Key.Key_Return)
        self.settle()

    def told(self):
        return self.screen.findChild(QLabel, "kiosk_told").text()

    def asks(self):
        label = self.screen.findChild(QLabel, "kiosk_who")
        return label.text() if label.isVisibleTo(self.screen) else ""

    @property
    def form(self):
        return self.screen.kiosk

    def fill_in(self, key):
        for _ in range(60):
            filling = self.form.model.filling
            page = filling.pages()[filling.number]
            if page.answered < page.total:
                self.qtbot.keyClick(self.form.focusWidget(), key)
            elif not filling.is_last:
                self.qtbot.keyClick(self.form, Qt.Key.Key_F9)
            else:
                return
            self.settle()
        raise AssertionError("the keys did not get through")

    def close(self):
        self.settle()
        if self.screen is not None and self.page.waiting is not None:
            if self.form is not None:
                self.form.go()
            self.screen.go()
        self.settle()
        self.page.model.close()
        self.page.close()


@pytest.fixture
def context(context_for, open_desk):
    open_desk.settings = dataclasses.replace(open_desk.settings, camera="off")
    join_scans(open_desk)
    found, _ = context_for("nurse")
    with open_desk.store.read() as connection:
        staff = connection.execute(select(Staff.__table__).where(Staff.role == "nurse")).first()
    return dataclasses.replace(
        found, actor=dataclasses.replace(found.actor, staff_id=staff.id, name=staff.name)
    )


@pytest.fixture
def kiosk(qtbot, context):
    made = Kiosk(qtbot, context)
    yield made
    made.close()


@pytest.fixture
def patient(open_desk, wei):
    [row] = [row for row in rows(open_desk, Patient) if row.id == wei]
    return row


@pytest.fixture
def born(patient):
    return f"{patient.birth_date:%Y%m%d}"


def handed_over(open_desk, patient_id, form=FORM, name="gad7", minutes=600, **answers):
    session = FormSession(form, clock=open_desk.clock)
    for link_id, value in answers.items():
        session.set_answer(link_id, value)
    secret = new_secret("https://centre.example:8443")
    order = HandOverForm(
        patient_id=patient_id, form=name, form_version=form.version, token_sha256=secret.sha256,
        draft=session.draft(open_desk.clock()) if answers else None, valid_minutes=minutes,
    )  # fmt: skip
    return secret.address, open_desk.dispatcher.run(order, SYSTEM).receipt


def test_a_sheet_and_the_birth_date_open_its_form_and_the_next_finds_nothing(kiosk, patient, born, open_desk):
    assert window_in_hands() is kiosk.screen, "scans come here, also with the desk locked beneath"
    kiosk.scan(sheet_code(patient.number, "gad7", FORM.version))
    assert kiosk.asks().startswith("张*，您好")
    assert patient.name not in kiosk.asks()
    kiosk.born("1980")
    assert "8 位" in kiosk.told()
    kiosk.born(born)
    assert kiosk.form.isFullScreen()
    assert kiosk.form.findChild(QLineEdit, "kiosk_password") is None, (
        "there is no way out but back to waiting"
    )
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        kiosk.form.grab().save(f"{folder}/kiosk_alone.png")
    kiosk.form.take_scan(sheet_code(patient.number, "phq9", "1"))
    assert "先填完" in kiosk.form.findChild(QLabel, "kiosk_message").text()
    kiosk.fill_in(Qt.Key.Key_2)
    kiosk.qtbot.keyClick(kiosk.form, Qt.Key.Key_F9)
    kiosk.settle()
    assert kiosk.form._stack.currentIndex() == DONE
    [response] = rows(open_desk, QuestionnaireResponse)
    assert (response.form, response.source, response.patient_id) == ("gad7", "kiosk", patient.id)
    kiosk.form._thanked.timeout.emit()
    kiosk.settle()
    assert kiosk.form is None
    assert kiosk.told() == kiosk.asks() == ""


def test_the_code_of_a_hand_over_before_the_camera_goes_on_where_the_nurse_was(
    qtbot, context, open_desk, wei, born, tmp_path
):
    session = FormSession(FORM)
    first = next(place.link_id for place in session.places() if session.options(*place))
    option = session.options(first)[1].value
    address, link = handed_over(open_desk, wei, **{first: option})
    look_at(open_desk, tmp_path / "seen", code(address))
    kiosk = Kiosk(qtbot, context)
    try:
        qtbot.waitUntil(lambda: kiosk.asks() != "", timeout=PATIENCE_MS)
        if folder := os.environ.get("AFTERCHECK_SHOTS"):
            kiosk.screen.grab().save(f"{folder}/kiosk_born.png")
        kiosk.born(born)
        filling = kiosk.form.model.filling
        assert filling.session.answers(first) == (option,)
        kiosk.fill_in(Qt.Key.Key_1)
        qtbot.keyClick(kiosk.form, Qt.Key.Key_F9)
        kiosk.settle()
        [response] = rows(open_desk, QuestionnaireResponse)
        [kept] = [row for row in rows(open_desk, PersonLink) if row.id == link]
        assert kept.settled_by == response.id, "the phone is told that it is in"
        kiosk.form.go()
        kiosk.settle()
        kiosk.scan(address)
        assert "已经提交" in kiosk.told(), "and nobody corrects it here"
    finally:
        kiosk.close()


@pytest.mark.parametrize("why", ["used", "expired", "closed"])
def test_a_link_that_is_over_says_why_and_opens_nothing(kiosk, open_desk, wei, born, clock, why):
    address, link = handed_over(open_desk, wei, minutes=10)
    if why == "used":
        kiosk.scan(address)
        kiosk.born(born)
        kiosk.fill_in(Qt.Key.Key_1)
        kiosk.qtbot.keyClick(kiosk.form, Qt.Key.Key_F9)
        kiosk.settle()
        kiosk.form.go()
        kiosk.settle()
    elif why == "expired":
        clock.advance(timedelta(minutes=11))
    else:
        open_desk.dispatcher.run(RevokeLink(link_id=link, reason="客户不愿填写"), SYSTEM)
    kiosk.scan(address)
    words = {"used": "已经提交", "expired": "有效期", "closed": "已作废"}
    assert words[why] in kiosk.told()
    assert kiosk.asks() == ""
    assert kiosk.form is None


def test_codes_that_are_no_forms_say_what_to_show(kiosk, seeded, open_desk):
    for text in (seeded[0][2][0], "https://example.cn/x", "110101198005010000", "xyz123456"):
        kiosk.scan(text)
        assert "不是问卷二维码" in kiosk.told()
    kiosk.scan("ACF1/P101/gad7/1.0.0/00000000")
    assert kiosk.told()
    kiosk.scan("https://centre.example/p/" + "x" * 22)
    assert "没有同步到本机" in kiosk.told() or "还没有同步" in kiosk.told()
    assert kiosk.asks() == ""


def test_whoever_guesses_birth_dates_is_stopped_until_the_staff_come(kiosk, patient, born, qtbot):
    sheet = sheet_code(patient.number, "gad7", FORM.version)
    kiosk.scan(sheet)
    for left in (4, 3, 2, 1):
        kiosk.born("19000101")
        assert f"{left} 次" in kiosk.told()
    kiosk.born("19000101")
    assert "找工作人员" in kiosk.told()
    kiosk.scan(sheet)
    assert kiosk.asks() == ""
    kiosk.screen.password.setText(seeding.PASSWORD)
    qtbot.keyClick(kiosk.screen.password, Qt.Key.Key_Return)
    kiosk.settle()
    assert kiosk.page.waiting is None


def test_who_goes_away_leaves_a_draft_and_an_empty_screen(kiosk, patient, born):
    sheet = sheet_code(patient.number, "gad7", FORM.version)
    kiosk.scan(sheet)
    kiosk.screen._patience.timeout.emit()
    assert kiosk.asks() == ""
    kiosk.scan(sheet)
    kiosk.born(born)
    kiosk.qtbot.keyClick(kiosk.form.focusWidget(), Qt.Key.Key_2)
    kiosk.settle()
    kiosk.form._idle.timeout.emit()
    kiosk.settle()
    assert kiosk.form is None
    kiosk.scan(sheet)
    kiosk.born(born)
    assert kiosk.form.model.filling.session.progress().answered == 1
    kiosk.qtbot.mouseClick(kiosk.form.findChild(QPushButton, "kiosk_stop"), Qt.MouseButton.LeftButton)
    kiosk.settle()
    assert kiosk.form is None


def test_a_photo_that_is_required_is_taken_at_the_kiosk(desk_for, wei, open_desk, qtbot, tmp_path):
    house = write_form(tmp_path / "forms", question("photo", "attachment", required=True))
    look_at(open_desk, tmp_path / "seen", scene())
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    desk.view._hand_to_client()
    kiosk = desk.view._kiosk
    try:
        qtbot.waitExposed(kiosk)
        for line in ("line_photo", "line_~files"):
            assert kiosk.findChild(QWidget, line).findChild(QPushButton, "line_choose_files") is None, (
                "nobody looks through the files of the machine"
            )
        qtbot.keyClick(kiosk, Qt.Key.Key_F9)
        desk.settle()
        assert rows(open_desk, QuestionnaireResponse) == [], "it is required"
        qtbot.keyClick(kiosk.findChild(QWidget, "line_photo"), Qt.Key.Key_Space)
        take = kiosk.findChild(QPushButton, "photo_take")
        qtbot.waitUntil(take.isEnabled, timeout=PATIENCE_MS)
        if folder := os.environ.get("AFTERCHECK_SHOTS"):
            kiosk.grab().save(f"{folder}/kiosk_photo.png")
        qtbot.mouseClick(take, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(take, Qt.MouseButton.LeftButton)
        desk.settle()
        assert "照片_" in desk.model.lines()[0].files[0]
        open_desk.settings = dataclasses.replace(open_desk.settings, camera="off")
        qtbot.keyClick(kiosk, Qt.Key.Key_F9)
        desk.settle()
        [response] = rows(open_desk, QuestionnaireResponse)
        [file] = rows(open_desk, Attachment)
        assert (response.source, file.subject_id, file.media_type) == ("kiosk", response.id, "image/jpeg")
    finally:
        kiosk.go()


def test_without_a_camera_the_client_is_told_what_to_do_and_loses_nothing(
    desk_for, wei, open_desk, qtbot, tmp_path
):
    house = write_form(tmp_path / "forms", question("n"), question("photo", "attachment"))
    open_desk.settings = dataclasses.replace(open_desk.settings, camera="off")
    desk = desk_for("patient", wei, folder=house)
    desk.open("house")
    desk.view._hand_to_client()
    kiosk = desk.view._kiosk
    try:
        qtbot.waitExposed(kiosk)
        desk.model.type(desk.model.lines()[0].place, "7")
        qtbot.keyClick(kiosk.findChild(QWidget, "line_photo"), Qt.Key.Key_P)
        desk.settle()
        told = kiosk.findChild(QLabel, "photo_told")
        assert "不使用摄像头" in told.text()
        assert told.isVisibleTo(kiosk)
        qtbot.keyClick(kiosk._photo, Qt.Key.Key_Escape)
        assert not kiosk.is_covered
        assert desk.model.filling.session.answers("n") == (7,)
    finally:
        kiosk.go()


def test_scans_reach_the_kiosk_and_nothing_beneath_also_when_the_desk_has_locked_itself(
    workstation, sign_in, qtbot, wei
):
    desk = workstation.desk
    join_scans(desk)
    desk.settings = dataclasses.replace(desk.settings, camera="off")
    number = next(row.number for row in rows(desk, Patient) if row.id == wei)
    sheet = sheet_code(number, "gad7", FORM.version)
    shell = sign_in("nurse")
    shell.open_page("kiosk", {})
    shell.page.model.action_set.trigger("begin")
    screen = shell.page.waiting
    try:
        for locked in (False, True):
            if locked:
                workstation.session.lock()
            workstation.router.scanned.emit(sheet)
            qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=PATIENCE_MS)
            qtbot.waitUntil(screen.born.isVisible, timeout=PATIENCE_MS)
            assert shell.current == "kiosk", "nothing opens beneath"
            screen.wait()
    finally:
        screen.go()
        qtbot.waitUntil(lambda: not workstation.jobs.busy, timeout=PATIENCE_MS)
