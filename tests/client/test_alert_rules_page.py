"""The alert rules: found, changed by fields, tried on what is stored, published with a note, taken back."""

import os
import re

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPlainTextEdit, QPushButton

import resources
from client.command_dialog.view import CommandDialog
from client.command_dialog.viewmodel import PASSWORD
from client.pages.alert_rules.view import View
from client.pages.alert_rules.viewmodel import ViewModel
from client.pages.alert_rules.words import Words
from client.views.forms import FieldBox
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.rule_commands import ChangeRule, newest_changes
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.outgoing.commands import ExportList
from tests.client import seeding

PATIENCE_MS = 20_000
SYSTEM = system_actor(seeding.BRANCH, seeding.DEVICE)
EXPORTS, CRITICAL = "A-120", "A-085"


@pytest.fixture
def page(qtbot, context_for, open_desk):
    rules = load_rules(resources.folder("alerts"), open_desk.authority.roles)
    AlertEngine(open_desk.dispatcher, rules, SYSTEM)
    context, _ = context_for("administrator")
    for rows in (600, 600, 700, *[100] * 20):
        open_desk.dispatcher.run(ExportList(listing="alert.trail", columns=["kind"], rows=rows), SYSTEM)
    model = ViewModel(context)
    view = View(model)
    view.resize(1366 - 208, 700)
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


def choose(page, qtbot, rule):
    find = page.findChild(QLineEdit, "alert_rules_filter")
    find.clear()
    qtbot.keyClicks(find, rule)
    qtbot.keyClick(find, Qt.Key.Key_Return)
    assert page.model.rule_id == rule
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)


def field(page, name):
    return next(b for b in page.findChildren(FieldBox) if b.name == name and b.isVisibleTo(page))


def type_into(qtbot, line, words):
    line.clear()
    if words.isascii():
        qtbot.keyClicks(line, words)
    else:  # as an input method does it
        line.insert(words)


def told(page):
    return page.findChild(QLabel, "rule_told").text()


def tried(page, qtbot):
    with qtbot.waitSignal(page.model.trying, check_params_cb=lambda on: not on, timeout=PATIENCE_MS):
        page.model.try_out()
    return told(page)


def shot(page, name):
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        if isinstance(page, CommandDialog):
            page.grab().save(f"{folder}/{name}.png")
            return
        for width, height in ((1366, 768), (1920, 1080)):
            page.resize(width - 208, height - 68)
            QCoreApplication.processEvents()
            QCoreApplication.processEvents()
            page.grab().save(f"{folder}/{name}-{width}.png")


def confirmed(page, qtbot, password=seeding.PASSWORD):
    """Confirm with one's password that the centre is to carry out what was asked, and return the dialog."""
    dialog = page.findChildren(CommandDialog)[-1]
    dialog.box(PASSWORD).set_value(password)
    with qtbot.waitSignal(dialog.completed, timeout=PATIENCE_MS):
        dialog._send()
    return dialog


def in_force(desk, rule):
    with desk.store.read() as connection:
        return newest_changes(connection).get(rule)


def test_a_rule_is_found_changed_tried_published_and_taken_back(page, qtbot, open_desk):
    model = page.model
    assert len(model.entries) > 130
    shot(page, "list")
    choose(page, qtbot, EXPORTS)
    type_into(qtbot, field(page, "count").editor, "650")
    receivers = field(page, "receivers").editor
    receivers.setCurrentItem(receivers.findItems("信息", Qt.MatchFlag.MatchContains)[0])
    qtbot.keyClick(receivers, Qt.Key.Key_Space)
    field(page, "channels").editor.tick("email", on=True)
    page.findChild(QPushButton, "step_add").click()
    model.publish()
    assert "勾选一个角色" in field(page, "steps").error
    page._editor._rows[-1].to.tick("it", on=True)
    model.publish()
    assert "F9" in told(page), "nothing is published that was not tried"
    words = tried(page, qtbot)
    assert "会发出 1 条（看了 23 条记录）" in words, words
    assert "系统管理员" in words
    model.publish()
    assert "为什么" in field(page, "reason").error
    shot(page, "editor")
    type_into(qtbot, field(page, "reason").editor, "导出多，放宽")
    model.publish()
    shot(page.findChildren(CommandDialog)[-1], "publish")
    confirmed(page, qtbot)
    number, patch = in_force(open_desk, EXPORTS)
    assert (number, patch.thresholds, patch.channels) == (1, {"count": 650}, ("in_app", "email"))
    assert "it" in patch.receivers
    assert patch.escalate[-1].to == ("it",)
    assert patch.severity is None, "what was not changed stays the file's"
    history = page.findChild(QListWidget, "rule_history")
    qtbot.waitUntil(lambda: history.count() == 2, timeout=PATIENCE_MS)
    assert "测试员" in history.item(0).text()
    assert "导出多，放宽" in history.item(0).text()
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)
    page._roll_back()
    dialog = page.findChildren(CommandDialog)[-1]
    dialog.findChildren(QPlainTextEdit)[-1].setPlainText("还是原来的好")
    confirmed(page, qtbot)
    assert in_force(open_desk, EXPORTS)[0] == 2
    qtbot.waitUntil(lambda: field(page, "count").value() == "500", timeout=PATIENCE_MS)
    shot(page, "history")


