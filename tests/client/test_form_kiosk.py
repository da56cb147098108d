"""The screen in a client's hands: large, one page at a time, no way out but the nurse's password, nothing lost."""
# ruff: noqa: F811  (fixtures of another module)

import dataclasses
import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from sqlalchemy import select

from client.pages.form.kiosk.view import DONE
from client.pages.form.viewmodel import FILLING, RESULT
from domain.checkup.records import QuestionnaireResponse
from domain.people.records import Staff
from tests.client import seeding
from tests.client.test_form_page import PATIENCE_MS, Desk, draft_key, rows, wei  # noqa: F401


@pytest.fixture
def desk(qtbot, context_for, open_desk, wei):
    context, _ = context_for("nurse")
    with open_desk.store.read() as connection:
        staff = connection.execute(select(Staff.__table__).where(Staff.role == "nurse")).first()
    actor = dataclasses.replace(context.actor, staff_id=staff.id, name=staff.name)
    made = Desk(qtbot, dataclasses.replace(context, actor=actor), "patient", wei)
    made.open("phq9")
    made.view._hand_to_client()
    made.kiosk = made.view._kiosk
    qtbot.waitExposed(made.kiosk)
    made.kiosk.activateWindow()
    yield made
    if not made.kiosk._free:
        made.kiosk._let_out(None)
    made.close()


def part(kiosk, kind, name):
    return kiosk.findChild(kind, name)


def answer_page(desk, key):
    filling = desk.model.filling
    page = filling.pages()[filling.number]
    for _ in range(page.total - page.answered):
        widget = desk.kiosk.focusWidget()
        desk.qtbot.keyClick(widget, key)
        desk.settle()


def unlock(desk, password):
    field = part(desk.kiosk, QLineEdit, "kiosk_password")
    field.setText(password)
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    desk.settle()


def test_a_client_fills_in_and_only_the_password_leads_out(desk, qtbot, open_desk):
    kiosk = desk.kiosk
    assert kiosk.isFullScreen()
    assert kiosk.isModal()
    answer_page(desk, Qt.Key.Key_1)
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        kiosk.showNormal()
        kiosk.resize(1366, 768)
        kiosk.grab().save(f"{folder}/kiosk.png")
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_F8, Qt.Key.Key_F5):
        qtbot.keyClick(kiosk, key)
    assert not kiosk.close()
    assert kiosk.isVisible()
    unlock(desk, "falsch1!")
    assert kiosk.isVisible()
    assert "密码不对" in part(kiosk, QLabel, "kiosk_refused").text()
    unlock(desk, "")
    assert kiosk.isVisible()
    answered = desk.model.filling.session.progress().answered
    unlock(desk, seeding.PASSWORD)
    qtbot.waitUntil(lambda: desk.view._kiosk is None, timeout=PATIENCE_MS)
    assert desk.model.stage == FILLING
    assert desk.model.filling.session.progress().answered == answered == 9, (
        "handed back with what is answered"
    )
    assert desk.model.source == "nurse"


def test_left_alone_it_covers_itself_and_keeps_the_draft(desk, qtbot):
    kiosk = desk.kiosk
    answer_page(desk, Qt.Key.Key_2)
    kiosk._idle.timeout.emit()
    assert kiosk.is_covered
    assert "已保存" in part(kiosk, QLabel, "kiosk_cover").text()
    assert not [
        one for one in kiosk.findChildren(QLabel) if one.objectName() == "line_text" and one.isVisible()
    ]
    qtbot.keyClick(kiosk, Qt.Key.Key_F9)
    assert kiosk.is_covered, "no key brings it back"
    unlock(desk, seeding.PASSWORD)
    qtbot.waitUntil(lambda: desk.view._kiosk is None, timeout=PATIENCE_MS)
    desk.model.show_choices()
    desk.settle()
    desk.open("phq9")
    assert desk.model.filling.session.progress().answered == 9


def test_what_is_handed_in_there_is_the_clients_own_and_its_result_is_for_the_staff(desk, qtbot, open_desk):
    kiosk = desk.kiosk
    answer_page(desk, Qt.Key.Key_4)
    qtbot.mouseClick(part(kiosk, QPushButton, "kiosk_next"), Qt.MouseButton.LeftButton)
    desk.settle()
    answer_page(desk, Qt.Key.Key_4)
    qtbot.keyClick(kiosk, Qt.Key.Key_F9)
    desk.settle()
    assert desk.model.stage == RESULT, desk.said
    assert kiosk._stack.currentIndex() == DONE
    thanks = part(kiosk, QLabel, "kiosk_thanks").text()
    assert "12356" in thanks, "the ninth item asks for help"
    assert "27" not in thanks
    [response] = rows(open_desk, QuestionnaireResponse)
    assert response.source == "kiosk"
    unlock(desk, seeding.PASSWORD)
    qtbot.waitUntil(lambda: desk.view._kiosk is None, timeout=PATIENCE_MS)
    assert any("27" in one for one in desk.told())
