"""The other generic pages without their windows: record, conflicts, sync; and the bridge that keeps them fresh."""

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from sqlalchemy import select

from client.command_dialog.view import CommandDialog
from client.pages.conflicts.viewmodel import ViewModel as Conflicts
from client.pages.record.view import View as RecordView
from client.pages.record.viewmodel import ViewModel as Record
from client.phone_dialog.view import PhoneDialog
from domain.exchange.records import Conflict
from domain.kernel.commands import ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Pages, worklists
from domain.links.records import PersonLink
from domain.people.patient_commands import EditPatient
from domain.people.records import Staff
from domain.risk.commands import AssessRisks
from tests.client import seeding

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@command("test.seed_conflict", "制造冲突", permission="test.seed", place="internal")
class SeedConflict:
    """Two phones of one client, as the centre would have kept them."""

    patient_id: uuid.UUID = ask("客户")
    safety: bool = ask("安全", default=False)
    author: uuid.UUID | None = ask("填写人", default=None)
    hours: int = ask("小时前", default=0)


@handles(SeedConflict)
def _seed_conflict(order, work):
    return work.add(
        Conflict(
            org_id=seeding.BRANCH, entity="patient", record_id=order.patient_id, fields="phone",
            base={"phone": "13800000000"}, theirs={"phone": "13811111111"}, mine={"phone": "13822222222"},
            mine_command="people.edit", mine_at=AT, safety=order.safety, state="open",
            opened_at=AT - timedelta(hours=order.hours), mine_by=order.author,
        )
    ).id  # fmt: skip


@pytest.fixture
def run(open_desk):
    return lambda order: open_desk.dispatcher.run(order, seeding.system())


@pytest.fixture
def opened():
    made = []
    yield made
    for model in made:
        model.close()


def open_page(qtbot, opened, model, signal):
    opened.append(model)
    with qtbot.waitSignal(signal):
        model.on_open()
    qtbot.waitUntil(lambda: not model.context.jobs.busy)
    return model


def test_a_record_shows_labels_values_and_what_it_points_to(qtbot, context_for, opened, seeded, open_desk):
    context, pages = context_for("nurse")
    tube = open_desk.pages.page(
        __import__("domain.kernel.worklists", fromlist=["worklists"]).worklists()["specimen.waiting"],
        context.actor,
    ).rows[0]
    record = Record(context, "specimen", tube.id)
    open_page(qtbot, opened, record, record.sheet_changed)
    values = {v.name: v for v in record.sheet.values}
    assert (values["number"].label, values["number"].text) == ("标本编号", seeded[0][2][0])
    assert values["type"].text == "血清"
    assert values["patient_id"].text == "张伟 P1010000001"
    assert values["patient_id"].link == f"record:patient:{seeded[0][0].patient_id}"
    record.open_link(values["patient_id"].link)
    assert pages == [(values["patient_id"].link, {})]
    assert record.sheet.patient_id == seeded[0][0].patient_id


def test_a_report_is_printed_from_the_record_and_is_on_record_before_it_goes(
    qtbot, context_for, opened, seeded, run, open_desk
):
    patient = seeded[0][0].patient_id
    run(AssessRisks(patient_id=patient))
    context, _ = context_for("physician")
    printed = []
    record = Record(context, "patient", patient, printer=lambda path: printed.append(path.read_bytes()))
    open_page(qtbot, opened, record, record.sheet_changed)
    assert {"risk_professional", "risk_plain", "assessment"} <= {one.id for one in record.printable()}
    told = []
    record.message.connect(lambda words, tone: told.append((words, tone)))
    record.print_document("risk_plain")
    qtbot.waitUntil(lambda: bool(printed) and told[-1][1] == "success")
    assert printed[0].startswith(b"%PDF")
    outgoing = open_desk.pages.page(worklists()["document.outgoing"], seeding.system()).rows
    assert any("通俗版" in str(row.values) for row in outgoing)
    record.print_document("assessment")  # nobody answered a scale
    qtbot.waitUntil(lambda: told[-1][1] == "danger")
    assert len(printed) == 1


def test_a_menu_offers_the_reports_by_digit(qtbot, context_for, opened, seeded):
    context, _ = context_for("physician")
    record = Record(context, "patient", seeded[0][0].patient_id)
    view = RecordView(record)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    open_page(qtbot, opened, record, record.sheet_changed)
    record.action_set.trigger("print")
    menu = view.findChild(QMenu, "record_print_menu")
    texts = [entry.text() for entry in menu.actions()]
    assert len(texts) > 6
    assert [text[:2] for text in texts[:9]] == [f"&{digit}" for digit in range(1, min(len(texts), 9) + 1)]
    menu.close()


