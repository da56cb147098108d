"""The queue at a workstation: a fault in the middle, a crash, scans, reprints; a real store, a simulated printer."""

from datetime import date

import pytest
from sqlalchemy import select

from client.label_jobs import LabelJobs, LabelOrder
from client.pages.label_queue.view import View
from client.pages.label_queue.viewmodel import ViewModel
from client.ports import Scanned
from client.station import PageModel
from domain.biobank.commands import PlanSpecimen
from domain.biobank.numbers import grouped
from domain.biobank.records import LabelPrint, PrimaryContainer, SpecimenType
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.labels.queue_commands import BeginLabels, QueueLabels
from domain.labels.records import LabelJob
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.devices_labels.label_cases import codes_in

FIELDS = {
    "patient_name": "王美娜", "sex": "女", "age": "51岁", "specimen_type": "血清", "collected_at": "2026-11-23 08:15",
    "items": "", "visit_number": "2611230017",
}  # fmt: skip


@pytest.fixture
def context(context_for):
    return context_for("nurse")


def six_tubes(context):
    """Plan six tubes of two clients and return their numbers."""
    run, found = context.desk.dispatcher.run, []
    for name in ("王美娜", "李建国"):
        order = RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
        patient = run(order, context.actor).receipt
        visit_id = run(OpenVisit(patient_id=patient.patient_id), context.actor).receipt.visit_id
        run(Arrive(visit_id=visit_id), context.actor)
        for kind, container in (
            (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR),
            (SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA),
            (SpecimenType.URINE, PrimaryContainer.ORIGINAL),
        ):
            plan = PlanSpecimen(visit_id=visit_id, type=kind, container=container)
            found.append(run(plan, context.actor).receipt.number)
    return found


def orders_of(numbers):
    return [LabelOrder(number, {**FIELDS, "specimen_number": number}) for number in numbers]


@pytest.fixture
def numbers(context):
    return six_tubes(context)


@pytest.fixture
def orders(numbers):
    return orders_of(numbers)


@pytest.fixture
def desk_jobs(context, hub):
    page = PageModel(context)
    yield LabelJobs(page, hub.printer("tube"))
    page.close()


@pytest.fixture
def page(qtbot, context):
    model = ViewModel(context)
    view = View(model)
    qtbot.addWidget(view)
    view.resize(1366, 768)
    yield view
    model.close()


def opened(page, qtbot, count):
    page.model.on_open()
    qtbot.waitUntil(lambda: len(page.model.lines) == count)
    return page.model


def states(context):
    with context.desk.store.read() as connection:
        return list(
            connection.execute(select(LabelJob.state).order_by(LabelJob.queued_at, LabelJob.place)).scalars()
        )


def printed(simulated):
    return [codes_in(picture)[0] for picture in simulated.labels]


def settled(jobs, qtbot):
    qtbot.waitUntil(lambda: not jobs.busy)


def test_paper_that_ends_in_the_middle_is_told_and_the_rest_follows_without_a_second_copy(
    context, orders, numbers, desk_jobs, simulated, page, qtbot
):
    simulated.control("paper-for 2")
    desk_jobs.print(orders)
    settled(desk_jobs, qtbot)
    assert states(context) == ["printed", "printed", "failed", "queued", "queued", "queued"]
    model = opened(page, qtbot, 6)
    qtbot.waitUntil(
        lambda: {line.state for line in model.lines if "缺纸" in line.remedy} == {"failed", "queued"}
    )
    assert "请装入标签纸" in model.lines[0].remedy
    qtbot.waitUntil(lambda: bool(model.printers) and "缺纸" in model.printers[0].told)
    simulated.control("paper ok")
    model.action_set.trigger("print")
    qtbot.waitUntil(lambda: states(context) == ["printed"] * 6)
    assert printed(simulated) == numbers
    assert not simulated.problems


def test_a_printer_that_comes_back_goes_on_by_itself_while_the_page_is_open(
    context, orders, numbers, desk_jobs, simulated, page, qtbot
):
    simulated.control("head open")
    desk_jobs.print(orders)
    settled(desk_jobs, qtbot)
    model = opened(page, qtbot, 6)
    qtbot.waitUntil(lambda: bool(model.printers) and "打印头未合上" in model.printers[0].told)
    simulated.control("head closed")
    qtbot.waitUntil(lambda: states(context) == ["printed"] * 6)
    assert printed(simulated) == numbers


