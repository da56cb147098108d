"""What looks wrong and waits, and what was found out."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Workstation
from domain.security.commands import ConcludeFinding
from domain.security.records import AuditAnchor, SecurityFinding
from domain.security.report_records import AuditReport

VIEW = "security.view"


@worklist("security.open", "待核实的异常操作", permission=VIEW, record=SecurityFinding, order="-until")
def waiting() -> Query:
    """What looks wrong and nobody has answered for, the latest first."""
    f = SecurityFinding
    return select(f.until, f.kind, f.staff_name, f.count, f.detail, f.since, f.due_at).where(
        f.state == "open"
    )


waiting.offers(ConcludeFinding)


@worklist(
    "security.concluded", "已核实的异常操作", permission=VIEW, record=SecurityFinding, order="-state_since"
)
def concluded() -> Query:
    """What was found out, by whom, the latest first."""
    f = SecurityFinding
    return select(
        f.state_since, f.kind, f.staff_name, f.count, f.detail, f.conclusion, f.explanation, f.concluded_name, f.until
    ).where(f.state == "concluded")  # fmt: skip


@worklist("security.anchors", "审计锚点", permission="audit.view", record=AuditAnchor, order="-anchored_at")
def anchors() -> Query:
    """The ends of the audit chains of all installations, day by day, the latest first."""
    a, w = AuditAnchor, Workstation
    return select(a.anchored_at, w.name, a.number, a.hash, a.device_id).outerjoin(w, w.id == a.device_id)


@worklist("security.reports", "审计报告", permission="audit.view", record=AuditReport, order="-made_at")
def reports() -> Query:
    """The audit reports of the months; each opens with its PDF."""
    r = AuditReport
    return select(r.month, r.entries, r.refused, r.exported, r.findings, r.open_findings, r.chain, r.made_at)
