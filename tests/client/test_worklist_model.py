"""A worklist without a window: paged by key, filtered, sorted, masked, refreshed, exported."""

from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from PySide6.QtCore import Qt
from sqlalchemy import select

from client.pages.worklist.cells import about_row
from client.pages.worklist.entities import entities_of
from client.pages.worklist.filters import condition, read_day
from client.pages.worklist.row_commands import needs_no_row
from client.pages.worklist.table import TONE_ROLE, WorklistTable
from client.pages.worklist.viewmodel import ViewModel
from domain.biobank.commands import ReceiveSpecimen
from domain.kernel.disputes import Disputed
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Filter, worklists
from domain.outgoing.records import Outgoing, OutgoingEnd
from tests.client import seeding

TODAY = date(2026, 11, 23)


@pytest.fixture
def page_for(context_for, qtbot):
    made = []

    def make(role, name):
        context, opened = context_for(role)
        model = ViewModel(context, name)
        made.append(model)
        with qtbot.waitSignal(model.table.modelReset):
            model.table.load()
        qtbot.waitUntil(lambda: model.table.state in {"ready", "empty", "refused"})
        return model, opened

    yield make
    for model in made:
        model.close()


def column(table, name):
    return [c.name for c in table.columns].index(name)


def texts(table, name):
    at = column(table, name)
    return [table.index(row, at).data() for row in range(table.rowCount())]


def test_rows_appear_in_the_declared_order(page_for, qtmodeltester):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    assert model.table.rowCount() == 12
    due = texts(model.table, "due_at")
    assert due == sorted(due)
    assert set(texts(model.table, "state")) == {"已采集"}
    assert set(texts(model.table, "type")) == {"血清", "全血"}
    qtmodeltester.check(model.table)


def test_the_header_sorts_in_the_store(page_for, qtbot):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    with qtbot.waitSignal(model.table.reloaded):
        model.table.sort(column(model.table, "number"), Qt.SortOrder.DescendingOrder)
    numbers = texts(model.table, "number")
    assert numbers == sorted(numbers, reverse=True)


def test_who_sees_names_masked_does_not_sort_or_filter_by_birth_dates(page_for):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    assert all(model.table.sortable(i) for i in range(len(model.table.columns)))
    people, _ = page_for("receptionist", "patient.all") if "patient.all" in worklists() else (None, None)
    if people is not None:
        hidden = [c.name for i, c in enumerate(people.table.columns) if not people.table.sortable(i)]
        assert "id_number" not in [c.name for c in people.filter_columns()]
        assert "id_number" in hidden or "id_number" not in [c.name for c in people.table.columns]


def test_a_filter_is_a_chip_and_narrows_the_list(page_for, qtbot, seeded):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    number = seeded[0][2][0]
    found = next(c for c in model.filter_columns() if c.name == "number")
    with qtbot.waitSignal(model.table.reloaded):
        model.add_filter(found, number, number)
    assert texts(model.table, "number") == [number]
    assert [c.text for c in model.chips] == [f"标本编号：{number}…"]
    with qtbot.waitSignal(model.table.reloaded):
        model.remove_filter(0)
    assert model.table.rowCount() == 12


def test_a_filter_that_finds_nothing_says_so(page_for, qtbot):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    found = next(c for c in model.filter_columns() if c.name == "number")
    model.add_filter(found, "999", "999")
    qtbot.waitUntil(lambda: model.table.state == "empty")


def test_a_code_is_chosen_by_its_name(page_for, qtbot):
    model, _ = page_for("physician", "report.branch_queue")
    urgency = next(c for c in model.filter_columns() if c.name == "urgency")
    critical = next(c for c in model.choices(urgency) if c.label == "危急值")
    with qtbot.waitSignal(model.table.reloaded):
        model.add_filter(urgency, critical.value, critical.label)
    assert [c.text for c in model.chips] == ["紧急程度 = 危急值"]
    assert model.table.filters == (Filter("urgency", "eq", 2),)


