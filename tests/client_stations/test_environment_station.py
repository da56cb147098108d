"""Environment on the screen: how probes stand in mark, words and colour, the curve, a file, a test of the alarm."""

import os
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from client.stations.environment.view import View
from client.stations.environment.viewmodel import ViewModel
from domain.environment.probe_commands import AddProbe
from domain.environment.reading_commands import TakenReading, TakeReadings
from domain.environment.records import Quantity

SHOTS = os.environ.get("AFTERCHECK_SHOTS")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def probes(station_desk, technician, clock):
    run = station_desk.dispatcher.run
    run(AddProbe(code="F1", name="1 号超低温冰箱", low=-90, high=-60), technician)
    run(AddProbe(code="F2", name="2 号超低温冰箱", low=-90, high=-60), technician)
    run(AddProbe(code="H1", name="处理间湿度", quantity=Quantity.HUMIDITY, low=30, high=70), technician)
    start = clock()
    clock.advance(timedelta(hours=3))
    warm = [-80 + 0.02 * n for n in range(150)] + [-77 + 0.9 * n for n in range(31)]
    readings = [TakenReading("F1", start + n * MINUTE, value, "modbus") for n, value in enumerate(warm)]
    readings += [TakenReading("F2", start + n * MINUTE, -79.5, "modbus") for n in range(181)]
    run(TakeReadings(readings=readings), technician)


@pytest.fixture
def view(context_for, qtbot, probes):
    made = View(ViewModel(context_for("biobank_technician")))
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.model.curve_changed):
        made.model.on_open()
    made.focus_first()
    yield made
    made.model.close()


def shown(view, name):
    return view.findChild(QLabel, name).text()


def test_what_is_out_stands_first_with_mark_and_words(view, qtbot):
    lines = [view.list.item(row).text() for row in range(view.list.count())]
    assert lines[0].startswith("✗ 1 号超低温冰箱   -50 ℃")
    assert "高于上限" in lines[0]
    assert any(line.startswith("✓ 2 号超低温冰箱") for line in lines)
    assert any(line.startswith("？ 处理间湿度") for line in lines)
    assert "高于上限 -60 ℃" in shown(view, "environment_facts")
    assert "限值待负责人核定" in shown(view, "environment_facts")
    if SHOTS:
        for size in ((1366, 768), (1920, 1080)):
            view.resize(*size)
            qtbot.wait(80)
            view.grab().save(f"{SHOTS}/environment_{size[0]}.png")


def test_arrows_choose_a_probe_and_its_curve_follows(view, qtbot):
    with qtbot.waitSignal(view.model.curve_changed):
        qtbot.keyClick(view.list, Qt.Key.Key_Down)
    assert view.model.probe().code in ("F2", "H1")
    assert shown(view, "environment_head").endswith(view.model.probe().code)


def test_a_file_is_taken_in_once_and_a_bad_one_names_its_line(view, qtbot, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("time,H1\n2026-11-23 09:05,45\n2026-11-23 09:06,46\n", "utf-8")
    for told in ("已导入 2 个新读数", "已导入 0 个新读数，2 个此前已有"):
        with qtbot.waitSignal(view.model.told):
            view.model.read(path)
        assert shown(view, "environment_result").startswith(told)
    path.write_text("time,H1\n2026-11-23 09:05,wet\n", "utf-8")
    with qtbot.waitSignal(view.model.told):
        view.model.read(path)
    assert "第 2 行“wet”" in shown(view, "environment_result")
