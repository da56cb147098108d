"""What signing a report begins: its edition is on its way, in the same transaction as the signature."""

from sqlalchemy import select

from domain.delivery.records import ReportDelivery
from domain.delivery.workflow import delivery_life
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


def begin(
    work: UnitOfWork, *, report_id: Id, org_id: Id, patient_id: Id, number: str, sha256: str, size: int
) -> ReportDelivery:
    """Put a signed file on its way to the branch `org_id`; of a corrected report it is the next edition."""
    before = editions(work, report_id)
    last = before[-1] if before else None
    made = ReportDelivery(
        id=stable_id("report_delivery", report_id, sha256), org_id=org_id, report_id=report_id,
        patient_id=patient_id, number=number, edition=len(before) + 1, sha256=sha256, size=size, tries=0,
        issued_at=work.now, amends=last.withdrawn_why if last else None,
        replaces_handed=any(one.handed_at is not None for one in before),
    )  # fmt: skip
    work.start(delivery_life, made)
    return work.add(made)


def editions(work: UnitOfWork, report_id: Id) -> list[ReportDelivery]:
    """Return the editions of a report, the first first."""
    wanted = select(ReportDelivery).where(ReportDelivery.report_id == report_id)
    return list(work.list(wanted.order_by(ReportDelivery.edition)))


def file_name(number: str, edition: int) -> str:
    """Return what the file of an edition is called."""
    return f"{number}.pdf" if edition == 1 else f"{number}-{edition}.pdf"
