"""A corrected report at the desk: what changed side by side, how far it is, who has it, and what was given to me."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QTextBrowser

from client.stations.review.side_panel.view import TABS
from client.stations.review.versions import Mark, compare
from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from domain.checkup.report_commands import ReturnReport, SubmitReport, WriteReport
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.reviewing.follower import ReviewFollower
from tests.client_stations.review_fixtures import World, staffed
from tests.client_stations.test_review_desk import settle, stand_up
from tests.conftest import DEVICE

TEXTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
                         max_size=12), max_size=6).map("\n".join)  # fmt: skip


@given(TEXTS, TEXTS)
def test_put_together_each_side_is_its_text(old, new):
    lines = compare(old, new)

    def side(name):
        pieces = [getattr(line, name) for line in lines if getattr(line, name) is not None]
        return ["".join(text for _mark, text in line) for line in pieces]

    assert side("before") == old.splitlines()
    assert side("after") == new.splitlines()
    assert all(line.same for line in lines) == (old.splitlines() == new.splitlines())


def test_a_changed_word_is_told_within_its_line():
    [line] = compare("空腹血糖升高，请复查", "空腹血糖升高（6.70 mmol/L），请复查")
    assert [text for mark, text in line.after if mark is Mark.NEW] == ["（6.70 mmol/L）"]
    assert all(mark is Mark.SAME for mark, _text in line.before)


@pytest.fixture(scope="module")
def cast(tmp_path_factory, empty_store, authority):
    return staffed(tmp_path_factory.mktemp("cast"), empty_store, authority)


@pytest.fixture
def world(tmp_path, cast, authority, qapp):
    made = World(tmp_path, cast, authority)
    yield made
    made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_second_reading_opens_on_what_changed_and_says_how_far_it_is(world, qtbot):
    before = "血压正常。\n空腹血糖升高，请复查。\n尿酸升高。"
    visit = world.years(now={"fpg": 6.7, "ua": 486.0})
    report = world.report(visit, "second_review", before)
    world.run(ReturnReport(report_id=report, remark="请写明数值", anchor="conclusion:6-12"), "chief")
    after = before.replace("升高，请复查", "升高（6.70 mmol/L），请复查")
    world.run(WriteReport(visit_id=visit, conclusion=after, advice="两周内复查空腹血糖"), "doctor")
    world.run(SubmitReport(report_id=report, reason="已核对"), "doctor")
    other = world.report(world.years(name="李二"), "second_review")
    follower = ReviewFollower(world.dispatcher, system_actor(world.branch, DEVICE))
    Follower(world.store, follower).catch_up()

    model = ViewModel(world.context("chief"))
    model.opening.settle_ms = 0
    view = View(model)
    qtbot.addWidget(view)
    view.resize(1366, 720)
    view.show()
    model.on_open(report_id=report)
    settle(qtbot, view)
    side = view.findChild(QTextBrowser, "side_versions")
    assert side.isVisible(), "who reads a corrected text again sees what changed"
    shown = side.toPlainText()
    assert "（6.70 mmol/L）" in shown
    assert "尿酸升高" not in shown, "what did not change is counted, not shown"
    assert "未改动 2 行" in shown
    progress = view.findChild(QLabel, "head_progress").text()
    assert "✓初审 ●复审 ○终审" in progress
    assert model.case.task in progress
    assert model.case.task

    qtbot.waitUntil(lambda: "mine" in model.queue.counts)
    mine = model.queue.counts["mine"]
    model.queue.choose("mine")
    settle(qtbot, view)
    qtbot.waitUntil(lambda: model.queue.state in {"ready", "empty"})
    assert {r.key.id for r in map(model.queue.row, range(model.queue.rowCount()))} <= {report, other}
    assert model.queue.rowCount() == mine
    model.open(model.case.key.__class__("report", other))
    settle(qtbot, view)
    qtbot.waitUntil(lambda: model.case is not None and model.case.report_id == other)
    assert view.findChild(QTextBrowser, "side_history").isVisible(), "a first text has nothing to compare"
    assert TABS[1] == "versions"
    stand_up(view)
