"""R3.1.3: the board of the day by scanner and keys, fed by what changed; how long rooms took; and the definitions."""

import itertools
import os
from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QTableView

import resources
from client.command_dialog.view import CommandDialog
from client.ports import Scanned
from client.stations.process.view import View
from client.stations.process.viewmodel import ViewModel
from client.stations.process_define.view import View as DefineView
from client.stations.process_define.viewmodel import ViewModel as DefineModel
from domain.checkup.visit_commands import OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.process.definitions import PROCESS, load_process
from domain.process.stay_commands import ScanAtNode
from domain.process.stay_records import ProcessStay, ScanKind
from tests.client_stations.test_front_desk_models import rows

SHOTS = os.environ.get("AFTERCHECK_SHOTS")
NAMES = ("王美娜", "李建国", "张晓燕", "陈志强", "刘洋", "赵敏", "周海涛", "吴静")


@pytest.fixture
def hall(station_desk, authority, catalog, as_role):
    """A desk with packages; `come` brings a client, `scan` records them at a room."""
    process = load_process(resources.folder("process"), authority.roles, catalog.observations)
    station_desk.dispatcher.content[PROCESS] = process
    station_desk.dispatcher.content["texts"] = station_desk.texts
    run, count = station_desk.dispatcher.run, itertools.count()

    class Hall:
        nurse, doctor = as_role("nurse"), as_role("physician")

        def come(self, package="基础套餐"):
            at = next(count)
            born = date(1970, 1, 1) + timedelta(days=37 * at)
            client = RegisterPatient(
                name=NAMES[at % len(NAMES)], sex=Sex.FEMALE if at % 2 == 0 else Sex.MALE, birth_date=born
            )
            order = OpenVisit(patient_id=run(client, self.nurse).receipt.patient_id, package=package)
            return run(order, self.nurse).receipt

        def scan(self, visit, node, act=None, actor=None):
            order = ScanAtNode(visit_id=visit.visit_id, node=node, act=act, anyway=True)
            return run(order, actor or self.nurse).receipt

    return Hall()


@pytest.fixture
def opened(hall, qtbot, context_for):
    view = View(ViewModel(context_for("nurse")))
    qtbot.addWidget(view)
    view.resize(1366, 700)
    view.show()
    view.model.on_open()
    qtbot.waitUntil(lambda: bool(view.model.loads))
    return view


def shown(view, name):
    return view.findChild(QLabel, name).text()


def cells(view, name):
    model = view.findChild(QTableView, name).model()
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def test_a_scan_is_the_next_step_here_and_names_the_next_room(opened, hall, station_desk, qtbot):
    visit = hall.come()
    model = opened.model
    assert model.on_scan(Scanned("visit", visit.number, visit.visit_id))
    assert "还没有设置节点" in shown(opened, "process_result")
    assert rows(station_desk, ProcessStay) == []
    model.choose_room("desk")
    model.action_set.trigger("here")
    assert shown(opened, "process_here") == "本机节点：前台"
    model.on_scan(Scanned("visit", visit.number, visit.visit_id))
    qtbot.waitUntil(lambda: "到达“前台”" in shown(opened, "process_result"))
    assert shown(opened, "process_next").startswith("→ 下一站：采血（须空腹或在早餐前完成，前面 0 人")
    qtbot.waitUntil(
        lambda: (
            ["王美娜  女", visit.number, "前台", "等候"] in [r[:4] for r in cells(opened, "process_people")]
        )
    )
    station_desk.clock.advance(timedelta(minutes=2))
    qtbot.waitUntil(lambda: model.selected is not None)
    model.action_set.trigger("record")
    qtbot.waitUntil(lambda: cells(opened, "process_people")[0][3] == "检查中")
    assert model.on_scan(Scanned("specimen", "261100000058")) is False, "tubes belong to other pages"


def test_breakfast_first_is_refused_loudly_and_taken_when_confirmed(opened, hall, qtbot):
    visit = hall.come()
    opened.model.set_here("breakfast")
    opened.model.on_scan(Scanned("visit", visit.number, visit.visit_id))
    qtbot.waitUntil(lambda: "须在 采血、超声 之后" in shown(opened, "process_result"))
    opened.model.action_set.trigger("anyway")
    qtbot.waitUntil(lambda: "到达“早餐”" in shown(opened, "process_result"))


