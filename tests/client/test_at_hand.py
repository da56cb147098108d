"""R1.5.5, R1.5.7: scripts, handouts and forms by one key, at the care desk and over its dialogs."""

import os

import pytest
from PySide6.QtCore import Qt

from client.at_hand.reading import about, read
from client.at_hand.view import AtHandDialog
from client.command_dialog.view import CommandDialog
from domain.followup.group_records import GroupMember, Segment
from domain.followup.task_records import FollowTask
from domain.kernel.commands import commands
from domain.reception.records import Appointment
from tests.client.test_care_desk import HOUR, a_task, an_appointment, clients, keep

SHOTS = os.environ.get("AFTERCHECK_SHOTS")


@pytest.fixture
def served(open_desk):
    now, people = open_desk.clock(), clients(open_desk)
    member = GroupMember(
        patient_id=people[0], segment=Segment.DISEASE, topic="hypertension", topic_label="高血压", why={}, since=now,
        state="covered", state_since=now,
    )  # fmt: skip
    keep(open_desk, member, a_task(people[0], "高血压随访", now + HOUR, script="hypertension"),
         an_appointment(people[0], now))  # fmt: skip
    return open_desk


def the_only(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(kind.__table__.select()).one()


def test_a_task_has_its_script_the_clients_handouts_and_forms(served, context_for):
    context, _opened = context_for("health_manager")
    task = the_only(served, FollowTask)
    patient_id, pieces = read(context, "task_id", task.id)
    assert patient_id == task.patient_id
    assert (pieces[0].kind, pieces[0].code) == ("script", "hypertension")
    assert next(p.code for p in pieces if p.kind == "handout") == "blood_pressure_at_home"
    assert [p.title for p in pieces if p.kind == "form"]
    assert all(not p.title.isascii() for p in pieces)


def test_a_reception_has_the_script_of_its_kind_for_the_clients_disease(served, context_for):
    context, _opened = context_for("health_manager")
    _patient, pieces = read(context, "appointment_id", the_only(served, Appointment).id)
    scripts = [p.code for p in pieces if p.kind == "script"]
    assert scripts == ["reception_hypertension", "reception_disease", "reception_interpretation"]


def test_dialogs_about_anything_else_have_nothing_at_hand():
    assert about(commands()["unit.add"], {}) is None
    assert about(commands()["followup.accept"], {"plan_id": "x"}) is None


@pytest.mark.parametrize(("name", "kind", "field"), [
    ("followup.complete", FollowTask, "task_id"), ("reception.record", Appointment, "appointment_id"),
])  # fmt: skip
def test_one_key_over_the_dialog_and_what_was_typed_stays(served, context_for, qtbot, name, kind, field):
    context, opened = context_for("health_manager")
    dialog = CommandDialog(context, commands()[name], {field: the_only(served, kind).id})
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog):
        dialog.open()
    note = "result" if kind is FollowTask else "course"
    dialog.box(note).set_value("血压平稳")
    qtbot.keyClick(dialog.box(note).editor, Qt.Key.Key_F10)
    found = dialog.findChild(AtHandDialog)
    qtbot.waitUntil(lambda: found.list.count() > 0)
    assert "待核定" in found.words.toPlainText()
    assert "·" in found.words.toPlainText()
    if SHOTS:
        found.grab().save(f"{SHOTS}/at-hand-{kind.__name__}.png")
        dialog.grab().save(f"{SHOTS}/dialog-{kind.__name__}.png")
    qtbot.keyClick(found, Qt.Key.Key_Escape)
    assert dialog.box(note).value() == "血压平稳"
    assert opened == []


def test_enter_on_a_form_opens_the_clients_forms(served, context_for, qtbot):
    context, opened = context_for("health_manager")
    task = the_only(served, FollowTask)
    found = AtHandDialog(context, "task_id", task.id)
    qtbot.addWidget(found)
    found.open()
    qtbot.waitUntil(lambda: found.list.count() > 0)
    found.list.setCurrentRow(found.list.count() - 1)
    qtbot.keyClick(found.list, Qt.Key.Key_Return)
    assert opened == [(f"form:patient:{task.patient_id}", {})]
