"""Several alerts at once: chosen by keys, one note for all; a list that knows no batch chooses one row."""

import os
import uuid

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QAbstractItemView, QPlainTextEdit, QPushButton
from sqlalchemy import select

from client.command_dialog.view import CommandDialog
from client.pages.worklist.view import View
from client.pages.worklist.viewmodel import ViewModel
from domain.alerts.engine_commands import OpenAlert
from domain.alerts.records import Alert, Severity
from domain.kernel.authority import system_actor
from tests.client import seeding

PATIENCE_MS = 20_000
SYSTEM = system_actor(seeding.BRANCH, seeding.DEVICE)


@pytest.fixture
def page_of(qtbot, context_for, open_desk, clock):
    for number in range(1, 4):
        order = OpenAlert(
            alert_id=uuid.UUID(int=number), rule="A-120", rule_version=1, name="数据泄露预警", org_id=seeding.BRANCH,
            subject="staff", subject_id=uuid.UUID(int=9), patient_id=None, summary=f"第 {number} 次", facts={},
            severity=Severity.URGENT, receivers=["nurse"], step=0, opened_at=clock(), due_at=None,
        )  # fmt: skip
        open_desk.dispatcher.run(order, SYSTEM)
    made = []

    def make(name):
        context, _ = context_for("nurse")
        view = View(ViewModel(context, name))
        view.resize(1158, 700)
        view.show()
        qtbot.waitExposed(view)
        view.model.on_open()
        qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
        view.focus_first()
        made.append(view)
        return view

    yield make
    for view in made:
        qtbot.waitUntil(lambda view=view: not view.context.jobs.busy, timeout=PATIENCE_MS)
        view.model.close()
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def states(desk):
    of = Alert.__table__.c
    with desk.store.read() as connection:
        return {row.id.int: row for row in connection.execute(select(Alert.__table__).order_by(of.id))}


def send(page, qtbot, note=""):
    dialog = page.findChildren(CommandDialog)[-1]
    for box in dialog.findChildren(QPlainTextEdit):
        box.setPlainText(note)
    with qtbot.waitSignal(dialog.completed, timeout=PATIENCE_MS):
        dialog._send()
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)


def test_those_chosen_by_keys_are_taken_and_the_others_stay(page_of, qtbot, open_desk):
    page = page_of("alert.open")
    table = page._table
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert table.chosen() == [0, 2]
    ids = [page.model.table.row(at).id.int for at in (0, 2)]
    assert not page.findChild(QPushButton, "command_alert.hand_over").isEnabled()
    assert page.findChild(QPushButton, "command_alert.take").isEnabled()
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        page.grab().save(f"{folder}/several.png")
    numbers = [c.name for c in page.model.commands()]
    qtbot.keyClick(table, Qt.Key(Qt.Key.Key_1 + numbers.index("alert.take")))
    assert page.findChildren(CommandDialog)[-1].model.fields == ()
    said = []
    page.model.message.connect(lambda sentence, _tone: said.append(sentence))
    send(page, qtbot)
    after = states(open_desk)
    assert {i for i, row in after.items() if row.state == "in_hand"} == set(ids)
    assert said == ["已办理 2 条。"]


def test_one_note_handles_all_and_what_changed_meanwhile_is_told(page_of, qtbot, open_desk):
    from domain.alerts.commands import TakeAlert

    page = page_of("alert.open")
    qtbot.keyClick(page._table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert page._table.chosen() == [0, 1]
    chosen = [page.model.table.row(at).id for at in (0, 1)]
    page.model.ask("alert.handle")
    dialog = page.findChildren(CommandDialog)[-1]
    assert [f.name for f in dialog.model.fields] == ["note", "outcome", "root_cause"]
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        dialog.grab().save(f"{folder}/several-dialog.png")
    open_desk.dispatcher.run(
        TakeAlert(alert_id=chosen[0], revision=states(open_desk)[chosen[0].int].revision), page.context.actor
    )
    said = []
    page.model.message.connect(lambda sentence, _tone: said.append(sentence))
    send(page, qtbot, "已核实，演练")
    after = states(open_desk)
    assert after[chosen[0].int].state == "in_hand", "somebody was faster"
    assert (after[chosen[1].int].state, after[chosen[1].int].handled_note) == ("handled", "已核实，演练")
    assert said[0].startswith("已办理 1 条；1 条未能办理")


def test_a_list_without_a_batch_chooses_one_row(page_of):
    page = page_of("specimen.events")
    assert page._table.selectionMode() == QAbstractItemView.SelectionMode.SingleSelection
    assert not page.model.are_several
