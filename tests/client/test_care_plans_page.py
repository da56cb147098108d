"""Several plans of a client side by side: their numbers, what was done and changed, and the choice of one."""

import os
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QTableWidget
from sqlalchemy import select

from client.command_dialog.view import CommandDialog
from client.pages.care_plans.view import View
from client.pages.care_plans.viewmodel import ViewModel
from domain.care.choice_commands import ChoosePlan
from domain.care.item_commands import AddItem
from domain.care.plan_commands import StartPlan
from domain.care.programme_commands import ApplyProgramme
from domain.care.records import CareKind, CarePlan
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from tests.client.test_care_desk import clients

PATIENCE_MS = 20_000


@pytest.fixture
def drafted(open_desk, context_for):
    """A client of known size with three drafts: two levels of a programme, and one by hand."""
    doctor, nurse = (context_for(role)[0].actor for role in ("physician", "nurse"))
    run = open_desk.dispatcher.run
    patient = clients(open_desk)[0]
    visit = run(OpenVisit(patient_id=patient), nurse).receipt.visit_id
    run(Arrive(visit_id=visit), nurse)

    def measure(**values):
        units = {"height": "cm", "weight": "kg", "sbp": "mm[Hg]", "dbp": "mm[Hg]"}
        taken = [Measured(item=item, value=value, unit=units[item]) for item, value in values.items()]
        run(RecordMeasurement(visit_id=visit, values=taken), nurse)

    measure(height=172, weight=82, sbp=150, dbp=90)
    for level in ("低危", "高危"):
        run(ApplyProgramme(patient_id=patient, diseases="高血压", level=level), doctor)
    ends = clinic(open_desk.clock()).date() + timedelta(days=90)
    own = run(StartPlan(patient_id=patient, name="少盐三个月", ends_on=ends), doctor).receipt
    run(
        AddItem(care_plan_id=own, kind=CareKind.MONITORING, label="血压", times="07:00", watched="sbp"),
        doctor,
    )
    return patient, measure


@pytest.fixture
def page(qtbot, context_for, drafted):
    context, opened = context_for("physician")
    model = ViewModel(context, "patient", drafted[0])
    view = View(model)
    view.opened, view.measure = opened, drafted[1]
    view.resize(1366 - 208, 700)
    view.show()
    qtbot.waitExposed(view)
    with qtbot.waitSignal(model.plans_changed, timeout=PATIENCE_MS):
        model.on_open()
    yield view
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
    model.close()
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def cells(view):
    """Return by row what stands in the column of each plan."""
    table = view.findChild(QTableWidget, "care_plans_table")
    return {
        table.verticalHeaderItem(at).text(): [
            table.item(at, place).text() for place in range(table.columnCount())
        ]
        for at in range(table.rowCount())
    }


def shot(view, name):
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        for width, height in ((1366, 768), (1920, 1080)):
            view.resize(width - 208, height - 68)
            QCoreApplication.processEvents()
            view.table.resizeRowsToContents()
            QCoreApplication.processEvents()
            view.grab().save(f"{folder}/{name}-{width}.png")


def test_plans_stand_side_by_side_with_their_numbers(page):
    names = [plan.name for plan in page.model.plans]
    by_name = {name: at for at, name in enumerate(names)}
    low, high = (next(at for name, at in by_name.items() if level in name) for level in ("低危", "高危"))
    own = by_name["少盐三个月"]
    shown = cells(page)
    first = {at: float(shown["能量（千卡/日）"][at].split(" / ")[0]) for at in (low, high)}
    assert first[high] < first[low]
    assert shown["能量（千卡/日）"][own] == "—"
    assert shown["核定"][low] == "限量与剂量待医师核定"
    assert shown["核定"][own] == "—"
    assert shown["打卡次数（每周）"][own] == "7"
    assert shown["监测（项）"] == ["1", "1", "1"]
    assert "半年体重" in shown["管理目标"][low]
    shot(page, "care_plans")


def test_one_is_chosen_by_keys_and_the_other_drafts_are_given_up(page, qtbot, open_desk):
    names = [plan.name for plan in page.model.plans]
    at = next(at for at, name in enumerate(names) if "低危" in name)
    page.focus_first()
    page.table.setCurrentCell(0, 0)
    for _ in range(at):
        QTest.keyClick(page.table, Qt.Key.Key_Right)
    page._choose()
    dialog = page.findChild(CommandDialog)
    dialog.findChildren(QPlainTextEdit)[-1].setPlainText("客户愿意从低强度开始")
    with qtbot.waitSignal(dialog.completed, timeout=PATIENCE_MS):
        dialog._send()
    with open_desk.store.read() as connection:
        rows = {row.name: row for row in connection.execute(select(CarePlan.__table__))}
    assert rows[names[at]].state == "running"
    assert {row.state for name, row in rows.items() if name != names[at]} == {"stopped"}
    assert "客户愿意从低强度开始" in rows["少盐三个月"].outcome
    qtbot.waitUntil(lambda: page.model.plans[0].state == "running", timeout=PATIENCE_MS)
    asked = []
    page.model.choose_asked.connect(asked.append)
    page.model.choose(1)
    assert asked == [], "one that is over cannot be chosen"


def test_what_changed_since_it_began_is_told(page, qtbot, open_desk, context_for, clock):
    doctor = context_for("physician")[0].actor
    own = next(plan for plan in page.model.plans if plan.name == "少盐三个月")
    open_desk.dispatcher.run(ChoosePlan(care_plan_id=own.id, reason="先少盐"), doctor)
    clock.advance(timedelta(days=1))
    page.measure(sbp=138, dbp=85)
    said = "收缩压 150 → 138（-12，未超出自身波动）"
    qtbot.waitUntil(
        lambda: said in "".join(cells(page).get("指标变化（开始前 → 最近）", [])), timeout=PATIENCE_MS
    )


def test_who_may_not_see_plans_opens_none_and_a_nurse_chooses_none(drafted, open_desk, context_for):
    with pytest.raises(DomainError):
        ViewModel(context_for("biobank_technician")[0], "patient", drafted[0])
    nurse = context_for("nurse")[0].actor
    with open_desk.store.read() as connection:
        plan = connection.execute(select(CarePlan.id)).scalars().first()
    with pytest.raises(DomainError):
        open_desk.dispatcher.run(ChoosePlan(care_plan_id=plan, reason="x"), nurse)
