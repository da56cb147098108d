"""The care desk: one list by promise and severity, one key a line, the cursor where the work is."""

import os
import time
import uuid
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import select

from client.stations.care_desk.bands import BANDS, Cursor, Look, read_lines
from client.stations.care_desk.view import View
from client.stations.care_desk.viewmodel import ViewModel
from domain.alerts.receivers import keep_receivers
from domain.alerts.records import Alert, Severity
from domain.conversations.records import Conversation, ConversationKind
from domain.followup.group_records import ClientLevel, Segment
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.task_records import FollowTask
from domain.kernel.authority import system_actor
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel
from domain.people.records import Patient, Staff
from domain.reception.records import Appointment, ReceptionKind
from tests.client import seeding

ME = uuid.uuid5(uuid.NAMESPACE_OID, "health_manager")
HOUR = timedelta(hours=1)
SHOTS = os.environ.get("AFTERCHECK_SHOTS")


def keep(desk, *records):
    with desk.store.write() as connection:
        actor = system_actor(seeding.BRANCH, seeding.DEVICE)
        work = UnitOfWork(connection, actor, now=desk.clock(), new_id=desk.dispatcher.ids)
        for record in records:
            work.add(record)
        position = work.commit_entry("test.keep", txn_id=desk.dispatcher.ids())
        work.close()
        keep_receivers(connection, [one.id for one in records if isinstance(one, Alert)])
    desk.store.ring(position)


def clients(desk):
    with desk.store.read() as connection:
        return list(
            connection.execute(select(Patient.__table__.c.id).order_by(Patient.__table__.c.number)).scalars()
        )


def a_task(patient_id, title, due_at, state="waiting", **facts):
    return FollowTask(
        **{
            "patient_id": patient_id, "title": title, "way": Way.PHONE, "content": ["家测血压", "用药"], "topics": [],
            "owner_role": "health_manager", "owner_id": ME, "owner_name": "王管理", "planned_at": due_at,
            "created_at": due_at, "state": state, "state_since": due_at, "due_at": due_at, "urgent": False,
            "script": "high_risk", **facts,
        }
    )  # fmt: skip


def an_alert(patient_id, severity, name, at, own=None):
    return Alert(
        id=own or uuid.uuid4(), rule="A-037", name=name, severity=severity, subject="patient", subject_id=patient_id,
        patient_id=patient_id, summary=f"{name}的内容", receivers=["health_manager"], opened_at=at, state="open",
        state_since=at, due_at=at + HOUR,
    )  # fmt: skip


def an_appointment(patient_id, at, state="booked"):
    return Appointment(
        block_id=uuid.uuid4(), slot=0, slot_key=None, patient_id=patient_id, kind=ReceptionKind.INTERPRETATION,
        staff_id=ME, staff_name="王管理", starts_at=at, ends_at=at + HOUR, state=state, state_since=at, due_at=at,
    )  # fmt: skip


def a_conversation(patient_id, due_at, owner_id=ME):
    return Conversation(
        channel=Channel.WECOM_CLIENT, account="main", kind=ConversationKind.SERVICE, address_id=uuid.uuid4(),
        patient_id=patient_id, owner_id=owner_id, labels=[], handed_on=0, owed_since=due_at, last_at=due_at,
        last_text="药要饭前吃吗？", state="owed", state_since=due_at, due_at=due_at,
    )  # fmt: skip


def a_plan(patient_id, at):
    return FollowPlan(
        patient_id=patient_id, name="高危人群随访", template="high_risk", template_version=1,
        segment=Segment.HIGH_RISK, topics=[], level=ClientLevel.STANDARD, strict=True, way=Way.PHONE,
        script="high_risk",
        owner_role="health_manager", content=["高危因素变化"], after_days=[30, 60, 90], starts_on=at.date(),
        source="默认", unverified=True, proposed_at=at, state="proposed", state_since=at, due_at=at + 24 * HOUR,
    )  # fmt: skip


@pytest.fixture
def day(open_desk):
    """One line of every band."""
    now, people = open_desk.clock(), clients(open_desk)
    keep(
        open_desk,
        Staff(id=ME, login="wang", name="王管理", role="health_manager", password_hash="-", password_set_at=now),
        a_task(people[0], "以后的随访", now + 72 * HOUR), a_task(people[1], "今天的随访", now + 3 * HOUR),
        a_task(people[2], "逾期的随访", now - 2 * HOUR, "in_progress"),
        a_task(people[3], "转来的随访", now + 5 * HOUR, owner_id=uuid.uuid4(), owner_name="李管理", offered_to=ME),
        a_task(people[4], "别人的随访", now - HOUR, owner_id=uuid.uuid4()),
        an_alert(people[0], Severity.URGENT, "紧急的预警", now),
        an_alert(people[1], Severity.GENERAL, "一般的预警", now),
        an_alert(people[2], Severity.IMPORTANT, "重要的预警", now), a_plan(people[3], now),
        a_conversation(people[5], now + timedelta(minutes=12)),
        a_conversation(people[4], now, owner_id=uuid.uuid4()),
        an_appointment(people[4], now + timedelta(minutes=30)), an_appointment(people[5], now + 4 * HOUR),
    )  # fmt: skip
    return open_desk


@pytest.fixture
def page(day, context_for, qtbot):
    context, opened = context_for("health_manager")
    view = View(ViewModel(context))
    view.resize(1366, 768)
    qtbot.addWidget(view)
    view.show()
    view.model.on_open()
    view.focus_first()
    qtbot.waitUntil(lambda: view.model.day.rowCount() == 11)
    view.opened = opened
    return view


