"""The form of every command people may run: reached by keys, field by field, and told where something is missing."""

import enum
import uuid
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit

from client.command_dialog.view import CommandDialog
from client.command_dialog.viewmodel import ViewModel
from client.pages.worklist.viewmodel import ViewModel as WorklistPage
from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import ReceiveResults
from domain.kernel.commands import Kind, commands
from domain.people.identity import Identity
from domain.people.patient_commands import EditPatient
from domain.people.records import Patient, Sex
from tests.client.seeding import BRANCH, system
from tests.fixtures.product_source import PACKAGES

OURS = {
    name: entry
    for name, entry in sorted(commands().items())
    if entry.input.__module__.partition(".")[0] in PACKAGES and entry.place in {"anywhere", "branch"}
}


def hidden(entry):
    """What a row would give: every hidden field that must be there."""
    return {f.name: some(f.type) for f in entry.fields if f.asked.kind is Kind.HIDDEN and f.required}


def some(kind):
    """A value of a type."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    known = {str: "x", int: 1, float: 1.0, bool: True, uuid.UUID: uuid.UUID(int=7), bytes: b"x"}
    return known.get(kind, [] if "list" in str(kind) else {"x": 1})


@pytest.fixture
def dialog_for(context_for, qtbot):
    def make(name, given=None):
        context, _ = context_for("nurse")
        dialog = CommandDialog(
            context, commands()[name], hidden(commands()[name]) if given is None else given
        )
        qtbot.addWidget(dialog)
        dialog.open()
        qtbot.waitUntil(dialog.isActiveWindow)
        return dialog

    return make


FEATURES = sorted({name.partition(".")[0] for name in OURS})
"""A desk is made for the commands of a feature together: making it takes longer than walking through a form."""


@pytest.mark.parametrize("feature", FEATURES)
def test_a_form_is_filled_with_the_keyboard_and_says_what_is_missing(feature, dialog_for, qtbot):
    for name in (n for n in OURS if n.partition(".")[0] == feature):
        dialog = dialog_for(name)
        walk_through(name, dialog, qtbot)
        dialog.close()


def walk_through(name, dialog, qtbot):
    asked = [f for f in OURS[name].fields if f.asked.kind is not Kind.HIDDEN]
    assert dialog.model.formable, f"{name}: a field that must be given can be entered nowhere"
    reached = set()
    for _ in range(len(asked) + 4):
        focus = dialog.focusWidget()
        if focus is not None:
            reached.add(focus.objectName())
            assert focus.accessibleName() or focus.objectName().startswith("dialog_"), name
        qtbot.keyClick(dialog, Qt.Key.Key_Tab)
    assert {f"field_{f.name}" for f in asked} <= reached, f"{name}: every field is reached by Tab"
    required = [f for f in asked if f.required and not f.optional and f.type is not bool]
    if required:
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
        box = dialog.box(required[0].name)
        assert box.error, f"{name} {required[0].name}: nothing is said beside it"
        assert required[0].asked.label in box.error


def test_a_choice_nobody_made_is_never_kept(dialog_for, open_desk, seeded, qtbot):
    patient = seeded[0][0].patient_id
    dialog = dialog_for("people.edit", {"patient_id": patient})
    box = dialog.findChild(QComboBox, "field_sex")
    assert (box.currentData(), box.currentText()) == (None, "不填")
    dialog.findChild(QLineEdit, "field_phone").setText("13800000009")
    with qtbot.waitSignal(dialog.completed):
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
    table = Patient.__table__
    with open_desk.store.read() as connection:
        row = connection.execute(table.select().where(table.c.id == patient)).one()
    assert (row.phone, row.sex) == ("13800000009", Sex.MALE)


def test_a_number_of_another_is_refused_beside_the_field(dialog_for, open_desk, seeded, qtbot):
    order = EditPatient(patient_id=seeded[1][0].patient_id, id_number="110101196807150021", reason="补录")
    open_desk.dispatcher.run(order, system())
    dialog = dialog_for("people.edit", {"patient_id": seeded[2][0].patient_id})
    dialog.findChild(QLineEdit, "field_id_number").setText("110101196807150021")
    dialog.findChild(QPlainTextEdit, "field_reason").setPlainText("补录")
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "该证件号码已登记" in dialog.box("id_number").error)
    assert seeded[1][0].number in dialog.box("id_number").error


def test_what_must_be_chosen_is_asked_for(context_for):
    context, _ = context_for("nurse")
    model = ViewModel(context, commands()["people.register"], {})
    sex = next(a for a in model.fields if a.name == "sex")
    assert (sex.choices[0].value, sex.choices[0].label) == (None, "请选择")
    said = []
    model.field_error.connect(lambda field, sentence: said.append((field, sentence)) if sentence else None)
    model.submit({"name": "李红", "birth_date": "1985-12-12", "sex": None})
    assert said[0][0] == "sex"


def test_a_doubtful_identity_is_settled_from_its_list_by_keys(context_for, open_desk, qtbot):
    said = Identity(
        name="王核实", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number="320102197508230621"
    )
    line = ResultLine(item="hgb", code="hgb", label="血红蛋白", text="128", number=128.0, ucum="g/L")
    order = ReceiveResults(message_id="M1", org_id=BRANCH, patient=said, visit_number="T1", lines=[line])
    open_desk.dispatcher.run(order, system())
    context, _ = context_for("nurse")
    page = WorklistPage(context, "people.identity_checks")
    page.on_open()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1)
    page.select(0)
    with qtbot.waitSignal(page.command_asked) as asked:
        page.ask("people.verify")
    dialog = CommandDialog(context, *asked.args)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitUntil(dialog.isActiveWindow)
    assert [str(dialog.box(n).value()) for n in ("visit_number", "birth_date")] == ["T1", "1975-08-23"]
    assert dialog.box("sex").value() == Sex.FEMALE
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    assert "核实依据" in dialog.box("basis").error
    dialog.findChild(QPlainTextEdit, "field_basis").setPlainText("已核对身份证原件")
    dialog.findChild(QLineEdit, "field_id_number").setText("32010219750823062x")
    with qtbot.waitSignal(dialog.completed):
        qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: page.table.rowCount() == 0)
    page.close()


def test_an_error_below_the_fold_is_scrolled_to(dialog_for, seeded, qtbot):
    dialog = dialog_for("people.edit", {"patient_id": seeded[0][0].patient_id})
    dialog.findChild(QLineEdit, "field_birth_date").setText("19690101")
    box = dialog.box("reason")
    assert box.visibleRegion().isEmpty(), "it is out of sight at first"
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "须填写原因" in box.error)
    qtbot.waitUntil(lambda: not box.visibleRegion().isEmpty())
    assert box.editor.hasFocus()


def test_a_time_is_typed_as_people_write_it_and_kept_as_the_clinic_means_it(context_for):
    from datetime import UTC, datetime

    from client.pages.worklist.filters import read_moment
    from domain.kernel.clock import CLINIC_TIME
    from domain.kernel.errors import DomainError

    today = date(2026, 11, 23)
    meant = datetime(2026, 11, 24, 9, 30, tzinfo=CLINIC_TIME)
    for text in ("2026-11-24 09:30", "1124 0930", "明天 9:30", "11-24 9：30", "2026-11-24T09:30"):
        assert read_moment("planned_at", text, today) == meant, text
    for text in ("明天", "2026-11-24 25:00", "09:30", "x y"):
        with pytest.raises(DomainError, match=r"form\.moment"):
            read_moment("planned_at", text, today)
    context, _ = context_for("health_manager")
    given = {"task_id": uuid.UUID(int=7), "planned_at": datetime(2026, 11, 24, 1, 30, tzinfo=UTC)}
    model = ViewModel(context, commands()["followup.reschedule"], given)
    [asked] = [a for a in model.fields if a.name == "planned_at"]
    assert (asked.value, "09:30" in asked.hint) == ("2026-11-24 09:30", True)