def test_a_filter_that_cannot_be_read_says_how_to_write_it(page_for, qtbot):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    due = next(c for c in model.filter_columns() if c.name == "due_at")
    with qtbot.waitSignal(model.field_error) as caught:
        model.add_filter(due, "soon", "soon")
    assert "soon" in caught.args[1]
    assert model.chips == []


@pytest.mark.parametrize(
    ("typed", "day"),
    [("今天", TODAY), ("昨天", date(2026, 11, 22)), ("2026-11-01", date(2026, 11, 1)),
     ("20261101", date(2026, 11, 1)), ("1101", date(2026, 11, 1)), ("11-1", date(2026, 11, 1)),
     ("2026/1/5", date(2026, 1, 5))],
)  # fmt: skip
def test_days_may_be_written_as_people_write_them(typed, day):
    assert read_day("f", typed, TODAY) == day


@pytest.mark.parametrize("typed", ["", "1332", "2026-02-30", "abc", "1"])
def test_what_is_no_day_is_refused(typed):
    with pytest.raises(DomainError) as caught:
        read_day("f", typed, TODAY)
    assert caught.value.code == "filter.day"


def test_number_filters_take_signs_and_ranges():
    from domain.kernel.worklists import ListColumn

    volume = ListColumn("produced_ul", "体积", None, "BigInteger")
    assert condition(volume, ">=5", "", today=TODAY).filters == (Filter("produced_ul", "ge", 5.0),)
    assert condition(volume, "3-5", "", today=TODAY).filters == (
        Filter("produced_ul", "ge", 3.0), Filter("produced_ul", "le", 5.0),
    )  # fmt: skip
    assert condition(volume, "-5", "", today=TODAY).filters == (Filter("produced_ul", "eq", -5.0),)
    with pytest.raises(DomainError) as caught:
        condition(volume, "viel", "", today=TODAY)
    assert caught.value.code == "filter.number"


def test_a_day_filter_covers_the_day_of_the_clinic():
    from domain.kernel.clock import clinic
    from domain.kernel.worklists import ListColumn

    due = ListColumn("due_at", "应完成时间", None, "UtcTime")
    low, high = condition(due, "今天", "今天", today=TODAY).filters
    assert (low.op, high.op) == ("ge", "lt")
    assert clinic(low.value).isoformat() == "2026-11-23T00:00:00+08:00"
    assert clinic(high.value).isoformat() == "2026-11-24T00:00:00+08:00"


def test_a_changed_row_is_shown_without_being_asked_for(page_for, qtbot, open_desk, seeded):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    model.select(3)
    number = seeded[0][2][0]
    receive = ReceiveSpecimen(number=number)
    job = model.context.jobs.write(lambda _job: open_desk.dispatcher.run(receive, seeding.system()))
    with qtbot.waitSignals([job.finished, model.table.reloaded], timeout=5000):
        pass
    row = texts(model.table, "number").index(number)
    assert model.table.index(row, column(model.table, "state")).data() == "已签收"


def test_a_change_of_another_kind_of_record_reads_nothing(page_for, qtbot, open_desk):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    reads = []
    model.table._read = lambda *a, **k: reads.append(a)
    patient = seeding.RegisterPatient(name="新人", sex=seeding.Sex.MALE, birth_date=date(1990, 1, 1))
    job = model.context.jobs.write(lambda _job: open_desk.dispatcher.run(patient, seeding.system()))
    with qtbot.waitSignals([job.finished, model.context.live.changed], timeout=5000):
        pass
    assert reads == []
    assert "patient" not in entities_of(model.listing)


def test_a_joined_record_refreshes_the_list_as_well():
    assert entities_of(worklists()["checkup.visits"]) == {"visit", "patient", "conflict"}


