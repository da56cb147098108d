"""The rows behind a case, as they stand: of a report, or of a visit that has none yet."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, select

from client.stations.review.anchors import plain_lines
from client.stations.review.case import UNWRITTEN, CaseKey
from domain.checkup.records import CriticalValue, Finding, Observation, Report, Visit
from domain.checkup.report_content import ReportFacts, disputes_of_visit, read_facts
from domain.interop.one_person import of_person
from domain.kernel.columns import Sensitivity
from domain.kernel.ids import Id
from domain.people.records import Organization, Patient


def state_of(desk: Any, report_id: Id) -> str:
    """Return the state a report is in now; empty if there is no such report."""
    table = Report.__table__
    with desk.store.read() as connection:
        return connection.execute(select(table.c.state).where(table.c.id == report_id)).scalar() or ""


def stored_text(desk: Any, visit_id: Id) -> tuple[str, str] | None:
    """Return conclusion and advice of a visit's report as they are stored now; None if it has no report."""
    table = Report.__table__
    with desk.store.read() as connection:
        row = connection.execute(
            select(table.c.conclusion, table.c.advice).where(table.c.visit_id == visit_id)
        ).one_or_none()
    return None if row is None else (plain_lines(row.conclusion), plain_lines(row.advice))


def read_rows(connection: Connection, key: CaseKey) -> ReportFacts | None:
    """Return the rows of a case, None if the store does not have it."""
    if key.kind == "report":
        return read_facts(connection, key.id)
    visit = _one(connection, Visit, key.id)
    if visit is None:
        return None
    report = Report.__table__
    written = connection.execute(select(report.c.id).where(report.c.visit_id == visit.id)).scalar()
    if written is not None:
        return read_facts(connection, written)
    return _unwritten(connection, visit)


def _unwritten(connection: Connection, visit: Any) -> ReportFacts:
    """Return the rows behind a report that is still to be written."""
    blank = _Blank(visit, bool(_first(connection, CriticalValue, visit)))
    observation, finding = Observation.__table__, Finding.__table__
    mine = connection.execute(
        select(observation).where(observation.c.visit_id == visit.id).order_by(observation.c.id)
    ).all()
    earlier: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(
        select(observation)
        .where(
            of_person(connection, observation.c.patient_id, visit.patient_id),
            observation.c.visit_id != visit.id,
        )
        .order_by(observation.c.effective_at)
    ).all():
        earlier[row.item].append(row)
    findings = connection.execute(
        select(finding)
        .where(finding.c.visit_id == visit.id)
        .order_by(finding.c.important_class, finding.c.id)
    ).all()
    if any(f.important_class == "A" for f in findings):
        blank.urgency = max(blank.urgency, 1)
    organization = _one(connection, Organization, visit.org_id)
    above = _one(connection, Organization, organization.parent_id) if organization else None
    return ReportFacts(
        blank, visit, _one(connection, Patient, visit.patient_id), organization, above, list(mine), earlier,
        list(findings), [], disputes_of_visit(connection, Sensitivity.SENSITIVE, visit.patient_id, visit.id),
    )  # fmt: skip


class _Blank:
    """Stands where the report will be; its number says that there is none."""

    def __init__(self, visit: Any, critical: bool) -> None:
        self.id = self.author_id = self.document_sha256 = None
        self.issued_at = self.due_at = None
        self.number = self.conclusion = self.advice = ""
        self.state, self.visit_id, self.patient_id = UNWRITTEN, visit.id, visit.patient_id
        self.urgency = 2 if critical else 0
        self.revision, self.returns = 1, 0


def _first(connection: Connection, kind: Any, visit: Any) -> Any:
    table = kind.__table__
    mine = (table.c.patient_id == visit.patient_id, table.c.visit_id == visit.id)
    return connection.execute(select(table.c.id).where(*mine).limit(1)).scalar()


def _one(connection: Connection, kind: Any, record_id: Id | None) -> Any:
    if record_id is None:
        return None
    table = kind.__table__
    return connection.execute(select(table).where(table.c.id == record_id)).one_or_none()
