"""What is done with a unit beside its events: its own flow, its chat, what was said, figures sent to its contact."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.reception.unit_records import EventType

PERSONAL = Sensitivity.PERSONAL


class UnitFlow(Record, label="单位接待流程", merge=Merge.APPEND):
    """The steps and materials of one kind of event for one unit, a version a row; the newest counts.

    With no steps (`steps` empty) what ships counts again. Events keep the steps they were planned with.
    """

    __table_args__ = (Index("ix_unit_flow_unit", "unit_id", "kind", "version"),)

    unit_id: Mapped[Id] = column("团检单位", ref="client_unit")
    kind: Mapped[EventType] = column("活动类型", means="words:event_kind")
    version: Mapped[int] = column("版本")
    steps: Mapped[list[str]] = column("流程")
    materials: Mapped[list[dict[str, Any]]] = column("物料")
    reason: Mapped[str] = column("修订说明", length=400)
    saved_by: Mapped[Id | None] = column("修订人", ref="staff")
    saved_name: Mapped[str] = column("修订人姓名")
    saved_at: Mapped[datetime] = column("时间", index=True)


class UnitNoteKind(enum.StrEnum):
    """When it was said."""

    BOOKING = "booking"
    ON_SITE = "on_site"
    FOLLOW_UP = "follow_up"


class UnitNote(Record, label="团体沟通记录", merge=Merge.APPEND):
    """What was agreed or said with a unit: before, on the spot (at a step of an event), or after."""

    unit_id: Mapped[Id] = column("团检单位", ref="client_unit", index=True)
    event_id: Mapped[Id | None] = column("团体活动", ref="group_event", index=True)
    kind: Mapped[UnitNoteKind] = column("类别")
    step: Mapped[str | None] = column("流程步骤", length=100)
    with_whom: Mapped[str | None] = column("沟通对象", sensitivity=PERSONAL, mask=Mask.NAME, length=100)
    text: Mapped[str] = column("内容", sensitivity=PERSONAL, length=4000)
    next_step: Mapped[str | None] = column("后续安排", length=4000)
    staff_id: Mapped[Id | None] = column("记录人", ref="staff")
    staff_name: Mapped[str] = column("记录人姓名")
    at: Mapped[datetime] = column("时间", index=True)


class UnitChat(Record, label="团体沟通群"):
    """A unit's own chat in WeCom: asked for here, made by the centre, joined by its code.

    `join_url` is the address of the code that members scan; `members` is counted when the centre looks.
    """

    unit_id: Mapped[Id] = column("团检单位", ref="client_unit", index=True)
    name: Mapped[str] = column("群名", length=60)
    owner_id: Mapped[Id] = column("群主", ref="staff")
    owner_name: Mapped[str] = column("群主姓名")
    config_id: Mapped[str | None] = column("进群方式编号", merge=Merge.CENTRE, group="state", length=120)
    join_url: Mapped[str | None] = column("进群二维码", merge=Merge.CENTRE, group="state", length=400)
    chat_ids: Mapped[list[str] | None] = column("群编号", merge=Merge.CENTRE, group="state")
    members: Mapped[int | None] = column("群成员数", merge=Merge.CENTRE, group="state")
    asked_at: Mapped[datetime] = column("申请时间", index=True)
    looked_at: Mapped[datetime | None] = column("更新时间", merge=Merge.CENTRE, group="state")
    problem: Mapped[str | None] = column("未建成原因", merge=Merge.CENTRE, group="state", length=255)
    tries: Mapped[int] = column("尝试次数", merge=Merge.CENTRE, group="state", default=0)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class UnitDigest(Record, label="团体健康汇总推送"):
    """The figures of a unit as they were sent to its contact; nobody can be recognised in them.

    `figures` is a `UnitReport`. The link is made when the message is sent; of its secret only the digest is kept. It
    opens to who knows the last four digits of the contact's telephone number; `wrong` counts what did not fit.
    """

    unit_id: Mapped[Id] = column("团检单位", ref="client_unit", index=True)
    unit_name: Mapped[str] = column("单位名称")
    figures: Mapped[dict[str, Any]] = column("汇总数据")
    contact: Mapped[str] = column("联系人", sensitivity=PERSONAL, mask=Mask.NAME)
    phone: Mapped[str] = column("联系电话", sensitivity=PERSONAL, mask=Mask.PHONE, length=40)
    message_id: Mapped[Id | None] = column("外发消息", ref="outbox_message")
    token_sha256: Mapped[str | None] = column("链接摘要", index=True, length=64)
    expires_at: Mapped[datetime | None] = column("有效期至")
    wrong: Mapped[int] = column("核对失败次数", default=0)
    opened_at: Mapped[datetime | None] = column("最近查看")
    openings: Mapped[int] = column("查看次数", default=0)
    sent_by: Mapped[Id | None] = column("推送人", ref="staff")
    sent_at: Mapped[datetime] = column("推送时间", index=True)
