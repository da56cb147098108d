"""The store room: the tree, the box by keys, a rack that changes nothing before it is confirmed."""

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from sqlalchemy import select

from client.ports import Scanned
from client.stations.storage.view import View
from client.stations.storage.viewmodel import ViewModel
from client.stations.storage.widgets import Grid
from devices.racks.simulator import Scene, draw_rack
from domain.biobank.commands import AliquotSpecimen, CollectSpecimen, PlanSpecimen, StoreSpecimen
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenType
from domain.kernel.readers import Follower
from domain.storage.container_commands import ContainerKind, PutUpContainer
from domain.storage.filling import FillReader
from domain.storage.racks import WellStatus
from domain.storage.records import StorageTask
from tests.client_stations.bench_fixtures import slots, states

SHOTS = os.environ.get("AFTERCHECK_SHOTS")


@pytest.fixture
def aliquots(station_desk, technician, processed):
    """Twelve serum aliquots, not stored."""
    run = station_desk.dispatcher.run
    order = AliquotSpecimen(number=processed[0], count=12, volume_ul=500)
    return [tube.number for tube in run(order, technician).receipt]


@pytest.fixture
def more_tubes(station_desk, nurse, seen_visit):
    """Four collected serum tubes of one visit."""
    numbers = []
    for _ in range(4):
        order = PlanSpecimen(
            visit_id=seen_visit, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
        )
        number = station_desk.dispatcher.run(order, nurse).receipt.number
        station_desk.dispatcher.run(CollectSpecimen(number=number), nurse)
        numbers.append(number)
    return numbers


@pytest.fixture
def seen_visit(station_desk, processed):
    with station_desk.store.read() as connection:
        return connection.execute(
            select(Specimen.visit_id).where(Specimen.number == processed[0])
        ).scalar_one()


@pytest.fixture
def room(station_desk, technician, aliquots):
    run = station_desk.dispatcher.run
    for code, kind, parent, name, rows, columns in (
        ("S1", "site", None, "总院生物库", 9, 9), ("RM1", "room", "S1", "超低温间", 9, 9),
        ("F1", "freezer", "RM1", "1 号冰箱", 9, 9), ("R1", "rack", "F1", "A 架", 4, 6),
        ("BOXA", "box", "R1", "血清盒 A", 8, 12), ("BOXB", "box", "R1", "血清盒 B", 9, 9),
    ):  # fmt: skip
        order = PutUpContainer(
            code=code, name=name, kind=ContainerKind(kind), parent=parent, rows=rows, columns=columns
        )
        run(order, technician)
    for number, place in zip(aliquots[:4], ("A1", "A2", "A3", "B1"), strict=True):
        run(StoreSpecimen(number=number, container="BOXA", position=place), technician)
    Follower(station_desk.store, FillReader()).catch_up()


@pytest.fixture
def view(context_for, qtbot, room):
    made = View(ViewModel(context_for("biobank_technician")))
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.model.opened_changed):
        made.model.on_open(container="BOXA")
    made.focus_first()
    yield made
    made.model.close()


def said(view):
    return view.findChild(QLabel, "storage_result").text()


def under(view):
    return view.findChild(QLabel, "storage_position").text()


def rack_file(tmp_path, wells):
    path = tmp_path / "rack.csv"
    path.write_text("Rack ID,R7\nPosition,Code\n" + "".join(f"{p},{c}\n" for p, c in wells.items()), "utf-8")
    return path


def read(view, qtbot, path, action):
    view.model.file_asked.disconnect()
    read_rack_for(view, qtbot, path, action)


def read_rack_for(view, qtbot, path, action):
    view.model.action_set.trigger(action)
    with qtbot.waitSignal(view.model.told):
        view.model.read(path)


def shoot(view, qtbot, name):
    if SHOTS:
        for size in ((1366, 768), (1920, 1080)):
            view.resize(*size)
            qtbot.wait(50)
            view.grab().save(f"{SHOTS}/{name}_{size[0]}.png")


def test_a_box_is_walked_by_keys_and_says_what_lies_where(view, qtbot, aliquots):
    grid = view.findChild(Grid)
    grid.setFocus()
    assert "血清" in under(view)
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert under(view).startswith("B2   空")
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert aliquots[3][:4] in under(view)
    assert "已用 4 / 96" in view.findChild(QLabel, "storage_facts").text()
    shoot(view, qtbot, "storage_box")


def test_a_scan_shows_where_a_tube_lies_and_changes_nothing(view, qtbot, aliquots, station_desk):
    before = slots(station_desk)
    view.model.open("BOXB")
    with qtbot.waitSignal(view.model.position_asked):
        view.model.on_scan(Scanned("specimen", aliquots[3]))
    qtbot.waitUntil(lambda: view.model.shown.view.code == "BOXA" and under(view).startswith("B1"))
    assert said(view) == "标本在 BOXA B1"
    with qtbot.waitSignal(view.model.told):
        view.model.on_scan(Scanned("specimen", aliquots[8]))
    assert "不在库中" in said(view)
    assert slots(station_desk) == before


