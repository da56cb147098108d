"""Tasks: one contact with a client each; who makes it, what came of it, and every step of it."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.followup.plan_records import Way
from domain.kernel.clients import ties
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Audience(enum.StrEnum):
    """How a client is followed up: by a person who calls or sees them, or by messages. Of units: `GroupEvent`."""

    PERSON = "person"
    MESSAGING = "messaging"


class Outcome(enum.StrEnum):
    """What the contact came to."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"


class FollowTask(Record, label="随访任务"):
    """One contact to be made by `planned_at`.

    Overdue is no state of its own: a task is overdue when it is not over and `due_at` has passed, which every reader
    can tell and no two desks can disagree about. While a task has no owner, or its result is to be entered, `due_at`
    is the limit of that state; else it is `planned_at`.
    """

    __table_args__ = (
        Index("ix_follow_task_owner", "owner_id", "state", "due_at"),
        Index("ix_follow_task_closed_by", "owner_id", "closed_at"),
        Index("ix_follow_task_open", "state", "due_at"),
    )

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    plan_id: Mapped[Id | None] = column("随访计划", ref="follow_plan", index=True)
    number: Mapped[int] = column("第几次", default=1)
    title: Mapped[str] = column("任务", sensitivity=Sensitivity.PERSONAL)
    audience: Mapped[Audience] = column("对象", means="words:follow_audience", default=Audience.PERSON)
    way: Mapped[Way] = column("方式", means="words:follow_way")
    form: Mapped[str | None] = column("随访问卷", means="words:form", length=120)
    script: Mapped[str | None] = column("话术", length=60)
    content: Mapped[list[str]] = column("随访内容", sensitivity=Sensitivity.PERSONAL)
    topics: Mapped[list[str]] = column("主题代码", sensitivity=Sensitivity.PERSONAL)
    urgent: Mapped[bool] = column("重点", default=False)
    owner_role: Mapped[str] = column("责任角色", means="words:receivers", length=40)
    owner_id: Mapped[Id | None] = column("责任人", ref="staff", merge=Merge.CENTRE, group="state")
    owner_name: Mapped[str | None] = column("责任人姓名", merge=Merge.CENTRE, group="state")
    assigned_why: Mapped[str | None] = column("分配依据", means="words:assign_why", length=40)
    offered_to: Mapped[Id | None] = column("转交给", ref="staff", index=True)
    helpers: Mapped[list[str] | None] = column("协作人")
    planned_at: Mapped[datetime] = column("计划时间", index=True)
    executed_at: Mapped[datetime | None] = column("联系时间")
    outcome: Mapped[Outcome | None] = column("联系结果", means="words:follow_outcome")
    result: Mapped[str | None] = column(
        "随访结果", sensitivity=Sensitivity.SENSITIVE, merge=Merge.REVIEW, length=4000
    )
    response_id: Mapped[Id | None] = column("答卷", ref="questionnaire_response")
    attempts: Mapped[int] = column("联系次数", default=0)
    created_at: Mapped[datetime] = column("生成时间", index=True)
    closed_at: Mapped[datetime | None] = column("结束时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


ties(FollowTask, "owner_id")


class TaskEvent(Record, label="随访任务轨迹", merge=Merge.APPEND):
    """One step in the life of a task; the whole of them is what work is counted by."""

    __table_args__ = (Index("ix_task_event_staff_at", "staff_id", "at"),)

    task_id: Mapped[Id] = column("随访任务", ref="follow_task", index=True)
    act: Mapped[str] = column("动作", means="words:task_act", length=40)
    at: Mapped[datetime] = column("时间", index=True)
    staff_id: Mapped[Id | None] = column("人员", ref="staff")
    staff_name: Mapped[str] = column("人员姓名")
    to_name: Mapped[str | None] = column("对方")
    note: Mapped[str | None] = column("说明", length=4000)
    facts: Mapped[dict[str, Any] | None] = column("依据")


class CareStaff(Record, label="随访人员"):
    """What a person takes on (`stable_id("care_staff", staff)`): skills, limit, and how much they have now.

    `open_tasks` is counted by the reader of the log, `over_by` how far it is above the limit; `over_day` (clinic day)
    tells one time of being overloaded from the next.
    """

    staff_id: Mapped[Id] = column("员工", ref="staff", index=True)
    name: Mapped[str] = column("姓名")
    skills: Mapped[list[str]] = column("擅长主题")
    task_limit: Mapped[int] = column("任务上限", default=50)
    on_duty: Mapped[bool] = column("当班", default=True)
    open_tasks: Mapped[int] = column("未完成任务数", default=0)
    over_by: Mapped[int] = column("超出上限数", default=0, index=True)
    over_day: Mapped[str | None] = column("超出上限日期", length=10)
    counted_at: Mapped[datetime | None] = column("统计时间")
