"""One key exports a study, one makes its statistics; what is doubtful of the data is said before."""

import os
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QListWidget, QScrollArea
from shiboken6 import isValid
from sqlalchemy import select

from client.pages.record.viewmodel import ViewModel as RecordModel
from client.pages.study_data.view import View
from client.pages.study_data.viewmodel import ViewModel
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.outgoing.records import Outgoing, OutgoingEnd, OutgoingResult
from domain.research.records import IdentifiedRequest, StudyExport, StudyExportEnd
from tests.client import seeding
from tests.research.seeding import seed_doubts, seed_study

PATIENCE_MS = 60_000


@pytest.fixture
def page(open_desk, context_for, qtbot, tmp_path):
    """A study of sixty people whose data have gaps, and a department head who oversees it."""
    system = system_actor(seeding.BRANCH, seeding.DEVICE)
    study = seed_study(open_desk.dispatcher, system)
    seed_doubts(open_desk.dispatcher, system, study)
    context, opened = context_for("department_head")
    model = ViewModel(context)
    view = View(model)
    qtbot.addWidget(view, before_close_func=lambda _w: model.close() if isValid(model) else None)
    view.resize(1150, 700)
    view.show()
    model.on_open()
    qtbot.waitUntil(lambda: model.preview is not None, timeout=PATIENCE_MS)
    view.opened, view.folder = opened, tmp_path / "out"
    return view


def shot(page, name):
    """Keep what it looks like at both sizes of the guidelines, where a folder is asked for."""
    folder = os.environ.get("AFTERCHECK_SHOTS")
    if folder:
        for width, height in ((1366, 768), (1920, 1080)):
            page.resize(width - 216, height - 96)
            QCoreApplication.processEvents()
            page.grab().save(str(Path(folder) / f"{name}-{width}.png"))


def told(page):
    return "\n".join(
        one.text() for one in page.findChildren(QLabel) if one.objectName().startswith("study_data_told")
    )


def rows(page, record):
    with page.context.desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


def test_what_would_leave_and_what_is_doubtful_is_said_first(page, qtbot):
    said = told(page)
    assert "将导出受试者 56 人，访视 112 次" in said
    assert "已退出研究 4 人" in said
    assert "人的组有" in said
    assert "完整率 92.9%" in said
    assert "1 次访视共缺 2 项到期数据" in said
    assert "有 1 对结果相似超过 70%" in said
    qtbot.keyClick(page, Qt.Key.Key_F6)
    qtbot.keyClick(page, Qt.Key.Key_F7)
    assert [name for name, _facts in page.opened] == ["worklist:study.lacking", "worklist:study.alike"]
    shot(page, "study_data")


def test_an_export_asks_what_for_and_is_on_record_to_its_end(page, qtbot):
    page.model.folder_asked.disconnect(page._ask_folder)
    qtbot.keyClick(page, Qt.Key.Key_F9)
    problem = page.findChild(QLabel, "study_data_problem")
    assert problem.text() == "请填写导出目的，导出前要登记。"
    assert page.focusWidget().objectName() == "study_data_purpose"
    page.findChild(QLineEdit, "study_data_purpose").setText("中期分析")
    with qtbot.waitSignal(page.model.folder_asked):
        qtbot.keyClick(page, Qt.Key.Key_F9)
    with qtbot.waitSignal(page.model.exported, timeout=PATIENCE_MS) as done:
        page.model.export(str(page.folder))
    folder = done.args[0].folder
    assert (folder / "visits.csv").is_file()
    assert next(folder.glob("*.xlsx")).is_file()
    [export], [end], [left], [over] = (
        rows(page, r) for r in (StudyExport, StudyExportEnd, Outgoing, OutgoingEnd)
    )
    assert (export.purpose, export.formats, export.subjects) == ("中期分析", ["xlsx", "csv"], 56)
    assert end.tables["visits"]["rows"] == 112
    assert (left.kind, over.result, over.count) == ("list", OutgoingResult.DONE, 112)


