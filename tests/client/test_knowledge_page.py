"""The library at hand: looked through as it is typed, read beside the list, kept up to date by keys."""

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QSpinBox, QTableWidget

from client.navigation import entries
from client.pages.knowledge.view import View
from client.pages.knowledge.viewmodel import ViewModel
from domain.kernel.authority import system_actor
from domain.knowledge.index_commands import index_library
from domain.knowledge.keeping import entry_id
from tests.conftest import BRANCH, DEVICE

SHOTS = os.environ.get("AFTERCHECK_SHOTS", "")


@pytest.fixture
def page(qtbot, context_for, open_desk):
    def make(role="physician"):
        index_library(open_desk.dispatcher, system_actor(BRANCH, DEVICE))
        view = View(ViewModel(context_for(role)[0]))
        qtbot.addWidget(view)
        view.resize(1366, 768)
        view.show()
        view.model.on_open()
        qtbot.waitUntil(lambda: view.model.entry is not None)
        return view

    return make


def titles(view):
    table = view.findChild(QTableWidget, "knowledge_lines")
    return [table.item(row, 1).text() for row in range(table.rowCount())]


def part(view, kind, name):
    return view.findChild(kind, f"knowledge_{name}")


def test_who_may_see_the_library_has_the_page(open_desk, context_for):
    for role, there in (("physician", True), ("receptionist", True), ("it", False)):
        pages = {e.page for e in entries(context_for(role)[0].actor, open_desk.texts.say)}
        assert ("knowledge" in pages) is there, role


def test_a_question_is_typed_and_its_answer_read_without_the_mouse(qtbot, page):
    view = page()
    everything = len(titles(view))
    assert everything > 40
    words = part(view, QLineEdit, "words")
    words.setText("尿酸高的客户怎么吃")
    qtbot.waitUntil(lambda: titles(view)[:1] == ["低嘌呤膳食要点"])
    text = part(view, QPlainTextEdit, "text")
    qtbot.waitUntil(lambda: "动物内脏" in text.toPlainText())
    assert part(view, QLabel, "unverified").isVisible()
    assert "来源" in part(view, QLabel, "about").text()
    if SHOTS:
        for wide, high in ((1366, 768), (1920, 1080)):
            view.resize(wide, high)
            view.grab().save(f"{SHOTS}/knowledge_{wide}.png")
    QTest.keyClick(words, Qt.Key.Key_Down)
    table = view.findChild(QTableWidget, "knowledge_lines")
    QTest.keyClick(table, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: part(view, QLabel, "heading").text() == titles(view)[1])
    words.setText("区块链投资")
    qtbot.waitUntil(lambda: titles(view) == [])
    assert "没有找到" in part(view, QLabel, "summary").text()
    assert view.model.entry is None


def test_the_list_is_narrowed(qtbot, page):
    view = page()
    shelf = part(view, QComboBox, "shelf")
    shelf.setCurrentIndex(shelf.findData("exercise"))
    shelf.activated.emit(shelf.currentIndex())
    qtbot.waitUntil(lambda: set(titles(view)) == {"快走起步方案（四周）", "坐姿抗阻（老年）"})
    part(view, QSpinBox, "age").setValue(40)
    qtbot.waitUntil(lambda: titles(view) == ["快走起步方案（四周）"])


def test_a_physician_revises_what_stands_and_a_nurse_has_no_key_for_it(qtbot, page):
    view = page()
    part(view, QLineEdit, "words").setText("减盐高钾")
    qtbot.waitUntil(lambda: part(view, QLabel, "heading").text() == "减盐高钾膳食要点")
    asked = []
    view.model.command_asked.disconnect()
    view.model.command_asked.connect(lambda command, given: asked.append((command.name, given)))
    view.model.action_set.trigger("revise")
    view.model.action_set.trigger("review")
    (write, given), (review, about) = asked
    assert (write, given["code"], given["diseases"]) == ("knowledge.write", "dash_outline", "高血压")
    assert (review, about) == ("knowledge.review", {"knowledge_entry_id": entry_id("dash_outline")})
    said = []
    view.model.message.connect(lambda text, _tone: said.append(text))
    part(view, QLineEdit, "words").setText("糖尿病随访话术")
    qtbot.waitUntil(
        lambda: "糖尿病" in part(view, QLabel, "heading").text() and view.model.entry["kept_in"] is not None
    )
    view.model.action_set.trigger("revise")
    assert len(asked) == 2
    assert "请在那里修订" in said[0]
    keys = {action.id for action in page("nurse").model.action_set.actions}
    assert keys == {"find", "list"}
