"""The mass sending page: who would get it and why others not, the quota before, progress, and holding it back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QListWidget
from shiboken6 import isValid
from sqlalchemy import select

from client.pages.mass.view import View
from client.pages.mass.viewmodel import ViewModel
from domain.checkup.records import Attachment
from domain.kernel.authority import system_actor
from domain.messaging.channel_commands import PublishBudgets
from domain.messaging.commands import BindAddress
from domain.messaging.mass_commands import WriteTemplate
from domain.messaging.records import Channel, MassSending, OutboxMessage
from domain.messaging.sending_commands import TakeDue
from domain.tags.commands import TagClient
from domain.tags.records import TagKind
from tests.client import seeding


@pytest.fixture
def run(open_desk):
    system = system_actor(seeding.BRANCH, seeding.DEVICE)
    return lambda order: open_desk.dispatcher.run(order, system).receipt


@pytest.fixture
def page(open_desk, context_for, seeded, run, qtbot):
    """Two clients with a tag; one of them has no WeCom. A template, and a quota of one hundred a day."""
    people = list(dict.fromkeys(row[0].patient_id for row in seeded))[:2]
    for own in people:
        run(TagClient(patient_id=own, kind=TagKind.DISEASE, name="高血压"))
    run(BindAddress(patient_id=people[0], channel=Channel.WECOM_CLIENT, address="wmA", via="zhangsan"))
    given = {"label": "限盐", "title": "限盐", "channel": Channel.WECOM_CLIENT}
    run(
        WriteTemplate(
            code="salt", category="health_advice", text="{client}，每天食盐不超过 5 克[1]。",
            sources="A|2022|中国居民膳食指南|https://dg.cnsoc.org", **given,
        )
    )  # fmt: skip
    run(TakeDue(channels=["wecom_client"], quotas={"wecom_client": 100}))
    run(PublishBudgets(channels=["wecom_client"]))
    context, _ = context_for("messaging_operator")
    context = replace(context, actor=replace(context.actor, own_clients=False))  # all of these are theirs
    model = ViewModel(context)
    view = View(model)
    qtbot.addWidget(view, before_close_func=lambda _w: model.close() if isValid(model) else None)
    view.resize(1150, 700)
    view.show()
    with qtbot.waitSignal(model.desk_changed):
        model.on_open()
    view.people = people
    return view


def words(page, name):
    return page.findChild(QLabel, name).text()


def tick(page, qtbot, row=0):
    tags = page.findChild(QListWidget, "mass_tags")
    tags.setCurrentRow(row)
    tags.setFocus()
    with qtbot.waitSignal(page.model.preview_changed):
        qtbot.keyClick(tags, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.model.preview is not None)


def rows(open_desk, record):
    with open_desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


def test_before_it_is_sent_one_sees_who_why_not_the_words_and_the_quota(page, qtbot):
    assert page.findChild(QListWidget, "mass_tags").item(0).text() == "慢病·高血压（2 人）"
    tick(page, qtbot)
    assert words(page, "mass_people") == "选中 2 人，可发送 1 人"
    assert words(page, "mass_left_out") == "不发送：没有联系方式 1 人"
    assert "剩余 100 条" in words(page, "mass_quota")
    assert words(page, "mass_words") == "王女士，每天食盐不超过 5 克[1]。"
    assert "中国居民膳食指南" in words(page, "mass_sources")


def test_it_goes_at_the_time_wished_and_is_held_back_let_go_on_and_ended_by_keys(
    page, qtbot, open_desk, run, clock
):
    tick(page, qtbot)
    page.findChild(QLineEdit, "mass_label").setText("十一月限盐")
    page.findChild(QLineEdit, "mass_when").setText("2026-12-24 10:00")
    with qtbot.waitSignal(page.model.sent):
        qtbot.keyClick(page, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: bool(page.model.desk.sendings))
    [message] = rows(open_desk, OutboxMessage)
    assert message.send_at.isoformat() == "2026-12-24T02:00:00+00:00"
    listed = page.findChild(QListWidget, "mass_sendings")
    assert listed.item(0).text().startswith("十一月限盐")
    assert "已发 0/1" in listed.item(0).text()
    qtbot.keyClick(page, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: "已暂停" in listed.item(0).text())
    clock.advance(message.send_at - clock() + timedelta(minutes=1))
    assert run(TakeDue(channels=["wecom_client"])) == []
    assert rows(open_desk, OutboxMessage)[0].reason == "mass_paused"
    qtbot.keyClick(page, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: "已暂停" not in listed.item(0).text())
    clock.advance(timedelta(minutes=6))
    assert [parcel.address for parcel in run(TakeDue(channels=["wecom_client"]))] == ["wmA"]
    assert rows(open_desk, MassSending)[0].label == "十一月限盐"


@pytest.mark.parametrize(("wrong", "said"), [("明天", "写法不对"), ("2020-01-01 10:00", "以内")])
def test_a_time_that_cannot_be_read_or_is_past_is_said_and_stays_said(page, qtbot, open_desk, wrong, said):
    tick(page, qtbot)
    page.findChild(QLineEdit, "mass_when").setText(wrong)
    page.model.action_set.trigger("send")
    qtbot.waitUntil(lambda: said in words(page, "mass_problem"))
    with qtbot.waitSignal(page.model.desk_changed):
        page.model.load()  # as when something happens elsewhere
    assert said in words(page, "mass_problem")
    assert rows(open_desk, OutboxMessage) == []
    with qtbot.waitSignal(page.model.preview_changed):
        page.model.choose_tags([])
    assert words(page, "mass_problem") == ""


def test_a_sending_that_was_stopped_sends_nothing_any_more(page, qtbot, open_desk, run, clock):
    tick(page, qtbot)
    with qtbot.waitSignal(page.model.sent):
        qtbot.keyClick(page, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: bool(page.model.desk.sendings) and page.model.sending is not None)
    qtbot.keyClick(page, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    listed = page.findChild(QListWidget, "mass_sendings")
    qtbot.waitUntil(lambda: "已终止" in listed.item(0).text())
    assert run(TakeDue(channels=["wecom_client"])) == []
    [message] = rows(open_desk, OutboxMessage)
    assert (message.state, message.reason) == ("cancelled", "mass_stopped")


def test_a_picture_is_added_to_ones_own_template_by_a_key(page, qtbot, open_desk, monkeypatch, tmp_path):
    picture, program = tmp_path / "盐勺.jpg", tmp_path / "x.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0 a picture")
    program.write_bytes(b"MZ a program")
    told = []
    page.model.message.connect(lambda sentence, tone: told.append((sentence, tone)))
    page.model.choose_template("salt")
    for path in (program, picture):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, path=path: (str(path), ""))
        page.model.action_set.trigger("media")
        qtbot.waitUntil(lambda path=path: len(told) == (1 if path is program else 2))
    assert ("JPEG" in told[0][0], told[0][1], told[1][1]) == (True, "danger", "success")
    [kept] = [one for one in rows(open_desk, Attachment) if one.subject == "message_template"]
    assert (kept.name, kept.media_type) == ("盐勺.jpg", "image/jpeg")
    assert open_desk.blobs.has(kept.sha256)
