"""Alerts that come before a person by themselves: a card that takes no focus, a sound, or the whole window."""

import os
import uuid
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

import resources
from client.notices.view import FullNotice, NoticeCorner
from client.notices.viewmodel import FRESH, NoticesModel
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.engine_commands import ClearAlert, EscalateAlert, OpenAlert
from domain.alerts.groups import BUDGET
from domain.alerts.parts import Way
from domain.alerts.records import Alert, Severity
from domain.alerts.rule_changes import RulePatch, changed
from domain.alerts.rule_commands import ChangeRule
from domain.alerts.rules import Rule
from domain.kernel.authority import system_actor
from tests.client import seeding

PATIENCE_MS = 20_000
SYSTEM = system_actor(seeding.BRANCH, seeding.DEVICE)
RULE = "A-120"
SENTENCE = "高血压客户随访任务已超过 3 天未完成，请今天联系客户并登记结果。"


@pytest.fixture
def engine(open_desk):
    rules = load_rules(resources.folder("alerts"), open_desk.authority.roles)
    return AlertEngine(open_desk.dispatcher, rules, SYSTEM)


@pytest.fixture
def corner(qtbot, engine, context_for):
    """The corner over a window in which somebody types."""
    context, opened = context_for("nurse")
    window = QWidget()
    window.resize(1366, 768)
    column = QVBoxLayout(window)
    line = QLineEdit(window)
    column.addWidget(line)
    column.addStretch(1)
    model = NoticesModel(context)
    model.opened = opened
    made = NoticeCorner(model, window)
    made.full = FullNotice(model, window)
    made.full.setGeometry(window.rect())
    made.line = line
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus, timeout=PATIENCE_MS)
    yield made
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
    model.close()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def opens(
    desk, number, severity=Severity.IMPORTANT, rule=RULE, receivers=("nurse",), back=timedelta(), **more
):
    order = OpenAlert(
        alert_id=uuid.UUID(int=number), rule=rule, rule_version=1, name=f"预警{number}", org_id=seeding.BRANCH,
        subject="visit", subject_id=uuid.UUID(int=number), summary=SENTENCE, facts={}, severity=severity,
        receivers=list(receivers), opened_at=desk.clock() - back, **more,
    )  # fmt: skip
    desk.dispatcher.run(order, SYSTEM)
    return order.alert_id


def settled(qtbot, corner, desk):
    """Let everything that was committed come through: the last alert of all is told of."""
    mark = opens(desk, 999_999, receivers=("nurse",))
    seen = corner.model._told
    qtbot.waitUntil(lambda: mark in seen, timeout=PATIENCE_MS)


def titles(corner):
    return [one.name for one in corner.model.cards]


def shot(widget, name):
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        window = widget.window()
        for size in ((1366, 768), (1920, 1080)):
            window.resize(*size)
            QCoreApplication.processEvents()
            QCoreApplication.processEvents()
            window.grab().save(f"{folder}/{name}-{size[0]}.png")


def test_what_is_important_pops_up_without_taking_the_keys_and_the_rest_does_not(qtbot, corner, open_desk):
    heard = []
    corner.model.sounded.connect(lambda: heard.append(1))
    opens(open_desk, 1, Severity.GENERAL)
    opens(open_desk, 2, receivers=("it",))
    opens(open_desk, 3, back=FRESH + timedelta(minutes=5))
    opens(open_desk, 4)
    qtbot.waitUntil(lambda: titles(corner) == ["预警4"], timeout=PATIENCE_MS)
    assert corner.isVisible()
    assert corner.line.hasFocus()
    assert "重要" in corner.findChild(QLabel, "notice_title").text()
    assert heard == []
    opens(open_desk, 5, Severity.URGENT)
    qtbot.waitUntil(lambda: titles(corner)[0] == "预警5", timeout=PATIENCE_MS)
    assert heard == [1]
    cards = [one for one in corner.findChildren(QFrame, "notice") if one.isVisible()]
    assert len(cards) == 2
    assert all(
        corner.window().rect().contains(QRect(one.mapTo(corner.window(), QPoint()), one.size()))
        for one in cards
    )
    assert all(one.height() > one.findChild(QLabel, "notice_title").height() * 2 for one in cards)
    shot(corner, "notices")
    corner.enter()
    assert corner.findChild(QPushButton, "notice_open").hasFocus()
    QTest.keyClick(corner.findChild(QPushButton, "notice_open"), Qt.Key.Key_Escape)
    assert titles(corner) == ["预警4"]
    QTest.keyClick(corner.findChild(QPushButton, "notice_open"), Qt.Key.Key_Return)
    assert not corner.isVisible()
    assert corner.line.hasFocus()
    assert corner.model.opened == [("worklist:alert.open", {})]


