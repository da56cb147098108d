"""Any place of a long list: found by key or by id, read when it is looked at, and right while others write."""

import dataclasses
import random
from datetime import date

import pytest
from PySide6.QtCore import Qt

from client.pages.worklist.leaves import KEPT, Leaf, Leaves
from client.pages.worklist.table import NOT_YET, WorklistTable
from client.pages.worklist.viewmodel import ViewModel
from domain.kernel.authority import system_actor
from domain.kernel.worklists import Filter, worklists
from domain.people.patient_commands import EditPatient
from tests.client import seeding

EVERY = 5
LONG = {
    "visit", "observation", "finding", "report", "specimen", "specimen_event", "alert_event", "patient",
}  # fmt: skip
"""Records of which a branch has hundreds of thousands after some years."""
NAMES = "赵钱孙李周吴郑王冯陈"


@pytest.fixture
def small_pages(crowd, context_for):  # the crowd first: nobody follows the log yet
    context, _ = context_for("nurse")
    context.desk.settings = dataclasses.replace(context.desk.settings, page_rows=EVERY)
    return context


@pytest.fixture
def crowd(open_desk):
    """Register many clients; returns their ids."""
    chance = random.Random(7)  # noqa: S311
    made = []
    for number in range(60):
        order = seeding.RegisterPatient(
            name=f"{chance.choice(NAMES)}{number}", sex=chance.choice(list(seeding.Sex)),
            birth_date=date(1950 + chance.randrange(50), 1 + number % 12, 1 + number % 28),
        )  # fmt: skip
        made.append(open_desk.dispatcher.run(order, seeding.system()).receipt.patient_id)
    return made


@pytest.fixture
def table_of(small_pages, qtbot):
    made = []

    def make(order=None, filters=()):
        table = WorklistTable(small_pages, worklists()["people.clients"])
        made.append(table)
        if order is not None:
            table.order = order
        table.filters = filters
        table.load()
        idle(qtbot, table)
        return table

    yield make
    for table in made:
        table.close()


def idle(qtbot, table):
    qtbot.waitUntil(lambda: not table._context.jobs.busy and table.complete, timeout=10_000)


def whole(table):
    """Return the list as the store has it, in the table's order."""
    return table._context.desk.pages.page(
        table.listing, table._context.actor, filters=table.filters, order=table.order, limit=500
    ).rows


def shown(qtbot, table):
    """Look at every place, as somebody who scrolls down, and return the rows."""
    rows = []
    for first in range(0, table.rowCount(), EVERY):
        table.look_at(first, min(first + EVERY, table.rowCount()) - 1)
        idle(qtbot, table)
        rows += [table.row(at) for at in range(first, min(first + EVERY, table.rowCount()))]
    return rows


@pytest.mark.parametrize("order", ["number", "-number", "name", "-sex", "phone", "-birth_date"])
def test_every_row_has_its_place_in_every_order(crowd, table_of, qtbot, order, qtmodeltester):
    table = table_of(order)
    assert table.complete
    assert table.rowCount() == len(crowd) + len(seeding.PEOPLE)
    assert [r.id for r in shown(qtbot, table)] == [r.id for r in whole(table)]
    qtmodeltester.check(table)


