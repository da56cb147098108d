"""The visit itself: arrival, forms, leaving."""

import dataclasses
from datetime import date

from domain.checkup.arrivals import opened
from domain.checkup.completeness import lacking
from domain.checkup.numbers import new_visit_number
from domain.checkup.records import Visit
from domain.checkup.workflow import visit_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient


@dataclasses.dataclass(frozen=True, slots=True)
class VisitOpened:
    """The visit and its barcode."""

    visit_id: Id
    number: str


@command("checkup.open_visit", "登记体检", permission="checkup.edit")
class OpenVisit:
    """Begin a visit for a client who has none today."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    visit_date: date | None = ask("体检日期", kind=Kind.DATE, default=None)
    package: str | None = ask("套餐", default=None)


@handles(OpenVisit)
def open_visit(order: OpenVisit, work: UnitOfWork) -> VisitOpened:
    """Return the visit; one that is open for the day already is returned as it is."""
    patient = work.require(Patient, order.patient_id, "patient_id")
    day = order.visit_date or clinic(work.now).date()
    visit = work.find(Visit, patient_id=patient.id, visit_date=day)
    if visit is None:
        visit = Visit(
            org_id=patient.org_id, number=new_visit_number(work), patient_id=patient.id, visit_date=day,
            package=order.package,
        )  # fmt: skip
        work.start(visit_life, visit)
        work.add(visit)
        opened(work, visit)
    return VisitOpened(visit.id, visit.number)


@command("checkup.arrive", "客户到检", permission="checkup.edit")
class Arrive:
    """The client is here."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)


@handles(Arrive)
def arrive(order: Arrive, work: UnitOfWork) -> None:
    """Start the clock of the visit."""
    work.move(visit_life, work.require(Visit, order.visit_id, "visit_id"), "arrive")


@command("checkup.finish", "结束体检", permission="checkup.edit")
class FinishVisit:
    """The client leaves with everything done, refused or postponed."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)


@handles(FinishVisit)
def finish(order: FinishVisit, work: UnitOfWork) -> None:
    """End the visit.

    Raises:
        DomainError: ``visit.incomplete`` with everything that is neither done nor refused or postponed on record.
    """
    visit = work.require(Visit, order.visit_id, "visit_id")
    missing = lacking(work.connection, visit.id)
    if missing and visit_life.allows(visit.state, "finish"):
        labels = "、".join(one.label for one in missing)
        raise DomainError("visit.incomplete", field="visit_id", count=len(missing), items=labels)
    work.move(visit_life, visit, "finish")
