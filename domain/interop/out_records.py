"""What partner systems are told: a queue for each, kept until it is answered, and the exact bytes that went."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class Message(enum.StrEnum):
    """What a message says: an order in one of its three forms, a client's details, a signed conclusion."""

    NEW = "NW"
    CHANGE = "XO"
    CANCEL = "CA"
    PERSON = "PERSON"
    REPORT = "REPORT"


class OutMessage(Record, label="接口外发消息", merge=Merge.CENTRE):
    """One message to a partner; `place` orders its queue, and messages about one client never pass each other.

    Sent again, it has the same `control_id` (MSH-10) and the same bytes, so that a partner that had it already does
    nothing twice. Written anew by a person after a refusal, it has another number, and `writings` rises.
    """

    __table_args__ = (
        Index("ix_out_message_queue", "partner_id", "state", "place"),
        Index("ix_out_message_client", "partner_id", "patient_id", "place"),
    )

    partner_id: Mapped[Id] = column("对接系统", ref="partner")
    partner_name: Mapped[str] = column("系统名称", length=60)
    place: Mapped[int] = column("队列序号")
    kind: Mapped[Message] = column("内容")
    about_id: Mapped[Id] = column("所属记录", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    label: Mapped[str] = column("摘要", length=255)
    control_id: Mapped[str] = column("消息号（MSH-10）", length=40, index=True)
    writings: Mapped[int] = column("生成次数", default=1)
    tries: Mapped[int] = column("发送次数", default=0)
    next_try_at: Mapped[datetime] = column("下次发送")
    answer: Mapped[str | None] = column("对方应答", means="words:ack", length=4)
    reason: Mapped[str | None] = column("原因", means="words:interface_reason", length=60)
    detail: Mapped[str | None] = column("应答内容", length=255)
    queued_at: Mapped[datetime] = column("入队时间", index=True)
    sent_at: Mapped[datetime | None] = column("最近发送")
    answered_at: Mapped[datetime | None] = column("应答时间")
    settled_by: Mapped[str | None] = column("处理人", sensitivity=Sensitivity.PERSONAL, mask=Mask.NAME)
    note: Mapped[str | None] = column("处理说明", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class SentBytes(Record, label="外发报文", place=Place.CENTRE):
    """The exact bytes of a message, kept before they go; one for each time it was written."""

    message_id: Mapped[Id] = column("外发消息", ref="out_message", index=True)
    control_id: Mapped[str] = column("消息号（MSH-10）", length=40)
    charset: Mapped[str] = column("字符集", length=20)
    payload: Mapped[bytes] = column("报文", sensitivity=Sensitivity.SENSITIVE)
    written_at: Mapped[datetime] = column("生成时间", index=True)
