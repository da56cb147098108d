"""A report of which a level waits for somebody to decide whether it was passed by right goes no further."""

from domain.checkup.entitlement_records import ReviewDoubt
from domain.checkup.records import Report
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork


def check_entitled(work: UnitOfWork, report: Report) -> None:
    """Refuse to sign or give out a report that was passed without a right; ``report.without_right``."""
    doubt = work.find(ReviewDoubt, report_id=report.id, state="open")
    if doubt is not None:
        raise DomainError("report.without_right", number=report.number, name=doubt.staff_name)
