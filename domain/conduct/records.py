"""What was said to clients against the rules, until somebody else has looked into it."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

PERSONAL = Sensitivity.PERSONAL


class MessageSource(enum.StrEnum):
    """Where a text was found."""

    REPLY = "reply"  # sent at the desk in spite of the remark
    ELSEWHERE = "elsewhere"  # written in the vendor's own program
    TEMPLATE = "template"  # a text of the institution's own, for many
    SCRIPT = "script"  # what the staff is to say, or a handout for clients
    FAQ = "faq"  # an answer that may be given automatically
    AUTOMATIC = "automatic"  # an automatic answer, found when it was to be given
    MASS = "mass"  # a sending to many, as it was filled in
    OUTGOING = "outgoing"  # any other message, found before it was sent
    REVIEW = "review"  # something said earlier, found when somebody looked through it


class MessageFinding(Record, label="违规沟通内容"):
    """One text with its hits; `labels` names the rules, `words` what stands there, `reason` why it went anyway."""

    source: Mapped[MessageSource] = column("来源", means="words:message_source")
    conversation_id: Mapped[Id | None] = column("会话", ref="conversation", index=True)
    message_id: Mapped[Id | None] = column("会话消息", ref="conversation_message")
    outbox_id: Mapped[Id | None] = column("外发消息", ref="outbox_message")
    mass_id: Mapped[Id | None] = column("群发批次", ref="mass_sending")
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    code: Mapped[str | None] = column("模板或问题代码", length=60)
    hits: Mapped[int] = column("命中规则数")
    severe: Mapped[bool] = column("严重")
    labels: Mapped[str] = column("违规类型")
    words: Mapped[str] = column("命中内容", sensitivity=PERSONAL, length=1000)
    text: Mapped[str] = column("原文", sensitivity=PERSONAL, length=4000)
    reason: Mapped[str | None] = column("坚持发送的理由", length=400)
    rules_version: Mapped[str] = column("规则版本", length=40)
    staff_id: Mapped[Id | None] = column("发送人", ref="staff")
    staff_name: Mapped[str] = column("发送人姓名")
    at: Mapped[datetime] = column("时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    note: Mapped[str | None] = column("审核意见", merge=Merge.CENTRE, group="state", length=400)
    concluded_name: Mapped[str | None] = column("审核人", merge=Merge.CENTRE, group="state")
