"""Requests to take lists out: those that wait for somebody else, and one's own."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.outgoing.request_commands import APPROVE, ApproveExport, RefuseExport
from domain.outgoing.request_records import ExportRequest


@worklist(
    "document.export_requests", "待批准的导出", permission=APPROVE, record=ExportRequest, order="-asked_at"
)
def waiting() -> Query:
    """What somebody wants to take out, the latest first."""
    r = ExportRequest
    return select(
        r.asked_at, r.asked_name, r.what, r.columns, r.filters, r.row_count, r.sensitive, r.purpose, r.needed,
        r.approved_names, r.due_at,
    ).where(r.state == "asked")  # fmt: skip


waiting.offers(ApproveExport, RefuseExport)


@worklist(
    "document.own_requests", "导出申请", permission="document.export", record=ExportRequest, order="-asked_at"
)
def own() -> Query:
    """Requests with what became of them, the latest first; an approved one is used by exporting the list again."""
    r = ExportRequest
    return select(
        r.asked_at, r.asked_name, r.what, r.columns, r.row_count, r.purpose, r.state, r.approved_names, r.refused_why,
        r.until, r.needed,
    )  # fmt: skip
