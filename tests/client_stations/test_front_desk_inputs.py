"""The inputs of a whole visit, counted: at most 15 of which at least 8 are scans, beside the form."""

import zxingcpp
from PySide6.QtCore import Qt

from client.ports import Scanned
from domain.checkup.records import Observation, Visit
from domain.checkup.visit_commands import OpenVisit
from tests.client_stations.conftest import WANG, arrived, reading_set
from tests.client_stations.test_front_desk_models import answer_everything, pressure, rows
from tests.client_stations.test_front_desk_screen import known, press, shown, view  # noqa: F401

MOST, LEAST_SCANS = 15, 8


class Hands:
    """Everything a nurse does, counted: keys as commands, scans and cards; what devices send is none."""

    def __init__(self, view, qtbot):  # noqa: F811
        self.view, self.qtbot = view, qtbot
        self.keys = self.scans = 0

    @property
    def visit(self):
        return self.view.model.visit

    def card(self):
        self.scans += 1
        self.view.model.hub.card_read.emit(arrived(WANG, port="card"))

    def scan(self, number):
        self.scans += 1
        self.view.model.on_scan(Scanned("specimen", number))

    def key(self, key):
        self.keys += 1
        press(self.qtbot, self.view, key)

    def device(self, event, port):
        self.view.model.hub.measured.emit(arrived(event, port=port))


def test_a_whole_visit_by_scans_and_few_keys(view, known, station_desk, nurse, simulated, qtbot):  # noqa: F811
    order = OpenVisit(patient_id=known.patient_id, package="尊享套餐")
    station_desk.dispatcher.run(order, nurse)
    hands = Hands(view, qtbot)
    visit = hands.visit

    hands.card()
    qtbot.waitUntil(lambda: len(simulated.labels) == 4 and all(x.printed for x in visit.tubes.lines()))
    assert (hands.keys, hands.scans) == (0, 1), "the labels came without a click"
    tubes = [line.number for line in visit.tubes.lines()]
    drawn = [code.text for picture in simulated.labels for code in zxingcpp.read_barcodes(picture)]
    assert [code for code in drawn if code in tubes] == tubes, "in the order they are drawn"

    qtbot.waitUntil(lambda: visit.form.is_open)
    questions = visit.form.question().total
    asked = answer_everything(visit.form)
    press(qtbot, view, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: visit.encounter.answered)
    assert asked <= questions + 2, "about one input a question; several choices end with Enter"

    for event, port, items in (
        (pressure(), "nibp", ("sbp", "dbp", "pulse")),
        (reading_set(BODY_WEIGHT="58", BODY_HEIGHT="165"), "scale", ("weight", "height", "bmi")),
    ):
        before = hands.keys
        hands.device(event, port)
        qtbot.waitUntil(lambda: bool(visit.vitals.pending))
        assert hands.keys == before, "the values arrive without a key"
        hands.key(Qt.Key.Key_F9)
        qtbot.waitUntil(lambda items=items: visit.encounter.has(*items))
    assert len(rows(station_desk, Observation)) == 6

    visit.go(
        "labels"
    )  # a glance at the labels in the rack: each is verified by its scan, none is needed to go on
    for number in tubes:
        hands.scan(number)
    qtbot.waitUntil(lambda: all(line.verified for line in visit.tubes.lines()))
    visit.go("collect")
    for number in tubes:
        hands.scan(number)
        qtbot.waitUntil(lambda n=number: any(x.number == n and x.collected for x in visit.tubes.lines()))

    hands.card()
    assert "可以离检" in shown(view, "leave_verdict")
    hands.key(Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: visit.encounter is None)
    assert rows(station_desk, Visit)[0].state == "finished"
    assert hands.keys + hands.scans <= MOST, (hands.keys, hands.scans)
    assert hands.scans >= LEAST_SCANS
    assert hands.keys <= 3


def test_the_exit_scan_alone_names_what_is_missing(view, known, qtbot):  # noqa: F811
    hands = Hands(view, qtbot)
    hands.card()
    qtbot.waitUntil(lambda: hands.visit.encounter is not None and hands.visit.form.is_open)
    hands.card()
    assert hands.visit.step == "leave"
    assert "未完成" in shown(view, "leave_verdict")
    assert "收缩压" in shown(view, "leave_missing")
    assert (hands.keys, hands.scans) == (0, 2)