def test_parts_are_ticked_and_a_wrong_day_is_said_beside_it(page, qtbot):
    visits = page.findChild(QListWidget, "study_data_visits")
    visits.setCurrentRow(0)
    visits.setFocus()
    qtbot.keyClick(visits, Qt.Key.Key_Space)
    qtbot.waitUntil(
        lambda: page.model.preview is not None and page.model.preview.visits == 56, timeout=PATIENCE_MS
    )
    page.findChild(QCheckBox, "study_data_sexes_1").click()
    qtbot.waitUntil(
        lambda: page.model.preview is not None and page.model.preview.subjects < 40, timeout=PATIENCE_MS
    )
    assert page.model.told() == "访视：基线；性别：男"
    since = page.findChild(QLineEdit, "study_data_since")
    since.setFocus()
    since.setText("昨天")
    qtbot.keyClick(since, Qt.Key.Key_Return)
    assert "昨天" in page.findChild(QLabel, "study_data_problem").text()


def test_the_statistics_are_shown_as_the_pages_that_are_saved(page, qtbot, tmp_path):
    qtbot.keyClicks(page.findChild(QLineEdit, "study_data_variable"), "lab.fpg")
    qtbot.keyClicks(page.findChild(QLineEdit, "study_data_value"), "7")
    with qtbot.waitSignal(page.model.report_changed, timeout=PATIENCE_MS):
        qtbot.keyClick(page, Qt.Key.Key_F8)
    report = page.model.report
    text = "".join(p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(report.pdf)).replace(
        "\r\n", ""
    )
    for part in (
        "人群特征",
        "缺失情况",
        "随访总体",
        "访视间的变化",
        "时间到事件",
        "干预",
        "统计纳入受试者 56 人",
    ):
        assert part.replace("干预", "A") in text
    area = page.findChild(QScrollArea, "study_data_pages")
    assert len(area.widget().findChildren(QLabel)) == len(report.pages) >= 3
    shot(page, "study_statistics")
    target = tmp_path / "report.pdf"
    page.model.save(str(target))
    qtbot.waitUntil(lambda: len(rows(page, OutgoingEnd)) == 1, timeout=PATIENCE_MS)
    assert target.read_bytes() == report.pdf
    if os.environ.get("AFTERCHECK_SHOTS"):
        for number, image in enumerate(report.pages):
            image.save(str(Path(os.environ["AFTERCHECK_SHOTS"]) / f"report-{number}.png"))


def test_an_event_that_is_none_is_said_and_who_they_are_is_refused(page, qtbot):
    qtbot.keyClicks(page.findChild(QLineEdit, "study_data_variable"), "lab.nothing")
    with qtbot.waitSignal(page.model.field_error, timeout=PATIENCE_MS) as error:
        qtbot.keyClick(page, Qt.Key.Key_F8)
    assert error.args[0] == "event"
    page.findChild(QCheckBox, "study_data_identified").click()
    page.findChild(QLineEdit, "study_data_purpose").setText("核对")
    qtbot.waitUntil(lambda: page.model.preview is not None, timeout=PATIENCE_MS)
    with qtbot.waitSignal(page.model.field_error, timeout=PATIENCE_MS) as error:
        page.model.export(str(page.folder))
    assert error.args[0] == "identified"
    assert not page.folder.exists()
    assert rows(page, IdentifiedRequest) == []


def test_a_studys_own_page_leads_here_with_that_study(page, context_for, open_desk, qtbot):
    other = seed_study(open_desk.dispatcher, system_actor(seeding.BRANCH, seeding.DEVICE), 3, code="C2")
    context, opened = context_for("department_head")
    record = RecordModel(context, "study", other)
    assert record.action_set.trigger("study_data") is not False
    assert opened == [("study_data", {"study_id": other})]
    assert page.model.study.code == "C1"
    page.model.on_open(**opened[0][1])
    qtbot.waitUntil(
        lambda: page.model.preview is not None and page.model.preview.subjects == 3, timeout=PATIENCE_MS
    )
    assert page.findChild(QComboBox, "study_data_study").currentText().startswith("C2")
    record.close()


def test_who_may_not_export_does_not_get_the_page(context_for):
    context, _opened = context_for("nurse")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        ViewModel(context)


def test_without_a_study_it_says_whom_to_ask(open_desk, context_for, qtbot):
    context, _opened = context_for("department_head")
    view = View(ViewModel(context))
    qtbot.addWidget(view, before_close_func=lambda w: w.model.close() if isValid(w.model) else None)
    with qtbot.waitSignal(view.model.preview_changed, timeout=PATIENCE_MS):
        view.model.on_open()
    assert "请联系课题负责人添加" in told(view)
    assert view.findChild(QComboBox, "study_data_study").count() == 0
