"""What is sold, and the orders."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.shop.commands import PublishOffer, RefundOrder, WithdrawOffer
from domain.shop.records import PackageOffer, PackageOrder


@worklist("shop.offers", "在售服务包", permission="shop.view", record=PackageOffer, order="-published_at")
def offers() -> Query:
    """What clients may buy on their phone."""
    return select(
        PackageOffer.package,
        PackageOffer.price_fen,
        PackageOffer.days,
        PackageOffer.content,
        PackageOffer.published_at,
    ).where(PackageOffer.withdrawn_at.is_(None))


@worklist("shop.orders", "服务包订单", permission="shop.view", record=PackageOrder, order="-placed_at")
def orders() -> Query:
    """Every order with what became of it, the latest first."""
    o = PackageOrder
    return select(
        o.number, Patient.name, o.package, o.price_fen, o.state, o.placed_at, o.paid_at, o.trade_no, o.refunded_at,
        o.refund_reason, o.problem,
    ).join(Patient, Patient.id == o.patient_id)  # fmt: skip


offers.offers(PublishOffer, WithdrawOffer)
orders.offers(RefundOrder)
