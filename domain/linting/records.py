"""What a check of a report came to, kept with each submission."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReportCheck(Record, label="报告质量检查", merge=Merge.APPEND):
    """One check of a text as it was handed in: its score, and each remark with its kind, field and characters."""

    __table_args__ = (
        Index("ix_report_check_report", "report_id", "checked_at"),
        Index("ix_report_check_checked_at", "checked_at"),
    )

    report_id: Mapped[Id] = column("报告", ref="report")
    revision: Mapped[int] = column("修订号")
    score: Mapped[int] = column("质量评分")
    threshold: Mapped[int] = column("合格分")
    count: Mapped[int] = column("问题数")
    returned: Mapped[bool] = column("自动退回", default=False)
    reason: Mapped[str | None] = column("坚持提交的理由", length=4000)
    remarks: Mapped[list[dict[str, Any]]] = column("问题明细", sensitivity=Sensitivity.SENSITIVE)
    rules_version: Mapped[str] = column("规则版本", length=40)
    author_id: Mapped[Id | None] = column("撰写人", ref="staff")
    author_name: Mapped[str] = column("撰写人姓名")
    checked_at: Mapped[datetime] = column("检查时间")
