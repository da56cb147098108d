"""Partner systems (HIS, LIS, PACS, ECG, checkup, booking), how each fares, and every change of their set-up."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class PartnerRole(enum.StrEnum):
    """What a partner system is."""

    HIS = "HIS"
    LIS = "LIS"
    PACS = "PACS"
    ECG = "ECG"
    CHECKUP = "PEIS"
    BOOKING = "BOOKING"


class Charset(enum.StrEnum):
    """In which characters a partner is written to, and read where it does not say."""

    UTF8 = "utf-8"
    GB18030 = "gb18030"


class OrderForm(enum.StrEnum):
    """Which message carries an order to this partner."""

    ORM = "ORM^O01"
    OML = "OML^O21"


class Partner(Record, label="对接系统", merge=Merge.CENTRE):
    """One system of one site; `application` and `facility` are its MSH-3 and MSH-4, which name it in its messages.

    `host` empty: it only sends to us. What it is told is said by `orders`, `persons` and `reports`.
    """

    name: Mapped[str] = column("系统名称", length=60)
    role: Mapped[PartnerRole] = column("类型")
    application: Mapped[str] = column("应用标识（MSH-3）", length=60)
    facility: Mapped[str] = column("机构标识（MSH-4）", length=60)
    sender: Mapped[str] = column("系统标识", length=200, index=True)
    host: Mapped[str | None] = column("地址", length=120)
    port: Mapped[int | None] = column("端口")
    tls: Mapped[bool] = column("加密传输", default=True)
    charset: Mapped[Charset] = column("字符集", default=Charset.UTF8)
    version: Mapped[str] = column("HL7 版本", length=10, default="2.5.1")
    order_form: Mapped[OrderForm] = column("申请消息", default=OrderForm.ORM)
    orders: Mapped[bool] = column("发送检查申请", default=False)
    persons: Mapped[bool] = column("发送客户资料", default=False)
    reports: Mapped[bool] = column("发送总检结论", default=False)
    active: Mapped[bool] = column("启用", default=True)
    number: Mapped[int] = column("修订号", default=1)
    changed_at: Mapped[datetime] = column("修改时间", index=True)


class PartnerChange(Record, label="对接配置修订", merge=Merge.APPEND):
    """One change of a partner's set-up: what, who, when and why."""

    partner_id: Mapped[Id] = column("对接系统", ref="partner", index=True)
    name: Mapped[str] = column("系统名称", length=60)
    number: Mapped[int] = column("修订号")
    summary: Mapped[str] = column("修改内容", length=1000)
    reason: Mapped[str] = column("修改说明", length=4000)
    changed_by: Mapped[Id | None] = column("修改人", ref="staff")
    changed_name: Mapped[str] = column("修改人姓名")
    changed_at: Mapped[datetime] = column("修改时间", index=True)


class PartnerState(Record, label="接口运行状态", merge=Merge.CENTRE):
    """How the line to a partner fares; its id is the partner's, it is written by the centre alone.

    `trouble` is 2 while the line is interrupted (three failures in a row, or paused), 1 while it fails more often
    than it should. `recent` are the last outcomes, twice the second since 1970 plus 1 for a good one.
    """

    name: Mapped[str] = column("系统名称", length=60)
    trouble: Mapped[int] = column("线路", means="words:line", default=0)
    paused: Mapped[bool] = column("已暂停", default=False)
    reason: Mapped[str | None] = column("状态原因", means="words:interface_reason", length=60)
    detail: Mapped[str | None] = column("详情", length=255)
    failures: Mapped[int] = column("连续失败次数", default=0)
    error_percent: Mapped[int] = column("近期错误率", unit="%", default=0)
    recent: Mapped[list[int]] = column("近期结果", default=[])
    retry_at: Mapped[datetime | None] = column("下次尝试")
    waiting: Mapped[int] = column("待发", default=0)
    oldest_at: Mapped[datetime | None] = column("最早待发")
    dead: Mapped[int] = column("未送达", default=0)
    undone: Mapped[int] = column("未送达与搁置", default=0)
    sent: Mapped[int] = column("已发送", default=0)
    last_sent_at: Mapped[datetime | None] = column("最近发送")
    received: Mapped[int] = column("已接收", default=0)
    stored: Mapped[int] = column("已入库", default=0)
    refused: Mapped[int] = column("已拒收", default=0)
    parked: Mapped[int] = column("搁置", default=0)
    last_received_at: Mapped[datetime | None] = column("最近接收")
    checked_at: Mapped[datetime] = column("更新时间", index=True)
