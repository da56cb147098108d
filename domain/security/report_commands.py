"""Keeping the audit report of a month."""

from typing import Any

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.security.report_records import AuditReport


@command("security.keep_report", "生成审计报告", permission=None, place="internal")
class KeepAuditReport:
    """Keep the figures of a month; a month has one report."""

    month: str = ask("月份", kind=Kind.HIDDEN, max_length=7)
    figures: dict[str, Any] = ask("统计数据", kind=Kind.HIDDEN)


@handles(KeepAuditReport)
def keep_audit_report(order: KeepAuditReport, work: UnitOfWork) -> bool:
    """Return whether it is the month's first."""
    own = stable_id("audit_report", str(work.actor.org_id), order.month)
    if work.get(AuditReport, own) is not None:
        return False
    totals, found = order.figures["totals"], order.figures["findings"]
    work.add(
        AuditReport(
            id=own, month=order.month, figures=order.figures, made_at=work.now, entries=totals["entries"],
            refused=totals["refused"], exported=totals["export_rows"], chain=order.figures["chain"]["state"][:200],
            findings=sum(one["count"] for one in found), open_findings=sum(one["open"] for one in found),
        )
    )  # fmt: skip
    return True
