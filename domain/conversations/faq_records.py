"""Questions that are asked again and again, and who answers consultations when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class FaqEntry(Record, label="常见问题", merge=Merge.APPEND):
    """One question in one version; the newest version of a code counts, while it is `active`.

    `variants` are other ways to ask it. `advice` is health advice: every sentence of the answer names its source.
    `automatic` ones are answered at once, marked as such, where the client wrote exactly one of these questions.
    """

    __table_args__ = (Index("ix_faq_entry_code", "org_id", "code", "version"),)

    code: Mapped[str] = column("代码", length=60)
    version: Mapped[int] = column("版本")
    question: Mapped[str] = column("问题", length=200)
    variants: Mapped[list[str]] = column("其他问法", default=[])
    answer: Mapped[str] = column("答复", length=4000)
    advice: Mapped[bool] = column("健康建议", default=False)
    sources: Mapped[list[dict[str, Any]] | None] = column("来源文献")
    automatic: Mapped[bool] = column("完全一致时自动答复", default=False)
    active: Mapped[bool] = column("启用", default=True)
    reason: Mapped[str] = column("修订说明", length=4000)
    saved_by: Mapped[Id | None] = column("保存人", ref="staff")
    saved_name: Mapped[str] = column("保存人姓名")
    saved_at: Mapped[datetime] = column("保存时间", index=True)


class DutyShift(Record, label="咨询值班"):
    """Who is on duty for consultations, from when to when; a shift that is called off has `ended_at`."""

    staff_id: Mapped[Id] = column("值班人员", ref="staff", index=True)
    staff_name: Mapped[str] = column("值班人员姓名")
    starts_at: Mapped[datetime] = column("开始时间", index=True)
    ends_at: Mapped[datetime] = column("结束时间")
    ended_at: Mapped[datetime | None] = column("取消时间")
