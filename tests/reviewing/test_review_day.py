"""A day of remote review: two branches' sixty reports, three experts, one urgent, returns, one expert on her own.

Keys are counted: what a normal report takes from the queue to the next one.
"""

import time
from collections import Counter

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt

from client.stations.review.view import View
from client.stations.review.viewmodel import ViewModel
from domain.checkup.report_commands import PassFirstReview, ReturnReport, SubmitReport, WriteReport
from domain.checkup.visit_commands import OpenVisit
from tests.client_stations.test_review_desk import settle, stand_up

CASES, RETURNED = 60, 5
MOST_INPUTS = 3
NEXT_MS = 100.0
pytestmark = [pytest.mark.deep, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


class Seat:
    """A person at the review desk whose keys are counted."""

    def __init__(self, region, qtbot, login):
        self.qtbot, self.keys, self.ways = qtbot, 0, []
        self.model = ViewModel(region.context(login))
        self.model.opening.settle_ms = 0
        self.view = View(self.model)
        qtbot.addWidget(self.view)
        self.view.resize(1366, 720)
        self.view.show()
        self.view.activateWindow()
        self.model.on_open()
        self._leave = self.model.opening.leave_for_next
        self.model.opening.leave_for_next = self._timed
        settle(qtbot, self.view)

    def _timed(self, case):
        """Go on to the next case, and note how long that took where it was there."""
        begun = time.perf_counter()
        self._leave(case)
        if self.model.case is not None:
            self.ways.append((time.perf_counter() - begun) * 1000)

    def press(self, key):
        settle(self.qtbot, self.view)
        self.view.activateWindow()
        self.qtbot.waitUntil(self.view.isActiveWindow)
        self.keys += 1
        self.qtbot.keyClick(self.view.focusWidget() or self.view, key)
        settle(self.qtbot, self.view)


def sent(region, number):
    """A plain report a branch has passed on; every one of them is somebody else's."""
    patient = region.client(f"客户{number:02d}")
    visit = region.run(OpenVisit(patient_id=patient), "nurse").visit_id
    order = WriteReport(visit_id=visit, conclusion="本次检查未见明显异常。", advice="每年复查")
    report = region.run(order, "doctor").report_id
    region.run(SubmitReport(report_id=report, reason="已核对"), "doctor")
    region.run(PassFirstReview(report_id=report), "colleague")
    return visit, report


def test_sixty_reports_one_urgent_returns_and_an_expert_on_her_own(region, qtbot, qapp, record_property):
    cases = dict(sent(region, n)[::-1] for n in range(CASES - 1))
    region.follow()
    urgent = region.report(region.years(name="赵敏", now={"k": 6.8}), "second_review")
    region.follow()
    owners = Counter(t.owner_name for t in region.rows("task"))
    assert max(owners.values()) - min(owners.values()) <= 2, "given out evenly"

    chief = Seat(region, qtbot, "chief")
    assert chief.model.case.report_id == urgent, "the urgent one is on top"
    for report in list(cases)[:RETURNED]:
        region.run(ReturnReport(report_id=report, remark="请补充随访建议", anchor="conclusion:0-4"), "deputy")
    region.follow()
    for report in list(cases)[:RETURNED]:
        region.run(
            WriteReport(visit_id=cases[report], conclusion="未见明显异常，建议随访。", advice="每年复查"),
            "doctor",
        )
        region.run(SubmitReport(report_id=report, reason="已补充"), "doctor")
    region.follow()
    qtbot.waitUntil(lambda: chief.model.queue.counts.get("state:second_review") == CASES)
    for _ in range(CASES):  # she is on her own all the while: nothing follows what she does
        chief.press(Qt.Key.Key_F9)
    states = Counter(region.state_of(r).state for r in [*cases, urgent])
    assert states == {"final_review": CASES}
    assert chief.keys <= MOST_INPUTS * CASES
    stand_up(chief.view)

    region.follow()
    done = region.rows("task", level="second_review", state="done")
    assert len(done) == CASES + RETURNED, "every task of that level is done, those that were returned too"
    third = Seat(region, qtbot, "third")
    assert third.model.case.report_id == urgent
    third.model.holding.hold_s = 0
    signed = 10
    for _ in range(signed):
        third.press(Qt.Key.Key_F9)
        third.model.holding.tick()
    qtbot.waitUntil(lambda: sum(region.state_of(r).state == "issued" for r in [*cases, urgent]) == signed)
    assert third.keys <= MOST_INPUTS * signed
    stand_up(third.view)
    ways = sorted(chief.ways)
    record_property("keys a report", chief.keys / CASES)
    record_property("next after ms", round(ways[len(ways) // 2]))
    assert ways[len(ways) // 2] < NEXT_MS, "the next one was read ahead"
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
