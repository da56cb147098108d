"""Plans: what was proposed for a client, from which template in which version, and what became of it."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.followup.group_records import ClientLevel, Segment
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Way(enum.StrEnum):
    """How a client is reached."""

    PHONE = "phone"
    VISIT = "visit"
    MESSAGE = "message"


class FollowPlan(Record, label="随访计划"):
    """One plan of one client. It keeps what it was made of: a new version of its template changes nothing here.

    `rhythm` is the client level whose days were taken: that of the client, of a label, or of the colour of the risk,
    whichever is strictest; without one it is `level`. `after_days` are the days of its contacts, counted from
    `starts_on`; `done` how many of them are over. `strict` is a client at high risk or of a higher level, for whom a
    proposal must not lie longer than a day.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    name: Mapped[str] = column("计划名称", sensitivity=Sensitivity.PERSONAL)
    template: Mapped[str] = column("模板", length=60, index=True)
    template_version: Mapped[int] = column("模板版本")
    segment: Mapped[Segment] = column("分组", means="words:segment")
    topics: Mapped[list[str]] = column("主题代码", sensitivity=Sensitivity.PERSONAL)
    level: Mapped[ClientLevel] = column("客户等级", means="words:client_level")
    rhythm: Mapped[ClientLevel | None] = column("随访节奏", means="words:client_level")
    colour: Mapped[str | None] = column("风险等级", means="words:risk_colour", length=20)
    labels: Mapped[list[str] | None] = column("客户标签", sensitivity=Sensitivity.PERSONAL)
    strict: Mapped[bool] = column("高危或高端", default=False)
    way: Mapped[Way] = column("方式", means="words:follow_way")
    form: Mapped[str | None] = column("随访问卷", means="words:form", length=120)
    script: Mapped[str | None] = column("话术", length=60)
    owner_role: Mapped[str] = column("对接角色", means="words:receivers", length=40)
    owner_id: Mapped[Id | None] = column("对接人", ref="staff")
    content: Mapped[list[str]] = column("随访内容", sensitivity=Sensitivity.PERSONAL)
    after_days: Mapped[list[int]] = column("随访日程（天）")
    starts_on: Mapped[date] = column("起始日期")
    done: Mapped[int] = column("已完成次数", default=0)
    source: Mapped[str] = column("来源", length=300)
    unverified: Mapped[bool] = column("方案待核定", default=False)
    edited: Mapped[bool] = column("已人工调整", default=False)
    replaces: Mapped[Id | None] = column("替代的计划", ref="follow_plan")
    proposed_at: Mapped[datetime] = column("提出时间", index=True)
    accepted_by: Mapped[Id | None] = column("确认人", ref="staff")
    reason: Mapped[str | None] = column("说明", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应确认时间", merge=Merge.CENTRE, group="state", index=True)


class PlanChange(Record, label="计划变动", merge=Merge.APPEND):
    """One change of a plan: what, from what to what, by whom."""

    plan_id: Mapped[Id] = column("随访计划", ref="follow_plan", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    act: Mapped[str] = column("变动", means="words:plan_act", length=40)
    before: Mapped[dict[str, Any] | None] = column("变动前", sensitivity=Sensitivity.PERSONAL)
    after: Mapped[dict[str, Any] | None] = column("变动后", sensitivity=Sensitivity.PERSONAL)
    note: Mapped[str | None] = column("说明", length=4000)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    at: Mapped[datetime] = column("时间", index=True)
