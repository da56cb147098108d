"""The causes of the alerts of the review: signed and not issued."""

import dataclasses
from datetime import timedelta

from domain.checkup.issue_commands import IssueReport
from domain.checkup.records import Report
from domain.checkup.report_commands import SignReport
from domain.checkup.report_content import read_facts, report_content
from domain.kernel.authority import system_actor
from domain.kernel.canonical import content_digest
from domain.people.staff_commands import CreateStaff
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


REVIEW_CASES = [Case("A-097", signed, issue, 24 * HOUR, signed_and_issued)]
