"""The rules of the four colours: a number is changed, tried on stored clients, published with a reason, in force."""

import os
import re

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPlainTextEdit
from sqlalchemy import select

from client.command_dialog.view import CommandDialog
from client.pages.level_rules.view import View
from client.pages.level_rules.viewmodel import ViewModel
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.risk.commands import AssessRisks
from domain.risk.records import RiskRuleSet
from tests.client import seeding

PATIENCE_MS = 20_000
SYSTEM = system_actor(seeding.BRANCH, seeding.DEVICE)


@pytest.fixture
def page(qtbot, context_for, open_desk, seeded):
    for patient, visit, _ in seeded[:2]:
        values = [
            Measured(item="sbp", value=172, unit="mm[Hg]"),
            Measured(item="dbp", value=80, unit="mm[Hg]"),
        ]
        open_desk.dispatcher.run(RecordMeasurement(visit_id=visit.visit_id, values=values), SYSTEM)
        open_desk.dispatcher.run(AssessRisks(patient_id=patient.patient_id), SYSTEM)
    context, _ = context_for("administrator")
    model = ViewModel(context)
    view = View(model)
    view.resize(1366, 768)
    view.show()
    qtbot.waitExposed(view)
    with qtbot.waitSignal(model.rules_changed, timeout=PATIENCE_MS):
        model.on_open()
    yield view
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
    model.close()
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def told(page, qtbot):
    label = page.findChild(QLabel, "rules_preview")
    page.model.preview()
    qtbot.waitUntil(lambda: "试算" not in label.text() and bool(label.text()), timeout=PATIENCE_MS)
    return label.text()


def test_a_threshold_is_changed_tried_out_and_published(page, qtbot, open_desk):
    listed = page.findChild(QListWidget, "rules_list")
    listed.setCurrentRow(0)
    assert "收缩压 ≥ 180 或 舒张压 ≥ 110" in listed.item(0).text()
    assert told(page, qtbot).startswith("会改变 0 位")
    number = page.findChild(QLineEdit, "rule_number_1")
    number.selectAll()
    qtbot.keyClicks(number, "170")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    assert page.model.rows()[0].when == "sbp >= 170 or dbp >= 110"
    words = told(page, qtbot)
    assert words.startswith("会改变 2 位"), words
    assert "→ 红" in words
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        page.grab().save(f"{folder}/rules.png")
    with open_desk.store.read() as connection:
        assert connection.execute(select(RiskRuleSet.id)).all() == [], "trying keeps nothing"
    page.model.ask_to_publish()
    dialog = page.findChild(CommandDialog)
    dialog.findChildren(QPlainTextEdit)[-1].setPlainText("本院高血压管理从严")
    with qtbot.waitSignal(dialog.completed, timeout=PATIENCE_MS):
        dialog._send()
    with open_desk.store.read() as connection:
        [kept] = connection.execute(select(RiskRuleSet.__table__)).all()
    assert (kept.version, kept.reason) == ("2026.2", "本院高血压管理从严")
    qtbot.waitUntil(lambda: page.model.in_force.version == "2026.2", timeout=PATIENCE_MS)
    assert page.model.rows()[0].when == "sbp >= 170 or dbp >= 110"


def test_a_rule_with_a_mistake_is_told_and_a_word_is_no_threshold(page, qtbot):
    page.model.change(0, when="sbpp >= 170")
    assert "sbpp" in told(page, qtbot)
    assert not page.model.set_threshold(1, 0, "很高")
    page.model.load()
    qtbot.waitUntil(lambda: page.model.file == page.model.in_force, timeout=PATIENCE_MS)


def test_nobody_else_gets_the_page(context_for):
    context, _ = context_for("nurse")
    with pytest.raises(DomainError):
        ViewModel(context)


def test_every_condition_is_told_in_words(page):
    """No code of a factor, disease or model is left in the list."""
    listed = page.findChild(QListWidget, "rules_list")
    conditions = [listed.item(row).text().splitlines()[1] for row in range(listed.count())]
    assert len(conditions) > 10
    assert [one for one in conditions if re.search(r"[a-z]+_|==|\b(?:or|and|sbp|dbp|fpg|ldl)\b", one)] == []
    assert any("风险为高危" in one for one in conditions)
