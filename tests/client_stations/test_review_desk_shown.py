"""What the desk shows and prints: issued reports, previews, the queue that follows, names and labels."""

# ruff: noqa: F811  (fixtures of the desk's own tests)

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QListView, QListWidget, QPushButton
from sqlalchemy import select

from client.stations.review.case import CaseKey
from client.watchdog import Findings, StoreWatch
from domain.kernel.errors import UnavailableError
from domain.outgoing.records import Outgoing, OutgoingEnd
from tests.client_stations.test_review_desk import (  # noqa: F401
    BEFORE,
    NOW,
    cast,
    editor,
    enabled,
    note,
    press,
    printed,
    settle,
    sit_down,
    stand_up,
    world,
)


def outgoing(world):
    with world.store.read() as connection:
        return [connection.execute(select(kind.__table__)).all() for kind in (Outgoing, OutgoingEnd)]


def test_an_issued_report_is_printed_when_it_has_arrived(world, sit_down, qtbot, printed):
    report = world.report(world.years(now=NOW), "final_review")
    press(qtbot, sit_down("chief"), Qt.Key.Key_F9)
    sha256 = world.state_of(report).document_sha256
    blobs = world.blobs
    pdf = blobs.get(sha256)
    blobs.remove(sha256)
    branch = sit_down("doctor", report_id=report)
    (attachment,) = branch.model.case.attachments
    assert not attachment.here
    press(qtbot, branch, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert "还在途中" in note(branch)
    assert printed == []
    blobs.put([pdf])
    press(qtbot, branch, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert printed == [pdf]
    assert "已送打印机" in note(branch)
    gone, ends = outgoing(world)
    assert [e.result for e in ends] == ["failed", "done"], "the first had no bytes yet"
    assert gone[-1].staff_name == "陈立群"
    stand_up(branch)
    assert not list((world.home.folder / "taken_out").iterdir())


def test_a_missing_printer_is_said(world, sit_down, qtbot):
    report = world.report(world.years(now=NOW), "final_review")
    press(qtbot, sit_down("chief"), Qt.Key.Key_F9)
    branch = sit_down("doctor", report_id=report)

    def refuse(_path):
        raise UnavailableError("review.no_printer", reason="lp")

    branch.model.looking._printer = refuse
    press(qtbot, branch, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert "没有可用的打印机" in note(branch)
    [gone], [end] = outgoing(world)
    assert (gone.destination, gone.what.startswith("R"), end.result) == ("printer", True, "failed")
    assert "没有可用的打印机" in end.detail


def test_the_preview_shows_the_pages_and_signs_from_there(world, sit_down, qtbot):
    report = world.report(world.years(now=NOW), "final_review")
    chief = sit_down("chief")
    press(qtbot, chief, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: chief.findChild(QPushButton, "preview_forward") is not None)
    page = chief.findChild(QLabel, "preview_page_1")
    assert page.pixmap().width() > 800
    qtbot.mouseClick(chief.findChild(QPushButton, "preview_forward"), Qt.MouseButton.LeftButton)
    settle(qtbot, chief)
    assert world.state_of(report).state == "signed"


def test_a_key_that_bounces_does_not_pass_the_next_case(world, sit_down, qtbot):
    reports = [world.report(world.years(name=n), "second_review") for n in ("王一", "李二")]
    chief = sit_down("chief")
    chief.model.opening.settle_ms = 60_000
    qtbot.keyClick(chief, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: not chief.model.context.jobs.busy)
    qtbot.keyClick(chief, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: not chief.model.context.jobs.busy)
    assert sorted(world.state_of(r).state for r in reports) == ["final_review", "second_review"]


def test_the_queue_follows_what_happens_elsewhere(world, sit_down, qtbot):
    chief = sit_down("chief")
    assert "没有待处理的病例" in chief.findChild(QLabel, "queue_note").text()
    report = world.report(world.years(now=NOW), "second_review")
    qtbot.waitUntil(lambda: chief.model.queue.rowCount() == 1 and chief.model.case is not None)
    assert chief.model.case.report_id == report


def test_a_conclusion_that_contradicts_a_result_is_marked(world, sit_down):
    world.report(world.years(now={"alt": 131.0}), "second_review", "丙氨酸氨基转移酶 113 U/L，升高。")
    chief = sit_down("chief")
    listed = chief.findChild(QListWidget, "text_checks")
    assert any("结果是 131" in listed.item(n).text() for n in range(listed.count()))
    (mark,) = editor(chief).extraSelections()
    assert mark.cursor.selectedText() == "113"


def test_what_is_shown_of_a_case(world, sit_down):
    patient_visit = world.years(now=NOW | {"k": 6.7}, before=BEFORE, allergy="青霉素", words={"u_glu": "+"})
    world.answer(patient_visit)
    world.attach(patient_visit, "心电图.pdf", content=b"%PDF ecg")
    world.attach(patient_visit, "胸片.dcm", "application/dicom")
    world.report(patient_visit, "second_review", "空腹血糖升高（6.70 mmol/L）")
    chief = sit_down("chief")
    case = chief.model.case
    assert (case.branch, case.age, case.allergy) == ("滨江分院", 55, "青霉素")
    fpg = next(r for r in case.results if r.item == "fpg")
    assert (fpg.previous, fpg.change, len(fpg.points)) == ("5.90", "+0.80", 3)
    assert case.results[0].item == "k"
    assert [p.important_class for p in case.proposals][:1] == ["A"]
    assert any(p.names[0] == "空腹血糖" and p.written_in(case.conclusion) for p in case.proposals)
    assert {a.name: a.here for a in case.attachments} == {"心电图.pdf": True, "胸片.dcm": False}
    assert any(r.question == "距上次进食已有多少小时？" and r.answer == "10" for r in case.answers)
    assert [s.action for s in case.steps] == ["submit", "pass"]
    assert case.key == CaseKey("report", case.report_id)


def test_every_widget_a_pilot_needs_has_a_name_and_every_list_a_label(world, sit_down):
    world.report(world.years(now=NOW, before=BEFORE), "second_review")
    chief = sit_down("chief")
    for name in (
        "review_queue",
        "results_table",
        "finding_list",
        "text_conclusion",
        "text_advice",
        "case_head",
    ):
        found = chief.findChild(QFrame, name) or chief.findChild(QListView, name)
        assert found is not None, name
        assert found.accessibleName(), name
    for action in chief.model.action_set.actions:
        assert chief.findChild(QPushButton, f"action_{action.id}").text().strip() != action.text


def test_the_screen_never_waits_for_the_store(world, sit_down, qtbot):
    for name in ("王一", "李二"):
        world.report(world.years(name=name, now=NOW), "second_review")
    chief = sit_down("chief")
    findings = Findings()
    watch = StoreWatch(world.store, findings, limit_s=0.0)
    press(qtbot, chief, Qt.Key.Key_F7)
    press(qtbot, chief, Qt.Key.Key_Escape)
    press(qtbot, chief, Qt.Key.Key_F9)
    press(qtbot, chief, Qt.Key.Key_F3)
    watch.stop()
    assert findings.calls() == []
