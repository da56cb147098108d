"""A report through its three levels to a signed document, on a real store."""

import hashlib
from datetime import date, timedelta

import pypdfium2
import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Report, ReportSignature
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SignReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Organization, Sex, Staff
from domain.people.staff_commands import CreateOrganization, CreateStaff
from forms.documents import load_documents
from forms.issuing import issue_report, preview_report

STAFF = (
    ("nurse", "nurse", "周护士"), ("physician", "physician", "陈医生"), ("head", "department_head", "高主任"),
    ("expert", "chief_physician", "郑专家"), ("chief_physician", "chief_physician", "李主任"),
)  # fmt: skip


@pytest.fixture
def people(desk, authority, as_role):
    """Return a nurse, a physician and a chief who have accounts at one organisation."""
    from domain.kernel.authority import system_actor

    desk.content |= {"authority": authority, "catalog": load_catalog(resources.folder("catalog"))}
    system = system_actor(*[as_role("nurse").org_id, as_role("nurse").device_id])
    org = desk.run(CreateOrganization(code="B01", name="滨江分院"), system).receipt
    found = {}
    for login, role, name in STAFF:
        order = CreateStaff(
            login=login,
            name=name,
            role=role,
            org_id=org,
            password="Xk7#mQ2p-Lw9",
            title="主任医师",
            licence_no="110",
        )
        staff = desk.run(order, system).receipt
        found[login] = authority.actor(
            staff_id=staff, name=name, role=role, org_id=org, device_id=as_role("nurse").device_id, subtree=()
        )
    return found


@pytest.fixture
def report_id(desk, people, clock):
    nurse, doctor, chief = people["nurse"], people["physician"], people["chief_physician"]
    order = RegisterPatient(name="欧阳䶮明", sex=Sex.MALE, birth_date=date(1979, 3, 8))
    patient = desk.run(order, nurse).receipt.patient_id
    for year in (2024, 2025, 2026):
        visit = desk.run(OpenVisit(patient_id=patient, visit_date=date(year, 11, 23)), nurse).receipt.visit_id
        values = [Measured(item="fpg", value=5.2 + year % 10 / 4, unit="mmol/L")]
        desk.run(RecordMeasurement(visit_id=visit, values=values), nurse)
        clock.advance(timedelta(days=1))
    written = desk.run(
        WriteReport(visit_id=visit, conclusion="空腹血糖升高", advice="两周内复查"), doctor
    ).receipt
    desk.run(SubmitReport(report_id=written.report_id), doctor)
    desk.run(PassFirstReview(report_id=written.report_id), people["head"])
    desk.run(ReturnReport(report_id=written.report_id, remark="请写明数值", anchor="conclusion:0-6"), chief)
    desk.run(
        WriteReport(visit_id=visit, conclusion="空腹血糖升高（6.70 mmol/L）", advice="两周内复查"), doctor
    )
    desk.run(SubmitReport(report_id=written.report_id), doctor)
    desk.run(PassSecondReview(report_id=written.report_id), people["expert"])
    return written.report_id


@pytest.fixture(scope="module")
def document():
    return load_documents(resources.folder("documents"))["final_report"]


def text_of(pdf):
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def test_the_final_reviewer_signs_what_was_shown(desk, people, report_id, document):
    kept = {}

    def keep(pdf):
        sha256 = hashlib.sha256(pdf).hexdigest()
        kept[sha256] = pdf
        return sha256

    issued = issue_report(desk, people["chief_physician"], document, report_id, keep)
    with desk.store.read() as connection:
        report = connection.execute(select(Report.__table__)).one()
        signature = connection.execute(select(ReportSignature.__table__)).one()
        assert connection.execute(select(Staff.signing_key).where(Staff.name == "李主任")).scalar_one()
        assert connection.execute(select(Organization.name)).scalar_one() == "滨江分院"
    assert (report.state, report.document_sha256) == ("issued", issued.sha256)
    assert signature.digest == issued.signature.statement.content_sha256
    text = text_of(kept[issued.sha256])
    for word in (
        "欧阳䶮明",
        "空腹血糖升高",
        "请写明数值",
        "李主任",
        "滨江分院",
        signature.digest[:16],
        "第 1 页",
    ):
        assert word in text


def test_a_draft_is_marked_and_another_cannot_sign(desk, people, report_id, document):
    assert "草稿" in text_of(preview_report(desk, document, report_id))
    with pytest.raises(DomainError, match=r"permission\.denied"):
        issue_report(desk, people["physician"], document, report_id, lambda pdf: "0" * 64)


def test_content_that_changed_after_it_was_shown_is_not_signed(desk, people, report_id):
    order = SignReport(
        report_id=report_id,
        digest="0" * 64,
        signature="x",
        public_key="x",
        document="final_report@1.0.0",
        seal="x",
        signed_at=desk.clock().isoformat(),
        document_sha256="0" * 64,
        document_size=1,
    )
    with pytest.raises(DomainError, match=r"report\.changed_meanwhile"):
        desk.run(order, people["chief_physician"])
    with desk.store.read() as connection:
        assert connection.execute(select(Report.state)).scalar_one() == "final_review"