def test_a_storm_is_refused_at_its_field_and_a_word_is_no_number(page, qtbot):
    choose(page, qtbot, EXPORTS)
    count = field(page, "count")
    type_into(qtbot, count.editor, "many")
    page.model.try_out()
    assert "请填写数字" in count.error
    type_into(qtbot, count.editor, "1")
    assert "一直报警" in tried(page, qtbot)
    assert "一直报警" in count.error
    page.model.reason = "x"
    page.model.publish()
    assert "F9" in told(page)
    shot(page, "refused")
    receivers = field(page, "receivers").editor
    for role in receivers.ticked():
        receivers.tick(role, on=False)
    field(page, "everywhere").editor.setChecked(False)
    page.model.try_out()
    assert "至少勾选一个接收角色" in field(page, "receivers").error
    assert "至少勾选一个机构" in field(page, "sites").error
    choose(page, qtbot, CRITICAL)
    assert page.model.is_drafted(page.model.entries[EXPORTS]), (
        "what was changed is not lost by looking at another"
    )
    shot(page, "critical")
    choose(page, qtbot, EXPORTS)
    assert field(page, "count").value() == "1"
    page.model.reset()
    assert field(page, "count").value() == "500"


def test_every_rule_has_its_form_and_unchanged_it_says_nothing(page, qtbot):
    from client.pages.alert_rules.drafts import written

    for rule_id, entry in page.model.entries.items():
        page.model.choose(rule_id)
        assert page._editor.isEnabled()
        text, wrong = written(entry.file, page._editor.draft())
        assert (text.strip(), wrong) == ("{}", {}), rule_id
    waiting = [e for e in page.model.entries.values() if e.waits]
    assert waiting
    page.model.choose(waiting[0].rule.id)
    assert "尚未启用" in tried(page, qtbot)
    shot(page, "waiting")
    type_into(qtbot, page.findChild(QLineEdit, "alert_rules_filter"), "没有这样的")
    assert "没有符合" in page.findChild(QLabel, "alert_rules_none").text()


def test_a_rule_that_waits_is_changed_beforehand(page, qtbot, open_desk):
    entry = next(e for e in page.model.entries.values() if e.waits and e.file.metric and not isinstance(
        e.file.metric.value, bool | str))  # fmt: skip
    choose(page, qtbot, entry.rule.id)
    type_into(qtbot, field(page, "metric").editor, "7")
    tried(page, qtbot)
    page.model.reason = "按本院约定"
    page.model.publish()
    confirmed(page, qtbot)
    qtbot.waitUntil(lambda: page.model.entries[entry.rule.id].number == 1, timeout=PATIENCE_MS)
    assert page.model.entries[entry.rule.id].rule.metric.value == 7
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)


def test_a_condition_is_put_together_of_known_fields(page, qtbot, open_desk):
    choose(page, qtbot, EXPORTS)
    also = field(page, "also").editor
    also._more.click()
    row = also._rows[0]
    row.field.setCurrentIndex(row.field.findData("count"))
    page.model.try_out()
    assert "可比较的值" in field(page, "also").error
    row.typed.setText("very many")
    page.model.try_out()
    assert "填数字" in field(page, "also").error
    row.typed.setText("900")
    assert "看了 23 条" in tried(page, qtbot)
    assert "发出 0 条" in told(page)
    row.typed.setText("650")
    assert "发出 1 条" in tried(page, qtbot)
    shot(page, "condition")
    page.model.reason = "只看大的导出"
    page.model.publish()
    confirmed(page, qtbot)
    qtbot.waitUntil(lambda: page.model.entries[EXPORTS].number == 1, timeout=PATIENCE_MS)
    [added] = page.model.entries[EXPORTS].rule.when[-1:]
    assert (added.field, added.op, added.value) == ("count", "ge", 650)
    also = field(page, "also").editor
    also.findChild(QPushButton, "condition_remove_0").click()
    assert page._editor.draft().also == ()
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)


def test_a_change_made_elsewhere_is_shown(page, qtbot, open_desk):
    choose(page, qtbot, EXPORTS)
    order = ChangeRule(rule=EXPORTS, text="thresholds: {count: 550}", reason="总院")
    seeding.at_the_centre(open_desk, order, page.context.actor)
    qtbot.waitUntil(lambda: field(page, "count").value() == "550", timeout=PATIENCE_MS)


def test_nobody_else_gets_the_page(context_for):
    context, _ = context_for("nurse")
    with pytest.raises(DomainError):
        ViewModel(context)


def test_what_a_rule_watches_is_told_without_codes(context_for):
    context, _ = context_for("administrator")
    words = Words(context)
    book = load_rules(resources.folder("alerts"), context.desk.authority.roles)
    told = {rule.id: words.cause(rule) for rule in book.rules.values()}
    assert len(told) > 50
    assert {rule: said for rule, said in told.items() if re.search(r"[A-Za-z_]{3,}", said)} == {}


def test_how_an_alert_is_shown_is_chosen_beside_its_channels(page, qtbot, open_desk):
    choose(page, qtbot, EXPORTS)
    assert all(box.isHidden() for box in page.findChildren(FieldBox) if box.name == "ways")
    field(page, "by_level").editor.setChecked(False)
    assert field(page, "ways").isVisible()
    ways = field(page, "ways").editor
    assert set(ways.ticked()) == {"list", "popup", "sound"}, "begins with what its level has"
    ways.tick("sound", on=False)
    ways.tick("full_screen", on=True)
    page._area.ensureWidgetVisible(ways)
    shot(page, "ways")
    words = tried(page, qtbot)
    assert "会发出" in words
    type_into(qtbot, field(page, "reason").editor, "当面确认")
    page.model.publish()
    confirmed(page, qtbot)
    qtbot.waitUntil(lambda: in_force(open_desk, EXPORTS) is not None, timeout=PATIENCE_MS)
    assert in_force(open_desk, EXPORTS)[1].ways == ("list", "popup", "full_screen")
    qtbot.waitUntil(lambda: not page.model.drafts, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)
    assert not field(page, "by_level").editor.isChecked()
