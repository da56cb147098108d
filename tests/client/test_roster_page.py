"""The page that checks a list: read, checked with progress, shown red first, taken out through what leaves."""

import os

import pytest
from openpyxl import Workbook, load_workbook
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QTableWidget
from sqlalchemy import select

from client.pages.roster.view import View
from client.pages.roster.viewmodel import ViewModel
from domain.kernel.errors import DomainError
from domain.outgoing.records import Outgoing, OutgoingEnd
from domain.people.roster_records import IdentityBatch, IdentityEntry

PATIENCE_MS = 30_000


def look(view, name):
    """Keep a picture of the page for whoever wants to look at it."""
    if folder := os.environ.get("AFTERCHECK_PICTURES"):
        for width, height in ((1366, 768), (1920, 1080)):
            view.resize(width, height)
            QCoreApplication.processEvents()
            view.grab().save(f"{folder}/{name}_{width}.png")


@pytest.fixture
def opened(qtbot, context_for):
    views = []

    def make(role="nurse"):
        context, _ = context_for(role)
        view = View(ViewModel(context))
        view.resize(1366, 768)
        view.show()
        qtbot.waitExposed(view)
        views.append((view, context))
        view.model.on_open()
        return view

    yield make
    for view, context in views:
        qtbot.waitUntil(lambda context=context: not context.jobs.busy, timeout=PATIENCE_MS)
        view.model.close()
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def a_list(path, count=250):
    book = Workbook()
    sheet = book.active
    sheet.append(["姓名", "性别", "出生日期", "身份证号"])
    sheet.append(["王丽", "女", "1990-03-07", "11010119900307002X"])
    sheet.append(["李强", "不明", "1980-01-01", ""])
    for number in range(count - 2):
        sheet.append([f"职工{number}", "男", f"19{70 + number % 20}-01-{1 + number % 28:02}", ""])
    book.save(path)
    return path


def kept(desk, record):
    with desk.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


def test_a_list_is_read_checked_and_taken_out(opened, qtbot, open_desk, tmp_path):
    view = opened()
    model, table = view.model, view.findChild(QTableWidget, "roster_lines")
    look(view, "roster_empty")
    with qtbot.waitSignal(model.changed, timeout=PATIENCE_MS):
        model.take(a_list(tmp_path / "单位名单.xlsx"))
    assert "250 人，其中 1 行填写有误" in view.findChild(QLabel, "roster_summary").text()
    assert table.item(0, 2).text() == "李强", "what is wrong stands first"
    assert "第 3 行“性别”（B 列）" in table.item(0, 4).text()
    assert kept(open_desk, IdentityBatch) == [], "reading keeps nothing"
    look(view, "roster_read")
    told = []
    model.progressed.connect(lambda done, total: told.append((done, total)))
    with qtbot.waitSignal(
        model.changed, timeout=PATIENCE_MS, check_params_cb=lambda: model.batch_id is not None
    ):
        model.action_set.trigger("go")
        assert not model.action_set.is_enabled("file")
    assert told[-1] == (250, 250)
    assert len(told) == 3
    [batch] = kept(open_desk, IdentityBatch)
    assert (batch.name, batch.checked, batch.red) == ("单位名单", 250, 1)
    assert len(kept(open_desk, IdentityEntry)) == 250
    assert "▲ 红灯" in table.item(0, 1).text()
    look(view, "roster_checked")
    for ending in ("xlsx", "pdf"):
        target = tmp_path / f"report.{ending}"
        model.save(target)
        qtbot.waitUntil(lambda ending=ending: len(kept(open_desk, OutgoingEnd)) == (1 if ending == "xlsx" else 2),
                        timeout=PATIENCE_MS)  # fmt: skip
        assert target.stat().st_size > 1000
    assert load_workbook(tmp_path / "report.xlsx").active.max_row == 251
    assert {one.what for one in kept(open_desk, Outgoing)} == {"名单身份核查报告"}


def test_what_cannot_be_read_says_why_and_what_to_do(opened, qtbot, tmp_path):
    view = opened()
    path = tmp_path / "名单.csv"
    path.write_text("部门,工号\n一部,7\n", "gb18030")
    with qtbot.waitSignal(view.model.changed, timeout=PATIENCE_MS):
        view.model.take(path)
    problem = view.findChild(QLabel, "roster_problem").text()
    assert "姓名" in problem
    assert "部门、工号" in problem
    assert not view.model.action_set.is_enabled("go")
    look(view, "roster_refused")


def test_who_may_not_check_lists_is_not_let_in(context_for):
    context, _ = context_for("health_manager")
    with pytest.raises(DomainError, match=r"permission\.denied"):
        ViewModel(context)
