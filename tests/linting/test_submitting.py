"""A report handed in without the desk: too low goes back at once, on record; a place without rules checks nothing."""

from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Report, ReportRevision, ReviewStep
from domain.checkup.report_commands import SubmitReport, WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.linting.definitions import LINTING, load_rules
from domain.linting.records import ReportCheck
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex


@pytest.fixture
def written(desk, nurse, as_role):
    desk.content |= {
        "catalog": load_catalog(resources.folder("catalog")), LINTING: load_rules(resources.folder("linting"))
    }  # fmt: skip
    doctor = as_role("physician")
    client = desk.run(
        RegisterPatient(name="王建国", sex=Sex.MALE, birth_date=date(1970, 1, 1)), nurse
    ).receipt
    visit = desk.run(OpenVisit(patient_id=client.patient_id), nurse).receipt.visit_id

    def write(text):
        return desk.run(
            WriteReport(visit_id=visit, conclusion=text, advice="一年后复查"), doctor
        ).receipt.report_id

    def submit(report_id, **more):
        return desk.run(SubmitReport(report_id=report_id, **more), doctor).receipt

    return write, submit


def rows(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(select(kind.__table__)).all()


def test_a_text_about_somebody_else_goes_back_at_once(desk, written):
    write, submit = written
    report = write("子宫肌瘤，建议妇科随访。")
    answer = submit(report)
    assert answer.returned
    assert answer.state == "drafting"
    assert answer.score < 80
    [row] = rows(desk, Report)
    assert (row.state, row.returns, row.quality) == ("drafting", 1, answer.score)
    [kept] = rows(desk, ReportCheck)
    assert kept.returned
    assert "sex" in {one["kind"] for one in kept.remarks}
    assert rows(desk, ReportRevision) == rows(desk, ReviewStep) == []
    report = write("未见特殊。")
    assert not submit(report).returned
    [row] = rows(desk, Report)
    assert (row.state, row.returns) == ("first_review", 1)
    assert row.quality >= 80


def test_with_a_reason_it_goes_on_and_the_reviewers_read_it(desk, written):
    write, submit = written
    answer = submit(write("子宫肌瘤，建议妇科随访。"), reason="性别登记有误，已申请更正")
    assert not answer.returned
    assert answer.state == "first_review"
    [step] = rows(desk, ReviewStep)
    assert step.remark == "性别登记有误，已申请更正"


def test_without_rules_nothing_is_checked(desk, written):
    write, submit = written
    del desk.content[LINTING]
    answer = submit(write("子宫肌瘤。"))
    assert (answer.score, answer.returned) == (None, False)
    assert rows(desk, ReportCheck) == []
