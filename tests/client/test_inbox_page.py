"""The inbox by keys: what is owed first, an answer with F9, nothing of other people's, drafts that stay."""

from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QMenu, QPlainTextEdit, QTextEdit
from shiboken6 import isValid
from sqlalchemy import select

from client.pages.inbox.reading import read_inbox, read_transcript
from client.pages.inbox.view import View
from client.pages.inbox.viewmodel import ViewModel
from domain.conduct.records import MessageFinding
from domain.conversations.commands import HandOver, ReceiveMessage
from domain.conversations.faq_commands import SaveFaq
from domain.conversations.keeping import conversation_id
from domain.conversations.media_commands import KeepMedia
from domain.kernel.authority import system_actor
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, MessageTemplate
from domain.outgoing.records import Outgoing
from domain.people.records import Staff, Workstation
from domain.reception.booking_commands import AssignBlock, BookSlot
from tests.client import seeding


@pytest.fixture
def system():
    return system_actor(seeding.BRANCH, seeding.DEVICE)


@pytest.fixture
def written(open_desk, system, context_for, seeded, clock):
    """Three clients wrote: one known, one not, one that belongs to somebody else. Returns the operator's context."""
    context, opened = context_for("messaging_operator")
    with open_desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=clock(), new_id=open_desk.dispatcher.ids)
        for staff_id, login in ((context.actor.staff_id, "me"), (None, "other")):
            work.add(
                Staff(
                    id=staff_id, org_id=seeding.BRANCH, login=login, name=f"运营{login}", role="messaging_operator",
                    password_hash="x", password_set_at=clock(), active=login == "me",
                )
            )  # fmt: skip
        work.add(
            MessageTemplate(
                code="hours", label="门诊时间", category="notice", channels=["official_account"], title="门诊时间",
                text="{org}门诊时间为 8:00–17:00。", saved_at=clock(), active=True,
            )
        )  # fmt: skip
        work.commit_entry("test.staff", txn_id=open_desk.dispatcher.ids())
        work.close()
    patient_id = seeded[0][0].patient_id
    for at, (peer, text, patient) in enumerate((
        ("oKnown", "报告里说的低密度脂蛋白是什么意思？需要吃药吗？", patient_id), ("oNew", "想预约下周体检", None),
        ("oOther", "别人的客户", None),
    )):  # fmt: skip
        clock.advance(timedelta(minutes=1))
        order = ReceiveMessage(
            channel=Channel.OFFICIAL_ACCOUNT, account="oa", peer=peer, key=f"k{at}", org_id=seeding.BRANCH, text=text,
            at=clock(), patient_id=patient, nickname=f"昵称{at}",
        )  # fmt: skip
        open_desk.dispatcher.run(order, system)
    with open_desk.store.read() as connection:
        other = connection.execute(select(Staff.id).where(Staff.login == "other")).scalar_one()
    with open_desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=clock(), new_id=open_desk.dispatcher.ids)
        work.require(Staff, other).active = True
        work.commit_entry("test.staff", txn_id=open_desk.dispatcher.ids())
        work.close()
    order = HandOver(
        conversation_id=conversation_id(Channel.OFFICIAL_ACCOUNT, "oa", "oOther"), staff_id=other
    )
    open_desk.dispatcher.run(order, system)
    return context, opened


@pytest.fixture
def page(written, qtbot):
    model = ViewModel(written[0])
    view = View(model)
    qtbot.addWidget(view, before_close_func=lambda _w: model.close() if isValid(model) else None)
    view.resize(1150, 700)
    view.show()
    with qtbot.waitSignal(model.transcript_changed):
        model.on_open()
    qtbot.waitUntil(lambda: bool(model.transcript))
    return view


def child(view, kind, name):
    return view.findChild(kind, name)


def test_what_is_owed_is_listed_by_its_time_and_nothing_of_others(page):
    texts = [line.last_text for line in page.model.lines]
    assert texts == ["报告里说的低密度脂蛋白是什么意思？需要吃药吗？", "想预约下周体检"]
    assert page.model.owed == 2
    listed = child(page, QListWidget, "inbox_list")
    assert listed.count() == 2
    assert "剩" in listed.item(0).text()
    assert "低密度" in child(page, QTextEdit, "inbox_said").toPlainText(), "who must answer can read it"