def test_only_what_changed_is_read_and_what_is_late_stands_first(
    opened, hall, station_desk, qtbot, monkeypatch
):
    first, second = hall.come(), hall.come()
    hall.scan(first, "ecg")
    qtbot.waitUntil(lambda: len(opened.model.people) == 1)
    asked = []
    from client.stations.process import viewmodel

    whole = viewmodel.board_rows
    monkeypatch.setattr(viewmodel, "board_rows", lambda *a: asked.append(a) or whole(*a))
    station_desk.clock.advance(timedelta(minutes=43))
    hall.scan(second, "ecg")
    qtbot.waitUntil(lambda: len(opened.model.people) == 2)
    assert asked == []
    assert [row[5] for row in cells(opened, "process_people")] == ["超时 3 分钟", ""]
    ecg = next(row for row in cells(opened, "process_rooms") if row[0].endswith("心电图"))
    assert ecg[1:6] == ["2", "0/1", "10 分钟", "43 分钟", "1"]


def test_the_room_that_piles_up_is_named_with_its_reasons_and_its_times_are_shown(
    opened, hall, station_desk, qtbot
):
    for at in range(8):
        visit = hall.come(None)
        hall.scan(visit, "ecg")
        if at < 2:
            station_desk.clock.advance(timedelta(minutes=3))
            hall.scan(visit, "ecg", ScanKind.BEGIN)
            station_desk.clock.advance(timedelta(minutes=4))
            hall.scan(visit, "ecg", ScanKind.END)
    hall.scan(hall.come(), "internal", actor=hall.doctor)
    qtbot.waitUntil(lambda: "瓶颈：心电图" in shown(opened, "process_jam"))
    assert "负荷 133%，近 30 分钟净增 6 人，预计等候 30 分钟" in shown(opened, "process_jam")
    opened.model.action_set.trigger("part")
    qtbot.waitUntil(lambda: bool(cells(opened, "process_flows")))
    ecg = next(row for row in cells(opened, "process_flows") if row[0] == "心电图")
    assert ecg == ["心电图", "全天", "8", "3 分钟", "3 分钟", "4 分钟", "4 分钟", "", "2"]
    if SHOTS:
        opened.grab().save(f"{SHOTS}/process_flows.png")
        opened.model.action_set.trigger("part")
        opened.model.set_here("ecg")
        for wide, high in ((1366, 700), (1920, 1010)):
            opened.resize(wide, high)
            qtbot.wait(50)
            opened.grab().save(f"{SHOTS}/process_{wide}.png")


def test_a_typed_number_goes_the_way_of_a_scan_and_a_skip_asks_for_its_reason(opened, hall, qtbot):
    with qtbot.waitSignal(opened.model.scan_typed) as typed:
        field = opened.findChild(QLineEdit, "process_number")
        field.setText(" T1010001 ")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert typed.args == ["T1010001"]
    opened.model.action_set.trigger("skip")
    assert "请先在右侧选择" in shown(opened, "process_result")
    stay = hall.scan(hall.come(), "ecg").stay_id
    qtbot.waitUntil(lambda: bool(opened.model.people))
    opened.model.selected = stay
    opened.model.action_set.trigger("skip")
    dialog = opened.findChild(CommandDialog, "command_dialog")
    dialog.box("reason").set_value("心电图机故障")
    dialog._send()
    qtbot.waitUntil(lambda: opened.model.people[0].where == "between")


def test_a_definition_is_changed_from_what_it_is_and_says_whose_it_is(hall, qtbot, context_for):
    view = DefineView(DefineModel(context_for("administrator")))
    qtbot.addWidget(view)
    view.resize(1366, 700)
    view.show()
    view.model.on_open()
    qtbot.waitUntil(lambda: len(cells(view, "define_list")) == 13)
    assert cells(view, "define_list")[4][:3] == [
        "早餐",
        "breakfast",
        "同时 20 人，单人 15 分钟，时限 40 分钟，在 采血、超声 之后，护士、接待专员可记录",
    ]
    view.findChild(QTableView, "define_list").selectRow(2)
    view.model.action_set.trigger("change")
    dialog = view.findChild(CommandDialog, "command_dialog")
    assert dialog.box("name").value() == "采血"
    assert (dialog.box("limit").value(), dialog.box("roles").value()) == ("40", "护士")
    dialog.box("limit").set_value("35")
    dialog.box("reason").set_value("增设窗口")
    if SHOTS:
        dialog.grab().save(f"{SHOTS}/define_dialog.png")
    dialog._send()
    qtbot.waitUntil(lambda: cells(view, "define_list")[2][3] == "本机构第 1 版")
    assert "时限 35 分钟" in cells(view, "define_list")[2][2]
    for count in (20, 3, 1):
        if SHOTS:
            view.grab().save(f"{SHOTS}/define_{count}.png")
        view.model.action_set.trigger("part")
        qtbot.waitUntil(lambda count=count: len(cells(view, "define_list")) == count)