def test_a_rack_is_stored_only_when_confirmed_and_only_what_is_in_order(
    view, qtbot, tmp_path, aliquots, station_desk
):
    before = slots(station_desk)
    path = rack_file(tmp_path, {
        "A01": aliquots[4], "C01": aliquots[5], "C02": aliquots[6], "C03": aliquots[6], "C04": "FD0001",
        "C05": "NO READ", "C06": "123456789018", "C07": "", "C08": aliquots[0],
    })  # fmt: skip
    read(view, qtbot, path, "store")
    shown = {p: w.status.value for p, w in view.model.waiting.wells.items()}
    assert shown == {
        "A1": "taken", "C1": "ok", "C2": "duplicate", "C3": "duplicate", "C4": "foreign", "C5": "unread",
        "C6": shown["C6"], "C8": "wrong_state",
    }  # fmt: skip
    assert shown["C6"] in {"foreign", "unknown"}
    assert slots(station_desk) == before, "reading changes nothing"
    assert "尚未改动任何记录" in said(view)
    shoot(view, qtbot, "storage_sheet")
    view.model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: said(view).startswith("已入库 1 管"))
    assert slots(station_desk) == {**before, "BOXA:C1": aliquots[5]}
    assert states(station_desk)[aliquots[6]] == "processed"


def test_a_rack_that_is_dropped_changes_nothing(view, qtbot, tmp_path, aliquots, station_desk):
    before = slots(station_desk)
    read(view, qtbot, rack_file(tmp_path, {"D1": aliquots[4]}), "store")
    assert view.model.action_set.is_enabled("confirm")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.model.waiting is None
    assert not view.model.action_set.trigger("confirm")
    assert slots(station_desk) == before


def test_a_check_of_a_box_makes_searches_of_its_differences(view, qtbot, tmp_path, aliquots, station_desk):
    path = rack_file(tmp_path, {"A1": aliquots[0], "A2": aliquots[2], "C1": aliquots[9], "B1": "NO READ"})
    read(view, qtbot, path, "check")
    assert "有差异" in said(view)
    view.model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: said(view).startswith("盘点完成"))
    assert said(view).startswith("盘点完成：应有 4，相符 1，未见 1，多出 1，位置不符 1")
    with station_desk.store.read() as connection:
        table = StorageTask.__table__.c
        found = connection.execute(select(table.number, table.cause, table.place, table.found_place)).all()
    assert {(t.number, t.cause.value) for t in found} == {
        (aliquots[1], "missing"), (aliquots[2], "misplaced"), (aliquots[9], "extra"),
    }  # fmt: skip
    shoot(view, qtbot, "storage_checked")


def test_a_picture_of_a_rack_is_stored_only_when_a_tube_taken_out_told_how_it_lies(
    view, qtbot, tmp_path, aliquots, station_desk
):
    before = slots(station_desk)
    tubes = {"C1": aliquots[4], "C2": aliquots[5], "D1": aliquots[6], "D2": aliquots[7]}
    path = tmp_path / "rack.png"
    draw_rack(tubes, Scene(turned=180), illegible=frozenset({"E5"})).save(path)
    read(view, qtbot, path, "store")
    assert {w.code for w in view.model.waiting.wells.values() if w.code} == set(tubes.values())
    assert "未读出的位置 1 个" in said(view)
    assert "看似空位 91 个" in said(view)
    assert "图片看不出架子的方向" in said(view)
    shoot(view, qtbot, "storage_picture")
    view.model.action_set.trigger("confirm")
    assert slots(station_desk) == before, "a place that nobody confirmed is not kept"
    view.grid.go_to("C1")
    with qtbot.waitSignal(view.model.told):
        view.model.on_scan(Scanned("specimen", aliquots[7]))
    assert "影像中 C1 不是" in said(view)
    assert not view.model.waiting.placed
    with qtbot.waitSignal(view.model.told):
        view.model.on_scan(Scanned("specimen", aliquots[4]))
    assert view.model.waiting.placed
    assert "未读出的位置 1 个（E5）" in said(view)
    view.model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: said(view).startswith("已入库 4 管"))
    assert slots(station_desk) == before | {f"BOXA:{place}": number for place, number in tubes.items()}


def test_a_rack_is_received_against_the_list_of_its_sender(view, qtbot, tmp_path, station_desk, more_tubes):
    on_list, off_list = more_tubes[:3], more_tubes[3]
    path = tmp_path / "协作医院.csv"
    lines = [f"{number},血清" for number in on_list]
    path.write_bytes(("标本条码,类型\n" + "\n".join([*lines, "123,血清"]) + "\n").encode("gb18030"))
    view.model.file_asked.disconnect()
    with qtbot.waitSignal(view.model.told):
        view.model.read_list(path)
    assert "应到 3 管，1 行需核对" in said(view)
    assert "第 5 行“标本编号”（A 列）“123”不是本系统的编号" in said(view)
    shoot(view, qtbot, "storage_list")
    rack = rack_file(tmp_path, {"A1": on_list[0], "A2": off_list, "A3": on_list[1]})
    read_rack_for(view, qtbot, rack, "receive")
    assert view.model.waiting.wells["A2"].status is WellStatus.NOT_LISTED
    view.model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: "已到 2 / 4，待到 1，需核对 1" in said(view))
    found = states(station_desk)
    assert [found[n] for n in more_tubes] == ["received", "received", "collected", "collected"]


def test_a_file_nobody_understands_names_its_line(view, qtbot, tmp_path):
    path = tmp_path / "strange.csv"
    path.write_text("A01,1\nhello world\n", "utf-8")
    read(view, qtbot, path, "check")
    assert "第 2 行" in said(view)
    assert view.model.waiting is None
