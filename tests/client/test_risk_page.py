"""A client's risk page: the colour says why, and what would change it most comes from the numbers of the report."""

import os
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel, QListWidget
from sqlalchemy import select

from client.pages.risk.view import View
from client.pages.risk.viewmodel import ViewModel
from domain.checkup.form_commands import AnswerForm
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.followup.task_records import FollowTask
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.risk.advice_records import FactorAdvice
from domain.risk.commands import AssessRisks, SetRiskLevel
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel
from forms.risk_reporting import risk_report_data

PATIENCE_MS = 20_000
UNITS = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "weight": "kg", "height": "cm", "waist": "cm", "fpg": "mmol/L"}
UNITS |= dict.fromkeys(("tc", "hdl", "ldl", "tg"), "mmol/L")
HIGH = {"sbp": 168, "dbp": 96, "height": 172, "weight": 92, "waist": 104, "fpg": 5.9, "tc": 6.6, "hdl": 0.9}


@pytest.fixture
def page(qtbot, context_for, open_desk, seeded):
    patient = seeded[0][0].patient_id
    context, _ = context_for("nurse")
    open_desk.dispatcher.run(
        RecordMeasurement(
            visit_id=seeded[0][1].visit_id,
            values=[Measured(item=key, value=value, unit=UNITS[key]) for key, value in HIGH.items()],
        ),
        context.actor,
    )
    given = {
        "region-north": True,
        "urban": True,
        "smoking": "current",
        "cvd-history": False,
        "bp-treated": False,
    }
    given |= {"dm-history": False, "fh-ascvd": True, "ckd-history": False, "lipid-treated": False}
    items = [
        {"linkId": k, "answer": [{"valueCoding": {"code": v}} if isinstance(v, str) else {"valueBoolean": v}]}
        for k, v in given.items()
    ]
    order = AnswerForm(patient_id=patient, form="ascvd", form_version="1.0.0", answers={"item": items})
    open_desk.dispatcher.run(order, context.actor)
    model = ViewModel(context, "patient", patient)
    view = View(model)
    view.resize(1366, 768)
    view.show()
    qtbot.waitExposed(view)
    yield view
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
    model.close()
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def words(view):
    return [one.text() for one in view.findChildren(QLabel) if one.objectName().startswith("risk_line")]


def test_the_page_says_why_and_what_would_change_it(page, qtbot, open_desk, context_for):
    with qtbot.waitSignal(page.model.empty_changed, timeout=PATIENCE_MS):
        page.model.on_open()
    assert "评估" in page.findChild(QLabel, "risk_level").text(), "nothing yet, and what to do"
    with qtbot.waitSignal(page.model.sheet_changed, timeout=PATIENCE_MS):
        page.model.assess()
    data = risk_report_data(open_desk.dispatcher, page.context.actor, page.model.patient_id)
    assert data["level"]["label"] in page.findChild(QLabel, "risk_level").text()
    assert data["level"]["why"][0] in page.findChild(QLabel, "risk_why").text()
    assert "最值得改变" in page.findChild(QLabel, "risk_most").text()
    listed = page.findChild(QListWidget)
    changing = next(one for one in data["diseases"] if one["levers"] and one["levers"][0]["value"])
    row = next(n for n in range(listed.count()) if changing["name"] in listed.item(n).text())
    listed.setFocus()
    while listed.currentRow() != row:
        qtbot.keyClick(listed, Qt.Key.Key_Down if listed.currentRow() < row else Qt.Key.Key_Up)
    told = words(page)
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        page.grab().save(f"{folder}/risk.png")
    assert 1 <= len(changing["levers"]) <= 3
    for lever in changing["levers"]:
        assert any(lever["factor"] in line and str(lever["value"]) in line for line in told), told
    drops = [float(lever["drop"]) for lever in changing["levers"]]
    assert drops == sorted(drops, reverse=True)


