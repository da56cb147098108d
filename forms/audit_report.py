"""The audit report of a month as PDF: the figures that were kept when it was made, so every copy is the same."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.security.report_records import AuditReport
from forms.documents import Document, render_pdf


def audit_report_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, report_id: Id) -> bytes:
    """Return the PDF.

    Raises:
        DomainError: ``permission.denied``; ``audit_report.unknown`` for one that is not there or out of scope.
    """
    actor.check("audit.view")
    with dispatcher.store.read() as connection:
        found = records(connection, actor, AuditReport, AuditReport.__table__.c.id == report_id, limit=1)
    if not found:
        raise DomainError("audit_report.unknown", field="report_id", value=str(report_id))
    return render_pdf(document, found[0].figures)