def test_a_report_goes_to_the_clients_phone_by_a_code_shown_once_it_is_on_disk(
    qtbot, context_for, opened, seeded, run, open_desk
):
    patient = seeded[0][0].patient_id
    run(AssessRisks(patient_id=patient))
    context, _ = context_for("physician")
    record = Record(context, "patient", patient)
    view = RecordView(record)
    qtbot.addWidget(view)
    view.show()
    open_page(qtbot, opened, record, record.sheet_changed)
    told = []
    record.message.connect(lambda words, tone: told.append((words, tone)))
    known = open_desk.installation
    open_desk.installation = replace(known, server="")
    try:
        record.action_set.trigger("share")
        assert "没有登记总院地址" in told[-1][0]
        open_desk.installation = replace(known, server="https://centre.example:8443/")
        record.action_set.trigger("share")
    finally:
        open_desk.installation = known
    asked = view.findChild(CommandDialog)
    assert [asked.box(name).editor.text() for name in ("most_openings", "valid_days")] == ["1", "30"]
    asked.box("most_openings").set_value("3")
    qtbot.mouseClick(asked.findChild(QPushButton, "dialog_submit"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.findChild(PhoneDialog) is not None)
    shown = view.findChild(PhoneDialog)
    address = shown.findChild(QLabel, "phone_address").text()
    assert "可查看 3 次" in shown.findChild(QLabel, "phone_until").text()
    assert address.startswith("https://centre.example:8443/p/")
    with open_desk.store.read() as connection:
        (link,) = connection.execute(select(PersonLink.__table__)).all()
    assert (link.purpose, link.patient_id, link.most_openings) == ("report", patient, 3)
    assert link.token_sha256 == hashlib.sha256(address.rpartition("/p/")[2].encode()).hexdigest()
    shown.accept()


def test_only_a_persons_record_has_a_report_to_share(context_for, opened, seeded):
    context, _ = context_for("physician")
    visit = Record(context, "visit", seeded[0][1].visit_id)
    opened.append(visit)
    assert not visit.action_set.is_enabled("share")
    person = Record(context, "patient", seeded[0][0].patient_id)
    opened.append(person)
    assert person.action_set.is_enabled("share")


def test_a_record_without_documents_has_no_print(context_for, opened, seeded):
    context, _ = context_for("physician")
    record = Record(context, "visit", seeded[0][1])
    opened.append(record)
    assert not record.action_set.is_enabled("print")


def test_what_is_masked_in_the_record_is_masked_in_its_history(qtbot, context_for, opened, seeded, run):
    run(EditPatient(patient_id=seeded[0][0].patient_id, phone="13912345678"))
    context, _ = context_for("messaging_operator")
    context = replace(context, actor=replace(context.actor, own_clients=False))  # the client is theirs
    record = Record(context, "patient", seeded[0][0].patient_id)
    open_page(qtbot, opened, record, record.sheet_changed)
    values = {v.name: v for v in record.sheet.values}
    assert values["phone"].text == "139****5678"
    assert values["phone"].masked
    told = "\n".join(field for line in record.sheet.history for field in line.fields)
    assert "139****5678" in told
    assert "13912345678" not in told
    assert "110101197603020019" not in told


def test_the_history_tells_what_changed_newest_first(qtbot, context_for, opened, seeded, run):
    run(EditPatient(patient_id=seeded[0][0].patient_id, phone="13900000001"))
    run(EditPatient(patient_id=seeded[0][0].patient_id, phone="13900000002"))
    context, _ = context_for("nurse")
    record = Record(context, "patient", seeded[0][0].patient_id)
    open_page(qtbot, opened, record, record.sheet_changed)
    lines = record.sheet.history
    assert [line.what for line in lines] == ["修改客户信息", "修改客户信息", "登记客户"]
    assert lines[0].fields == ("手机号：13900000001 → 13900000002",)


def test_the_history_is_found_by_the_audit_index_too(
    qtbot, context_for, opened, seeded, open_desk, monkeypatch
):
    from domain.audit.chain import AuditReader
    from domain.kernel.readers import Follower

    Follower(open_desk.store, AuditReader()).catch_up()
    monkeypatch.setattr("sync.response_state.NEWEST", 1)
    context, _ = context_for("nurse")
    record = Record(context, "patient", seeded[0][0].patient_id)
    open_page(qtbot, opened, record, record.sheet_changed)
    assert [line.what for line in record.sheet.history] == ["登记客户"]


def test_an_open_record_follows_its_changes(qtbot, context_for, opened, seeded, run):
    context, _ = context_for("nurse")
    record = Record(context, "patient", seeded[0][0].patient_id)
    open_page(qtbot, opened, record, record.sheet_changed)
    order = EditPatient(patient_id=seeded[0][0].patient_id, phone="13900000009")
    with qtbot.waitSignal(record.sheet_changed):
        context.jobs.write(lambda _job: run(order))
    assert {v.name: v.text for v in record.sheet.values}["phone"] == "13900000009"


def test_a_record_out_of_scope_is_not_there(qtbot, context_for, opened):
    context, _ = context_for("nurse")
    record = Record(context, "patient", uuid.uuid4())
    open_page(qtbot, opened, record, record.sheet_changed)
    assert record.sheet is None


@pytest.mark.parametrize(
    ("role", "entity"), [("it", "patient"), ("biobank_technician", "patient"), ("nurse", "staff")]
)
def test_a_record_no_list_of_ones_own_shows_is_refused(context_for, seeded, role, entity):
    context, _ = context_for(role)
    with pytest.raises(DomainError) as caught:
        Record(context, entity, seeded[0][0].patient_id)
    assert caught.value.code == "permission.denied"


@pytest.fixture
def conflicts(qtbot, context_for, opened, seeded, run):
    for at, safety in ((0, False), (1, True), (2, False)):
        run(SeedConflict(patient_id=seeded[at][0].patient_id, safety=safety))
    context, _ = context_for("physician")
    page = Conflicts(context)
    return open_page(qtbot, opened, page, page.cases_changed)


def phone(open_desk, actor, patient_id):
    from domain.kernel.worklists import records
    from domain.people.records import Patient

    with open_desk.store.read() as connection:
        return records(connection, actor, Patient, Patient.id == patient_id)[0].phone


def test_both_values_stand_side_by_side_safety_first(conflicts):
    assert [c.safety for c in conflicts.cases] == [True, False, False]
    field = conflicts.case.fields[0]
    assert (field.label, field.base, field.theirs, field.mine) == (
        "手机号", "13800000000", "13811111111", "13822222222",
    )  # fmt: skip


def test_each_conflict_shows_whose_it_is_and_how_long_it_waits(conflicts):
    assert {(c.author, c.leads, c.own) for c in conflicts.cases} == {("（其他机构人员）", "孙主任", False)}
    assert all(c.age for c in conflicts.cases)


def test_ones_own_conflict_is_marked_so(qtbot, context_for, opened, seeded, run):
    context, _ = context_for("physician")
    run(SeedConflict(patient_id=seeded[0][0].patient_id, author=context.actor.staff_id))
    page = Conflicts(context)
    [case] = open_page(qtbot, opened, page, page.cases_changed).cases
    assert case.own


def test_the_lead_of_the_branch_has_a_list_with_the_author_the_longest_wait_first(
    context_for, seeded, run, open_desk
):
    physician, _ = context_for("physician")
    with open_desk.store.read() as connection:
        doctor = connection.execute(select(Staff.id).where(Staff.name == "王医生")).scalar_one()
    for at in (0, 1):
        run(SeedConflict(patient_id=seeded[at][0].patient_id, author=doctor, hours=at))
    run(SeedConflict(patient_id=seeded[2][0].patient_id, hours=2))
    lead, _ = context_for("department_head")
    listing = worklists()["conflict.lead"]
    names = [c.name for c in listing.columns]
    rows = Pages(open_desk.store).page(listing, lead.actor).rows
    found = [(r.values[names.index("author")], r.values[names.index("opened_at")]) for r in rows]
    by = "王医生"
    assert found == [(None, AT - timedelta(hours=2)), (by, AT - timedelta(hours=1)), (by, AT)]
    with pytest.raises(DomainError, match=r"permission\.denied"):
        Pages(open_desk.store).page(listing, physician.actor)


@pytest.mark.parametrize(
    ("action", "values", "written"),
    [("keep", None, None), ("take", None, "13822222222"), ("edit", {"phone": "13833333333"}, "13833333333")],
)
def test_one_key_decides_and_the_next_conflict_is_there(qtbot, conflicts, open_desk, action, values, written):
    decided = conflicts.case
    with qtbot.waitSignal(conflicts.message):
        if action == "edit":
            conflicts.edit(values)
        else:
            conflicts.action_set.trigger(action)
    qtbot.waitUntil(lambda: len(conflicts.cases) == 2 and not conflicts.context.jobs.busy)
    assert conflicts.case.conflict_id != decided.conflict_id
    assert phone(open_desk, conflicts.context.actor, decided.record_id) == written


def test_who_may_not_decide_sees_no_keys_for_it(context_for, opened):
    context, _ = context_for("nurse")
    page = Conflicts(context)
    opened.append(page)
    assert {a.id for a in page.action_set.actions} == {"open", "reload"}