def test_a_row_of_the_list_of_levels_opens_it(page, qtbot, open_desk, context_for):
    page.model.on_open()
    qtbot.waitUntil(lambda: not page.context.jobs.busy, timeout=PATIENCE_MS)
    with qtbot.waitSignal(page.model.sheet_changed, timeout=PATIENCE_MS):
        page.model.assess()
    with open_desk.store.read() as connection:
        level = connection.execute(select(RiskLevel.id)).scalar_one()
    other = ViewModel(page.context, "risk_level", level)
    with qtbot.waitSignal(other.sheet_changed, timeout=PATIENCE_MS):
        other.on_open()
    assert other.patient_id == page.model.patient_id
    other.close()


def test_who_may_not_see_risks_gets_no_page(context_for, seeded):
    context, _ = context_for("receptionist")
    with pytest.raises(DomainError):
        ViewModel(context, "patient", seeded[0][0].patient_id)


def test_factors_at_high_risk_are_red_and_advice_is_proposed_by_a_key(page, qtbot, open_desk, context_for):
    with qtbot.waitSignal(page.model.empty_changed, timeout=PATIENCE_MS):
        page.model.on_open()
    with qtbot.waitSignal(page.model.sheet_changed, timeout=PATIENCE_MS):
        page.model.assess()
    told = page.findChild(QLabel, "risk_high_factors")
    lines = told.text().splitlines()
    assert any(line.startswith("▲ 高风险因素：收缩压 ≥140 mmHg（收缩压 168") for line in lines), lines
    assert told.property("tone") == "danger"
    assert told.palette().color(told.foregroundRole()).red() > 120, (
        "red to the eye, and ▲ and words for the rest"
    )
    assert not page.model.action_set.is_enabled("advise"), "a nurse does not push advice"
    context, _ = context_for("physician")
    model = ViewModel(context, "patient", page.model.patient_id)
    said = []
    model.message.connect(lambda sentence, tone: said.append(sentence))
    with qtbot.waitSignal(model.sheet_changed, timeout=PATIENCE_MS):
        model.on_open()
    model.action_set.trigger("advise")
    qtbot.waitUntil(lambda: bool(said) and not context.jobs.busy, timeout=PATIENCE_MS)
    assert said[0].startswith("干预建议已生成"), said
    with open_desk.store.read() as connection:
        kept = connection.execute(select(FactorAdvice.__table__)).all()
        tasks = connection.execute(select(FollowTask.__table__)).all()
    model.close()
    assert {"sbp", "smoker"} <= kept[-1].factors.keys()
    assert kept[-1].task_id in {one.id for one in tasks}


def test_of_a_manual_level_it_says_whose_rules_those_are_and_that_new_data_put_it_in_question(
    page, context_for, open_desk, seeded, qtbot
):
    patient, visit = seeded[0][0].patient_id, seeded[0][1].visit_id
    actor, run = context_for("physician")[0].actor, open_desk.dispatcher.run
    run(AssessRisks(patient_id=patient), actor)
    until = clinic(open_desk.clock()).date() + timedelta(days=90)
    run(SetRiskLevel(patient_id=patient, colour=Colour.YELLOW, reason="已规律服药", until=until), actor)

    def why():
        return page.model.sheet.why if page.model.sheet is not None else ()

    def said():
        page.model.load()
        qtbot.waitUntil(lambda: any("医师调整" in line for line in why()), timeout=PATIENCE_MS)
        return why()

    assert any("自动等级“红" in line for line in said())
    assert not any("重新调整" in line for line in said())
    better = {
        "sbp": 142,
        "dbp": 84,
        "weight": 66,
        "waist": 82,
        "fpg": 5.0,
        "tc": 4.5,
        "hdl": 1.3,
        "ldl": 2.4,
        "tg": 1.0,
    }
    values = [Measured(item=key, value=value, unit=UNITS[key]) for key, value in better.items()]
    run(RecordMeasurement(visit_id=visit, values=values), actor)
    run(AssessRisks(patient_id=patient), actor)
    page.model.load()
    qtbot.waitUntil(
        lambda: any("变为“橙" in line and "重新调整" in line for line in page.model.sheet.why),
        timeout=PATIENCE_MS,
    )
