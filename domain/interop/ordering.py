"""Making orders: for the items a package has, for items somebody names, and for what another system ordered."""

from collections.abc import Iterable

from sqlalchemy import select

from domain.checkup.records import Visit
from domain.interop.order_records import ServiceItem, ServiceRequest
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value

LETTER = "Q"
OPEN = ("ordered", "accepted")


def items_in_use(work: UnitOfWork) -> list[ServiceItem]:
    """Return what can be ordered within the actor's scope."""
    return list(work.list(select(ServiceItem).where(ServiceItem.active.is_(True)).order_by(ServiceItem.code)))


def order_package(work: UnitOfWork, visit: Visit) -> list[ServiceRequest]:
    """Order what the package of a visit has, once; nothing where it has none or no item names it."""
    if not visit.package:
        return []
    mine = [item for item in items_in_use(work) if visit.package in item.packages]
    return order_items(work, visit, mine)


def order_items(
    work: UnitOfWork, visit: Visit, items: Iterable[ServiceItem], remark: str | None = None
) -> list[ServiceRequest]:
    """Order items for a visit; what is ordered and open already is not ordered again."""
    from domain.interop.workflow import request_life

    open_codes = {
        one.code
        for one in work.list(
            select(ServiceRequest).where(ServiceRequest.visit_id == visit.id, ServiceRequest.state.in_(OPEN))
        )
    }
    made = []
    for item in items:
        if item.code in open_codes:
            continue
        open_codes.add(item.code)
        request = ServiceRequest(
            org_id=visit.org_id, number=request_number(work), visit_id=visit.id, patient_id=visit.patient_id,
            visit_number=visit.number, code=item.code, name=item.name, role=item.role, remark=remark,
            ordered_at=work.now, ordered_by=work.actor.staff_id,
        )  # fmt: skip
        work.start(request_life, request)
        made.append(work.add(request))
    return made


def request_number(work: UnitOfWork) -> str:
    """Return the next order number of this installation: a letter no other number begins with, prefix, serial."""
    return f"{LETTER}{work.content['number_prefix']}{next_value(work, 'service_request'):08d}"