def test_a_program_that_died_in_the_middle_prints_nothing_twice(
    context, orders, numbers, simulated, page, qtbot, hub
):
    asked = QueueLabels(
        labels=[{"number": o.number, "fields": dict(o.fields), "reason": None} for o in orders], purpose="tube",
        printer="采血标签机",
    )  # fmt: skip
    run = context.desk.dispatcher.run
    ids = run(asked, context.actor).receipt
    run(BeginLabels(jobs=ids), context.actor)
    # The first label came out of the printer; nobody could note it any more.
    model = opened(page, qtbot, 6)
    qtbot.waitUntil(lambda: states(context) == ["unknown"] + ["queued"] * 5)
    assert "请查看打印机出口" in model.lines[0].remedy
    model.action_set.trigger("last_good")
    assert "最后一张完好的标签" in page.asked.text()
    model.on_scan(Scanned("specimen", numbers[0]))
    qtbot.waitUntil(lambda: states(context)[1:] == ["printed"] * 5)
    assert states(context)[0] == "printed"
    assert printed(simulated) == numbers[1:]


def test_scans_prove_labels_and_a_wrong_one_is_told(context, orders, numbers, desk_jobs, page, qtbot):
    desk_jobs.print(orders[:3])
    settled(desk_jobs, qtbot)
    model = opened(page, qtbot, 3)
    qtbot.waitUntil(lambda: {line.state for line in model.lines} == {"printed"})
    told = []
    model.scanned.connect(lambda good, sentence: told.append((good, sentence)))
    chosen = model.lines[0].number
    model.select(model.lines[0].id)
    model.action_set.trigger("compare")
    other = next(number for number in numbers[:3] if number != chosen)
    model.on_scan(Scanned("specimen", other))
    qtbot.waitUntil(lambda: len(told) == 1)
    assert told[0] == (
        False,
        f"不符：应为 {grouped(chosen)}，扫到 {other}。请停下查清两管，错的标签撕下重打。",
    )
    model.on_scan(Scanned("specimen", chosen))
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1][0]
    qtbot.waitUntil(lambda: sorted(states(context)) == ["printed", "printed", "verified"])
    assert model.selected != chosen


def test_another_copy_is_asked_why_by_a_number_key_and_logged(
    context, orders, desk_jobs, simulated, page, qtbot
):
    desk_jobs.print(orders[:1])
    settled(desk_jobs, qtbot)
    model = opened(page, qtbot, 1)
    qtbot.waitUntil(lambda: model.lines[0].state == "printed")
    model.action_set.trigger("again")
    assert "标签破损" in page.asked.text()
    assert not model.answer(9)
    assert model.answer(1)
    qtbot.waitUntil(lambda: len(simulated.labels) == 2)
    qtbot.waitUntil(lambda: states(context) == ["printed"])
    with context.desk.store.read() as connection:
        query = select(LabelPrint.reprint, LabelPrint.reason, LabelPrint.result).order_by(LabelPrint.id)
        rows = connection.execute(query).all()
    assert [tuple(row) for row in rows] == [(0, None, "confirmed"), (1, "标签破损", "confirmed")]


def test_a_name_that_cannot_be_drawn_stops_no_other_label(
    context, orders, numbers, desk_jobs, simulated, qtbot
):
    bad = LabelOrder(numbers[1], {**orders[1].fields, "patient_name": "\ue000"})
    desk_jobs.print([orders[0], bad, orders[2]])
    settled(desk_jobs, qtbot)
    assert states(context) == ["printed", "failed", "printed"]
    assert desk_jobs.fate(numbers[1]).code == "label.glyph_missing"
    assert printed(simulated) == [numbers[0], numbers[2]]


def test_a_printer_that_prints_twice_is_an_alert_of_its_own_kind(
    context, orders, desk_jobs, simulated, qtbot
):
    simulated.control("duplicate on")
    desk_jobs.print(orders[:1])
    settled(desk_jobs, qtbot)
    with context.desk.store.read() as connection:
        assert connection.execute(select(LabelPrint.result)).scalars().all() == ["doubled"]


def test_an_empty_queue_says_what_fills_it(page, qtbot):
    page.show()
    page.model.on_open()
    qtbot.waitUntil(lambda: bool(page.model.printers))
    assert page.empty.isVisible()
    assert "排队" in page.empty.text()
