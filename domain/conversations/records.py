"""Conversations with clients and their messages."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.clients import ties
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope
from domain.messaging.records import Channel

PERSONAL = Sensitivity.PERSONAL


class ConversationKind(enum.StrEnum):
    """What a conversation is about, which decides who answers: service (operators) or a consultation (physicians)."""

    SERVICE = "service"
    CONSULTATION = "consultation"


class Direction(enum.StrEnum):
    """Who says it."""

    IN = "in"  # the client
    OUT = "out"  # one of us
    NOTE = "note"  # the program, for us alone: handed on, closed


class Conversation(Record, label="会话", owner="owner_id", oversight="conversation.oversee"):
    """All that is said with one person by one channel; its id is made of both, so that a callback finds it.

    `owed_since` is the first thing the client said that nobody has answered, `due_at` when its owner's half
    hour is over.
    """

    __table_args__ = (
        Index("ix_conversation_owner_last", "owner_id", "last_at"),
        Index("ix_conversation_state_due", "state", "due_at"),
    )

    channel: Mapped[Channel] = column("渠道", means="words:channel")
    account: Mapped[str] = column("账号", length=60)
    kind: Mapped[ConversationKind] = column("会话类型", default=ConversationKind.SERVICE)
    address_id: Mapped[Id] = column("联系方式", ref="contact_address", index=True)
    nickname: Mapped[str | None] = column("昵称", sensitivity=PERSONAL, length=100)
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    owner_id: Mapped[Id | None] = column("负责人", ref="staff", merge=Merge.CENTRE, group="state")
    labels: Mapped[list[str]] = column("标签", default=[])
    handed_on: Mapped[int] = column("转交次数", merge=Merge.CENTRE, group="state", default=0)
    owed_since: Mapped[datetime | None] = column("待回复起始", merge=Merge.CENTRE, group="state")
    last_at: Mapped[datetime] = column("最近消息时间", index=True)
    last_text: Mapped[str] = column("最近消息", sensitivity=PERSONAL, length=200)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应回复时间", merge=Merge.CENTRE, group="state", index=True)


ties(Conversation, "owner_id")


class ConversationMessage(Record, label="会话消息"):
    """One thing said; of what a client wrote the id is made of the vendor's number, so that it is kept once.

    `media_state` says what became of a picture, voice or video (an `Attachment` of this message once it is kept);
    `automatic` marks an answer that nobody wrote at that moment. `waited_s` is how long the client had waited for
    the first answer of a person, by which consultations are counted; `in_time` goes by the hours of the place.
    """

    __table_args__ = (
        Index("ix_conversation_message_in", "conversation_id", "at"),
        Index("ix_conversation_message_media", "media_state", "at"),
        Index("ix_conversation_message_staff", "staff_id", "at"),
    )

    conversation_id: Mapped[Id] = column("会话", ref="conversation")
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    direction: Mapped[Direction] = column("方向", means="words:direction")
    form: Mapped[str] = column("形式", means="words:message_form", length=20, default="text")
    text: Mapped[str] = column("内容", sensitivity=PERSONAL, length=4000)
    media: Mapped[str | None] = column("媒体编号", length=255)
    media_state: Mapped[str | None] = column("媒体状态", means="words:media_state", length=20)
    media_tries: Mapped[int] = column("取媒体次数", default=0)
    automatic: Mapped[bool] = column("自动回复", default=False)
    waited_s: Mapped[int | None] = column("客户等待", unit="s")
    in_time: Mapped[bool | None] = column("按时答复")
    staff_id: Mapped[Id | None] = column("员工", ref="staff")
    staff_name: Mapped[str | None] = column("员工姓名")
    outbox_id: Mapped[Id | None] = column("外发消息", ref="outbox_message", index=True)
    at: Mapped[datetime] = column("时间", index=True)


class AnswerHours(Record, label="答复时段", scope=Scope.CATALOGUE, merge=Merge.APPEND, at_centre=True):
    """When answers are owed, of one organisation or (without a place) of all that have none of their own.

    The highest number of a place counts. `week` has by weekday (``1`` is Monday) the spans as ``08:00-12:00``; a day
    without any is closed, as is each of `closed_days` (``2027-02-16``).
    """

    place_id: Mapped[Id | None] = column("机构", ref="organization", index=True)
    number: Mapped[int] = column("修订号")
    week: Mapped[dict[str, Any]] = column("每周时段")
    closed_days: Mapped[list[str]] = column("停诊日", default=[])
    reason: Mapped[str] = column("修订说明", length=4000)
    set_at: Mapped[datetime] = column("生效时间", index=True)
    set_by: Mapped[Id | None] = column("设置人", ref="staff")
    set_name: Mapped[str] = column("设置人姓名")
