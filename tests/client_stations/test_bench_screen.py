"""The specimen bench on the screen, without a mouse: keys, scans, the big line, the box from above."""

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit

from client.stations.bench.view import View
from client.stations.bench.viewmodel import ViewModel
from client.stations.bench.widgets import BoxGrid, ScanList, WaitingList
from domain.biobank.bench import Mode


@pytest.fixture
def view(context_for, qtbot):
    made = View(ViewModel(context_for("biobank_technician")))
    qtbot.addWidget(made)
    made.resize(1150, 640)
    made.show()
    qtbot.waitExposed(made)
    made.model.on_open()
    made.model.scan_typed.connect(lambda text: made.model.on_scan(looked_up(made.model, text)))
    made.focus_first()
    yield made
    made.model.close()


def looked_up(model, text):
    return model.context.desk.scan_lookup(model.context.actor, text)


def scan(view, qtbot, text):
    with qtbot.waitSignal(view.model.result_changed):
        view.model.on_scan(looked_up(view.model, text))


def shown(view, name):
    label = view.findChild(QLabel, name)
    return label.text() if label.isVisibleTo(view) else ""


def test_the_outcome_stands_in_one_big_line(view, tubes, qtbot):
    assert shown(view, "result_title") == "请扫描要签收的采集管"
    scan(view, qtbot, tubes[0])
    assert shown(view, "result_title") == "✓ 已签收"
    assert "下一步：离心处理（F3）" in shown(view, "result_remedy")
    scan(view, qtbot, "6901234567892")
    assert shown(view, "result_title").startswith("✗")
    assert "F10" in shown(view, "result_remedy")


def test_function_keys_choose_the_mode_and_the_words_follow(view, qtbot):
    for key, mode in (
        (Qt.Key.Key_F5, Mode.STORE), (Qt.Key.Key_F3, Mode.PROCESS), (Qt.Key.Key_F4, Mode.ALIQUOT),
        (Qt.Key.Key_F11, Mode.LOOKUP), (Qt.Key.Key_F2, Mode.RECEIVE),
        ((Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier), Mode.POOL),
        ((Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier), Mode.OUT),
        ((Qt.Key.Key_F4, Qt.KeyboardModifier.ShiftModifier), Mode.DESTROY),
    ):  # fmt: skip
        qtbot.keyClick(view, *(key if isinstance(key, tuple) else (key,)))
        assert view.model.mode is mode
        assert shown(view, "result_title") == view.say(f"bench.ready.{mode.value}")
        assert "▶" in shown(view, f"mode_{mode.value}")


def test_a_number_key_divides_and_the_labels_are_told(view, processed, simulated, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_F4)
    scan(view, qtbot, processed[0])
    assert shown(view, "result_title") == "？ 分装几管？"
    assert "【500 μL】" in shown(view, "aliquot_plan")
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert "【300 μL】" in shown(view, "aliquot_plan")
    with qtbot.waitSignal(view.model.result_changed):
        qtbot.keyClick(view, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: shown(view, "aliquot_labels").count("已打印") == 3)


def test_the_box_shows_where_the_next_tube_goes(view, processed, box, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_F5)
    scan(view, qtbot, box)
    assert shown(view, "box_pointer") == "A1"
    scan(view, qtbot, processed[0])
    assert shown(view, "box_pointer") == "A2"
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert shown(view, "box_pointer") == "B2"
    assert "1/6 B2" in view.findChild(BoxGrid, "box_grid").accessibleName()
    assert "下一管放 A2" in shown(view, "result_remedy")


def test_a_damaged_code_is_typed_from_the_label(view, tubes, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_F10)
    field = view.findChild(QLineEdit, "typed_number")
    assert field.hasFocus()
    with qtbot.waitSignal(view.model.result_changed):
        qtbot.keyClicks(field, tubes[0])
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert shown(view, "result_title") == "✓ 已签收"
    assert view.hasFocus()


def test_digits_in_the_field_are_not_the_look_of_a_tube(view, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_F10)
    qtbot.keyClicks(view.findChild(QLineEdit, "typed_number"), "2")
    assert view.model.receiving.condition.value == "good"
    qtbot.keyClick(view.focusWidget(), Qt.Key.Key_Escape)
    qtbot.keyClick(view, Qt.Key.Key_2)
    assert view.model.receiving.condition.value == "haemolysed"


def test_escape_clears_the_line_and_no_more(view, tubes, qtbot):
    scan(view, qtbot, tubes[0])
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert shown(view, "result_title") == "请扫描要签收的采集管"
    assert len(view.model.lines) == 1


def test_the_lists_tell_the_screen_reader_what_they_paint(view, tubes, qtbot):
    scan(view, qtbot, tubes[0])
    qtbot.waitUntil(lambda: len(view.model.waiting) == 3)
    assert "已签收" in view.findChild(ScanList, "scan_list").accessibleName()
    assert "剩 2 小时 0 分" in view.findChild(WaitingList, "waiting_list").accessibleName()
    assert "✓ 1  ✗ 0" in view.scans_title.text()


def test_the_history_of_a_tube_is_read_from_the_screen(view, processed, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_F11)
    scan(view, qtbot, processed[0])
    lines = shown(view, "history").splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["采集", "签收", "处理"]


def test_destroying_shows_the_reasons_and_asks_for_the_second_person(view, stored_tubes, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_F4, Qt.KeyboardModifier.ShiftModifier)
    scan(view, qtbot, stored_tubes[0])
    assert "为什么销毁" in shown(view, "result_title")
    qtbot.keyClick(view, Qt.Key.Key_4)
    assert "破损" in shown(view, "result_title")
    assert "另一位" in shown(view, "result_remedy")
    assert "border: 2px" in view.findChild(QLabel, "discard_damaged").styleSheet()
    if folder := os.environ.get("SHOTS"):
        view.grab().save(f"{folder}/bench-discard.png")


def test_of_a_box_only_the_places_that_differ_are_painted_again(view, processed, box, qtbot, monkeypatch):
    """A scan changes three places of a box; painting all of them at each scan cost more than the command itself."""
    qtbot.keyClick(view, Qt.Key.Key_F5)
    scan(view, qtbot, box)
    grid = view.findChild(BoxGrid, "box_grid")
    whole = grid.grab().toImage()
    qtbot.wait(50)
    painted = []
    place = BoxGrid._place
    monkeypatch.setattr(
        BoxGrid, "_place", lambda self, p, r, at: (painted.append(at), place(self, p, r, at))[1]
    )
    scan(view, qtbot, processed[0])
    qtbot.waitUntil(lambda: bool(painted))
    qtbot.wait(50)
    assert set(painted) <= {"A1", "A2", "A3", "B1", "B2", "B3"}, (
        "neighbours share an edge, the far end of the box does not"
    )
    partly = grid.grab().toImage()
    assert partly != whole
    grid.update()
    qtbot.wait(20)
    assert grid.grab().toImage() == partly
