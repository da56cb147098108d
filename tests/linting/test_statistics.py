"""The figures of reports: time to issue, senior signatures, what each did, who is quick, on both databases."""

from datetime import date, timedelta

import pytest

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Report, ReportSignature, ReviewAction, ReviewStep
from domain.checkup.report_commands import SubmitReport, WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.linting.definitions import LINTING, load_rules
from domain.linting.statistics_commands import CountReports
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.conftest import BRANCH, DEVICE, OTHER_BRANCH

pytest_plugins = ["tests.fixtures.mariadb"]
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def desk(request, store, clock, authority):
    chosen = store if request.param == "sqlite" else request.getfixturevalue("mariadb_store")
    content = {
        "number_prefix": "101", "authority": authority, "catalog": load_catalog(resources.folder("catalog")),
        LINTING: load_rules(resources.folder("linting")),
    }  # fmt: skip
    return Dispatcher(chosen, clock=clock, content=content)


def submitted(desk, nurse, doctor, number, text="未见特殊。"):
    order = RegisterPatient(name=f"王{number}", sex=Sex.MALE, birth_date=date(1970, 1, 1 + number))
    client = desk.run(order, nurse).receipt
    visit = desk.run(OpenVisit(patient_id=client.patient_id), nurse).receipt.visit_id
    report = desk.run(WriteReport(visit_id=visit, conclusion=text, advice="复查"), doctor).receipt.report_id
    desk.run(SubmitReport(report_id=report), doctor)
    return report


def acts(desk, report_id, *steps, title="主任医师"):
    """The later steps, as other people's desks took them: level, who, hours after the one before."""
    with desk.store.write() as connection:
        work = UnitOfWork(connection, system_actor(BRANCH, DEVICE), now=desk.clock(), new_id=desk.ids)
        at, report = work.now, work.get(Report, report_id)
        for level, actor, hours in steps:
            at += hours * HOUR
            action = ReviewAction.SIGN if level == "final_review" else ReviewAction.PASS
            work.add(
                ReviewStep(
                    org_id=BRANCH, report_id=report_id, revision=1, level=level, action=action,
                    staff_id=actor.staff_id, staff_name=actor.role, acted_at=at,
                    due_at=report.state_since + 12 * HOUR,
                )
            )  # fmt: skip
        if steps[-1][0] == "final_review":
            report.state, report.issued_at = "issued", at
            work.add(
                ReportSignature(
                    org_id=BRANCH, report_id=report_id, staff_id=steps[-1][1].staff_id, staff_name="李",
                    staff_title=title, document="final", level="final_review", digest="0", signature="0",
                    public_key="0", seal="0",
                    signed_at=at,
                )
            )  # fmt: skip
        work.commit_entry("test.acts", txn_id=desk.ids())
        work.close()


def test_what_became_of_reports(desk, nurse, as_role):
    doctor, head, chief = (as_role(role) for role in ("physician", "department_head", "chief_physician"))
    today = desk.clock().date()
    for number in range(6):
        report = submitted(desk, nurse, doctor, number)
        acts(
            desk, report, ("first_review", head, 2), ("second_review", chief, 4), ("final_review", chief, 6 + number),
            title="主任医师" if number < 4 else "主治医师",
        )  # fmt: skip
    submitted(desk, nurse, doctor, 9, "子宫肌瘤。")  # goes back at once
    found = desk.run(CountReports(since=today, until=today + timedelta(days=1)), doctor).receipt
    assert (found.issued, found.mean_hours) == (6, 14.5)
    assert found.level_hours == {"first_review": 2.0, "second_review": 4.0, "final_review": 8.5}
    assert found.level_late == {
        "drafting": 0.0,
        "first_review": 0.0,
        "second_review": 0.0,
        "final_review": 5 / 6,
    }
    assert (found.senior_signed, found.senior_rate) == (4, pytest.approx(4 / 6))
    assert found.checks == 7
    by_name = {one.staff: one for one in found.physicians}
    assert by_name["department_head"].rank == 1
    assert (by_name["chief_physician"].rank, by_name["chief_physician"].mean_hours) == (2, 6.2)
    assert (by_name["chief_physician"].second_reviews, by_name["chief_physician"].signed) == (6, 6)
    author = by_name[doctor.name]
    assert (author.submitted, author.sent_back, author.rank) == (6, 1, None)
    assert author.mean_score < 100
    assert found.mean_score == author.mean_score
    later = desk.run(
        CountReports(since=today + timedelta(days=3), until=today + timedelta(days=4)), doctor
    ).receipt
    assert (later.issued, later.mean_hours, later.senior_rate, later.physicians) == (0, None, None, [])
    stranger = as_role("physician", OTHER_BRANCH)
    assert desk.run(CountReports(since=today, until=today), stranger).receipt.checks == 0


def test_an_end_before_the_beginning_is_refused(desk, as_role):
    with pytest.raises(DomainError, match=r"report\.bad_span"):
        desk.run(CountReports(since=date(2026, 11, 2), until=date(2026, 11, 1)), as_role("physician"))
