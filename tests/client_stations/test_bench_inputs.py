"""The inputs of the technician's steps, counted at the real keys and held against what each step may take.

A key that chooses the mode is counted once for a run of tubes, as it is pressed.
"""

import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from client.ports import Scanned
from domain.biobank.bench import Mode
from tests.client_stations.bench_fixtures import slots, states
from tests.client_stations.test_bench_leaving import colleague_card  # noqa: F401
from tests.client_stations.test_bench_preparing import another  # noqa: F401
from tests.client_stations.test_bench_screen import looked_up, view  # noqa: F401

CARD = "T2"
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Hands:
    """Everything the technician does, counted: keys and scans. There is no mouse to count."""

    def __init__(self, view, qtbot):  # noqa: F811
        self.view, self.qtbot = view, qtbot
        self.keys = self.scans = 0
        self.told = []
        view.model.result_changed.connect(self.told.append)

    def scan(self, text):
        self.scans += 1
        found = Scanned("staff", text) if text == CARD else looked_up(self.view.model, text)
        with self.qtbot.waitSignal(self.view.model.result_changed):
            self.view.model.on_scan(found)
        return self.told[-1]

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier, *, told=True):
        self.keys += 1
        if not told:
            self.qtbot.keyClick(self.view, key, modifier)
            return None
        with self.qtbot.waitSignal(self.view.model.result_changed):
            self.qtbot.keyClick(self.view, key, modifier)
        return self.told[-1]

    def mode(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.key(key, modifier, told=False)

    def count(self, step, most):
        """Say what a step took, hold it against what it may take, and begin to count the next one."""
        took, self.keys, self.scans = (self.keys, self.scans), 0, 0
        sys.stdout.write(f"{step}: {took[0]} keys + {took[1]} scans, at most {most}\n")
        assert sum(took) <= most, step


@pytest.fixture
def alike(another):  # noqa: F811
    return another()


@pytest.fixture
def hands(view, qtbot):  # noqa: F811
    return Hands(view, qtbot)


def test_from_receipt_to_store_and_back(hands, tubes, box, station_desk, simulated, qtbot):
    for number in tubes:
        assert hands.scan(number).tone == "good"
    hands.count("receive 3 tubes", 3)

    hands.mode(Qt.Key.Key_F3)
    for number in tubes:
        assert hands.scan(number).tone == "good"
    hands.count("process 3 tubes of one run", 1 + 3)

    hands.mode(Qt.Key.Key_F4)
    hands.scan(tubes[0])
    assert hands.key(Qt.Key.Key_4).title == "已分装 4 管 × 500 μL"
    made = hands.view.model.aliquots.made
    qtbot.waitUntil(lambda: len(simulated.labels) == 4)
    hands.count("divide a tube into 4, labels printed", 3)

    hands.mode(Qt.Key.Key_F5)
    hands.scan(box)
    hands.scan(made[0])
    hands.count("store the first tube", 1 + 2)
    for number in made[1:]:
        hands.scan(number)
    hands.count("store 3 more tubes", 3)
    assert [slots(station_desk)[f"{box}:A{n}"] for n in (1, 2, 3)] == list(made[:3])

    hands.mode(Qt.Key.Key_F5, SHIFT)
    hands.scan(made[0])
    hands.count("take one out", 1 + 1)
    hands.mode(Qt.Key.Key_F5)
    assert "已放回" in hands.scan(made[0]).title
    hands.count("put it back", 1 + 1)
    assert states(station_desk)[made[0]] == "stored"
    assert not hands.view.findChild(QLineEdit, "typed_number").isVisible(), "nothing was typed"


def test_another_look_and_another_way_take_a_key_more(hands, tubes):
    hands.key(Qt.Key.Key_2, told=False)
    assert "溶血" in hands.scan(tubes[1]).title
    hands.count("receive a tube that looks bad", 2)
    hands.mode(Qt.Key.Key_F3)
    hands.key(Qt.Key.Key_3, told=False)
    assert "血浆" in hands.scan(tubes[1]).title
    hands.count("process by another protocol", 1 + 2)
    hands.mode(Qt.Key.Key_F4)
    hands.scan(tubes[1])
    hands.key(Qt.Key.Key_0, told=False)
    hands.key(Qt.Key.Key_2)
    hands.count("divide into plasma and keep the rest", 1 + 3)
    hands.scan(tubes[1])
    hands.key(Qt.Key.Key_Down, told=False)
    hands.key(Qt.Key.Key_1)
    hands.count("divide the rest into buffy coat", 3)


def test_to_discard_takes_three(hands, stored_tubes, colleague_card, station_desk):  # noqa: F811
    hands.mode(Qt.Key.Key_F4, SHIFT)
    hands.scan(stored_tubes[0])
    hands.key(Qt.Key.Key_4)
    hands.scan(colleague_card)
    hands.count("discard by two persons", 1 + 3)
    assert states(station_desk)[stored_tubes[0]] == "discarded"


def test_a_pool_of_two_takes_a_scan_each_and_a_key(hands, processed, alike):
    hands.mode(Qt.Key.Key_F3, SHIFT)
    assert hands.view.model.mode is Mode.POOL
    hands.scan(processed[0])
    hands.scan(alike)
    assert hands.key(Qt.Key.Key_F9).tone == "good"
    hands.count("pool two tubes, label printed", 1 + 3)