def test_an_answer_by_keys_is_kept_and_the_clock_stops(page, qtbot):
    answer = child(page, QPlainTextEdit, "inbox_answer")
    answer.setFocus()
    qtbot.keyClicks(answer, "hello")
    with qtbot.waitSignal(page.model.sent):
        qtbot.keyClick(answer, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: page.model.owed == 1)
    assert answer.toPlainText() == ""
    first = next(line for line in page.model.lines if line.state == "replying")
    assert first.last_text == "hello"


def test_a_promise_is_remarked_while_it_is_typed_and_sent_with_a_reason_only(page, qtbot, open_desk):
    answer = child(page, QPlainTextEdit, "inbox_answer")
    remark, reason = child(page, QLabel, "inbox_remark"), child(page, QLineEdit, "inbox_reason")
    assert not remark.isVisible()
    answer.setPlainText("😀 这个方案可以根治脂肪肝")
    assert "承诺疗效" in remark.text()
    assert remark.isVisible()
    assert reason.isVisible()
    (place,) = answer.extraSelections()
    assert place.cursor.selectedText() == "可以根治"
    answer.setFocus()
    qtbot.keyClick(answer, Qt.Key.Key_F9)
    assert reason.hasFocus(), "the cursor is where the reason goes"
    reason.setText("of another answer")
    listed = child(page, QListWidget, "inbox_list")
    page.model.keep_draft(answer.toPlainText())
    listed.setCurrentRow(1)
    answer.setPlainText("药到病除")
    assert reason.isVisible()
    assert reason.text() == "", "a reason stays with the answer it was written for"
    answer.clear()
    listed.setCurrentRow(0)
    assert "根治" in answer.toPlainText()
    reason.clear()
    reason.setFocus()
    qtbot.keyClicks(reason, "quoted")
    with qtbot.waitSignal(page.model.sent):
        qtbot.keyClick(reason, Qt.Key.Key_F9)
    assert not remark.isVisible()
    with open_desk.store.read() as connection:
        assert connection.execute(select(MessageFinding.reason)).scalars().all() == ["quoted"]


def test_a_draft_stays_with_its_conversation(page, qtbot):
    listed, answer = child(page, QListWidget, "inbox_list"), child(page, QPlainTextEdit, "inbox_answer")
    qtbot.keyClicks(answer, "half")
    listed.setCurrentRow(1)
    assert answer.toPlainText() == ""
    listed.setCurrentRow(0)
    assert answer.toPlainText() == "half"


def test_a_time_that_is_over_is_told(page, clock, qtbot):
    clock.advance(timedelta(minutes=45))
    page.model.lines_changed.emit()
    assert "超时" in child(page, QListWidget, "inbox_list").item(0).text()


def test_the_known_texts_and_what_else_can_be_done(page, qtbot):
    qtbot.waitUntil(lambda: bool(page.model.canned))
    assert page.model.canned[0].label == "门诊时间"
    assert "{" not in page.model.canned[0].text
    names = [command.name for command in page.model.offers()]
    assert "conversation.close" in names
    assert "conversation.register" not in names, "this client has a record"
    child(page, QListWidget, "inbox_list").setCurrentRow(1)
    assert "conversation.register" in [command.name for command in page.model.offers()]
    asked = []
    page.model.command_asked.connect(lambda command, given: asked.append((command.name, given)))
    page.model.ask("conversation.register")
    assert asked[0][1] == {"conversation_id": page.model.current}


def test_nothing_written_is_not_sent(page, qtbot):
    said = []
    page.model.message.connect(lambda text, tone: said.append(tone))
    page.model.send("  ")
    assert said == ["warning"]


def test_the_record_opens_and_opens_the_inbox(page, written):
    page.model.open_record()
    assert written[1][0][0].startswith("record:patient:")


def test_an_empty_inbox_says_what_will_be_there(context_for, qtbot):
    model = ViewModel(context_for("department_head")[0])
    view = View(model)
    qtbot.addWidget(view, before_close_func=lambda _w: model.close() if isValid(model) else None)
    with qtbot.waitSignal(model.lines_changed):
        model.on_open()
    assert "还没有会话" in view.findChild(object, "inbox_none").text()


