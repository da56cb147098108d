"""What features follow when results come in: orders they answer, and results nobody ordered."""

from sqlalchemy import select

from domain.checkup.arrivals import Arrived, finds_visits, on_opened, on_results
from domain.checkup.records import ResultStatus, Visit
from domain.interop.order_records import ServiceItem, ServiceRequest, UnorderedResult
from domain.interop.ordering import OPEN, order_package
from domain.interop.partner_records import Partner
from domain.interop.workflow import request_life, unordered_life
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork


@on_opened
def order_what_the_package_has(work: UnitOfWork, visit: Visit) -> None:
    """Order the items of a visit's package when it is registered."""
    order_package(work, visit)


@finds_visits
def visit_of_order(work: UnitOfWork, number: str) -> Visit | None:
    """Return the visit of an order's number, ours or the one of the system that ordered."""
    request = work.find(ServiceRequest, number=number) or work.find(ServiceRequest, placer_number=number)
    return None if request is None else work.get(Visit, request.visit_id)


@on_results
def close_orders(work: UnitOfWork, came: Arrived) -> None:
    """End the orders that results answer; what a partner we order from sends without an order is listed.

    An order is answered by its number; where a sender gives none, by its code or by one of its items.
    """
    requests = list(work.list(select(ServiceRequest).where(ServiceRequest.visit_id == came.visit.id)))
    partner = work.find(Partner, sender=came.order.system) if came.order.system else None
    if not requests and (partner is None or not partner.orders):
        return
    final = [row for row in came.kept if row.status is not ResultStatus.PRELIMINARY]
    if came.kept and not final:
        return  # what is preliminary ends nothing
    items = {row.item for row in final}
    by_number = {one.number: one for one in requests}
    by_number |= {one.placer_number: one for one in requests if one.placer_number}
    answered: dict[str, ServiceRequest] = {}
    for service in came.order.services:
        known = by_number.get(service.placer_number)
        for one in [known] if known else [r for r in requests if service.code and r.code == service.code]:
            answered[one.number] = one
            one.filler_number = one.filler_number or service.filler_number or None
    results_of = {item.code: set(item.results) for item in work.list(select(ServiceItem))} if requests else {}
    for one in requests:
        if items & results_of.get(one.code, set()):
            answered[one.number] = one
    for one in answered.values():
        if one.state in OPEN:
            one.resulted_at = work.now
            work.move(request_life, one, "result")
    if partner is not None and partner.orders and not answered and came.kept:
        _note_unordered(work, came)


def _note_unordered(work: UnitOfWork, came: Arrived) -> None:
    services = [s.name or s.code for s in came.order.services if s.name or s.code]
    names = "、".join(dict.fromkeys(services)) or came.kept[0].label
    found = UnorderedResult(
        id=stable_id("unordered_result", came.visit.id, came.order.system, names), org_id=came.visit.org_id,
        visit_id=came.visit.id, patient_id=came.visit.patient_id, visit_number=came.visit.number,
        system=came.order.system, service=names[:120], results=len(came.kept), received_at=work.now,
    )  # fmt: skip
    known = work.get(UnorderedResult, found.id)
    if known is not None:
        known.results += len(came.kept)
        return
    work.start(unordered_life, found)
    work.add(found)
