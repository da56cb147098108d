"""Each signed edition of a report on its way to the branch and to the client, and every handing over."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReportVersion(enum.StrEnum):
    """Which way of showing the one data set."""

    PROFESSIONAL = "professional"
    PLAIN = "plain"
    PHONE = "phone"


class HandingWay(enum.StrEnum):
    """How a report came to a client."""

    PAPER = "paper"
    POST = "post"
    PHONE_PAGE = "phone_page"


class Taker(enum.StrEnum):
    """Who took it, seen from the client."""

    SELF = "self"
    FAMILY = "family"
    AGENT = "agent"


class ReportDelivery(Record, label="报告下发"):
    """One signed edition of a report (`stable_id("report_delivery", signed file)`), from its issue to the client.

    The branch reads the file back: `received_sha256` is the digest of the bytes that lie at it. `fault` says why it
    could not. An edition that was corrected is kept, with who took it back and why.
    """

    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    number: Mapped[str] = column("报告号", length=40)
    edition: Mapped[int] = column("版次")
    sha256: Mapped[str] = column("报告文件", length=64)
    size: Mapped[int] = column("字节数", unit="By")
    issued_at: Mapped[datetime] = column("签发时间", index=True)
    amends: Mapped[str | None] = column("更正说明", sensitivity=Sensitivity.SENSITIVE, length=1000)
    replaces_handed: Mapped[bool] = column("旧版已交付", default=False)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    sent_at: Mapped[datetime | None] = column("下发时间", merge=Merge.CENTRE, group="state")
    received_at: Mapped[datetime | None] = column("分院接收时间", merge=Merge.CENTRE, group="state")
    received_by: Mapped[str | None] = column("接收确认", merge=Merge.CENTRE, group="state")
    received_sha256: Mapped[str | None] = column("回读摘要", merge=Merge.CENTRE, group="state", length=64)
    tries: Mapped[int] = column("重新下发次数", merge=Merge.CENTRE, group="state", default=0)
    fault: Mapped[str | None] = column(
        "接收失败原因", means="words:delivery_fault", merge=Merge.CENTRE, group="state", length=60
    )
    withdrawn_at: Mapped[datetime | None] = column("撤回时间", merge=Merge.CENTRE, group="state")
    withdrawn_by: Mapped[str | None] = column("撤回人", merge=Merge.CENTRE, group="state")
    withdrawn_why: Mapped[str | None] = column(
        "撤回原因", sensitivity=Sensitivity.SENSITIVE, merge=Merge.CENTRE, group="state", length=1000
    )
    handed_at: Mapped[datetime | None] = column("首次交付时间", index=True)
    told_at: Mapped[datetime | None] = column("通知客户时间")


class ReportHandOver(Record, label="报告交付", merge=Merge.APPEND):
    """That an edition was given to somebody: who took it, how that was proved, and the receipt."""

    delivery_id: Mapped[Id] = column("报告下发", ref="report_delivery", index=True)
    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    edition: Mapped[int] = column("版次")
    version: Mapped[ReportVersion] = column("报告版本")
    way: Mapped[HandingWay] = column("交付方式")
    taker: Mapped[Taker] = column("领取人")
    taker_name: Mapped[str] = column("领取人姓名", sensitivity=Sensitivity.PERSONAL, mask=Mask.NAME)
    proof: Mapped[str] = column("身份核对", sensitivity=Sensitivity.PERSONAL, mask=Mask.HIDDEN)
    receipt: Mapped[str] = column("签收凭据")
    given_at: Mapped[datetime] = column("交付时间", index=True)
    staff_id: Mapped[Id | None] = column("经办人", ref="staff")
    staff_name: Mapped[str] = column("经办人姓名")
