"""R1.5.7, R1.5.8, R3.3.3: the board of what is under way and the figures of it, on the screen and by keys."""

import os
import uuid
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt

from client.stations.figures.view import View as FiguresView
from client.stations.figures.viewmodel import ViewModel as FiguresModel
from client.stations.figures.viewmodel import span_of
from client.stations.progress.view import View as BoardView
from client.stations.progress.viewmodel import ViewModel as BoardModel
from domain.followup.feedback_records import Feedback, FeedbackCase, RootCause
from domain.followup.group_records import CareProfile
from domain.followup.task_records import Audience
from domain.kernel.clock import clinic
from domain.kernel.worklists import Filter, worklists
from domain.linting.statistics_commands import PhysicianReports, ReportFigures
from domain.messaging.commands import BindAddress, SendMessage
from domain.messaging.records import Channel
from domain.reception.unit_records import ClientUnit
from domain.tracking.records import AbnormalTracking, TrackingGrade
from tests.client import seeding
from tests.client.test_care_desk import HOUR, ME, a_task, an_appointment, clients, keep

SHOTS = os.environ.get("AFTERCHECK_SHOTS")
WRITER = uuid.uuid5(uuid.NAMESPACE_OID, "messaging_operator")


def tracked(patient_id, grade, state, found_at, due_at):
    return AbnormalTracking(
        patient_id=patient_id, observation_id=uuid.uuid4(), grade=grade, sentence="收缩压 184 mmHg",
        found_at=found_at, tries=0, state=state, state_since=found_at, due_at=due_at,
    )  # fmt: skip


def said(patient_id, score, at, who, step_kind):
    return Feedback(
        id=uuid.uuid4(), patient_id=patient_id, step="follow_task", step_id=uuid.uuid4(), step_kind=step_kind,
        staff_id=ME if who == "王管理" else WRITER, staff_name=who, score=score, given_at=at, complaint=False,
    )  # fmt: skip


@pytest.fixture
def filled(open_desk):
    now, people = open_desk.clock(), clients(open_desk)
    unit = ClientUnit(id=uuid.uuid4(), name="远航物流", added_at=now)
    one = said(people[0], 2, now, "王管理", "phone")
    keep(
        open_desk, unit, one,
        a_task(people[0], "高血压随访", now + 3 * HOUR), a_task(people[1], "糖尿病随访", now - 30 * HOUR),
        a_task(people[2], "复查提醒", now - 2 * HOUR, "in_progress"),
        a_task(people[3], "结果回访", now - HOUR, "executed"),
        a_task(people[4], "年度提醒", now + HOUR, "sent", audience=Audience.MESSAGING, owner_id=WRITER,
               owner_name="周运营"),
        a_task(people[4], "已完成", now, "done", closed_at=now),
        an_appointment(people[4], now + HOUR), an_appointment(people[5], now - HOUR, "ended"),
        tracked(people[0], TrackingGrade.HIGH, "urgent_notice", now - 30 * HOUR, now - 6 * HOUR),
        tracked(people[1], TrackingGrade.HIGH, "follow", now - 50 * HOUR, now + 24 * HOUR),
        tracked(people[2], TrackingGrade.IMPORTANT, "notice", now - HOUR, now + 100 * HOUR),
        *(said(p, score, now, "王管理", "phone") for p, score in zip(people, (5, 4, 5), strict=False)),
        said(people[1], 5, now, "周运营", "message"),
        said(people[2], 3, now - timedelta(days=40), "周运营", "message"),
        FeedbackCase(feedback_id=one.id, patient_id=people[0], step_kind="phone", score=2, complaint=False,
                     root_cause=RootCause.WAITING, opened_at=now, state="resolved", state_since=now),
        *(CareProfile(patient_id=p, level="standard", unit_id=unit.id, changed_at=now) for p in people[:6]),
    )  # fmt: skip
    return open_desk


def shown(view, qtbot, size=(1366, 768)):
    view.resize(*size)
    qtbot.addWidget(view)
    view.show()
    view.model.on_open()
    view.focus_first()
    return view