def test_what_is_about_to_run_out_has_a_tone_and_says_it_in_words(page_for, clock):
    from datetime import timedelta

    model, _ = page_for("biobank_technician", "specimen.waiting")
    cell = model.table.index(0, column(model.table, "due_at"))
    assert cell.data(TONE_ROLE) == ""
    assert "剩" in cell.data()
    clock.advance(timedelta(minutes=70))
    assert cell.data(TONE_ROLE) == "warning"
    clock.advance(timedelta(hours=3))
    assert cell.data(TONE_ROLE) == "danger"
    assert "超时" in cell.data()


def test_commands_follow_the_state_of_the_row(page_for):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    model.select(0)
    assert {o.command.name: o.enabled for o in model.offers()} == {
        "specimen.receive": True,
        "specimen.process": False,
        "specimen.clear_duplicate": True,
    }


def test_who_may_not_run_a_command_is_not_offered_it(page_for):
    model, _ = page_for("physician", "specimen.waiting")
    model.select(0)
    assert model.offers() == []
    assert not model.action_set.is_enabled("commands")


def test_a_row_gives_its_number_to_the_command(page_for, qtbot):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    model.select(0)
    with qtbot.waitSignal(model.command_asked) as caught:
        model.ask("specimen.receive")
    assert caught.args[1] == {"number": texts(model.table, "number")[0]}


def test_a_row_gives_its_id_to_the_hidden_field(page_for, qtbot, open_desk, seeded):
    patient = seeded[0][0].patient_id
    open_desk.dispatcher.run(seeding.SeedCritical(patient_id=patient), seeding.system())
    model, _ = page_for("physician", "critical.open")
    model.select(0)
    with qtbot.waitSignal(model.command_asked) as caught:
        model.ask("critical.receive")
    assert caught.args[1] == {"critical_id": model.table.row(0).id}


def test_a_command_that_cannot_run_now_says_why(page_for, qtbot):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    model.select(0)
    with qtbot.waitSignal(model.message) as caught:
        model.ask("specimen.process")
    assert "已采集" in caught.args[0]


def test_enter_opens_the_record(page_for):
    model, opened = page_for("biobank_technician", "specimen.waiting")
    model.select(0)
    model.open_selected()
    assert opened == [(f"record:specimen:{model.table.row(0).id}", {})]


def test_columns_are_remembered_and_the_last_one_stays(page_for):
    model, _ = page_for("biobank_technician", "specimen.waiting")
    for name in [c.name for c in model.table.columns]:
        model.show_column(name, shown=False)
    assert len(model.shown_columns()) == 1
    model.show_column("number", shown=True)
    assert "number" in model.shown_columns()


def test_a_list_that_may_not_be_seen_is_refused_in_words(context_for, qtbot):
    context, _ = context_for("it")
    table = WorklistTable(context, worklists()["specimen.waiting"])
    with qtbot.waitSignal(
        table.state_changed, check_params_cb=lambda state, _reason: state == "refused"
    ) as caught:
        table.load()
    assert "信息员" in caught.args[1]


@pytest.fixture
def may_export(monkeypatch):
    from domain.kernel.authority import Role

    may = Role.may
    monkeypatch.setattr(Role, "may", lambda self, p: p == "document.export" or may(self, p))


