"""The causes of the alerts of the review: signed and not issued; given, not taken, not done, nobody there."""

import dataclasses
from datetime import timedelta

from domain.checkup.issue_commands import IssueReport
from domain.checkup.records import Report
from domain.checkup.report_commands import PassSecondReview, SignReport, SubmitReport, WriteReport
from domain.checkup.report_content import read_facts, report_content
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.authority import system_actor
from domain.kernel.canonical import content_digest
from domain.people.staff_commands import CreateStaff
from domain.reviewing.commands import AcceptReview, AssignWaitingReviews, FollowReport
from domain.reviewing.records import ReviewTask
from tests.readers.alert_cases import Case, steps
from tests.readers.alert_cases_more import place

HOUR = timedelta(hours=1)


def another_chief(world, login="chief2"):
    """Return a second expert, with an account."""
    order = CreateStaff(
        login=login, name="许静", role="chief_physician", password="Xk7#mQ2p-Lw9", org_id=world.chief.org_id
    )
    made = world.desk.run(order, system_actor(world.chief.org_id, world.chief.device_id)).receipt
    return dataclasses.replace(world.chief, staff_id=made)


def signed(world):
    """A report that was signed and whose minute nobody ended."""
    steps("write", "submit", "pass_first", "pass_second")(world)
    place(world)
    report, at = world.one(Report), world.desk.clock()
    with world.desk.store.read() as connection:
        content = report_content(read_facts(connection, report.id), world.desk.content["catalog"], at=at)
    order = SignReport(
        report_id=report.id, digest=content_digest(content), signature="s", public_key="k", document="final_report",
        seal="s", signed_at=at.isoformat(), document_sha256="0" * 64, document_size=1, hold=True,
    )  # fmt: skip
    world.signer = another_chief(world)
    world.desk.run(order, world.signer)


def issue(world):
    world.desk.run(IssueReport(report_id=world.one(Report).id), world.signer)


def signed_and_issued(world):
    signed(world)
    issue(world)


def written(world, urgent):
    """A report that comes to head office; with a critical value it is urgent."""
    visit = world.new_visit()
    value = Measured(item="k", value=6.8 if urgent else 4.4, unit="mmol/L")
    world.desk.run(RecordMeasurement(visit_id=visit, values=[value]), world.nurse)
    world.desk.run(WriteReport(visit_id=visit, conclusion="血压偏高"), world.doctor)
    world.report(SubmitReport, world.doctor, reason="已核对")
    world.pass_first()


def follow(world):
    order = FollowReport(report_id=world.one(Report).id)
    world.desk.run(order, system_actor(world.chief.org_id, world.chief.device_id))


def arrived(*, urgent=False, accepted=False):
    """A report is given to its expert, who takes it or not."""

    def run(world):
        written(world, urgent)
        world.signer = another_chief(world)
        follow(world)
        if accepted:
            accept(world)

    return run


def accept(world):
    world.desk.run(AcceptReview(task_id=world.one(ReviewTask).id), world.signer)


def passed(world):
    world.report(PassSecondReview, world.signer)
    follow(world)


def nobody(world):
    written(world, urgent=False)
    follow(world)


def somebody(world):
    world.signer = another_chief(world)
    world.desk.run(AssignWaitingReviews(), system_actor(world.chief.org_id, world.chief.device_id))


REVIEW_CASES = [
    Case("A-097", signed, issue, 24 * HOUR, signed_and_issued),
    Case("A-133", arrived(), accept, harmless=arrived(accepted=True)),
    Case("A-134", arrived(), accept, 2 * HOUR, arrived(accepted=True)),
    Case("A-135", arrived(accepted=True), passed, 24 * HOUR, arrived()),
    Case("A-984", arrived(urgent=True), accept, harmless=arrived()),
    Case("A-985", nobody, somebody, HOUR / 2, arrived()),
]
