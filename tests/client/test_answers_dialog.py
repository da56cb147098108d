"""Exporting the responses of a form by keys: which, what for, as a file; nothing before the purpose is said."""

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QLineEdit
from sqlalchemy import select

from client.pages.worklist.answers import taking_out
from client.pages.worklist.answers.view import AnswersDialog
from client.pages.worklist.view import View
from client.pages.worklist.viewmodel import ViewModel
from domain.outgoing.answer_commands import AnswerFile
from domain.outgoing.records import Outgoing, OutgoingEnd
from tests.client import seeding
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES
from tests.scales.handing_in import hand_in


@pytest.fixture
def answered(open_desk, seeded):
    for person, score in zip(seeded[:2], (3, 12), strict=True):
        answers = reaching(SCALES["gad7"], score)
        hand_in(open_desk.dispatcher, seeding.system(), person[0].patient_id, "gad7", answers)


@pytest.fixture
def dialog_for(context_for, qtbot, answered):
    made = []

    def make(role="physician"):
        context, _ = context_for(role)
        model = ViewModel(context, "form.responses")
        view = View(model)
        qtbot.addWidget(view)
        made.append(model)
        view.resize(1366, 768)
        view.show()
        model.action_set.trigger("answers")
        [dialog] = view.findChildren(AnswersDialog)
        forms = dialog.findChild(QComboBox, "field_form")
        qtbot.waitUntil(lambda: forms.count() > 1)
        return dialog

    yield make
    for model in made:
        model.close()


def fill(dialog, purpose="睡眠专题"):
    forms = dialog.findChild(QComboBox, "field_form")
    forms.setCurrentIndex(forms.findData("gad7"))
    dialog.findChild(QLineEdit, "field_purpose").setText(purpose)


def written(dialog, qtbot, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    with qtbot.waitSignal(dialog.model.done) as caught:
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: not dialog.model.is_busy)
    return caught.args[0]


def on_record(desk):
    with desk.store.read() as connection:
        return [connection.execute(select(kind.__table__)).all() for kind in (Outgoing, OutgoingEnd)]


def test_a_book_is_written_by_keys_and_is_on_record(dialog_for, open_desk, qtbot, monkeypatch, tmp_path):
    dialog, path = dialog_for(), tmp_path / "out" / "gad7.xlsx"
    fill(dialog)
    version = dialog.findChild(QComboBox, "field_version")
    assert [version.itemText(at) for at in range(version.count())] == ["全部版本", "1.0.0（2 份）"]
    made = written(dialog, qtbot, monkeypatch, path)
    assert (made.files, made.count, made.stopped) == ((path,), 2, False)
    assert len(list(openpyxl.load_workbook(path)["编码"].values)) == 3
    [record], [end] = on_record(open_desk)
    assert (record.count, record.purpose, end.result, end.count) == (2, "睡眠专题", "done", 2)
    assert dict(openpyxl.load_workbook(path)["说明"].values)["外发记录"] == record.id.hex[-12:].upper()
    assert "已导出 2 份答卷" in dialog.findChild(QLabel, "answers_problem").text()


def test_a_pdf_is_written_too(dialog_for, qtbot, monkeypatch, tmp_path):
    dialog, path = dialog_for(), tmp_path / "gad7.pdf"
    fill(dialog)
    files = dialog.findChild(QComboBox, "field_file")
    files.setCurrentIndex(files.findData(AnswerFile.PDF))
    assert written(dialog, qtbot, monkeypatch, path).files == (path,)
    assert path.read_bytes().startswith(b"%PDF-")


def test_without_a_purpose_nothing_is_asked_or_written(dialog_for, open_desk, qtbot):
    dialog = dialog_for()
    fill(dialog, purpose=" ")
    dialog.findChild(QLineEdit, "field_since").setText("昨日")
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    assert "用途" in dialog.findChild(QLabel, "note_purpose").text()
    assert "昨日" in dialog.findChild(QLabel, "note_since").text()
    assert on_record(open_desk) == [[], []]


def test_who_may_not_say_who_somebody_is_cannot_tick_it(dialog_for):
    assert not dialog_for().findChild(QCheckBox, "field_identified").isEnabled()
    assert dialog_for("department_head").findChild(QCheckBox, "field_identified").isEnabled()


def test_it_is_offered_where_answers_are_and_to_who_may(context_for, qtbot):
    def offers(role, name):
        context, _ = context_for(role)
        model = ViewModel(context, name)
        found = "answers" in [action.id for action in model.action_set.actions]
        model.close()
        return found

    assert offers("physician", "form.responses")
    assert not offers("physician", "form.results")
    assert not offers("nurse", "form.responses")


def test_stopped_it_leaves_no_half_file_and_says_so(dialog_for, open_desk, qtbot, monkeypatch, tmp_path):
    dialog, path = dialog_for(), tmp_path / "out" / "gad7.xlsx"
    fill(dialog)
    real = taking_out.write_book
    monkeypatch.setattr(
        taking_out, "write_book",
        lambda table, taken, at, go_on: real(table, taken, at, lambda done: (dialog.model.stop(), go_on(done))[1]),
    )  # fmt: skip
    made = written(dialog, qtbot, monkeypatch, path)
    assert (made.files, made.stopped) == ((), True)
    assert list(path.parent.iterdir()) == []
    [end] = on_record(open_desk)[1]
    assert end.result == "cancelled"
    assert "已停止" in dialog.findChild(QLabel, "answers_problem").text()
