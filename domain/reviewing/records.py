"""Tasks of the head office's experts, every step of them, and what each expert takes on."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReviewTask(Record, label="总检任务"):
    """One level of one text of a report at head office (its id: report, level, revision, how often it came).

    It belongs to the branch, which so sees who has its report. `due_at` is that of its state: to be assigned, to be
    taken, to be done. `declined` are those who gave it back; they are not asked again.
    """

    __table_args__ = (
        Index("ix_review_task_owner", "owner_id", "state", "due_at"),
        Index("ix_review_task_open", "state", "urgency", "due_at"),
        Index("ix_review_task_done", "done_at", "id"),
    )

    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    number: Mapped[str] = column("报告号", length=40)
    level: Mapped[str] = column("审核级别", means="state:report", length=40)
    revision: Mapped[int] = column("修订号")
    urgency: Mapped[int] = column("紧急程度", means="words:urgency", default=0)
    topics: Mapped[list[str]] = column("涉及专科")
    owner_id: Mapped[Id | None] = column("专家", ref="staff", merge=Merge.CENTRE, group="state")
    owner_name: Mapped[str | None] = column("专家姓名", merge=Merge.CENTRE, group="state")
    assigned_why: Mapped[str | None] = column(
        "分配依据", means="words:review_why", merge=Merge.CENTRE, group="state", length=40
    )
    declined: Mapped[list[str]] = column("已谢绝", merge=Merge.CENTRE, group="state")
    made_at: Mapped[datetime] = column("到达时间", index=True)
    assigned_at: Mapped[datetime | None] = column("分配时间", merge=Merge.CENTRE, group="state")
    accepted_at: Mapped[datetime | None] = column("接收时间", merge=Merge.CENTRE, group="state")
    done_at: Mapped[datetime | None] = column("完成时间", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class ReviewTaskEvent(Record, label="总检任务轨迹", merge=Merge.APPEND):
    """One step of a task; `facts` of an assignment say what everybody had then, so that it can be judged later."""

    task_id: Mapped[Id] = column("总检任务", ref="review_task", index=True)
    act: Mapped[str] = column("动作", means="words:review_act", length=40)
    at: Mapped[datetime] = column("时间", index=True)
    staff_id: Mapped[Id | None] = column("人员", ref="staff")
    staff_name: Mapped[str] = column("人员姓名")
    to_name: Mapped[str | None] = column("对方")
    note: Mapped[str | None] = column("说明", length=4000)
    facts: Mapped[dict[str, Any] | None] = column("依据")


class Reviewer(Record, label="总检专家"):
    """What an expert takes on (`stable_id("reviewer", staff)`): specialties, limit, days, absence, counts.

    `weekdays` are ISO days (1 Monday to 7 Sunday), empty for every day. Counts are made by whoever assigns.
    """

    staff_id: Mapped[Id] = column("员工", ref="staff", index=True)
    name: Mapped[str] = column("姓名")
    specialties: Mapped[list[str]] = column("专科")
    task_limit: Mapped[int] = column("任务上限", default=40)
    on_duty: Mapped[bool] = column("当班", default=True)
    weekdays: Mapped[list[int]] = column("值班日")
    away_from: Mapped[date | None] = column("休假自")
    away_until: Mapped[date | None] = column("休假至")
    open_tasks: Mapped[int] = column("未完成任务数", default=0)
    urgent_open: Mapped[int] = column("其中紧急", default=0)
    month: Mapped[str | None] = column("统计月份", length=7)
    given: Mapped[int] = column("本月分配", default=0)
    done: Mapped[int] = column("本月完成", default=0)
    given_back: Mapped[int] = column("本月谢绝", default=0)
    counted_at: Mapped[datetime | None] = column("统计时间", index=True)

    def works_on(self, day: date) -> bool:
        """Tell whether the expert is on duty on a day of the clinic."""
        away = self.away_from is not None and self.away_from <= day <= (self.away_until or day)
        return self.on_duty and not away and (not self.weekdays or day.isoweekday() in self.weekdays)
