"""R4.5: an urgent report that a branch lets go is before its expert within seconds, over a real line."""

import time
from datetime import date

from domain.alerts.records import Alert
from domain.checkup.report_commands import PassFirstReview, SubmitReport, WriteReport
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.reviewing.commands import AcceptReview
from domain.reviewing.records import ReviewTask
from tests.fixtures.patience import until
from tests.server.test_a_branch_uploads_at_once import branch, proxy, server  # noqa: F401

SECONDS = 30.0
"""Five on a quiet machine are the target; a pause of an hour would take an hour."""


def urgent(branch):  # noqa: F811
    """Let a report with a critical potassium pass the first review; returns its id and when."""
    order = RegisterPatient(name="赵敏", sex=Sex.FEMALE, birth_date=date(1971, 6, 2), another_person=True)
    patient = branch.run(order, "nurse").patient_id
    visit = branch.run(OpenVisit(patient_id=patient), "nurse").visit_id
    value = Measured(item="k", value=6.8, unit="mmol/L")
    branch.run(RecordMeasurement(visit_id=visit, values=[value]), "nurse")
    report = branch.run(
        WriteReport(visit_id=visit, conclusion="血钾 6.8 mmol/L，危急"), "physician"
    ).report_id
    branch.run(SubmitReport(report_id=report, reason="已核对"), "physician")
    branch.run(PassFirstReview(report_id=report), "department_head")
    return report, time.monotonic()


def test_an_urgent_report_interrupts_its_expert_and_ends_when_it_is_taken(branch, record_property):  # noqa: F811
    report, since = urgent(branch)

    def alerts(state):
        tasks = {row.id: row for row in branch.rows(ReviewTask) if row.report_id == report}
        return [
            a for a in branch.rows(Alert) if a.rule == "A-984" and a.subject_id in tasks and a.state == state
        ]

    until(lambda: alerts("open"), "the card at the desk")
    took = time.monotonic() - since
    assert took < SECONDS
    record_property("urgent card after s", round(took, 1))
    [alert] = alerts("open")
    [task] = [t for t in branch.rows(ReviewTask) if t.report_id == report]
    assert (alert.owner_id, task.assigned_why) == (task.owner_id, "urgent")
    login = {"甲某人": "chief_physician", "乙某人": "signer"}[task.owner_name]
    branch.run(AcceptReview(task_id=task.id), login)
    until(lambda: not alerts("open"), "the card is gone once it was taken")
