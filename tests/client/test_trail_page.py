"""The page of the audit: looked through by keys, as a picture and line by line, and checked (R3.4.2)."""

import os
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QTableWidget

from client.navigation import entries
from client.pages.trail.chart import CELLS, LANES, chart_of
from client.pages.trail.view import View
from client.pages.trail.viewmodel import ViewModel, Wanted
from domain.audit.chain import AuditReader
from domain.audit.trail import AuditMark, AuditQuery, audit_lines
from domain.kernel.errors import DomainError
from domain.kernel.ids import new_id
from domain.kernel.readers import Follower
from domain.people.patient_commands import EditPatient

SHOTS = os.environ.get("AFTERCHECK_SHOTS", "")


@pytest.fixture
def page(qtbot, context_for, open_desk, clock, seeded):
    """The page of an auditor; something was changed and something refused."""
    nurse = context_for("nurse")[0].actor
    patient = seeded[0][0].patient_id
    open_desk.dispatcher.run(EditPatient(patient_id=patient, phone="13900001111"), nurse)
    for _ in range(2):
        with pytest.raises(DomainError):
            open_desk.dispatcher.run_named(
                "staff.set_active", {"staff_id": str(new_id()), "active": False}, nurse
            )
    follower = Follower(open_desk.store, AuditReader())
    while follower.step():
        pass
    clock.advance(timedelta(minutes=5))
    view = View(ViewModel(context_for("auditor")[0]))
    qtbot.addWidget(view)
    view.resize(1366, 768)
    view.show()
    view.model.on_open()
    qtbot.waitUntil(lambda: bool(view.model.lines))
    return view


def shot(view, name):
    if SHOTS:
        for wide, high in ((1366, 768), (1920, 1080)):
            view.resize(wide, high)
            view.grab().save(f"{SHOTS}/{name}_{wide}.png")


def table(view):
    return view.findChild(QTableWidget, "trail_lines")


def cells(view, column):
    return [table(view).item(row, column).text() for row in range(table(view).rowCount())]


def test_only_who_may_see_the_audit_has_the_page(open_desk, context_for):
    for role, there in (("auditor", True), ("nurse", False), ("administrator", False)):
        pages = {e.page for e in entries(context_for(role)[0].actor, open_desk.texts.say)}
        assert ("trail" in pages) is there, role


def test_what_happened_is_shown_by_person_and_time_and_what_it_changed(qtbot, page):
    assert "修改客户信息" in cells(page, 4)
    assert cells(page, 6).count("被拒绝") == 2
    chart = page.model.chart
    assert sum(lane.count for lane in chart.lanes) == len(page.model.lines)
    assert sum(cell.refused for lane in chart.lanes for cell in lane.cells.values()) == 2
    table(page).selectRow(cells(page, 4).index("修改客户信息"))
    detail = page.findChild(QPlainTextEdit, "trail_detail")
    qtbot.waitUntil(lambda: "修改 客户" in detail.toPlainText())
    assert "手机号" in detail.toPlainText()
    assert "13900001111" not in detail.toPlainText(), "an auditor has no clearance for a number"
    shot(page, "trail")


def test_it_is_looked_for_by_several_conditions_and_by_keys(qtbot, page):
    box = page.findChild(QComboBox, "trail_outcome")
    box.setCurrentIndex(box.findData("refused"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: len(page.model.lines) == 2)
    command = page.findChild(QLineEdit, "trail_command")
    command.setText("停用")
    qtbot.keyClick(command, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.model.wanted.command == "停用" and len(page.model.lines) == 2)
    command.setText("没有的操作")
    with qtbot.waitSignal(page.model.message) as said:
        qtbot.keyClick(command, Qt.Key.Key_Return)
    assert "没有的操作" in said.args[0]


def test_a_record_is_followed_through_its_whole_course(qtbot, page):
    table(page).selectRow(cells(page, 4).index("修改客户信息"))
    before = len(page.model.lines)
    page.model.follow_record()
    qtbot.waitUntil(lambda: len(page.model.lines) < before)
    assert {"登记客户", "修改客户信息"} <= set(cells(page, 4))
    assert all("客户" in records for records in cells(page, 5))


def test_a_cell_is_looked_into_and_left_again(qtbot, page):
    picture = page._picture
    before = page.model.chart
    qtbot.keyClick(picture, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.model.chart is not before)
    assert page.model.chart.until - page.model.chart.since == before.step
    inner = page.model.chart
    page.model.zoom_out()
    qtbot.waitUntil(lambda: page.model.chart is not inner)
    assert page.model.chart.since == before.since


def test_the_chain_is_checked_and_a_change_is_named(qtbot, page, open_desk):
    verdict = page.findChild(QLabel, "trail_verdict")
    page.model.verify()
    qtbot.waitUntil(lambda: "完整" in verdict.text())
    with open_desk.store.write() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET role = 'x' WHERE number = 2")
    page.model.verify()
    qtbot.waitUntil(lambda: "第 2 条" in verdict.text())


def test_many_people_are_drawn_as_some_lanes_and_the_rest():
    from tests.conftest import START

    people = [new_id() for _ in range(LANES + 4)]
    marks = [
        AuditMark(START + timedelta(minutes=n % 60), people[n % len(people)], "people.edit", "done")
        for n in range(500)
    ]
    chart = chart_of(
        marks, START, START + timedelta(hours=1), by_area=False, name_of=lambda one: str(one)[:4], say=str
    )
    assert len(chart.lanes) == LANES + 1
    assert sum(lane.count for lane in chart.lanes) == 500
    assert all(0 <= at < CELLS for lane in chart.lanes for at in lane.cells)


def test_several_functions_are_merged_in_the_order_of_time(open_desk, page):
    with open_desk.store.read() as connection:
        actor = page.model.context.actor
        all_of_them = audit_lines(connection, actor, AuditQuery())
        names = {line.command for line in all_of_them}
        merged = audit_lines(connection, actor, AuditQuery(commands=tuple(sorted(names))))
        assert [line.number for line in merged] == [line.number for line in all_of_them]
        first = merged[2]
        rest = audit_lines(
            connection, actor, AuditQuery(commands=tuple(names)), before=(first.at, first.number)
        )
        assert [line.number for line in rest] == [line.number for line in merged[3:]]


def test_what_is_not_known_is_named(page, qtbot):
    for wanted, word in ((Wanted(who="无此人"), "无此人"), (Wanted(record="P-000"), "P-000")):
        with qtbot.waitSignal(page.model.message) as said:
            page.model.look_for(wanted)
        assert word in said.args[0]