def test_anothers_conversation_cannot_be_read(written, open_desk):
    context, _ = written
    theirs = conversation_id(Channel.OFFICIAL_ACCOUNT, "oa", "oOther")
    with open_desk.store.read() as connection:
        assert read_transcript(connection, context.actor, theirs) == []
        assert theirs not in {line.id for line in read_inbox(connection, context.actor)}


def test_what_was_said_and_the_tags_stand_in_the_clients_record(
    written, seeded, system, open_desk, context_for
):
    from client.pages.record.viewmodel import read_sheet
    from domain.people.records import Patient
    from domain.tags.commands import TagClient

    context, _ = written
    patient_id = seeded[0][0].patient_id
    open_desk.dispatcher.run(TagClient(patient_id=patient_id, name="偏好周末"), system)
    values = {value.name: value.text for value in read_sheet(context, Patient, patient_id).values}
    assert "客户：报告里说的低密度脂蛋白是什么意思？需要吃药吗？" in values["talks"]
    assert "公众号" in values["talks"]
    assert values["tags"] == "自定义·偏好周末"
    run, start = open_desk.dispatcher.run, open_desk.clock() + timedelta(hours=1)
    with open_desk.store.write() as connection:
        work = UnitOfWork(connection, system, now=open_desk.clock(), new_id=open_desk.dispatcher.ids)
        work.add(
            Workstation(
                id=seeding.DEVICE, org_id=seeding.BRANCH, name="前台", public_key="-", enrolled_at=work.now,
                number_prefix="998",
            )
        )  # fmt: skip
        work.commit_entry("test.station", txn_id=open_desk.dispatcher.ids())
        work.close()
    block = AssignBlock(
        login="me", device_id=seeding.DEVICE, starts_at=start, ends_at=start + timedelta(hours=1)
    )
    seeding.at_the_centre(open_desk, block, system)
    run(BookSlot(patient_id=patient_id), system)
    values = {
        value.name: value.text
        for value in read_sheet(context_for("physician")[0], Patient, patient_id).values
    }
    assert "报告解读　已预约" in values["receptions"]
    other = seeded[1][0].patient_id
    assert read_sheet(context, Patient, other) is None, "not one of the operator's clients"


def test_a_like_question_is_offered_and_put_in_by_a_key(page, open_desk, qtbot, context_for):
    author = context_for("physician")[0].actor
    open_desk.dispatcher.run(
        SaveFaq(code="ldl", question="低密度脂蛋白是什么", answer="是血脂的一项。", reason="首次编写"), author
    )
    view, model = page, page.model
    model.load()
    qtbot.waitUntil(lambda: [one.code for one in model.offered] == ["ldl"])
    assert "低密度脂蛋白是什么" in view.findChild(QLabel, "inbox_offer").text()
    model.action_set.trigger("faq")
    menu = view.findChild(QMenu, "inbox_faq_menu")
    menu.actions()[0].trigger()
    menu.close()
    assert view.findChild(QPlainTextEdit, "inbox_answer").toPlainText() == "是血脂的一项。"


def test_what_the_client_sent_is_opened_elsewhere_and_on_record(
    page, open_desk, qtbot, system, clock, monkeypatch
):
    body = b"\xff\xd8\xff\xe0 a picture"
    sha256 = open_desk.blobs.put([body])
    order = ReceiveMessage(
        channel=Channel.OFFICIAL_ACCOUNT, account="oa", peer="oKnown", key="pic", org_id=seeding.BRANCH,
        text="[图片]", form="image", media="M1", at=clock(),
    )  # fmt: skip
    open_desk.dispatcher.run(order, system)
    message_id = stable_id("conversation_message", Channel.OFFICIAL_ACCOUNT, "oa", "pic")
    keep = KeepMedia(message_id=message_id, sha256=sha256, size=len(body), media_type="image/jpeg")
    open_desk.dispatcher.run(keep, system)
    view = page
    view.model.load()
    qtbot.waitUntil(lambda: len(view.model.files()) == 1)
    assert "已保存" in view.findChild(QTextEdit, "inbox_said").toPlainText()
    shown = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    with qtbot.waitSignal(view.model.file_ready):
        view.model.open_file(0)
    assert Path(shown[0]).read_bytes() == body
    with open_desk.store.read() as connection:
        [record] = connection.execute(select(Outgoing.__table__)).all()
    assert (record.destination, record.patient_id is not None) == ("viewer", True)
