"""Picking by scans: the way, a wrong tube, what is left; packing; a list that is signed when the box is closed."""

import os

import pytest
from PySide6.QtWidgets import QLabel

from client.ports import Scanned
from client.stations.picking.view import View
from client.stations.picking.viewmodel import ViewModel
from domain.storage.manifests import verified
from domain.storage.pick_commands import ApprovePick, RequestPick
from domain.storage.pick_records import ShipmentCondition
from domain.storage.shipment_commands import OpenShipment
from tests.client_stations.bench_fixtures import states

SHOTS = os.environ.get("AFTERCHECK_SHOTS")


@pytest.fixture
def picked(station_desk, technician, as_role, stored_tubes):
    run = station_desk.dispatcher.run
    order = RequestPick(purpose="代谢组学", numbers=" ".join(stored_tubes[:2]))
    made = run(order, technician).receipt.pick_list_id
    run(ApprovePick(pick_list_id=made), as_role("department_head"))
    return made


@pytest.fixture
def view(context_for, qtbot, picked):
    made = View(ViewModel(context_for("biobank_technician")))
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.model.lines_changed):
        made.model.on_open()
    yield made
    made.model.close()


def said(view):
    return view.findChild(QLabel, "picking_result").text()


def scan(view, qtbot, number, kind="specimen"):
    with qtbot.waitSignal(view.model.told):
        view.model.on_scan(Scanned(kind, number))


def test_tubes_are_fetched_scan_by_scan_and_a_wrong_one_is_refused(
    view, qtbot, stored_tubes, station_desk, box
):
    assert view.lines.count() == 2
    assert view.lines.item(0).text().startswith("○")
    scan(view, qtbot, stored_tubes[2])
    assert said(view).startswith("✗")
    assert "不在这张取样单上" in said(view)
    scan(view, qtbot, "6901234567892", "unknown")
    assert "未改动任何记录" in said(view)
    assert set(states(station_desk).values()) == {"stored"}
    scan(view, qtbot, stored_tubes[0])
    assert (
        said(view)
        == f"✓ 已取 {' '.join(stored_tubes[0][i : i + 4] for i in (0, 4, 8))}，还剩 1 管，下一管：{box} A2"
    )
    qtbot.waitUntil(
        lambda: view.lines.item(0).text().split()[1:4] == [stored_tubes[1][i : i + 4] for i in (0, 4, 8)]
    )
    if SHOTS:
        for size in ((1366, 768), (1920, 1080)):
            view.resize(*size)
            qtbot.wait(50)
            view.grab().save(f"{SHOTS}/picking_{size[0]}.png")
    scan(view, qtbot, stored_tubes[1])
    assert "全部处理完" in said(view)
    assert states(station_desk)[stored_tubes[1]] == "out"


def test_a_box_is_packed_and_closed_with_a_signed_list(
    view, qtbot, stored_tubes, station_desk, technician, tmp_path
):
    for number in stored_tubes[:2]:
        scan(view, qtbot, number)
    order = OpenShipment(receiver="协作医院", condition=ShipmentCondition.DRY_ICE)
    station_desk.dispatcher.run(order, technician)
    view.model.load()
    qtbot.waitUntil(lambda: [job.kind for job in view.model.jobs] == ["ship"])
    scan(view, qtbot, stored_tubes[2])
    assert said(view).startswith("✗"), "a tube that lies in its box is not packed"
    for number in stored_tubes[:2]:
        scan(view, qtbot, number)
    assert "共 2 管" in said(view)
    made = []
    view.model.manifest_made.disconnect()
    view.model.manifest_made.connect(lambda _number, text: made.append(text))
    view.model.action_set.trigger("send")
    qtbot.waitUntil(lambda: bool(made))
    assert [tube["number"] for tube in verified(made[0])[0]["tubes"]] == sorted(stored_tubes[:2])