def lines(view):
    return [view.model.day.line(row) for row in range(view.model.day.rowCount())]


def test_the_day_is_in_the_order_of_promise_and_severity(page):
    found = [(line.band, page.model.title(line)) for line in lines(page)]
    assert found == [
        ("owed", "企业微信（客户）"), ("alert_0", "紧急的预警"),
        ("overdue", "逾期的随访"), ("offered", "转来的随访"), ("appointment", "报告解读"),
        ("alert_1", "重要的预警"), ("today", "今天的随访"), ("appointment_today", "报告解读"),
        ("plan", "高危人群随访"), ("alert_2", "一般的预警"), ("later", "以后的随访"),
    ]  # fmt: skip
    assert [band.name for band in BANDS if band.name in {b for b, _ in found}] == [b for b, _ in found]
    if SHOTS:
        for width, height in ((1366, 768), (1920, 1080)):
            page.resize(width, height)
            page.grab().save(f"{SHOTS}/care-desk-{width}.png")


def test_each_line_says_its_one_next_step_and_what_is_at_hand(page, qtbot):
    steps = {line.band: page.model.step(line) for line in lines(page)}
    assert steps == {
        "owed": "回复客户",
        "alert_0": "接收预警", "overdue": "登记联系结果", "offered": "接受转交",
        "appointment": "接待签到",
        "alert_1": "接收预警", "today": "开始随访", "appointment_today": "接待签到", "plan": "采用随访计划",
        "alert_2": "接收预警", "later": "开始随访",
    }  # fmt: skip
    page.list.setCurrentIndex(page.model.day.index(6))
    shown = page.panel.text.text()
    assert "家测血压" in shown
    assert "待医师核定" in shown
    assert "承诺治愈" in shown
    assert page.panel.button.text() == "开始随访  F9"
    for line in lines(page):
        said = page.model.say_line(line)
        assert page.model.step(line) in said
        assert line.who in said


def test_one_key_does_the_step_and_the_next_line_takes_its_place(page, qtbot, day):
    page.list.setCurrentIndex(page.model.day.index(8))
    plan = page.model.chosen
    assert plan.kind == "plan"
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.model.day.row_of(plan) < 0)
    with day.store.read() as connection:
        states = connection.execute(select(FollowPlan.__table__.c.state)).scalars().all()
    assert states == ["active"]
    assert page.list.currentIndex().row() == 8
    assert page.model.chosen.kind in {"alert", "task"}


def test_what_needs_words_opens_its_form(page, qtbot):
    from PySide6.QtWidgets import QDialog

    page.list.setCurrentIndex(page.model.day.index(2))
    qtbot.keyClick(page.list, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: page.findChild(QDialog) is not None)
    assert page.findChild(QDialog).model.command.name == "followup.contact"
    offered = {command.name for command, _ in page.model.offers()}
    assert {"followup.complete", "followup.hand_over", "followup.lose"} <= offered


def test_what_comes_in_appears_and_the_cursor_stays_on_its_line(page, qtbot, day):
    page.list.setCurrentIndex(page.model.day.index(6))
    mine = page.model.chosen
    keep(day, an_alert(clients(day)[0], Severity.URGENT, "又一件", day.clock()))
    qtbot.waitUntil(lambda: page.model.day.rowCount() == 12)
    assert page.model.chosen.key == mine.key
    assert page.list.currentIndex().row() == 7


def test_an_empty_day_says_so(open_desk, context_for, qtbot):
    context, _ = context_for("messaging_operator")
    view = View(ViewModel(context))
    qtbot.addWidget(view)
    view.model.on_open()
    qtbot.waitUntil(lambda: view.model.day.state == "empty")
    assert "没有要处理的事" in view.note.text()


def many(desk, count):
    """So many alerts and tasks of this person, written as rows: their log is not what is measured."""
    now, people = desk.clock(), clients(desk)
    with desk.store.write() as connection:
        actor = system_actor(seeding.BRANCH, seeding.DEVICE)
        for start in range(0, count, 5000):
            work = UnitOfWork(connection, actor, now=now, new_id=desk.dispatcher.ids)
            alerts = [
                an_alert(people[n % 6], list(Severity)[n % 3], f"预警{n}", now + timedelta(seconds=n))
                for n in range(start, min(start + 5000, count))
            ]
            for n, alert in enumerate(alerts):
                work.add(alert)
                work.add(a_task(people[n % 6], f"任务{n}", now + timedelta(seconds=start + n)))
            work.flush()
            keep_receivers(connection, [alert.id for alert in alerts])
            work.close()


def opening(desk, context):
    """Best of some readings of the first page, seconds, and of one far down."""
    best = []
    for _ in range(5):
        began = time.perf_counter()
        with desk.store.read() as connection:
            lines, cursor = read_lines(Look(connection, context.actor, desk.clock()), Cursor(), 60)
            read_lines(Look(connection, context.actor, desk.clock()), cursor, 60)
        best.append(time.perf_counter() - began)
    assert len(lines) == 60
    return min(best)


@pytest.mark.parametrize(("few", "much"), [(400, 4000), pytest.param(1000, 100_000, marks=pytest.mark.deep)])
def test_a_long_day_opens_as_fast_as_a_short_one(open_desk, context_for, few, much):
    context, _ = context_for("health_manager")
    many(open_desk, few)
    short = opening(open_desk, context)
    many(open_desk, much - few)
    long = opening(open_desk, context)
    assert long < 3 * short + 0.005, f"{few}: {short * 1000:.1f} ms, {much}: {long * 1000:.1f} ms"
