"""The health portrait joins what was assessed with the numbers of its sources; what is missing is told."""

import json
import os
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QFrame, QLabel

import resources
from client.pages.portrait.view import View
from client.pages.portrait.viewmodel import ViewModel
from domain.kernel.errors import DomainError
from domain.risk.commands import AssessRisks
from forms.documents import load_documents
from forms.portrait import portrait_data, portrait_pdf
from forms.risk_reporting import risk_report_data
from tests.client.test_risk_page import page
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES
from tests.scales.handing_in import hand_in
from tests.scales.test_behaviour_stress_fitness import IDEAL
from tests.scales.test_worked_examples import night, week

PATIENCE_MS = 20_000
_FIXTURES = (page,)


@pytest.fixture
def whole(page, open_desk, context_for):
    """A client with results, risks, constitution, mind, sleep and habits."""
    context, _ = context_for("nurse")
    desk, patient = open_desk.dispatcher, page.model.patient_id or page.model._record_id
    damp = {i.id: "1" for i in SCALES["tcm_2025"].items} | dict.fromkeys(("q12", "q13", "q14"), "4")
    hand_in(desk, context.actor, patient, "tcm_2025", damp)
    hand_in(desk, context.actor, patient, "gad7", reaching(SCALES["gad7"], 12))
    hand_in(desk, context.actor, patient, "psqi", night(causes=12, latency=45))
    hand_in(desk, context.actor, patient, "ipaq", week(walking=(2, 15)))
    eaten = {name: float(value) for name, value in (IDEAL | {"veg": 100, "salt": 9}).items()}
    hand_in(desk, context.actor, patient, "diet_habit", eaten)
    desk.run(AssessRisks(patient_id=patient), context.actor)
    return patient


@pytest.fixture
def shown(qtbot, context_for, seeded):
    made = []

    def show(patient, role="physician"):
        context, _ = context_for(role)
        view = View(ViewModel(context, "patient", patient))
        view.resize(1366, 768)
        view.show()
        qtbot.waitExposed(view)
        with qtbot.waitSignal(view.model.title_changed, timeout=PATIENCE_MS):
            view.model.on_open()
        QCoreApplication.processEvents()
        made.append((context, view))
        return view

    yield show
    for context, view in made:
        qtbot.waitUntil(lambda context=context: not context.jobs.busy, timeout=PATIENCE_MS)
        view.model.close()
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def lines(view, card):
    frame = view.findChild(QFrame, f"portrait_{card}")
    return [one.text() for one in frame.findChildren(QLabel)]


def test_everything_that_was_assessed_stands_on_one_page_and_one_paper(whole, shown, open_desk, context_for):
    view = shown(whole)
    actor = view.context.actor
    desk = open_desk.dispatcher
    data, risk = portrait_data(desk, actor, whole), risk_report_data(desk, actor, whole)
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        for size in ((1366, 768), (1920, 1080)):
            view.resize(*size)
            QCoreApplication.processEvents()
            view.grab().save(f"{folder}/portrait-{size[0]}.png")
    assert risk["level"]["label"] in view.findChild(QLabel, "portrait_head").text()
    high = {one["name"]: one for one in risk["diseases"] if one["level"] == "high" and not one["is_score"]}
    assert high
    told = lines(view, "risks")
    for name, one in high.items():
        assert any(name in line and (one["value"] or "") in line and line.startswith("▲") for line in told), (
            name
        )
    assert any("收缩压 ≥140 mmHg（收缩压 168 mmHg" in line for line in lines(view, "high"))
    assert any(
        "收缩压" in line and "168" in line and line.startswith("▲") for line in lines(view, "abnormal")
    )
    assert any(line.startswith("总胆固醇　6.60 mmol/L　偏高") for line in lines(view, "abnormal"))
    assert not any("male" in line or "31.09" in line for line in lines(view, "high")), (
        "words and rounded numbers"
    )
    assert any("痰湿质" in line for line in lines(view, "tcm"))
    assert any("▲" in line or "■" in line for line in lines(view, "mind"))
    assert any("睡眠" in line for line in lines(view, "sleep"))
    assert any("低" in line for line in lines(view, "exercise"))
    assert any("依从分" in line for line in lines(view, "diet"))
    path = Path(resources.folder("documents")) / "health_portrait" / "sample.json"
    if os.environ.get("SAMPLE"):
        data["organisation"] = {"name": "示例健康集团", "branch": "滨江分院"}
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    document = load_documents(resources.folder("documents"))["health_portrait"]
    pdf = pypdfium2.PdfDocument(portrait_pdf(desk, actor, document, whole))
    text = "".join("".join(one.get_textpage().get_text_range() for one in pdf).split())
    pdf.close()
    for word in (*high, "痰湿质", "膳食习惯", "睡眠", "高风险因素", risk["level"]["label"]):
        assert "".join(word.split()) in text, word


def test_what_nobody_assessed_is_told_as_missing_and_nothing_at_all_says_what_to_do(seeded, shown, open_desk):
    empty = seeded[-1][0].patient_id
    view = shown(empty)
    head = view.findChild(QLabel, "portrait_head").text()
    assert head.startswith("该客户还没有检查结果") or lines(view, "sleep")[1].startswith("还没有睡眠评估")
    with pytest.raises(DomainError, match=r"patient\.unknown|portrait\.nothing"):
        portrait_data(open_desk.dispatcher, view.context.actor, open_desk.installation.device_id)


def test_only_who_may_see_risks(seeded, context_for):
    context, _ = context_for("biobank_technician")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        ViewModel(context, "patient", seeded[0][0].patient_id)
