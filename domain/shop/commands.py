"""Offering packages, ordering, and what the cashier says; told twice, each counts once."""

import dataclasses
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.followup.group_commands import ensure_profile
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.sending_commands import SENDER
from domain.people.numbers import next_number
from domain.people.records import Patient, Staff
from domain.portal.commands import PAGES, standing
from domain.reception.contract_commands import EndPackage, end_package, start_contract
from domain.reception.unit_records import ServiceContract
from domain.shop.records import PackageOffer, PackageOrder
from domain.shop.workflow import order_life


@dataclasses.dataclass(frozen=True, slots=True)
class Placed:
    """An order to be paid: its number, what it is for, and how much."""

    order_id: Id
    number: str
    package: str
    price_fen: int


@command("shop.publish", "上架服务包", permission="shop.publish")
class PublishOffer:
    """Clients may buy a package on their phone."""

    package: str = ask("服务包")
    price_yuan: float = ask("价格（元）", kind=Kind.NUMBER, low=0.01, high=100000)
    days: int = ask("服务天数", low=1, high=1100, unit="d")
    content: str = ask("服务内容", kind=Kind.NOTE)


@handles(PublishOffer)
def publish_offer(order: PublishOffer, work: UnitOfWork) -> Id:
    """Return the offer; the one of the same name before it is no longer sold. ``shop.bad_price`` below one fen."""
    fen = round(order.price_yuan * 100)
    if abs(fen - order.price_yuan * 100) > 1e-6:
        raise DomainError("shop.bad_price", field="price_yuan")
    o = PackageOffer
    earlier = select(o).where(o.package == order.package.strip(), o.withdrawn_at.is_(None))
    for one in work.list(earlier.where(o.org_id == work.actor.org_id)):
        one.withdrawn_at = work.now
    offer = PackageOffer(
        org_id=work.actor.org_id, package=order.package.strip(), price_fen=fen, days=order.days,
        content=order.content.strip(), published_by=work.actor.staff_id, published_at=work.now,
    )  # fmt: skip
    return work.add(offer).id


@command("shop.withdraw", "下架服务包", permission="shop.publish")
class WithdrawOffer:
    """It is no longer sold; orders that were placed stay."""

    package_offer_id: Id = ask("在售服务包", kind=Kind.HIDDEN)


@handles(WithdrawOffer)
def withdraw_offer(order: WithdrawOffer, work: UnitOfWork) -> None:
    """Take it out. Raises ``shop.not_sold`` for one that is out already."""
    offer = work.require(PackageOffer, order.package_offer_id, "package_offer_id")
    if offer.withdrawn_at is not None:
        raise DomainError("shop.not_sold", field="package_offer_id")
    offer.withdrawn_at = work.now


@command("shop.order", "客户下单", permission=PAGES, place="internal")
class OrderPackage:
    """Whoever is bound orders a package; of the client's pages alone."""

    binding_id: Id = ask("绑定", kind=Kind.HIDDEN)
    offer_id: Id = ask("在售服务包", kind=Kind.HIDDEN)


@handles(OrderPackage)
def order_package(order: OrderPackage, work: UnitOfWork) -> Placed:
    """Return the order; one of the same offer that waits for its payment stays the one.

    Raises:
        DomainError: As `standing`; ``shop.not_sold`` (``offer_id``) for what is not, or no longer, sold there.
    """
    binding = standing(work, order.binding_id)
    patient = work.require(Patient, binding.patient_id, "binding_id")
    offer = work.require(PackageOffer, order.offer_id, "offer_id")
    if offer.withdrawn_at is not None or offer.org_id != patient.org_id:
        raise DomainError("shop.not_sold", field="offer_id")
    o = PackageOrder
    waiting = select(o).where(o.patient_id == patient.id, o.offer_id == offer.id, o.state == "pending")
    for known in work.list(waiting.limit(1)):
        return Placed(known.id, known.number, known.package, known.price_fen)
    placed = PackageOrder(
        org_id=patient.org_id, number=next_number(work, "package_order", "D"), patient_id=patient.id,
        offer_id=offer.id, package=offer.package, price_fen=offer.price_fen, days=offer.days, placed_at=work.now,
    )  # fmt: skip
    work.start(order_life, placed)
    kept = work.add(placed)
    return Placed(kept.id, kept.number, kept.package, kept.price_fen)


@command("shop.note_paid", "登记支付结果", permission=SENDER, place="internal")
class NotePaid:
    """The cashier says that an order was paid."""

    number: str = ask("订单号", max_length=40)
    trade_no: str = ask("收银流水号", max_length=80)
    amount_fen: int = ask("金额", low=0)
    at: datetime = ask("支付时间")


