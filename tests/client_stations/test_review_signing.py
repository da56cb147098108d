"""The minute after a signature: taken back by one key, issued when it is over, and what refuses a signature."""

import dataclasses
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel
from sqlalchemy import select, update

from client.stations.review import acting
from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from domain.checkup.issue_commands import IssueReport, WithdrawSignature, issue_left_behind
from domain.checkup.records import AttachmentRemoval, Report, ReportSignature, ReviewStep
from domain.checkup.report_commands import ReturnReport
from domain.checkup.signature_state import Standing, signature_state
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from tests.client_stations.review_fixtures import World, staffed
from tests.client_stations.test_review_desk import note, press, settle, stand_up
from tests.conftest import DEVICE

NOW = {"fpg": 6.7, "ua": 486.0}


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
def chief(world, qtbot):
    for name in ("王一", "李二"):
        world.report(world.years(name=name, now=NOW), "final_review")
    model = ViewModel(world.context("chief"))
    model.opening.settle_ms = 0
    view = View(model)
    qtbot.addWidget(view)
    view.resize(1366, 720)
    view.show()
    view.activateWindow()
    model.on_open()
    settle(qtbot, view)
    yield view
    stand_up(view)


def rows(world, kind):
    with world.store.read() as connection:
        return connection.execute(select(kind.__table__).order_by(kind.__table__.c.id)).all()


def standing(world, report):
    with world.store.read() as connection:
        return signature_state(connection, report, world.catalog)


def test_one_key_takes_the_last_signature_back_from_the_next_case(world, chief, qtbot):
    first = chief.model.case.key
    press(qtbot, chief, Qt.Key.Key_F9)
    assert chief.model.case.key != first, "sign and the next case is there: one input"
    assert (world.state_of(first.id).state, standing(world, first.id)) == ("signed", Standing.HOLDS)
    told = chief.findChild(QLabel, "held_note")
    assert told.isVisible()
    assert "还可撤回" in told.text()
    press(qtbot, chief, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: chief.model.case is not None and chief.model.case.key == first)
    assert (world.state_of(first.id).state, standing(world, first.id)) == ("final_review", Standing.UNSIGNED)
    assert "已撤回" in note(chief)
    assert not told.isVisible()
    assert [s.action for s in rows(world, ReviewStep)][-1] == "withdraw"
    assert len(rows(world, AttachmentRemoval)) == 1, "the document of the signature is not shown any more"
    settle(qtbot, chief)
    press(qtbot, chief, Qt.Key.Key_F9)
    assert standing(world, first.id) is Standing.HOLDS, "signed again, the act taken back is no part of it"
    assert len(rows(world, ReportSignature)) == 2


def test_when_the_minute_is_over_it_goes_out_by_itself(world, chief, qtbot):
    chief.model.holding.hold_s = 0
    report = chief.model.case.report_id
    press(qtbot, chief, Qt.Key.Key_F9)
    chief.model.holding.tick()
    qtbot.waitUntil(lambda: world.state_of(report).state == "issued")
    issued = world.state_of(report)
    assert issued.issued_at == world.clock()
    assert chief.model.holding.last is None
    with pytest.raises(DomainError) as refused:
        world.run(WithdrawSignature(report_id=report), "chief")
    assert refused.value.code == "report.wrong_state"
    with pytest.raises(DomainError) as refused:
        world.run(ReturnReport(report_id=report, remark="晚了"), "deputy")
    assert refused.value.code == "report.wrong_state"


def test_within_the_minute_nobody_else_lets_it_out_or_takes_it_back(world, chief, qtbot):
    report = chief.model.case.report_id
    press(qtbot, chief, Qt.Key.Key_F9)
    for order, code in ((IssueReport, "report.held"), (WithdrawSignature, "report.not_your_signature")):
        with pytest.raises(DomainError) as refused:
            world.run(order(report_id=report), "deputy")
        assert refused.value.code == code
    assert issue_left_behind(world.context("chief").desk.dispatcher, system_actor(DEVICE, DEVICE)) == 0
    chief.model.holding.close()  # the desk died within the minute
    world.clock.advance(timedelta(minutes=3))
    assert issue_left_behind(world.context("chief").desk.dispatcher, system_actor(DEVICE, DEVICE)) == 1
    assert world.state_of(report).state == "issued"


def test_what_changed_after_the_signature_is_found_and_not_issued(world, chief, qtbot):
    report = chief.model.case.report_id
    press(qtbot, chief, Qt.Key.Key_F9)
    with world.store.write() as connection:  # around every command, as an intruder would
        connection.execute(
            update(Report.__table__).where(Report.__table__.c.id == report).values(conclusion="未见异常")
        )
    assert standing(world, report) is Standing.CHANGED
    assert world.run(IssueReport(report_id=report), "chief").state == "final_review"
    assert world.state_of(report).state == "final_review"
    assert "内容有变化" in [s.remark for s in rows(world, ReviewStep)][-1]


def test_two_who_sign_at_once_and_a_right_withdrawn_are_refused_clearly(world, chief, qtbot):
    case = chief.model.case
    acting.sign(world.context("third").desk, world.actors["third"], case)
    chief.model.doing.sign(case)
    settle(qtbot, chief)
    assert "待签发" in note(chief)
    assert "不能进行此操作" in note(chief)
    assert len(rows(world, ReportSignature)) == 1
    other = next(r.id for r in rows(world, Report) if r.id != case.report_id)
    chief.model.open(dataclasses.replace(case.key, id=other))
    settle(qtbot, chief)
    qtbot.waitUntil(lambda: chief.model.case is not None and chief.model.case.report_id == other)
    with pytest.raises(DomainError) as refused:
        acting.sign(chief.model.context.desk, world.actors["doctor"], chief.model.case)
    assert refused.value.code == "permission.denied"
    assert world.state_of(other).state == "final_review"
