"""The audit report of a month."""

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.audit_report import audit_report_pdf
from forms.printables import Printable, documents


def _report(dispatcher: Dispatcher, actor: Actor, report_id: Id) -> bytes:
    return audit_report_pdf(dispatcher, actor, documents()["audit_report"], report_id)


PRINTABLES = (Printable("audit_report", "审计报告", "audit_report", "audit.view", _report),)
