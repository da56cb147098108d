"""Requests of clients about their own data (PIPL articles 15, 24 and 44 to 50)."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class RightKind(enum.StrEnum):
    """What is asked for."""

    ACCESS = "access"
    COPY = "copy"
    CORRECTION = "correction"
    DELETION = "deletion"
    EXPLANATION = "explanation"
    WITHDRAWAL = "withdrawal"


class Asker(enum.StrEnum):
    """Who asks."""

    SELF = "self"
    GUARDIAN = "guardian"
    AGENT = "agent"
    RELATIVE = "relative"  # of somebody who died (article 49)


class PrivacyRequest(Record, label="个人信息请求"):
    """One request and what came of it.

    `client_id` is no reference: a request to be deleted stays as the proof that it was done, with the number alone.
    """

    client_id: Mapped[Id] = column("客户", index=True)
    number: Mapped[str] = column("档案号", length=40, index=True)
    kind: Mapped[RightKind] = column("请求事项")
    asker: Mapped[Asker] = column("请求人")
    proof: Mapped[str] = column("身份核验方式", length=255)
    wish: Mapped[str] = column("请求内容", sensitivity=Sensitivity.PERSONAL, length=4000)
    received_at: Mapped[datetime] = column("收到时间", index=True)
    received_name: Mapped[str] = column("登记人")
    owner_id: Mapped[Id | None] = column("办理人", ref="staff", merge=Merge.CENTRE, group="state")
    owner_name: Mapped[str | None] = column("办理人姓名", merge=Merge.CENTRE, group="state")
    answer: Mapped[str | None] = column("办理结果", merge=Merge.CENTRE, group="state", length=4000)
    reason: Mapped[str | None] = column("不予办理的依据", merge=Merge.CENTRE, group="state", length=4000)
    outgoing_id: Mapped[Id | None] = column("交付记录", ref="outgoing", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应办结时间", merge=Merge.CENTRE, group="state", index=True)
