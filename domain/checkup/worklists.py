"""Visits, results to check, findings, critical values and the review queues."""

from sqlalchemy import exists, literal_column, select
from sqlalchemy.orm import aliased

from domain.checkup.case_file_records import CaseFiles
from domain.checkup.critical_commands import HandleCritical, ReceiveCritical
from domain.checkup.difference_commands import SettleDifference
from domain.checkup.difference_records import SystemDifference
from domain.checkup.issue_commands import IssueReport, WithdrawSignature
from domain.checkup.omission_records import Omission
from domain.checkup.records import (
    CriticalValue,
    Finding,
    HeldResult,
    Observation,
    Report,
    ResultStatus,
    Visit,
)
from domain.checkup.report_commands import (
    PassFirstReview,
    PassFurtherReview,
    PassSecondReview,
    ReturnReport,
)
from domain.checkup.workflow import HEAD_OFFICE
from domain.kernel.worklists import Query, without_index, worklist
from domain.linting.records import ReportCheck
from domain.people.identity_records import IdentityCheck
from domain.people.records import Organization, Patient


@worklist("checkup.visits", "体检名单", permission="checkup.view", record=Visit, order="-visit_date")
def visits() -> Query:
    """Visits, the latest day first."""
    return select(
        Visit.number,
        Visit.visit_date,
        Patient.name,
        Patient.sex,
        Patient.number.label("patient_number"),
        Visit.state,
        Visit.package,
    ).join(Patient, Patient.id == Visit.patient_id)


@worklist(
    "checkup.results", "体检数据明细", permission="checkup.view", record=Observation, order="-effective_at"
)
def results() -> Query:
    """Every result that counts, the latest first; filters narrow it to a client, a visit, an item or a flag."""
    o, later = Observation, aliased(Observation)
    corrected = exists(
        select(later.id).where(later.patient_id == o.patient_id, later.item == o.item, later.amends == o.id)
    )  # by client and item, as an index has it
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), Visit.number.label("visit_number"), o.label,
            o.value_text, o.ucum, o.flag, o.range_text, o.important_class, o.effective_at, o.status, o.device,
        )
        .join(Patient, Patient.id == o.patient_id)
        .outerjoin(Visit, Visit.id == o.visit_id)
        .where(o.status.in_((ResultStatus.FINAL, ResultStatus.CORRECTED)), ~corrected)
    )  # fmt: skip


@worklist("checkup.findings", "重要异常", permission="checkup.view", record=Finding, order="-found_at")
def findings() -> Query:
    """Class A and B findings, the latest first."""
    return select(
        Finding.important_class, Patient.name, Finding.sentence, Finding.found_at, Finding.unverified
    ).join(Patient, Patient.id == Finding.patient_id)


@worklist(
    "checkup.to_check", "待核对结果", permission="checkup.view", record=Observation, order="-effective_at"
)
def to_check() -> Query:
    """Results whose code, unit or person could not be matched: kept as they came, never dropped."""
    return select(
        Observation.label,
        Observation.value_text,
        Observation.reason,
        Observation.device,
        Observation.effective_at,
    ).where(Observation.status == literal_column(f"'{ResultStatus.PENDING_CHECK}'"))  # as its index has it


@worklist("checkup.omissions", "弃检与延期", permission="checkup.view", record=Omission, order="-recorded_at")
def omissions() -> Query:
    """What clients did not have done, and why, the latest first."""
    return (
        select(
            Visit.number.label("visit_number"), Patient.name, Omission.label, Omission.kind, Omission.reason,
            Omission.postponed_to, Omission.witness_name, Omission.recorded_at,
        )
        .join(Visit, Visit.id == Omission.visit_id)
        .join(Patient, Patient.id == Omission.patient_id)
    )  # fmt: skip


@worklist(
    "checkup.differences", "跨系统差异", permission="checkup.view", record=SystemDifference, order="-found_at",
)  # fmt: skip
def differences() -> Query:
    """What two systems said differently of one sampling, the latest first; settled ones stay as evidence."""
    return select(
        SystemDifference.visit_number, Patient.name, SystemDifference.label, SystemDifference.first_system,
        SystemDifference.first_value, SystemDifference.second_system, SystemDifference.second_value,
        SystemDifference.ucum, SystemDifference.deviation, SystemDifference.state, SystemDifference.found_at,
        SystemDifference.settled_how, SystemDifference.settled_by,
    ).join(Patient, Patient.id == SystemDifference.patient_id)  # fmt: skip


