"""The review desk by its keys: a report through three levels, returned and corrected, signed; on a real store."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPlainTextEdit, QPushButton

from client.stations.review.anchors import Anchor
from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from domain.checkup.report_commands import PassSecondReview, ReturnReport, SubmitReport, WriteReport
from tests.client_stations.review_fixtures import World, staffed

BEFORE = ({"fpg": 5.4}, {"fpg": 5.9})
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
def printed():
    return []


@pytest.fixture
def sit_down(world, qtbot, printed):
    """Return a function that opens the desk for a person, with its window, when the first case is there."""
    views = []

    def sit(login, **arguments):
        model = ViewModel(world.context(login), printer=lambda path: printed.append(path.read_bytes()))
        model.opening.settle_ms = 0
        view = View(model)
        views.append(view)
        qtbot.addWidget(view)
        view.resize(1366, 720)
        view.show()
        view.activateWindow()
        model.on_open(**arguments)
        view.focus_first()
        settle(qtbot, view)
        return view

    yield sit
    for view in views:
        if not view.property("closed"):
            stand_up(view)


def stand_up(view):
    """Close the desk, as the shell does at the end of a shift."""
    view.setProperty("closed", True)
    view.model.close()


def settle(qtbot, view):
    """Wait until everything that was begun has ended."""
    model = view.model
    qtbot.waitUntil(lambda: not model.context.jobs.busy and (model.case is None or model.opening.settled))


def press(qtbot, view, key, modifier=Qt.KeyboardModifier.NoModifier):
    settle(qtbot, view)
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    qtbot.keyClick(view.focusWidget() or view, key, modifier)
    settle(qtbot, view)


def note(view):
    return view.findChild(QLabel, "action_note").text()


def editor(view, name="conclusion"):
    return view.findChild(QPlainTextEdit, f"text_{name}")


def enabled(view):
    return {a.id for a in view.model.actions if view.model.action_set.is_enabled(a.id)}


def test_a_report_goes_through_three_levels_by_keys(world, sit_down, qtbot):
    visit = world.years(now=NOW, before=BEFORE)
    branch = sit_down("doctor")
    assert branch.model.case.state == "unwritten"
    press(qtbot, branch, Qt.Key.Key_F4)
    press(qtbot, branch, Qt.Key.Key_F4)
    assert "空腹血糖 6.70 mmol/L" in editor(branch).toPlainText()
    press(qtbot, branch, Qt.Key.Key_F9)
    assert "已提交" in note(branch)
    qtbot.waitUntil(lambda: branch.model.queue.rowCount() == 1)
    report = branch.model.queue.row(0).key.id
    assert world.state_of(report).state == "first_review"

    press(qtbot, sit_down("colleague"), Qt.Key.Key_F9)
    assert world.state_of(report).state == "second_review"

    chief = sit_down("chief")
    assert chief.model.case.visit_id == visit
    press(qtbot, chief, Qt.Key.Key_F9)
    assert world.state_of(report).state == "final_review"
    qtbot.waitUntil(lambda: chief.model.case is not None and chief.model.case.state == "final_review")
    press(qtbot, chief, Qt.Key.Key_F9)
    assert note(chief) == "这份报告的“总院复审”由您完成，“终审”须由另一位医师进行。"
    assert world.state_of(report).state == "final_review"
    chief = sit_down("deputy")
    press(qtbot, chief, Qt.Key.Key_F9)
    signed = world.state_of(report)
    assert (signed.state, "已签名" in note(chief)) == ("signed", True)
    assert chief.model.holding.left_s() > 50
    pdf = world.blobs.get(signed.document_sha256)
    assert hashlib.sha256(pdf).hexdigest() == signed.document_sha256


def test_returning_lands_on_the_sentence(world, sit_down, qtbot):
    text = "血压正常。\n空腹血糖偏高，𠮷。\n尿酸升高。"
    report = world.report(world.years(now=NOW, before=BEFORE), "second_review", text)
    chief = sit_down("chief")
    assert editor(chief).isReadOnly()
    cursor = editor(chief).textCursor()
    at = text.index("空腹血糖偏高")
    cursor.setPosition(at)
    cursor.setPosition(at + 10, QTextCursor.MoveMode.KeepAnchor)  # 𠮷 is two units for Qt
    editor(chief).setTextCursor(cursor)
    press(qtbot, chief, Qt.Key.Key_F7)
    box = chief.findChild(QFrame, "return_box")
    assert box.isVisible()
    assert "F9" not in {a.shortcut for a in chief.model.actions if a.id in enabled(chief)}
    qtbot.keyClicks(box.editor, "write the figure")
    press(qtbot, chief, Qt.Key.Key_F7)
    assert world.state_of(report).state == "returned"

    branch = sit_down("doctor")
    remark = branch.model.standing_remark
    assert remark.anchor == Anchor("conclusion", at, at + 9)
    assert "write the figure" in branch.findChild(QLabel, "standing_remark").text()
    assert editor(branch).hasFocus()
    assert editor(branch).place() == at + 9
    (mark,) = editor(branch).extraSelections()
    assert mark.cursor.selectedText() == "空腹血糖偏高，𠮷。"
    qtbot.keyClicks(editor(branch), " (6.70 mmol/L)")
    (mark,) = editor(branch).extraSelections()
    assert mark.cursor.selectedText().startswith("空腹血糖偏高")
    press(qtbot, branch, Qt.Key.Key_F9)
    corrected = world.state_of(report)
    assert (corrected.state, corrected.revision) == ("second_review", 2)
    assert "(6.70 mmol/L)" in corrected.conclusion


def test_without_a_selection_the_line_of_the_cursor_is_meant(world, sit_down, qtbot):
    world.report(world.years(now=NOW), "second_review", "血压正常。\n空腹血糖偏高。")
    chief = sit_down("chief")
    cursor = editor(chief).textCursor()
    cursor.setPosition(8)
    editor(chief).setTextCursor(cursor)
    editor(chief).setFocus()
    press(qtbot, chief, Qt.Key.Key_F7)
    assert chief.model.writing.anchor == Anchor("conclusion", 6, 13)
    press(qtbot, chief, Qt.Key.Key_F7)
    assert chief.findChild(QLabel, "return_error").text() == "请填写“退回意见”。"
    press(qtbot, chief, Qt.Key.Key_Escape)
    assert not chief.findChild(QFrame, "return_box").isVisible()


def test_sign_and_next_shows_a_case_that_was_loaded_ahead(world, sit_down, qtbot):
    reports = [world.report(world.years(name=n, now=NOW), "final_review") for n in ("王一", "李二", "张三")]
    chief = sit_down("chief")
    first, second = chief.model.queue.row(0).key, chief.model.queue.row(1).key
    qtbot.waitUntil(lambda: chief.model.opening.loader.has(second))
    press(qtbot, chief, Qt.Key.Key_F9)
    assert chief.model.case.key == second
    assert world.state_of(first.id).state == "signed"
    assert chief.model.queue.rowCount() == len(reports) - 1


def test_the_queue_is_sorted_by_urgency_then_due_time_and_counted(world, sit_down, qtbot):
    plain = world.report(world.years(name="常规一"), "second_review")
    world.clock.advance(timedelta(hours=1))
    later = world.report(world.years(name="常规二"), "second_review")
    class_a = world.report(world.years(name="甲类", now={"plt": 29.0}), "second_review")
    critical = world.report(world.years(name="危急", now={"k": 6.7}), "second_review")
    chief = sit_down("chief")
    assert [k.id for k in chief.model.queue.case_keys()][-2:] == [plain, later]
    assert {k.id for k in chief.model.queue.case_keys()[:2]} == {critical, class_a}
    assert chief.model.queue.counts["all"] == 4
    world.clock.advance(timedelta(hours=23, minutes=30))
    chief.model.queue.load()
    settle(qtbot, chief)
    assert chief.model.queue.counts["overdue"] == 1
    assert "超时" in chief.model.queue.index(2).data()
    press(qtbot, chief, Qt.Key.Key_F3)
    assert [chief.model.queue.chosen.reason, chief.model.queue.rowCount()] == ["urgency:2", 2]
    button = chief.findChild(QPushButton, "reason_overdue")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot, chief)
    assert [k.id for k in chief.model.queue.case_keys()] == [plain]


def test_up_down_and_enter_open_a_case(world, sit_down, qtbot):
    for name in ("王一", "李二"):
        world.report(world.years(name=name), "second_review")
    chief = sit_down("chief")
    press(qtbot, chief, Qt.Key.Key_Down)
    press(qtbot, chief, Qt.Key.Key_Return)
    assert chief.model.case.key == chief.model.queue.row(1).key
    assert chief.findChild(QLabel, "head_name").text() == chief.model.queue.row(1).name


def test_who_may_not_act_sees_no_action_and_no_value(world, sit_down):
    world.report(world.years(now=NOW), "final_review")
    manager = sit_down("manager")
    assert {a.id for a in manager.model.action_set.actions} <= {
        "preview",
        "images",
        "trend",
        "filter",
        "part",
        "next",
        "check",
    }
    assert manager.model.queue.reasons == ["issued"]
    doctor_sees = {a.id for a in sit_down("doctor").model.action_set.actions}
    assert not {"pass_second", "sign"} & doctor_sees
    assert not {"submit", "save", "pass_first"} & {a.id for a in sit_down("chief").model.action_set.actions}


def test_values_are_masked_below_the_clearance(world, sit_down):
    report = world.report(world.years(now=NOW), "final_review")
    manager = sit_down("manager", report_id=report)
    case = manager.model.case
    assert {r.value for r in case.results} == {"***"}
    assert case.conclusion == "***"
    assert case.proposals == ()
    assert case.name == "王建国"
    assert "preview" not in enabled(manager)


def test_a_case_out_of_scope_cannot_be_opened(world, sit_down):
    report = world.report(world.years(now=NOW), "drafting")
    context = world.context("doctor")
    elsewhere = world.authority.actor(
        staff_id=UUID(int=1),
        name="外院",
        role="physician",
        org_id=world.other,
        device_id=UUID(int=2),
        subtree=(),
    )
    world.actors["elsewhere"] = elsewhere
    del context
    stranger = sit_down("elsewhere", report_id=report)
    assert stranger.model.case is None
    assert "没有找到该报告" in stranger.findChild(QLabel, "case_note").text()
    assert stranger.model.queue.rowCount() == 0


def test_a_report_someone_else_passed_meanwhile_is_refused(world, sit_down, qtbot):
    report = world.report(world.years(now=NOW), "second_review")
    chief = sit_down("chief")
    case = chief.model.case
    world.run(PassSecondReview(report_id=report), "chief")
    chief.model.doing.pass_second(case)
    settle(qtbot, chief)
    assert "不能进行此操作" in note(chief)
    qtbot.waitUntil(lambda: chief.model.case.state == "final_review")
    assert "不能进行此操作" in note(chief)
    assert len([s for s in chief.model.case.steps if s.action == "pass"]) == 2


def test_content_that_changed_after_it_was_shown_is_not_signed(world, sit_down, qtbot):
    report = world.report(world.years(now=NOW), "final_review")
    chief = sit_down("chief")
    shown = chief.model.case
    world.run(ReturnReport(report_id=report, remark="请核对"), "chief")
    world.run(WriteReport(visit_id=shown.visit_id, conclusion="另一份结论", advice=""), "doctor")
    world.run(SubmitReport(report_id=report, reason="已核对"), "doctor")
    world.run(PassSecondReview(report_id=report), "deputy")
    chief.model.doing.sign(shown)
    settle(qtbot, chief)
    assert "在您查看后有变化，未签发" in note(chief)
    assert world.state_of(report).state == "final_review"
    qtbot.waitUntil(lambda: chief.model.case.conclusion == "另一份结论")


def test_nobody_signs_their_own_report(world, sit_down, qtbot):
    visit = world.years(now=NOW)
    world.actors["doctor"], kept = world.actors["chief"], world.actors["doctor"]
    from dataclasses import replace

    writer = replace(world.actors["chief"], rights=kept.rights)
    world.actors["doctor"] = writer
    report = world.report(visit, "second_review")
    chief = sit_down("chief")
    press(qtbot, chief, Qt.Key.Key_F9)
    assert note(chief) == "这份报告由您撰写，“总院复审”须由另一位医师进行。"
    assert world.state_of(report).state == "second_review"


def test_what_was_typed_is_restored_in_another_session(world, sit_down, qtbot):
    world.report(world.years(now=NOW), "drafting", "旧结论")
    branch = sit_down("doctor")
    editor(branch).setFocus()
    qtbot.keyClicks(editor(branch), "typed ")
    stand_up(branch)
    settle(qtbot, branch)
    again = sit_down("doctor")
    assert editor(again).toPlainText() == "typed 旧结论"
    assert "已恢复" in note(again)
    colleague = sit_down("colleague")
    assert editor(colleague).toPlainText() == "旧结论"
    press(qtbot, again, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert world.state_of(again.model.case.report_id).conclusion == "typed 旧结论"
    assert list((world.home.folder / "review_drafts").iterdir()) == []


def test_two_people_writing_never_lose_a_text(world, sit_down, qtbot):
    report = world.report(world.years(now=NOW), "drafting", "旧结论")
    branch = sit_down("doctor")
    qtbot.keyClicks(editor(branch), "mine ")
    world.run(WriteReport(visit_id=branch.model.case.visit_id, conclusion="同事写的", advice=""), "colleague")
    qtbot.waitUntil(lambda: branch.model.writing.disputed)
    assert editor(branch).toPlainText() == "mine 旧结论"
    assert not {"submit", "save"} & enabled(branch)
    qtbot.mouseClick(branch.findChild(QPushButton, "dispute_stored"), Qt.MouseButton.LeftButton)
    settle(qtbot, branch)
    assert editor(branch).toPlainText() == "同事写的"
    qtbot.keyClicks(editor(branch), "again ")
    world.run(WriteReport(visit_id=branch.model.case.visit_id, conclusion="再改", advice=""), "colleague")
    qtbot.waitUntil(lambda: branch.model.writing.disputed)
    qtbot.mouseClick(branch.findChild(QPushButton, "dispute_mine"), Qt.MouseButton.LeftButton)
    press(qtbot, branch, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert "again" in world.state_of(report).conclusion


def test_a_text_changed_below_a_writer_is_not_overwritten(world, sit_down, qtbot):
    report = world.report(world.years(now=NOW), "drafting", "旧结论")
    branch = sit_down("doctor")
    shown = branch.model.case
    qtbot.keyClicks(editor(branch), "mine ")
    world.run(WriteReport(visit_id=shown.visit_id, conclusion="同事写的", advice=""), "colleague")
    branch.model.doing.submit(shown)
    settle(qtbot, branch)
    assert "没有覆盖" in note(branch)
    assert (world.state_of(report).conclusion, world.state_of(report).state) == ("同事写的", "drafting")
    assert editor(branch).toPlainText() == "mine 旧结论"


def test_an_empty_conclusion_is_refused_beside_the_action(world, sit_down, qtbot):
    world.years()
    branch = sit_down("doctor")
    press(qtbot, branch, Qt.Key.Key_F9)
    assert "总检结论为空" in note(branch)
    assert editor(branch).hasFocus()
    assert branch.model.case.report_id is None


def test_a_critical_value_is_taken_with_its_read_back(world, sit_down, qtbot):
    world.report(world.years(now={"k": 6.7}), "second_review", "血钾升高")
    chief = sit_down("chief")
    press(qtbot, chief, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    entry = chief.findChild(QLineEdit, "critical_entry")
    assert entry.hasFocus()
    qtbot.keyClicks(entry, "7.6")
    press(qtbot, chief, Qt.Key.Key_Return)
    assert "复述的数值与" in chief.findChild(QLabel, "critical_error").text()
    entry.clear()
    qtbot.keyClicks(entry, "6.70")
    press(qtbot, chief, Qt.Key.Key_Return)
    assert chief.model.case.criticals[0].state == "received"
    qtbot.keyClicks(entry, "sent to the emergency ward")
    press(qtbot, chief, Qt.Key.Key_Return)
    assert chief.model.case.criticals[0].state == "handled"
    assert "critical" not in enabled(chief)
