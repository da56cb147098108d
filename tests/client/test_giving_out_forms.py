"""A questionnaire for the clients of a list: chosen rows or all of it, who was left out is named with the reason."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton
from sqlalchemy import select

from client.pages.worklist.give_out import giving
from client.pages.worklist.give_out.view import GiveOutDialog
from client.pages.worklist.view import View
from client.pages.worklist.viewmodel import ViewModel
from domain.checkup.form_commands import IssueForm
from domain.scales.records import FormTask
from tests.client import seeding
from tests.fixtures.studies import add_studies


@pytest.fixture
def page(context_for, qtbot):
    made = []

    def make(role="nurse", name="people.clients"):
        context, _ = context_for(role)
        model = ViewModel(context, name)
        view = View(model)
        qtbot.addWidget(view)
        made.append(model)
        with qtbot.waitSignal(model.table.modelReset):
            model.table.load()
        qtbot.waitUntil(lambda: model.table.state in {"ready", "empty", "refused"})
        view.resize(1366, 768)
        view.show()
        return view

    yield make
    for model in made:
        model.close()


def asked(view, qtbot):
    view.model.action_set.trigger("give_out")
    [dialog] = view.findChildren(GiveOutDialog)
    forms = dialog.findChild(QComboBox, "field_form")
    qtbot.waitUntil(lambda: forms.count() > 1)
    return dialog


def choose(dialog, form):
    forms = dialog.findChild(QComboBox, "field_form")
    at = next(n for n in range(forms.count()) if forms.itemData(n) and forms.itemData(n).form == form)
    forms.setCurrentIndex(at)


def given(dialog, qtbot):
    with qtbot.waitSignal(dialog.model.done) as caught:
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: not dialog.model.is_busy)
    return caught.args[0]


def tasks(desk):
    with desk.store.read() as connection:
        return connection.execute(select(FormTask.__table__)).all()


def test_the_whole_list_by_keys_and_who_was_left_out(page, open_desk, seeded, qtbot):
    first = seeded[0][0]
    open_desk.dispatcher.run(
        IssueForm(patient_id=first.patient_id, form="gad7", form_version="1.0.0"), seeding.system()
    )
    view = page()
    dialog = asked(view, qtbot)
    choose(dialog, "gad7")
    outcome = given(dialog, qtbot)
    people = view.model.table.rowCount()
    assert (outcome.issued, outcome.queued, outcome.stopped) == (people - 1, 0, False)
    [(number, was_given, why)] = outcome.left
    assert (number, was_given) == (first.number, False)
    assert "已下发且尚未提交" in why
    shown = dialog.findChild(QPlainTextEdit, "give_out_left").toPlainText()
    assert number in shown
    assert "未下发" in shown
    assert f"已下发 {people - 1} 人" in dialog.findChild(QLabel, "give_out_told").text()
    assert len(tasks(open_desk)) == people
    assert dialog.findChild(QPushButton, "give_out_close").isVisible()


def test_only_the_chosen_rows(page, open_desk, qtbot):
    view = page()
    add_studies(open_desk.dispatcher, view.model.context.actor, "MB1")
    view._table.selectRow(0)
    qtbot.keyClick(view._table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert all(not offer.enabled for offer in view.model.offers())
    dialog = asked(view, qtbot)
    assert "2 行" in dialog.findChild(QComboBox, "field_to").currentText()
    choose(dialog, "phq9")
    mine = dialog.findChild(QComboBox, "field_study")
    qtbot.waitUntil(lambda: mine.count() == 2)
    mine.setCurrentIndex(mine.findData("MB1"))
    assert mine.currentText() == "MB1　队列 MB1"
    assert given(dialog, qtbot).issued == 2
    assert {task.study for task in tasks(open_desk)} == {"MB1"}
    assert all(task.due_at is not None for task in tasks(open_desk))


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_given(page, open_desk, qtbot):
    dialog = asked(page(), qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    assert "请选择问卷" in dialog._boxes["form"].error
    choose(dialog, "gad7")
    for typed, told in (("下周", "不是日期和时间"), ("2020-01-01 08:00", "须在现在之后")):
        dialog.findChild(QLineEdit, "field_due").setText(typed)
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
        assert told in dialog._boxes["due"].error
    assert tasks(open_desk) == []


def test_a_list_that_is_too_long_is_refused_whole(page, open_desk, qtbot, monkeypatch):
    monkeypatch.setattr(giving, "MOST", 2)
    dialog = asked(page(), qtbot)
    choose(dialog, "gad7")
    with qtbot.waitSignal(dialog.model.busy_changed, check_params_cb=lambda busy: not busy):
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
    assert "一次最多 2 人" in dialog.findChild(QLabel, "give_out_problem").text()
    assert tasks(open_desk) == []


def test_who_may_not_give_out_is_not_offered_it(page):
    view = page("receptionist")
    assert not view.model.gives_out
