"""The review of alerts and messages: counted on the screen, by keys, and the way from a figure to its rule."""

import os
import uuid
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest

import resources
from client.stations.alert_review.view import View
from client.stations.alert_review.viewmodel import ViewModel
from domain.alerts.commands import HandleAlert
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.engine_commands import OpenAlert
from domain.alerts.records import AlertCause, Outcome, Severity
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.messaging.records import Category, Channel, OutboxMessage
from domain.quality.message_commands import ReviewMessages
from tests.client import seeding
from tests.client.test_care_desk import clients, keep

PATIENCE_MS = 20_000
SYSTEM = system_actor(seeding.BRANCH, seeding.DEVICE)
BOSS = "department_head"


def opens(desk, number, rule="A-120", name="数据泄露预警", count=600):
    own = uuid.UUID(int=number)
    order = OpenAlert(
        alert_id=own, rule=rule, rule_version=1, name=name, org_id=seeding.BRANCH, subject="visit", subject_id=own,
        summary="x", facts={"count": count}, severity=Severity.URGENT, receivers=[BOSS], opened_at=desk.clock(),
    )  # fmt: skip
    desk.dispatcher.run(order, SYSTEM)
    return own


def message(desk, patient_id, state, channel=Channel.SMS):
    now = desk.clock()
    return OutboxMessage(
        id=uuid.uuid4(), channel=channel, category=Category.REMINDER, template="x", patient_id=patient_id, title="x",
        text="x", queued_at=now, expires_at=now + timedelta(days=1), send_at=now, state=state, state_since=now,
    )  # fmt: skip


@pytest.fixture
def page(qtbot, context_for, open_desk):
    AlertEngine(
        open_desk.dispatcher, load_rules(resources.folder("alerts"), open_desk.authority.roles), SYSTEM
    )
    context, opened = context_for(BOSS)
    for number in range(1, 25):
        own = opens(open_desk, number, count=600 if number < 13 else 2000)
        outcome = Outcome.FALSE if number < 13 else Outcome.ACTED
        order = HandleAlert(alert_id=own, note="已核", outcome=outcome, root_cause=AlertCause.SKILL)
        open_desk.dispatcher.run(order, context.actor)
    opens(open_desk, 99, "A-007", "重大阳性预警")
    people = clients(open_desk)
    states = ("read", "accepted", "failed", "queued")
    keep(open_desk, *(message(open_desk, people[0], one) for one in states))
    model = ViewModel(context)
    view = View(model)
    view.opened = opened
    view.resize(1366 - 208, 700)
    view.show()
    qtbot.waitExposed(view)
    model.on_open()
    qtbot.waitUntil(lambda: None not in (model.rules, model.messages, model.shift), timeout=PATIENCE_MS)
    yield view
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
    model.close()
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def cells(view, part, at):
    table = view.tables[part]
    return [table.item(at, column).text() for column in range(table.columnCount())]


def shot(view, name):
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        for width, height in ((1366, 768), (1920, 1080)):
            view.resize(width - 208, height - 68)
            QCoreApplication.processEvents()
            QCoreApplication.processEvents()
            view.grab().save(f"{folder}/{name}-{width}.png")


def test_rules_messages_and_the_shift_are_counted_and_lead_on(page, qtbot):
    rule = cells(page, "rules", 0)
    assert rule[:5] == ["A-120", "数据泄露预警", "24", "0", "0"]
    assert rule[7] == "50.0%"
    assert "24" in rule[8]
    assert "2000" in rule[9]
    assert "12" in rule[9]
    assert cells(page, "rules", 1)[:4] == ["A-007", "重大阳性预警", "1", "1"]
    shot(page, "review_rules")
    page.focus_first()
    QTest.keyClick(page.tables["rules"], Qt.Key.Key_Down)
    page._change()
    assert page.opened[-1] == ("alert_rules", {"rule": "A-007"})
    page._next_part()
    assert cells(page, "messages", 0)[2:] == ["4", "1", "1", "1", "1", "66.7%"]
    shot(page, "review_messages")
    page._next_part()
    shift = {cells(page, "shift", at)[0]: cells(page, "shift", at)[1:] for at in range(2)}
    assert shift == {"数据泄露预警": ["24", "24"], "重大阳性预警": ["1", "0"]}
    shot(page, "review_shift")


def test_who_has_no_part_in_quality_counts_no_messages(open_desk, context_for):
    context, _ = context_for("nurse")
    with pytest.raises(DomainError):
        open_desk.dispatcher.run(ReviewMessages(), context.actor)