def shoot(view, name, qtbot):
    if SHOTS:
        for width, height in ((1366, 768), (1920, 1080)):
            view.resize(width, height)
            qtbot.wait(50)
            view.grab().save(f"{SHOTS}/{name}-{width}.png")


@pytest.fixture
def board(filled, context_for, qtbot):
    context, opened = context_for("department_head")
    view = shown(BoardView(BoardModel(context)), qtbot)
    qtbot.waitUntil(lambda: bool(view.cards))
    view.opened = opened
    return view


def card(view, name):
    return next(c for row in view.cards for c in row if c.objectName() == f"progress_{name}")


def test_states_stand_side_by_side_with_how_many_are_late(board, qtbot):
    assert card(board, "tasks_waiting").accessibleName() == "未开始，2，逾期 1 · 最早 30 小时前"
    assert card(board, "tasks_executed").accessibleName().startswith("待录入结果，1，逾期 1")
    assert card(board, "tasks_ended").accessibleName() == "本月已结束，1"
    assert "进行中 4 · 逾期 3" in board._heads[0].text()
    shoot(board, "board-person", qtbot)


def test_arrows_move_enter_opens_what_is_behind_and_f6_turns(board, qtbot):
    first = board.cards[0][0]
    assert first.hasFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    assert card(board, "tasks_waiting").hasFocus()
    qtbot.keyClick(card(board, "tasks_waiting"), Qt.Key.Key_Return)
    assert board.opened == [
        ("worklist:followup.tasks", {"only": {"audience": Audience.PERSON, "state": "waiting"}})
    ]
    qtbot.keyClick(card(board, "tasks_waiting"), Qt.Key.Key_Down)
    assert card(board, "receptions_arrived").hasFocus()
    board.model.action_set.trigger("board")
    qtbot.waitUntil(
        lambda: any(c.objectName() == "progress_events_planned" for row in board.cards for c in row)
    )
    assert board.cards[0][0].hasFocus()
    board.model.show("message")
    qtbot.waitUntil(
        lambda: any(c.objectName() == "progress_messages_sent" for row in board.cards for c in row)
    )
    assert card(board, "messages_sent").accessibleName() == "已发送待触达，1"
    shoot(board, "board-message", qtbot)
    board.model.show("tracking")
    qtbot.waitUntil(lambda: "tracking_high" in board._shown)
    assert card(board, "tracking_high_urgent_notice").accessibleName().startswith("高危待通知，1，逾期 1")
    assert card(board, "tracking_high_follow").accessibleName() == "待随访，1"
    shoot(board, "board-tracking", qtbot)


def test_a_board_counts_anew_when_something_changed(board, filled, qtbot):
    keep(filled, a_task(clients(filled)[0], "新任务", filled.clock() + HOUR))
    qtbot.waitUntil(
        lambda: card(board, "tasks_waiting").accessibleName().startswith("未开始，3"), timeout=5000
    )


def test_a_list_opened_from_a_card_has_those_rows_alone(filled, context_for, qtbot):
    from client.pages.worklist.viewmodel import ViewModel as ListModel

    context, _opened = context_for("department_head")
    model = ListModel(context, "followup.tasks")
    model.on_open(only={"audience": Audience.PERSON, "state": "executed"})
    qtbot.waitUntil(lambda: model.table.rowCount() == 1)
    assert [chip.text for chip in model.chips] == ["对象 = 人工随访", "状态 = 待录入结果"]
    model.close()


@pytest.fixture
def figures(filled, context_for, qtbot):
    context, opened = context_for("department_head")
    view = shown(FiguresView(FiguresModel(context)), qtbot)
    qtbot.waitUntil(lambda: view.workload.rowCount() > 0 and view.units.rowCount() > 0)
    view.opened = opened
    return view


