"""Buying a service package from the client's pages: one tap orders it, the cashier's page pays it."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.reception.unit_records import ServiceContract
from domain.shop.commands import OrderPackage, Placed
from domain.shop.records import PackageOffer, PackageOrder
from domain.shop.workflow import order_life
from server.centre import Centre
from server.pages.answering import HEADERS, answer
from server.portal.door import Door, DoorDep, fields, id_of
from server.portal.reading import Member, actor_of

router = APIRouter(prefix="/w", include_in_schema=False)
MOST_SHOWN = 30


@router.get("/{account}/services")
def services(door: DoorDep, m: str = "") -> Response:
    """Show what is sold, what the client has, and the orders."""
    try:
        of = door.member(m)
        return answer(
            "portal_services.html", title="签约服务", base=door.base, of=of, **_shown(door.centre, of)
        )
    except KnownError as error:
        return door.sorry(error)


def _shown(centre: Centre, of: Member) -> dict[str, Any]:
    p, o, c = PackageOffer.__table__.c, PackageOrder.__table__.c, ServiceContract.__table__.c
    sold = select(p.id, p.package, p.price_fen, p.days, p.content).where(
        p.org_id == of.org_id, p.withdrawn_at.is_(None)
    )
    with centre.store.read() as connection:
        orders = select(o.id, o.package, o.price_fen, o.state, o.placed_at).where(
            of_person(connection, o.patient_id, of.patient_id)
        )
        has = select(c.package, c.ends_on, c.manager_name).where(
            of_person(connection, c.patient_id, of.patient_id), c.state == "active"
        )
        return {
            "offers": connection.execute(sold.order_by(p.price_fen).limit(MOST_SHOWN)).all(),
            "orders": [
                (
                    row.id, row.package, row.price_fen, order_life.label_of(row.state),
                    f"{clinic(row.placed_at):%m-%d %H:%M}",
                )
                for row in connection.execute(orders.order_by(o.placed_at.desc()).limit(MOST_SHOWN))
            ],
            "has": connection.execute(has.order_by(c.ends_on)).all(),
        }  # fmt: skip


@router.post("/{account}/services")
async def buy(request: Request, door: DoorDep) -> Response:
    """Order a package; tapped twice, it is one order."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            order = OrderPackage(binding_id=of.binding_id, offer_id=id_of(sent.get("offer", "")))
            placed: Placed = door.centre.dispatcher.run(order, actor_of(door.centre, of)).receipt
            onward = f"{door.base}/order?m={of.binding_id.hex}&o={placed.order_id.hex}"
            return RedirectResponse(onward, 303, headers=HEADERS)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


@router.get("/{account}/order")
def order_page(door: DoorDep, m: str = "", o: str = "") -> Response:
    """Show an order: how it stands, and where to pay it while it waits."""
    try:
        of = door.member(m)
        row = _order(door.centre, of, id_of(o))
        pay, problem = "", ""
        if row.state == "pending":
            placed = Placed(row.id, row.number, row.package, row.price_fen)
            pay, problem = _payable(door, placed, f"{door.base}/order?m={of.binding_id.hex}&o={row.id.hex}")
        return answer(
            "portal_order.html", title="订单", base=door.base, of=of, order=row, pay=pay, problem=problem,
            state=order_life.label_of(row.state),
        )  # fmt: skip
    except KnownError as error:
        return door.sorry(error)


def _payable(door: Door, placed: Placed, back: str) -> tuple[str, str]:
    """Return where to pay, or why it cannot be paid just now."""
    try:
        return door.centre.cashier.open(placed, back, str(door.request.base_url)), ""
    except KnownError as error:
        return "", door.centre.texts.explain(error)


def _order(centre: Centre, of: Member, order_id: Id) -> Any:
    o = PackageOrder.__table__.c
    with centre.store.read() as connection:
        query = select(o.id, o.number, o.package, o.price_fen, o.days, o.state).where(
            o.id == order_id, of_person(connection, o.patient_id, of.patient_id)
        )
        row = connection.execute(query).first()
    if row is None:
        raise DomainError("portal.no_message")
    return row
