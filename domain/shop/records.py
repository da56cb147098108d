"""What is offered, and each order with what became of it. Prices are whole fen (1/100 yuan)."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class PackageOffer(Record, label="在售服务包"):
    """One package at one price; another price is another offer, so that an order keeps what it was placed for."""

    package: Mapped[str] = column("服务包")
    price_fen: Mapped[int] = column("价格（分）")
    days: Mapped[int] = column("服务天数", unit="d")
    content: Mapped[str] = column("服务内容", length=4000)
    published_by: Mapped[Id | None] = column("上架人", ref="staff")
    published_at: Mapped[datetime] = column("上架时间", index=True)
    withdrawn_at: Mapped[datetime | None] = column("下架时间")


class PackageOrder(Record, label="服务包订单"):
    """One client's order; paid, it is a `ServiceContract`. `trade_no` and `refund_no` are the cashier's numbers."""

    number: Mapped[str] = column("订单号", merge=Merge.CENTRE, unique=True, length=40)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    offer_id: Mapped[Id] = column("在售服务包", ref="package_offer")
    package: Mapped[str] = column("服务包")
    price_fen: Mapped[int] = column("价格（分）")
    days: Mapped[int] = column("服务天数", unit="d")
    placed_at: Mapped[datetime] = column("下单时间", index=True)
    trade_no: Mapped[str | None] = column("收银流水号", merge=Merge.CENTRE, group="state", length=80)
    paid_at: Mapped[datetime | None] = column("支付时间", merge=Merge.CENTRE, group="state")
    contract_id: Mapped[Id | None] = column(
        "签约服务包", ref="service_contract", merge=Merge.CENTRE, group="state"
    )
    refund_no: Mapped[str | None] = column("退款流水号", merge=Merge.CENTRE, group="state", length=80)
    refund_reason: Mapped[str | None] = column("退款原因", length=400)
    refunded_at: Mapped[datetime | None] = column("退款时间", merge=Merge.CENTRE, group="state")
    asked_by: Mapped[Id | None] = column("退款办理人", ref="staff")
    problem: Mapped[str | None] = column("收银说明", length=255)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