def test_a_place_is_read_when_it_is_looked_at_and_nothing_between(crowd, table_of, qtbot):
    table = table_of()
    last = table.rowCount() - 1
    assert table.index(last, 0).data() == NOT_YET
    assert table.row(last) is None
    table.look_at(last - 3, last)
    idle(qtbot, table)
    assert table.row(last).id == whole(table)[-1].id
    assert table.row(last // 2) is None


def test_what_was_looked_at_long_ago_is_forgotten(crowd, table_of, qtbot):
    leaves = Leaves([Leaf(2, (n, None)) for n in range(2 * KEPT)])
    for leaf in leaves.covering(0, leaves.total):
        leaves.load(leaf, [object(), object()])
    assert len(leaves.loaded()) == KEPT
    assert leaves.at(0)[0].rows is None
    assert leaves.total == 4 * KEPT


def test_an_order_without_an_index_is_said_while_it_is_sorted(crowd, table_of, qtbot):
    said = []
    table = table_of()
    table.counted.connect(lambda: said.append(table.sorted_so_far))
    column = [c.name for c in table.columns].index("name")
    with qtbot.waitSignal(table.reloaded):
        table.sort(column, Qt.SortOrder.AscendingOrder)
    idle(qtbot, table)
    assert max(said) >= 0
    assert table.sorted_so_far == -1
    assert table.order_label == "姓名"


def test_the_index_of_the_declared_order_is_walked(open_desk):
    """An order that no index has is sorted anew for each page; a long list must not be declared in such a one."""
    actor = system_actor(seeding.BRANCH, seeding.DEVICE)
    long_ones = {n: w for n, w in worklists().items() if w.record.record_info.entity in LONG}
    assert len(long_ones) >= 9
    assert [n for n, w in long_ones.items() if not open_desk.pages.walks(w, actor)] == []


def test_new_rows_come_in_where_they_belong_and_the_cursor_stays(small_pages, crowd, qtbot, open_desk):
    model = ViewModel(small_pages, "people.clients")
    table = model.table
    table.order = "-number"
    model.on_open()
    idle(qtbot, table)
    model.select(3)
    chosen, before = model.selected.id, table.rowCount()
    resets = []
    table.modelReset.connect(lambda: resets.append(1))
    order = seeding.RegisterPatient(name="新来的", sex=seeding.Sex.MALE, birth_date=date(1990, 1, 1))
    with qtbot.waitSignal(table.rowsInserted):
        small_pages.jobs.write(lambda _job: open_desk.dispatcher.run(order, seeding.system()))
    idle(qtbot, table)
    assert table.rowCount() == before + 1
    assert table.row_of(chosen) == 4
    assert resets == []
    model.close()


def test_a_changed_row_is_read_alone(small_pages, crowd, qtbot, open_desk, monkeypatch):
    model = ViewModel(small_pages, "people.clients")
    model.on_open()
    idle(qtbot, model.table)
    read = []
    rows_of = type(open_desk.pages).rows_of

    def counting(pages, listing, actor, ids, **more):
        read.append(len(ids))
        return rows_of(pages, listing, actor, ids, **more)

    monkeypatch.setattr(type(open_desk.pages), "rows_of", counting)
    monkeypatch.setattr(
        type(open_desk.pages), "page", lambda *_a, **_k: pytest.fail("read more than the row")
    )
    order = EditPatient(patient_id=model.table.row(2).id, phone="13900001111")
    with qtbot.waitSignal(model.table.dataChanged):
        small_pages.jobs.write(lambda _job: open_desk.dispatcher.run(order, seeding.system()))
    idle(qtbot, model.table)
    assert read == [1]
    phone = [c.name for c in model.table.columns].index("phone")
    assert model.table.index(2, phone).data() == "13900001111"
    model.close()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", ["number", "-number", "name"])
def test_whatever_others_write_the_list_is_as_the_store_has_it(
    small_pages, crowd, qtbot, open_desk, seed, order
):
    chance = random.Random(seed)  # noqa: S311
    model = ViewModel(small_pages, "people.clients")
    table = model.table
    table.order = order
    table.filters = (Filter("name", "starts", "王"),) if seed == 2 else ()
    model.on_open()
    idle(qtbot, table)
    for _ in range(12):
        first = chance.randrange(max(1, table.rowCount()))
        table.look_at(first, min(first + 3, table.rowCount() - 1))
        change = _any_change(chance, crowd)
        with qtbot.waitSignal(model.context.live.changed):
            open_desk.dispatcher.run(change, seeding.system())
        idle(qtbot, table)
    qtbot.waitUntil(lambda: not table.follower._anew.isActive(), timeout=5000)
    idle(qtbot, table)
    assert [r.id for r in shown(qtbot, table)] == [r.id for r in whole(table)]
    assert [r.values for r in shown(qtbot, table)] == [r.values for r in whole(table)]
    model.close()


def _any_change(chance, crowd):
    if chance.random() < 0.4:
        return seeding.RegisterPatient(
            name=f"{chance.choice(NAMES)}新",
            sex=chance.choice(list(seeding.Sex)),
            birth_date=date(1980, 1, 1),
            another_person=True,
        )
    return EditPatient(
        patient_id=chance.choice(crowd),
        name=f"{chance.choice(NAMES)}改",
        phone=f"139{chance.randrange(10**8):08d}",
    )


def test_reading_anew_keeps_the_row_in_sight(small_pages, crowd, qtbot):
    model = ViewModel(small_pages, "people.clients")
    model.on_open()
    idle(qtbot, model.table)
    model.table.look_at(40, 44)
    idle(qtbot, model.table)
    model.select(42)
    chosen = model.selected.id
    with qtbot.waitSignal(model.table.modelReset):
        model.reload()
    idle(qtbot, model.table)
    assert model.table.row_of(chosen) == 42
    model.close()


@pytest.mark.parametrize("order", ["-number", "name", "-birth_date"])
def test_an_export_reads_every_row_once_in_any_order(small_pages, crowd, table_of, order):
    reading = dataclasses.replace(table_of(order).reading(), every=7)
    parts = list(reading.parts())
    assert max(len(part) for part in parts) == 7
    assert [r.id for part in parts for r in part] == [r.id for r in whole(table_of(order))]
