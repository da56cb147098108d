"""Risk reports of a whole worklist: a file for each client who has one, the reason for each who has none."""

import threading
import time

import pytest
from PySide6.QtWidgets import QMenu, QPlainTextEdit
from sqlalchemy import select, update

from client.pages.worklist import reports
from client.pages.worklist.view import View
from client.pages.worklist.viewmodel import ViewModel
from domain.outgoing.records import Outgoing, OutgoingEnd
from domain.risk.commands import AssessRisks
from domain.risk.content import RISK
from domain.risk.records import RiskAssessment
from forms import batch
from tests.client import seeding


@pytest.fixture
def assessed(open_desk, seeded):
    """Return the numbers of three clients with an assessment."""
    people = [one[0] for one in seeded[:3]]
    for person in people:
        open_desk.dispatcher.run(AssessRisks(patient_id=person.patient_id), seeding.system())
    return [person.number for person in people]


@pytest.fixture
def page_for(context_for, qtbot):
    made = []

    def make(role="physician", name="risk.assessments"):
        context, _ = context_for(role)
        model = ViewModel(context, name)
        made.append(model)
        with qtbot.waitSignal(model.table.modelReset):
            model.table.load()
        qtbot.waitUntil(lambda: model.table.state in {"ready", "empty", "refused"})
        return model

    yield make
    for model in made:
        model.close()


def on_record(desk):
    with desk.store.read() as connection:
        return [connection.execute(select(kind.__table__)).all() for kind in (Outgoing, OutgoingEnd)]


def made_by(model, folder, qtbot, version="phone"):
    with qtbot.waitSignal(model.reports_made) as caught:
        model.make_reports(folder, version)
    qtbot.waitUntil(lambda: not model.exporting)
    return caught.args[0]


def test_each_client_has_a_file_and_the_batch_is_one_line_on_record(
    page_for, assessed, open_desk, tmp_path, qtbot
):
    model, steps = page_for(), []
    model.progress.connect(lambda done, total: steps.append((done, total)))
    made = made_by(model, tmp_path / "out", qtbot)
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name.partition("-")[0] for path in files] == sorted(assessed)
    assert all(path.read_bytes().startswith(b"%PDF-") for path in files)
    assert (made.files, made.failed, made.stopped) == (3, (), False)
    assert [one for one in steps if one[0] >= 0] == [(1, 3), (2, 3), (3, 3)]
    [record], [end] = on_record(open_desk)
    assert (record.count, record.destination, end.result, end.count) == (3, "file", "done", 3)
    assert "手机精简版" in record.what


def test_who_has_none_is_listed_with_the_reason(page_for, assessed, open_desk, tmp_path, qtbot, monkeypatch):
    seen = []
    real = reports.risk_report_data
    with open_desk.store.write() as connection:  # as assessments were kept before they kept all they said
        connection.execute(update(RiskAssessment.__table__).values(detail=None))

    def second_is_outdated(dispatcher, actor, patient_id):
        seen.append(patient_id)
        models = dispatcher.content[RISK]
        monkeypatch.setattr(models, "version", "other" if len(seen) == 2 else kept)
        return real(dispatcher, actor, patient_id)

    kept = open_desk.dispatcher.content[RISK].version
    monkeypatch.setattr(reports, "risk_report_data", second_is_outdated)
    model = page_for()
    view = View(model)
    qtbot.addWidget(view)
    view.show()
    made = made_by(model, tmp_path, qtbot)
    assert made.files == 2
    [(number, reason)] = made.failed
    assert number in assessed
    assert "重新评估" in reason
    shown = view.findChild(QPlainTextEdit, "missing_lines").toPlainText()
    assert shown == f"{number}  {reason}"
    assert on_record(open_desk)[1][0].count == 2


def test_a_client_with_several_assessments_has_one_report(page_for, assessed, open_desk, tmp_path, qtbot):
    with open_desk.store.read() as connection:
        first = connection.execute(select(RiskAssessment.patient_id)).scalars().first()
    models = open_desk.dispatcher.content[RISK]
    kept, models.version = models.version, "other"
    try:
        open_desk.dispatcher.run(AssessRisks(patient_id=first), seeding.system())
    finally:
        models.version = kept
    model = page_for()
    assert model.table.rowCount() == 4
    made = made_by(model, tmp_path, qtbot)
    assert made.files + len(made.failed) == 3


def test_it_stops_when_told_and_that_is_on_record(
    page_for, assessed, open_desk, tmp_path, qtbot, monkeypatch
):
    def slow(jobs, folder, documents, *, processes, progress, cancelled):
        started.set()
        patience = time.monotonic() + 60
        while not cancelled() and time.monotonic() < patience:
            time.sleep(0.01)
        return batch.Outcome(cancelled=cancelled())

    started = threading.Event()
    monkeypatch.setattr(batch, "render_batch", slow)
    model = page_for()
    model.make_reports(tmp_path, "phone")
    qtbot.waitUntil(started.is_set)
    model.cancel_export()
    qtbot.waitUntil(lambda: not model.exporting)
    ends = on_record(open_desk)[1]
    assert [(end.result, end.count) for end in ends] == [("cancelled", 0)]


def test_too_many_are_refused_before_anything_is_written(
    page_for, assessed, open_desk, tmp_path, qtbot, monkeypatch
):
    monkeypatch.setattr(reports, "MOST", 2)
    model = page_for()
    with qtbot.waitSignal(model.message) as caught:
        model.make_reports(tmp_path / "none", "plain")
    assert "最多生成 2 份" in caught.args[0]
    assert not (tmp_path / "none").exists()
    assert on_record(open_desk) == [[], []]


def test_who_may_not_print_makes_none(page_for, assessed, open_desk, tmp_path, qtbot):
    model = page_for("health_manager")
    assert model.table.rowCount() == 3, "the list may be seen"
    assert not model.action_set.is_enabled("reports")
    with qtbot.waitSignal(model.message):
        model.make_reports(tmp_path / "none", "plain")
    assert not (tmp_path / "none").exists()
    assert on_record(open_desk) == [[], []]


def test_a_list_without_anybody_says_so(page_for, open_desk, tmp_path, qtbot):
    model = page_for()
    with qtbot.waitSignal(model.message) as caught:
        model.make_reports(tmp_path / "none", "plain")
    assert "没有客户" in caught.args[0]
    assert on_record(open_desk) == [[], []]


def test_only_lists_of_risks_offer_it_and_the_version_is_asked_by_digit(page_for, assessed, qtbot):
    assert not page_for("nurse", "people.clients").action_set.is_enabled("reports")
    model = page_for("physician", "risk.levels")
    view = View(model)
    qtbot.addWidget(view)
    view.show()
    model.action_set.trigger("reports")
    menu = view.findChild(QMenu, "reports_menu")
    assert [one.data() for one in menu.actions()] == ["professional", "plain", "phone"]
    menu.close()
