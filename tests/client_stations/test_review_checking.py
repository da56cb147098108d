"""The check of a report at the desk: remarks lead to their places, a low score wants a reason, both are on record."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit
from sqlalchemy import select

from client.stations.review.reason.view import ReasonDialog
from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from domain.linting.records import ReportCheck
from tests.client_stations.review_fixtures import World, staffed

HIGH = {"fpg": 7.6, "alt": 131.0}


@pytest.fixture(scope="module")
def cast(tmp_path_factory, empty_store, authority):
    return staffed(tmp_path_factory.mktemp("cast"), empty_store, authority)


@pytest.fixture
def world(tmp_path, cast, authority, qapp):
    made = World(tmp_path, cast, authority)
    yield made
    made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def desk(world, qtbot):
    """Return a function that opens the desk of the author on a report of his."""
    opened = []

    def open_on(conclusion, advice="两周内复查", values=HIGH):
        report = world.report(world.years(now=values), "drafting", conclusion, advice)
        model = ViewModel(world.context("doctor"), printer=lambda path: None)
        model.opening.settle_ms = 0
        view = View(model)
        opened.append(model)
        qtbot.addWidget(view)
        view.resize(1366, 720)
        view.show()
        view.activateWindow()
        model.on_open(report_id=report)
        qtbot.waitUntil(lambda: model.case is not None and not model.context.jobs.busy, timeout=10_000)
        return view, report

    yield open_on
    for model in opened:
        model.close()


def listed(view):
    lines = view.findChild(QListWidget, "text_checks")
    return [line for line in (lines.item(n).text() for n in range(lines.count())) if "没有做" not in line]


def checks(world):
    with world.store.read() as connection:
        return connection.execute(select(ReportCheck.__table__).order_by(ReportCheck.checked_at)).all()


WRONG = "空腹血糖 6.7，升高。丙氨酸氨基转移酶正常。子宫肌瘤。"


def test_remarks_stand_below_the_text_and_each_leads_to_its_place(desk, qtbot):
    view, _report = desk(WRONG)
    assert [line[:9] for line in listed(view)] == [
        "“子宫”与客户性别",
        "“空腹血糖”写的是",
        "写了“丙氨酸氨基转",
    ]
    assert "低于 80 分" in view.findChild(QLabel, "check_score").text()
    editor = view.findChild(QPlainTextEdit, "text_conclusion")
    places = []
    for _ in range(len(view.model.checking.remarks) + 3):
        view.model.action_set.trigger("check")
        places += filter(None, [editor.textCursor().selectedText()])
    assert places[:3] == ["子宫", "6.7", "丙氨酸氨基转移酶正常"]
    assert places[3:], "round and round"
    editor.setPlainText("空腹血糖 7.6，升高。丙氨酸氨基转移酶升高。")
    assert listed(view) == []


def test_a_low_score_is_handed_in_with_a_reason_alone(desk, world, qtbot):
    view, report = desk(WRONG)
    qtbot.keyClick(view, Qt.Key.Key_F9)
    [dialog] = view.findChildren(ReasonDialog)
    qtbot.waitUntil(dialog.isActiveWindow)
    assert "子宫" in dialog.findChild(QLabel, "reason_remarks").text()
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    assert dialog.isVisible()
    assert "理由" in dialog.box.error
    assert world.state_of(report).state == "drafting"
    assert checks(world) == []
    told = len(view.model.checking.remarks)
    dialog.box.set_value("已与客户核对")
    qtbot.keyClick(dialog, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: world.state_of(report).state == "first_review")
    [kept] = checks(world)
    assert (kept.returned, kept.reason, kept.count) == (False, "已与客户核对", told)
    assert kept.score == world.state_of(report).quality < kept.threshold == 80
    assert {one["kind"] for one in kept.remarks} == {"figure", "said_normal", "sex", "missing_item"}


def test_a_text_that_fits_goes_on_at_one_key(desk, world, qtbot):
    view, report = desk("空腹血糖 7.6，升高。丙氨酸氨基转移酶升高。")
    qtbot.keyClick(view, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: world.state_of(report).state == "first_review")
    [kept] = checks(world)
    assert kept.score >= 80
    assert (kept.returned, kept.reason) == (False, None)