def test_an_export_has_every_row_and_no_formula(page_for, qtbot, tmp_path, may_export, open_desk):
    for name in ("=1+1", "@SUM(A1)", "+86", "-x", "张三"):
        order = seeding.RegisterPatient(name=name, sex=seeding.Sex.MALE, birth_date=date(1990, 1, 1))
        open_desk.dispatcher.run(order, seeding.system())
    lists = [n for n, w in worklists().items() if w.record.record_info.entity == "patient"]
    model, _ = page_for("nurse", lists[0])
    path = tmp_path / "out" / "list.xlsx"
    with qtbot.waitSignal(model.message, timeout=10_000) as caught:
        model.export(path, "年度质控")
    assert str(path) in caught.args[0]
    sheet = openpyxl.load_workbook(path).active
    last = sheet.max_row - 2  # an empty line and the mark of who took it out follow
    assert last == 1 + len(seeding.PEOPLE) + 5
    assert "测试员" in sheet.cell(sheet.max_row, 1).value
    assert "测试员" in sheet.oddHeader.center.text
    head = [c.value for c in sheet[1]]
    names = head.index("姓名")
    cells = [row[names] for row in sheet.iter_rows(min_row=2, max_row=last)]
    assert {"=1+1", "@SUM(A1)", "+86", "-x", "张三"} <= {c.value for c in cells}
    assert all(c.data_type == "s" for c in cells)
    assert all(c.quotePrefix for c in cells if c.value.startswith(("=", "@", "+", "-")))
    assert list(path.parent.iterdir()) == [path]
    [record], [end] = on_record(open_desk)
    assert (record.count, record.purpose, end.result, end.count) == (
        last - 1, "年度质控", "done", last - 1,
    )  # fmt: skip
    assert record.started_at <= end.ended_at


def on_record(desk):
    with desk.store.read() as connection:
        return [connection.execute(select(kind.__table__)).all() for kind in (Outgoing, OutgoingEnd)]


def test_personal_columns_ask_what_for_before_anything_is_written(
    page_for, qtbot, tmp_path, may_export, open_desk
):
    model, _ = page_for("nurse", "people.clients")
    with qtbot.waitSignal(model.purpose_asked) as asked:
        model.export(tmp_path / "x.xlsx")
    assert asked.args[0] == tmp_path / "x.xlsx"
    assert "姓名" in asked.args[1]
    assert list(tmp_path.glob("*.xlsx")) == []
    assert on_record(open_desk) == [[], []]


def test_an_export_without_the_permission_is_refused(page_for, qtbot, tmp_path):
    model, _ = page_for("nurse", "checkup.visits")
    with qtbot.waitSignal(model.message) as caught:
        model.export(tmp_path / "x.xlsx")
    assert caught.args[1] == "danger"
    assert not (tmp_path / "x.xlsx").exists()


def test_an_export_that_cannot_be_written_says_where(page_for, qtbot, tmp_path, may_export, open_desk):
    model, _ = page_for("nurse", "checkup.visits")
    (tmp_path / "file").write_text("")
    with qtbot.waitSignal(model.message) as caught:
        model.export(tmp_path / "file" / "x.xlsx", "质控")
    assert "x.xlsx" in caught.args[0]
    [record], [end] = on_record(open_desk)
    assert (end.outgoing_id, end.result) == (record.id, "failed")
    assert "x.xlsx" in end.detail


def test_a_form_does_not_begin_with_both_values_of_a_dispute(page_for):
    model, _ = page_for("nurse", "people.clients")
    row = model.table.row(0)
    model.selected = replace(row, values=(Disputed(["甲", "乙"]), *row.values[1:]))
    names = [c.name for c in model.listing.columns]
    assert list(model._selected_values()) == names[1:]


def test_a_form_says_whom_it_is_about(page_for):
    model, _ = page_for("nurse", "people.clients")
    model.select(0)
    by_row = next(o.command for o in model.offers() if not needs_no_row(o.command))
    said = model.about(by_row)
    assert texts(model.table, "name")[0] in said
    assert texts(model.table, "number")[0] in said
    others = [o.command for o in model.offers() if needs_no_row(o.command)]
    assert all(model.about(other) == "" for other in others), "somebody new is not the one the cursor is on"


def test_a_form_shows_no_more_of_somebody_than_its_list(page_for):
    model, _ = page_for("department_head", "people.clients")
    shown = {model.table.index(0, at).data() for at in range(len(model.table.columns))}
    model.select(0)
    said = {about_row(model.context, model.listing.columns, model.selected.values)}
    assert {fact for line in said for fact in line.split(" · ")} <= shown
