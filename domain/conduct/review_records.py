"""Who looked through what was said and how clients were received, for which client or person, and what came of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ConductReview(Record, label="沟通与接待审核", merge=Merge.APPEND):
    """One look through the records of a client, a member of staff, or everybody, over some days.

    `unread` are pictures, voices and videos, whose content no rule can judge: a person has to look at them. `labels`
    counts the remarks by the name of their rule.
    """

    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    about_staff_id: Mapped[Id | None] = column("被审核人", ref="staff")
    about_name: Mapped[str | None] = column("被审核人姓名")
    since: Mapped[date] = column("起始日期")
    until: Mapped[date] = column("截止日期")
    messages: Mapped[int] = column("沟通记录条数")
    unread: Mapped[int] = column("需人工查看的图片语音视频")
    remarks: Mapped[int] = column("违规条数")
    found_now: Mapped[int] = column("其中本次新发现")
    labels: Mapped[dict[str, Any]] = column("违规类型")
    late: Mapped[int] = column("超时答复条数")
    receptions: Mapped[int] = column("接待次数")
    irregular: Mapped[int] = column("不规范接待次数")
    rules_version: Mapped[str] = column("规则版本", length=40)
    at: Mapped[datetime] = column("审核时间", index=True)
    staff_id: Mapped[Id | None] = column("审核人", ref="staff")
    staff_name: Mapped[str] = column("审核人姓名")
