"""What came and went over an interface on one day, compared with what is stored: one signed row a partner and day."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class InterfaceDay(Record, label="接口日对账", merge=Merge.CENTRE):
    """The account of one partner and clinic day; its id is of both, and the centre alone writes it.

    `differs` is the sum of all that does not agree. `statement` is what was signed: JSON with every count and, for
    each visit number, how many items were ordered, came and are stored. An account that did not agree is made again
    each night for three nights, so that what came late closes it.
    """

    __table_args__ = (Index("ix_interface_day_partner", "partner_id", "day"),)

    partner_id: Mapped[Id] = column("对接系统", ref="partner")
    name: Mapped[str] = column("系统名称", length=60)
    day: Mapped[date] = column("日期", index=True)
    differs: Mapped[int] = column("不一致", default=0)
    received: Mapped[int] = column("收到消息", default=0)
    stored: Mapped[int] = column("已入库消息", default=0)
    open_in: Mapped[int] = column("未入库消息", default=0)
    results: Mapped[int] = column("收到结果项", default=0)
    missing: Mapped[int] = column("库中缺少的结果项", default=0)
    due: Mapped[int] = column("应发消息", default=0)
    delivered: Mapped[int] = column("对方已收消息", default=0)
    undelivered: Mapped[int] = column("对方未收消息", default=0)
    ordered: Mapped[int] = column("开单项目", default=0)
    resulted: Mapped[int] = column("已出结果项目", default=0)
    findings: Mapped[str | None] = column("不一致明细", length=4000)
    statement: Mapped[str] = column("签名内容", length=1_000_000)
    signature: Mapped[str] = column("中心签名", length=120)
    counted_at: Mapped[datetime] = column("对账时间", index=True)