@handles(NotePaid)
def note_paid(order: NotePaid, work: UnitOfWork) -> bool:
    """Return whether it is news; paid, the client has the package from today (or from when the running one ends).

    Another amount than the price signs nothing: a person looks at it.

    Raises:
        DomainError: ``shop.no_order`` (``number``).
    """
    known = _order(work, order.number)
    if known.state in ("paid", "refunding", "refunded"):
        if known.trade_no != order.trade_no:
            known.problem = f"另有一笔支付 {order.trade_no}，请核对并退款"[:255]
        return False
    if order.amount_fen != known.price_fen:
        known.problem = f"支付 {order.trade_no} 的金额 {order.amount_fen} 分与价格不符，未开通，请人工核对"[
            :255
        ]
        return False
    work.move(order_life, known, "pay")
    known.trade_no, known.paid_at = order.trade_no, min(order.at, work.now)
    known.contract_id = _sign(work, known).id
    return True


def _sign(work: UnitOfWork, order: PackageOrder) -> ServiceContract:
    """Return the contract of an order, with whom the client is bound to."""
    patient = work.require(Patient, order.patient_id)
    profile = ensure_profile(work, patient)
    manager = work.get(Staff, profile.manager_id) if profile.manager_id else None
    expert = work.get(Staff, profile.expert_id) if profile.expert_id else None
    c, today = ServiceContract, clinic(work.now).date()
    running = select(c).where(c.patient_id == patient.id, c.package == order.package, c.state == "active")
    last = max((one.ends_on for one in work.list(running)), default=None)
    begin = today if last is None or last < today else last + timedelta(days=1)
    contract = ServiceContract(
        org_id=order.org_id, patient_id=patient.id, package=order.package, manager_id=manager.id if manager else None,
        manager_name=manager.name if manager else None, expert_id=expert.id if expert else None,
        expert_name=expert.name if expert else None, starts_on=begin, ends_on=begin + timedelta(days=order.days),
    )  # fmt: skip
    return start_contract(work, contract)


@command("shop.refund", "退款", permission="shop.refund")
class RefundOrder:
    """An order is to be paid back; the cashier is asked by the centre."""

    package_order_id: Id = ask("服务包订单", kind=Kind.HIDDEN)
    reason: str = ask("退款原因", max_length=400)


@handles(RefundOrder)
def refund_order(order: RefundOrder, work: UnitOfWork) -> None:
    """Ask for it. Raises ``package_order.wrong_state``, ``input.missing`` (``reason``)."""
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="退款原因")
    known = work.require(PackageOrder, order.package_order_id, "package_order_id")
    work.move(order_life, known, "ask_back")
    known.refund_reason, known.asked_by, known.problem = order.reason.strip(), work.actor.staff_id, None


@command("shop.note_refunded", "登记退款结果", permission=SENDER, place="internal")
class NoteRefunded:
    """The cashier says what became of a refund."""

    number: str = ask("订单号", max_length=40)
    refund_no: str = ask("退款流水号", max_length=80)
    good: bool = ask("成功", default=True)
    detail: str | None = ask("说明", default=None)


@handles(NoteRefunded)
def note_refunded(order: NoteRefunded, work: UnitOfWork) -> bool:
    """Return whether it is news; paid back, the package ends. Raises ``shop.no_order``."""
    known = _order(work, order.number)
    if known.state != "refunding":
        return False
    if not order.good:
        work.move(order_life, known, "keep")
        known.problem = f"退款未成功：{order.detail or ''}"[:255]
        return True
    work.move(order_life, known, "pay_back")
    known.refund_no, known.refunded_at = order.refund_no, work.now
    contract = work.get(ServiceContract, known.contract_id) if known.contract_id else None
    if contract is not None and contract.state == "active":
        end_package(EndPackage(contract_id=contract.id, reason=f"订单 {known.number} 已退款"), work)
    return True


@command("shop.give_up", "取消超时订单", permission=SENDER, place="internal")
class GiveUpOrder:
    """An order was not paid in time; the cashier was asked before."""

    number: str = ask("订单号", max_length=40)


@handles(GiveUpOrder)
def give_up_order(order: GiveUpOrder, work: UnitOfWork) -> bool:
    """Return whether it was pending."""
    known = _order(work, order.number)
    if known.state != "pending":
        return False
    work.move(order_life, known, "give_up")
    return True


def _order(work: UnitOfWork, number: str) -> PackageOrder:
    known = work.find(PackageOrder, number=number)
    if known is None:
        raise DomainError("shop.no_order", field="number", number=number)
    return known