differences.offers(SettleDifference)


@worklist("checkup.held", "身份待核实结果", permission="checkup.view", record=HeldResult, order="held_at")
def held() -> Query:
    """Results that count nowhere yet, because it is not settled whose they are."""
    return (
        select(
            IdentityCheck.visit_number, IdentityCheck.said_name, Observation.label, Observation.value_text,
            Observation.ucum, Observation.flag, IdentityCheck.reason, HeldResult.held_at, IdentityCheck.state,
        )
        .join(Observation, Observation.id == HeldResult.observation_id)
        .join(IdentityCheck, IdentityCheck.id == HeldResult.check_id)
        .where(IdentityCheck.state == "pending")
    )  # fmt: skip


@worklist("critical.open", "危急值", permission="critical.view", record=CriticalValue, order="due_at")
def critical_open() -> Query:
    """Critical values nobody has dealt with yet, by what runs out first."""
    return (
        select(
            CriticalValue.level,
            Patient.name,
            CriticalValue.label,
            CriticalValue.value_text,
            CriticalValue.physician_name,
            CriticalValue.physician_why,
            CriticalValue.state,
            CriticalValue.due_at,
        )
        .join(Patient, Patient.id == CriticalValue.patient_id)
        .where(CriticalValue.state != "handled", CriticalValue.due_at.is_not(None))
    )


critical_open.offers(ReceiveCritical, HandleCritical)


def _queue(*states: str) -> Query:
    """Every open state has a time limit, so a report without one is signed: the index is read past those."""
    return (
        select(
            Report.urgency,
            Report.number,
            Patient.name,
            Patient.sex,
            Report.state,
            Report.due_at,
            Report.revision,
            Report.returns,
        )
        .join(Patient, Patient.id == Report.patient_id)
        .where(without_index(Report.state).in_(states), Report.due_at.is_not(None))
    )


@worklist("report.branch_queue", "分院报告", permission="report.first_review", record=Report, order="due_at")
def branch_queue() -> Query:
    """Reports that are with the branch: drafts, first reviews, and those sent back."""
    return _queue("drafting", "first_review", "returned")


branch_queue.offers(PassFirstReview, ReturnReport)


@worklist("report.chief_queue", "总院审核", permission="report.second_review", record=Report, order="due_at")
def chief_queue() -> Query:
    """Reports that wait for the head office, by their promised time."""
    return _queue(*HEAD_OFFICE)


chief_queue.offers(PassSecondReview, PassFurtherReview, ReturnReport)


@worklist("report.missing_files", "影像未到病例", permission="report.view", record=CaseFiles, order="due_at")
def missing_files() -> Query:
    """Cases whose images or other files head office does not have yet, the longest wait first."""
    return (
        select(
            CaseFiles.visit_number, Patient.name, Organization.name.label("branch"), CaseFiles.missing,
            CaseFiles.total, CaseFiles.state_since, CaseFiles.due_at,
        )
        .join(Patient, Patient.id == CaseFiles.patient_id)
        .join(Organization, Organization.id == CaseFiles.org_id)
        .where(CaseFiles.due_at.is_not(None))
    )  # fmt: skip


@worklist("report.to_issue", "待签发报告", permission="report.final_review", record=Report, order="due_at")
def to_issue() -> Query:
    """Signed reports that have not gone out yet: in their minute, or left behind by a desk that failed."""
    return _queue("signed")


to_issue.offers(IssueReport, WithdrawSignature)


@worklist("report.checks", "报告质量检查", permission="report.view", record=ReportCheck, order="-checked_at")
def checks() -> Query:
    """Each check of a report as it was handed in, the latest first."""
    return select(
        Report.number, ReportCheck.score, ReportCheck.threshold, ReportCheck.count, ReportCheck.returned,
        ReportCheck.author_name, ReportCheck.checked_at, ReportCheck.revision, ReportCheck.reason,
    ).join(Report, Report.id == ReportCheck.report_id)  # fmt: skip


@worklist("report.issued", "已签发报告", permission="report.view", record=Report, order="-issued_at")
def issued() -> Query:
    """Signed reports, the latest first."""
    return (
        select(Report.number, Patient.name, Patient.sex, Report.issued_at, Report.revision)
        .join(Patient, Patient.id == Report.patient_id)
        .where(without_index(Report.state) == "issued")
    )
