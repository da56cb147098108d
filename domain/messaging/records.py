"""What goes out to clients and staff, by which channel, and what came of it."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record, Scope

PERSONAL = Sensitivity.PERSONAL


class Channel(enum.StrEnum):
    """How a person is reached outside the program."""

    WECOM = "wecom"  # staff, by an app of the company
    WECOM_CLIENT = "wecom_client"  # a client who has added a member of staff
    WECOM_SERVICE = "wecom_service"  # a client who writes to our customer service (微信客服)
    OFFICIAL_ACCOUNT = "official_account"
    MINI_PROGRAM = "mini_program"
    SMS = "sms"
    EMAIL = "email"
    PAGE = "page"  # what is said on the client's own page: shown there, sent by nobody


class Category(enum.StrEnum):
    """What a message is for, which decides about hours, caps and how often it may be sent."""

    HEALTH_ADVICE = "health_advice"  # needs a source for every sentence
    NOTICE = "notice"
    REMINDER = "reminder"
    CRITICAL = "critical"  # at any hour, and rather twice than never
    MARKETING = "marketing"  # rather never than twice
    CONVERSATION = "conversation"  # an answer to what a client wrote
    STAFF = "staff"  # alerts to our own people


class ContactAddress(Record, label="联系方式"):
    """Where a client or a member of staff is reached by one channel; who wrote and is not recognised yet is neither.

    `consents` are messages that may still be sent where a person agrees to one at a time (mini program).
    """

    __table_args__ = (Index("ix_contact_address_address", "channel", "address"),)

    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    staff_id: Mapped[Id | None] = column("员工", ref="staff", index=True)
    channel: Mapped[Channel] = column("渠道", means="words:channel")
    address: Mapped[str] = column("地址", sensitivity=PERSONAL, mask=Mask.HIDDEN)
    via: Mapped[str | None] = column("对接人账号", length=100)
    opted_out_at: Mapped[datetime | None] = column("退订时间")
    opted_out_why: Mapped[str | None] = column("退订原因", length=255)
    consents: Mapped[int | None] = column("剩余授权次数")
    bound_at: Mapped[datetime] = column("绑定时间")
    bound_by: Mapped[Id | None] = column("绑定人", ref="staff")


class MessagingPreference(Record, label="推送设置"):
    """What a client wants to be told; one a client, with a stable id."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    paused_at: Mapped[datetime | None] = column("暂停时间")
    paused_why: Mapped[str | None] = column("暂停原因", length=255)
    opted_out: Mapped[list[str]] = column("不接收类别", means="words:category", default=[])
    daily_cap: Mapped[int | None] = column("每日上限")
    changed_at: Mapped[datetime] = column("变更时间")
    changed_by: Mapped[Id | None] = column("变更人", ref="staff")


class MessageTemplate(Record, label="消息模板"):
    """A text of the institution's own, a version a row; the newest of a code that is active counts.

    One of the code ``diet__salt`` is a variant of ``diet``: in a mass sending it takes its place for clients who have
    all the tags it `fits` (``kind/name``), the one with the most of them first.
    """

    code: Mapped[str] = column("模板代码", length=60, index=True)
    label: Mapped[str] = column("模板名称", length=100)
    category: Mapped[Category] = column("类别", means="words:category")
    channels: Mapped[list[str]] = column("渠道", means="words:channel", default=[])
    title: Mapped[str] = column("标题", length=60)
    text: Mapped[str] = column("正文", length=4000)
    sources: Mapped[list[dict[str, Any]] | None] = column("来源文献")
    fits: Mapped[list[str] | None] = column("适用标签")
    important: Mapped[bool] = column("重要信息", default=False)
    active: Mapped[bool] = column("启用", default=True)
    saved_at: Mapped[datetime] = column("保存时间", index=True)
    saved_by: Mapped[Id | None] = column("保存人", ref="staff")