def test_it_comes_again_when_it_rises_and_goes_when_it_is_over(qtbot, corner, open_desk):
    first = opens(open_desk, 1, Severity.GENERAL)
    opens(open_desk, 2)
    qtbot.waitUntil(lambda: titles(corner) == ["预警2"], timeout=PATIENCE_MS)
    order = EscalateAlert(alert_id=first, step=1, severity=Severity.URGENT, receivers=["nurse"])
    open_desk.dispatcher.run(order, SYSTEM)
    qtbot.waitUntil(lambda: titles(corner) == ["预警1", "预警2"], timeout=PATIENCE_MS)
    open_desk.dispatcher.run(ClearAlert(alert_id=first), SYSTEM)
    qtbot.waitUntil(lambda: titles(corner) == ["预警2"], timeout=PATIENCE_MS)


def test_many_interrupt_no_more_than_the_budget_and_say_how_many_wait(qtbot, corner, open_desk):
    for number in range(1, BUDGET + 6):
        opens(open_desk, number)
    settled(qtbot, corner, open_desk)
    model = corner.model
    assert len(model._interruptions) == BUDGET
    assert model.later == 6
    assert "6" in corner.findChild(QLabel, "notices_later").text()
    opens(open_desk, 50, Severity.URGENT)
    qtbot.waitUntil(lambda: titles(corner)[0] == "预警50", timeout=PATIENCE_MS)


def test_a_rule_by_its_administrator_takes_the_whole_window_until_it_is_taken(
    qtbot, corner, open_desk, engine, context_for
):
    context, _ = context_for("administrator")
    text = "{ways: [list, full_screen]}"
    seeding.at_the_centre(open_desk, ChangeRule(rule=RULE, text=text, reason="要当面确认"), context.actor)
    engine._take_rules()
    opens(open_desk, 7, Severity.GENERAL)
    qtbot.waitUntil(corner.full.isVisible, timeout=PATIENCE_MS)
    assert titles(corner) == [], "no card beside it"
    assert corner.full.findChild(QPushButton, "full_take").hasFocus()
    shot(corner, "full_notice")
    QTest.keyClick(corner.full.findChild(QPushButton, "full_take"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not corner.full.isVisible(), timeout=PATIENCE_MS)
    with open_desk.store.read() as connection:
        [row] = [r for r in connection.execute(Alert.__table__.select()) if r.id == uuid.UUID(int=7)]
    assert (row.state, row.owner_name) == ("in_hand", "测试员")
    assert corner.line.hasFocus()


def test_what_is_somebodys_interrupts_them_alone_until_the_ladder_moves(qtbot, corner, open_desk, engine):
    mine, other = corner.model.context.actor.staff_id, uuid.UUID(int=0xABC)
    theirs = opens(open_desk, 1, Severity.URGENT, rule="A-984", owner_id=other)
    opens(open_desk, 2, Severity.URGENT, rule="A-984", owner_id=mine)
    settled(qtbot, corner, open_desk)
    assert "预警1" not in titles(corner)
    assert "预警2" in titles(corner)
    order = EscalateAlert(alert_id=theirs, step=1, severity=Severity.URGENT, receivers=["nurse"])
    open_desk.dispatcher.run(order, SYSTEM)
    qtbot.waitUntil(lambda: titles(corner)[0] == "预警1", timeout=PATIENCE_MS)


def test_without_a_say_of_its_own_a_rule_is_shown_as_its_level_has_it(engine):
    rule: Rule = engine.files.rules[RULE]
    assert rule.ways is None
    assert Way.POPUP not in rule.ways_at(Severity.GENERAL)
    assert {Way.POPUP, Way.SOUND} <= set(rule.ways_at(Severity.URGENT))
    silent = changed(rule, RulePatch(ways=(Way.LIST,)), 1)
    assert silent.ways_at(Severity.URGENT) == (Way.LIST,)
