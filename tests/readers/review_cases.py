"""The causes of the alerts of the review: signed and not issued; given, not taken, not done, nobody there."""

import dataclasses
from datetime import timedelta

from domain.checkup.case_file_commands import FilesSeen, NoteCaseFiles
from domain.checkup.issue_commands import IssueReport
from domain.checkup.records import Report
from domain.checkup.report_commands import (
    PassFurtherReview,
    PassSecondReview,
    SignReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.report_content import read_facts, report_content
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.scheme_commands import SetReviewScheme
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


def at_level(label, *levels):
    """A report of a place that has a level beside the usual ones."""

    def run(world):
        world.signer = another_chief(world)
        world.desk.run(SetReviewScheme(levels=f"分院初审、{label}、终审", reason="加审"), world.chief)
        steps("write", "submit", "pass_first", *levels)(world)

    return run


def pass_further(world):
    world.report(PassFurtherReview, world.chief)


def passed_at(label):
    def run(world):
        at_level(label)(world)
        pass_further(world)

    return run


def files(*missing):
    """What the centre sees of a visit's files, one look after the other."""

    def run(world):
        visit = world.new_visit()
        world.look = lambda lacks: world.desk.run(
            NoteCaseFiles(seen=[FilesSeen(visit, 3, lacks)]),
            system_actor(world.chief.org_id, world.chief.device_id),
        )
        for lacks in missing:
            world.look(lacks)

    return run


REVIEW_CASES = [
    Case("A-998", files(2, 1), lambda world: world.look(0), 2 * HOUR, files(2, 0)),
    Case("A-997", at_level("总院三审"), pass_further, 24 * HOUR, passed_at("总院三审")),
    Case("A-988", at_level("总院四审"), pass_further, 24 * HOUR, passed_at("总院四审")),
    Case("A-097", signed, issue, 24 * HOUR, signed_and_issued),
    Case("A-133", arrived(), accept, harmless=arrived(accepted=True)),
    Case("A-134", arrived(), accept, 2 * HOUR, arrived(accepted=True)),
    Case("A-135", arrived(accepted=True), passed, 24 * HOUR, arrived()),
    Case("A-984", arrived(urgent=True), accept, harmless=arrived()),
    Case("A-985", nobody, somebody, HOUR / 2, arrived()),
]