class OutboxMessage(Record, label="外发消息"):
    """One message to one person, from the transaction that wanted it to its receipt.

    `send_at` is when it may go, `due_at` when somebody should have read it. `body` is what is told, which by SMS,
    in subjects and in subscription messages is a short text without it and a link. `reason` is the code of why it
    is in its state (``word.outbox_reason.*``), `detail` what the vendor said. `rank` 0 goes before 1.
    `unread_stage` of an important one is 1 when it was sent once more, 2 when it is to be told by telephone.
    """

    __table_args__ = (
        Index("ix_outbox_message_state_send", "state", "rank", "send_at"),
        Index("ix_outbox_message_person", "patient_id", "queued_at"),
        Index("ix_outbox_message_vendor", "vendor_id"),
    )

    channel: Mapped[Channel] = column("渠道", means="words:channel")
    category: Mapped[Category] = column("类别", means="words:category")
    template: Mapped[str] = column("模板", length=60)
    patient_id: Mapped[Id | None] = column("客户", ref="patient")
    staff_id: Mapped[Id | None] = column("员工", ref="staff", index=True)
    address_id: Mapped[Id | None] = column("联系方式", ref="contact_address")
    title: Mapped[str] = column("标题", length=60)
    text: Mapped[str] = column("发送文字", sensitivity=PERSONAL, length=2000)
    body: Mapped[str | None] = column("完整内容", sensitivity=PERSONAL, length=4000)
    params: Mapped[dict[str, Any] | None] = column("参数", sensitivity=PERSONAL)
    sources: Mapped[list[dict[str, Any]] | None] = column("来源文献")
    important: Mapped[bool] = column("重要信息", default=False)
    repeats_id: Mapped[Id | None] = column("重发自", ref="outbox_message", index=True)
    about: Mapped[str | None] = column("相关对象", means="record", length=60)
    about_id: Mapped[Id | None] = column("相关记录", index=True)
    mass_id: Mapped[Id | None] = column("群发批次", ref="mass_sending", index=True)
    rank: Mapped[int] = column("优先级", default=1)
    queued_at: Mapped[datetime] = column("登记时间", index=True)
    queued_by: Mapped[Id | None] = column("登记人", ref="staff")
    expires_at: Mapped[datetime] = column("过期时间")
    send_at: Mapped[datetime] = column("计划发送时间", merge=Merge.CENTRE, group="state")
    attempt: Mapped[int] = column("发送次数", merge=Merge.CENTRE, group="state", default=0)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state", index=True)
    due_at: Mapped[datetime | None] = column("应阅读时间", merge=Merge.CENTRE, group="state", index=True)
    reason: Mapped[str | None] = column(
        "状态原因", means="words:outbox_reason", merge=Merge.CENTRE, group="state", length=60
    )
    detail: Mapped[str | None] = column("渠道回执", merge=Merge.CENTRE, group="state", length=255)
    vendor_id: Mapped[str | None] = column("渠道消息号", merge=Merge.CENTRE, group="state", length=120)
    read_at: Mapped[datetime | None] = column("阅读时间", merge=Merge.CENTRE, group="state")
    unread_stage: Mapped[int] = column("未读提醒级次", merge=Merge.CENTRE, group="state", default=0)


class MassSending(Record, label="群发批次"):
    """One message to many clients: what was shown before it was confirmed, and how many it was for.

    While it is paused the centre holds back what has not been sent; once stopped, that is cancelled.
    """

    label: Mapped[str] = column("名称", length=100)
    channel: Mapped[Channel] = column("渠道", means="words:channel")
    template: Mapped[str] = column("模板", length=60)
    chosen: Mapped[str] = column("选择条件", length=1000)
    wanted: Mapped[int] = column("选中人数")
    queued: Mapped[int] = column("登记条数")
    left_out: Mapped[dict[str, Any] | None] = column("未发送原因", means="words:outbox_reason")
    budget_left: Mapped[int | None] = column("确认时剩余额度")
    confirmed_at: Mapped[datetime] = column("确认时间", index=True)
    confirmed_by: Mapped[Id | None] = column("确认人", ref="staff")
    send_at: Mapped[datetime | None] = column("计划发送时间")
    paused_at: Mapped[datetime | None] = column("暂停时间")
    stopped_at: Mapped[datetime | None] = column("终止时间")


class ChannelState(Record, label="渠道状态", place=Place.CENTRE, scope=Scope.CATALOGUE):
    """How a channel fares at the centre; `paused` is 1 while a fault of its set-up stops all of it.

    `trouble` is 2 while it is interrupted, 1 while it fails more often than it should. `recent` holds the last
    outcomes, twice the second since 1970 plus 1 for a good one. `degraded` are parts of the vendor's interface that
    it refused when they were last tried: the rest goes on without them.
    """

    channel: Mapped[Channel] = column("渠道", means="words:channel")
    account: Mapped[str] = column("账号", length=60)
    paused: Mapped[int] = column("已停用", default=0)
    paused_at: Mapped[datetime | None] = column("停用时间")
    reason: Mapped[str | None] = column("状态原因", means="words:outbox_reason", length=60)
    detail: Mapped[str | None] = column("渠道回执", length=255)
    failures: Mapped[int] = column("连续失败次数", default=0)
    error_percent: Mapped[int] = column("近期错误率", unit="%", default=0)
    recent: Mapped[list[int]] = column("近期结果", default=[])
    trouble: Mapped[int] = column("故障级别", default=0)
    dead: Mapped[int] = column("失败消息数", default=0)
    day: Mapped[str] = column("计数日期", length=10)
    used: Mapped[int] = column("当日已用", default=0)
    quota: Mapped[int | None] = column("每日额度")
    usable: Mapped[list[str] | None] = column("可用功能", means="words:channel_part")
    degraded: Mapped[list[str] | None] = column("受限功能", means="words:channel_part")
    probed_at: Mapped[datetime | None] = column("能力检测时间")
    checked_at: Mapped[datetime] = column("更新时间")


class ChannelBudget(Record, label="渠道额度", scope=Scope.CATALOGUE):
    """What branches know of a channel, published by the centre: a mass sending shows what is left."""

    channel: Mapped[Channel] = column("渠道", means="words:channel", index=True)
    day: Mapped[str] = column("计数日期", length=10)
    used: Mapped[int] = column("当日已用", default=0)
    quota: Mapped[int | None] = column("每日额度")
    paused: Mapped[int] = column("已停用", default=0)
    reason: Mapped[str | None] = column("状态原因", means="words:outbox_reason", length=60)
    published_at: Mapped[datetime] = column("更新时间")
