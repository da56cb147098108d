"""R4.3: what the group knows of a client stands on one page: hospital, receptions, other sites; by clearance."""

import os
from datetime import date

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel

from client.pages.portrait.view import View
from client.pages.portrait.viewmodel import ViewModel
from client.pages.record.viewmodel import read_sheet
from domain.interop.person_records import HospitalVisit
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.sharing.records import SharedPortrait
from forms.portrait import portrait_data
from tests.client import seeding
from tests.client.test_portrait_page import page, whole

__all__ = ["page", "whole"]
PATIENCE_MS = 20_000


@pytest.fixture
def shared(whole, open_desk, context_for):
    """What another site knows of this client: here, the same as this one does."""
    context, _ = context_for("nurse")
    data = portrait_data(open_desk.dispatcher, context.actor, whole)
    now = open_desk.clock()
    with open_desk.store.write() as connection:
        work = UnitOfWork(connection, seeding.system(), now=now, new_id=open_desk.dispatcher.ids)
        row = work.add(
            SharedPortrait(
                org_id=seeding.BRANCH, patient_id=whole, source_site="城东分院", source_number="P9001", colour="red",
                tags=["慢病·高血压"], findings="A 类 收缩压 190 mmHg", last_visit=date(2026, 10, 1), data=data,
                valid=True, updated_at=now,
            )
        )  # fmt: skip
        work.add(
            HospitalVisit(
                org_id=seeding.BRANCH, patient_id=whole, system="HIS|B01", number="Z77", kind="I",
                department="心内科", diagnoses="高血压病（I10.x00x002）", started_at=now, last_told_at=now,
            )
        )  # fmt: skip
        work.commit_entry("test.shared", txn_id=open_desk.dispatcher.ids())
        work.close()
    return row.id


def told(context, patient_id):
    sheet = read_sheet(context, Patient, patient_id)
    return {value.name: value.text for value in sheet.values}


def test_the_record_page_joins_what_the_group_knows(shared, whole, context_for):
    lines = told(context_for("physician")[0], whole)
    assert lines["elsewhere"] == "城东分院（档案号 P9001）　最近体检 2026-10-01　慢病·高血压"
    assert "心内科" in lines["hospital"]
    assert "高血压病" in lines["hospital"]
    assert "住院" in lines["hospital"]


def test_who_has_no_clearance_reads_no_diagnosis(shared, whole, context_for):
    lines = told(context_for("health_manager")[0], whole)
    assert "心内科" in lines["hospital"]
    assert "高血压" not in lines["hospital"]


def test_the_portrait_of_another_site_opens_like_ones_own(qtbot, shared, context_for):
    context, _ = context_for("physician")
    view = View(ViewModel(context, "shared_portrait", shared))
    view.resize(1366, 768)
    view.show()
    view.model.on_open()
    qtbot.waitUntil(lambda: view.model.portrait is not None, timeout=PATIENCE_MS)
    shown = " ".join(label.text() for label in view.findChildren(QLabel))
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        for size in ((1366, 768), (1920, 1080)):
            view.resize(*size)
            for _ in range(4):
                QCoreApplication.processEvents()
            view.grab().save(f"{folder}/shared-portrait-{size[0]}.png")
    assert "来自城东分院（档案号 P9001），经客户授权共享" in shown
    assert "慢病·高血压" in shown
    assert "168" in shown
    qtbot.waitUntil(lambda: not context.jobs.busy, timeout=PATIENCE_MS)
    view.model.close()
    view.close()


def test_who_has_no_clearance_does_not_open_it(shared, context_for):
    context, _ = context_for("health_manager")
    with pytest.raises(DomainError, match=r"assessment\.clearance"):
        ViewModel(context, "shared_portrait", shared)._read_shared(shared)