def test_the_figures_tell_workload_satisfaction_roots_and_units(figures, qtbot):
    rows = [
        [figures.workload.item(r, c).text() for c in range(8)] for r in range(figures.workload.rowCount())
    ]
    assert ["王管理", "个人", "4", "3", "1", "0", "100.0%", "0.0"] in rows
    by_staff = figures.charts["staff"].accessibleDescription()
    assert by_staff == "王管理 4.0（4）；周运营 5.0（1）"
    assert "电话随访 4.0（4）" in figures.charts["steps"].accessibleDescription()
    assert figures.causes.item(0, 0).text() == "等候过久"
    assert figures.units.item(0, 0).text() == "远航物流"
    assert figures.units.item(0, 1).text() == "6"
    for at, name in enumerate(("workload", "satisfaction", "causes", "reports", "messages", "units")):
        figures.parts.setCurrentIndex(at)
        shoot(figures, f"figures-{name}", qtbot)


def test_another_time_is_counted_and_a_wrong_day_is_said_beside_its_field(figures, qtbot):
    figures.model.choose_time("quarter")
    qtbot.waitUntil(lambda: "周运营 4.0（2）" in figures.charts["staff"].accessibleDescription())
    figures.since.setText("昨天")
    qtbot.keyClick(figures.since, Qt.Key.Key_Return)
    assert "不是日期" in figures.error.text()
    assert figures.since.hasFocus()
    figures.since.setText("2020-01-01")
    figures.until.setText("2020-02-01")
    qtbot.keyClick(figures.until, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "没有满意度评价" in figures.satisfaction_note.text())
    figures.until.setText("2019-02-01")
    qtbot.keyClick(figures.until, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: figures.error.isVisible())


def test_the_months_of_performance_are_opened_by_one_key_and_can_be_exported(figures):
    figures.model.action_set.trigger("performance")
    assert figures.opened == [("worklist:followup.performance", {})]
    names = [c.name for c in worklists()["followup.performance"].columns]
    assert {"mean_score", "on_time_rate", "messages", "receptions"} <= set(names)
    page = figures.context.desk.pages.page(
        worklists()["followup.performance"], figures.context.actor, filters=[Filter("month", "eq", "1999-01")]
    )
    assert page.rows == ()


def test_named_times_end_today_or_with_the_month_before(open_desk):
    today = clinic(open_desk.clock()).date().replace(month=3, day=5)
    assert [str(d) for d in span_of("last_month", today)] == [f"{today.year}-02-01", f"{today.year}-02-28"]
    assert span_of("month", today) == (today.replace(day=1), today)
    assert (span_of("year", today)[1] - span_of("year", today)[0]).days == 364


def test_reports_are_counted_beside_and_their_figures_told(figures, qtbot):
    with qtbot.waitSignal(figures.model.reports):
        figures.model.load()
    assert "没有提交或签发的报告" in figures.reports_note.text()
    chief = PhysicianReports("李主任", 0, 0, 6, 6, 1, 0, None, 6.2, 1)
    levels = {"second_review": 4.0, "final_review": 8.5}
    figures.model.reports.emit(
        ReportFigures(6, 14.5, levels, {"final_review": 0.25}, 4, 2 / 3, 7, 96.4, [chief])
    )
    told = figures.reports_note.text()
    assert "签发 6 份" in told
    assert "总院复审 4.0 小时，终审 8.5 小时、逾期 25%" in told
    assert "高级职称签署率 66.7%" in told
    row = [figures.reports.item(0, column).text() for column in range(10)]
    assert row == ["李主任", "0", "0", "6", "6", "1", "0", "—", "6.2", "1"]
    figures.parts.setCurrentIndex(3)
    shoot(figures, "figures-reports", qtbot)


def test_what_was_pushed_to_clients_is_counted_beside(figures, open_desk, seeded, qtbot):
    patient_id = seeded[0][0].patient_id
    run, system = open_desk.dispatcher.run, seeding.system()
    run(BindAddress(patient_id=patient_id, channel=Channel.OFFICIAL_ACCOUNT, address="oZhou"), system)
    run(
        SendMessage(patient_id=patient_id, template="activity_week", channel=Channel.OFFICIAL_ACCOUNT), system
    )
    with qtbot.waitSignal(figures.model.pushed):
        figures.model.load()
    row = [figures.messages.item(0, column).text() for column in range(10)]
    assert row == ["每周运动建议", "公众号", "1", "0", "0", "0", "0", "0", "—", "—"]
