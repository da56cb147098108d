"""R3.1.2: the exit check names what the package asks for, room by room, and what only waits for its result."""

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit

import resources
from client.stations.front_desk.omission_dialog.view import OmissionDialog
from client.stations.front_desk.view import View
from client.stations.front_desk.viewmodel import ViewModel
from client.views.application import make_application
from domain.checkup.omission_records import Omission
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.process.definitions import PROCESS, load_process
from domain.process.item_commands import PerformItem
from domain.process.records import VisitItem
from tests.client_stations.test_front_desk_models import rows


@pytest.fixture
def leaving(qtbot, station_desk, context_for, catalog, authority, as_role):
    """A woman with the standard package, at the exit; her abdomen was examined and has no result yet."""
    run, nurse = station_desk.dispatcher.run, as_role("nurse")
    process = load_process(resources.folder("process"), authority.roles, catalog.observations)
    station_desk.dispatcher.content[PROCESS] = process
    client = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23))
    order = OpenVisit(patient_id=run(client, nurse).receipt.patient_id, package="标准套餐")
    visit_id = run(order, nurse).receipt.visit_id
    run(Arrive(visit_id=visit_id), nurse)
    done = next(row.id for row in rows(station_desk, VisitItem) if row.code == "thyroid")
    run(PerformItem(visit_item_id=done), nurse)
    make_application("light")
    view = View(ViewModel(context_for("nurse")))
    qtbot.addWidget(view)
    view.resize(1366, 700)
    view.show()
    view.model.visit.open_visit(visit_id, "leave")
    qtbot.waitUntil(lambda: view.model.visit.encounter is not None)
    return view


def shown(view, name):
    return view.findChild(QLabel, name).text()


def test_the_client_hears_what_is_open_and_signs_for_it_on_the_spot(leaving, station_desk, qtbot):
    open_items = shown(leaving, "leave_missing")
    assert "超声    腹部超声（关键）、乳腺超声" in open_items
    assert "妇科    妇科检查" in open_items
    assert "甲状腺超声" not in open_items
    assert "血常规" not in open_items, "blood is told once, as its tube"
    assert "甲状腺超声" in shown(leaving, "leave_not_entered")
    assert "1 项" in shown(leaving, "leave_not_entered")
    leaving.model.visit.leave()
    abdomen = VisitItem.__table__.c.code == "abdomen"
    now = station_desk.clock()
    qtbot.waitUntil(lambda: rows(station_desk, VisitItem, abdomen)[0].due_at == now)
    leaving.model.visit.leave()
    dialog = leaving.findChild(OmissionDialog, "omission_dialog")
    qtbot.waitUntil(dialog.findChild(QLineEdit, "field_reason").hasFocus)
    boxes = [b for b in dialog.findChildren(QCheckBox) if str(b.property("item")).startswith("item:")]
    assert "超声 · 腹部超声（关键）" in {box.text() for box in boxes}
    assert dialog.height() < 700, "many items scroll; the buttons stay on a small screen"
    boxes[-1].setFocus()
    assert boxes[-1].visibleRegion().boundingRect().height() > 0
    dialog.findChild(QLineEdit, "field_reason").setText("下午有会")
    dialog.findChild(QLineEdit, "field_witness").setText("没有这人")
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "没有登录名或工牌号" in dialog.findChild(QLabel, "note_witness").text())
    assert rows(station_desk, Omission) == []
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
