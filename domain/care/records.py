"""Care plans: what a client is to do, dated nodes, what was done, and how each of it stands."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class CareKind(enum.StrEnum):
    """The five kinds of intervention."""

    DIET = "diet"
    EXERCISE = "exercise"
    MEDICATION = "medication"
    SUPPLEMENT = "supplement"
    MONITORING = "monitoring"


class CareOutcome(enum.StrEnum):
    """What became of one occasion; an excused one counts neither way."""

    DONE = "done"
    PART = "part"
    MISSED = "missed"
    EXCUSED = "excused"


class CareWay(enum.StrEnum):
    """How it came to be known."""

    DESK = "desk"
    PHONE = "phone"
    DEVICE = "device"


class CarePlan(Record, label="干预计划"):
    """One intervention plan of one client.

    It keeps the programme and its version it was made of; a newer version changes nothing here. `due_at` of a
    running plan is the end of its last day.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    name: Mapped[str] = column("计划名称", sensitivity=PERSONAL)
    goal: Mapped[str | None] = column("管理目标", sensitivity=SENSITIVE, length=4000)
    programme: Mapped[str | None] = column("方案", length=60)
    programme_version: Mapped[str | None] = column("方案版本", length=40)
    unverified: Mapped[bool] = column("方案待核定", default=False)
    notes: Mapped[list[str] | None] = column("方案说明", sensitivity=SENSITIVE)
    owner_id: Mapped[Id | None] = column("负责人", ref="staff", index=True)
    starts_on: Mapped[date] = column("开始日期")
    ends_on: Mapped[date] = column("结束日期")
    signed_by: Mapped[Id | None] = column("签发人", ref="staff")
    signed_name: Mapped[str | None] = column("签发人姓名")
    signed_at: Mapped[datetime | None] = column("签发时间", index=True)
    outcome: Mapped[str | None] = column("结束说明", sensitivity=SENSITIVE, length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class CareItem(Record, label="干预项目"):
    """One thing a client is to do: its target as number and unit, its schedule as data, from when to when.

    `schedule` is a `domain.care.schedules.Schedule`. `watched` is the catalogue item whose measurement counts as
    doing it (monitoring). What it is and its dose are safety values: two of them are both shown until a person has
    chosen, since an item may be a medication. `due_at` of a running item with a last day is the end of that day.
    """

    plan_id: Mapped[Id] = column("干预计划", ref="care_plan", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[CareKind] = column("类别")
    label: Mapped[str] = column("内容", sensitivity=SENSITIVE, merge=Merge.REVIEW, safety=True)
    target_value: Mapped[float | None] = column(
        "每次目标值", sensitivity=SENSITIVE, group="dose", merge=Merge.REVIEW, safety=True
    )
    target_unit: Mapped[str | None] = column(
        "目标单位", group="dose", merge=Merge.REVIEW, safety=True, means="unit", length=40
    )
    detail: Mapped[dict[str, Any] | None] = column("处方细目", sensitivity=SENSITIVE)
    watched: Mapped[str | None] = column("监测指标", length=60, index=True)
    schedule: Mapped[dict[str, Any]] = column("时间安排")
    from_on: Mapped[date] = column("开始日期")
    to_on: Mapped[date | None] = column("结束日期")
    began_at: Mapped[datetime | None] = column("开始执行时间")
    reason: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class CareNode(Record, label="干预节点"):
    """One dated step of a plan (a review, a test, a lesson); `due_at` is the end of its day."""

    plan_id: Mapped[Id] = column("干预计划", ref="care_plan", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    label: Mapped[str] = column("节点", sensitivity=PERSONAL)
    planned_on: Mapped[date] = column("计划日期")
    result: Mapped[str | None] = column("完成情况", sensitivity=SENSITIVE, length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class CareEvent(Record, label="执行记录", merge=Merge.FIRST):
    """One thing that was done or not, and who says so; a later one about the same occasion counts in its place.

    `occasion_at` names the occasion of an item; a node has none.
    """

    __table_args__ = (
        Index("ix_care_event_occasions", "item_id", "occasion_at"),
        Index("ix_care_event_days", "plan_id", "at"),
    )

    plan_id: Mapped[Id] = column("干预计划", ref="care_plan", index=True)
    item_id: Mapped[Id | None] = column("干预项目", ref="care_item", index=True)
    node_id: Mapped[Id | None] = column("干预节点", ref="care_node")
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[CareKind | None] = column("类别")
    occasion_at: Mapped[datetime | None] = column("应执行时间")
    outcome: Mapped[CareOutcome] = column("执行情况")
    value: Mapped[float | None] = column("执行值", sensitivity=SENSITIVE)
    unit: Mapped[str | None] = column("单位", means="unit", length=40)
    note: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)
    way: Mapped[CareWay] = column("来源")
    observation_id: Mapped[Id | None] = column("测量结果", ref="observation")
    staff_id: Mapped[Id | None] = column("登记人", ref="staff")
    staff_name: Mapped[str] = column("登记人姓名")
    at: Mapped[datetime] = column("登记时间", index=True)


class CareStanding(Record, label="执行状况", place=Place.LOCAL):
    """How one item stands, worked out by each store from its schedule and events; its id is the item's.

    `due_at` is when it has to be looked at again. `missed_run` counts the occasions missed since the last that was
    done, `missed_since` is the first of them, which was over `late_days` ago; `silent_days` have passed since
    anything was done (0 while nothing is missed). `week_rate` (0 to 100) is how much of the last seven days was done;
    None until seven days have passed. `behind_since` and `low_since` name the stretch an alert is about: they stay
    while it lasts, and are occasions, not times of a look, so that every store names it alike.
    """

    plan_id: Mapped[Id] = column("干预计划", ref="care_plan", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[CareKind] = column("类别")
    due_at: Mapped[datetime | None] = column("下次到期", index=True)
    missed_run: Mapped[int] = column("连续未执行次数", default=0)
    missed_days: Mapped[int] = column("连续未执行天数", default=0)
    missed_since: Mapped[datetime | None] = column("未执行起始")
    behind_since: Mapped[datetime | None] = column("逾期阶段起始")
    late_days: Mapped[int] = column("逾期天数", default=0)
    silent_days: Mapped[int] = column("连续无记录天数", default=0)
    last_done_at: Mapped[datetime | None] = column("最近执行")
    week_due: Mapped[int] = column("近 7 日应执行", default=0)
    week_done: Mapped[int] = column("近 7 日已执行", default=0)
    week_rate: Mapped[float | None] = column("近 7 日执行率", unit="%")
    low_since: Mapped[datetime | None] = column("执行率偏低起始")
    looked_at: Mapped[datetime] = column("更新时间", index=True)


class CareWeek(Record, label="每周执行统计", place=Place.LOCAL):
    """How much of one item was done in one week (Monday to Sunday); `stable_id("care_week", item, monday)`."""

    item_id: Mapped[Id] = column("干预项目", ref="care_item", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[CareKind] = column("类别")
    monday: Mapped[date] = column("周一", index=True)
    due: Mapped[int] = column("应执行")
    done: Mapped[int] = column("已执行")
    part: Mapped[int] = column("部分执行")
    missed: Mapped[int] = column("未执行")
    excused: Mapped[int] = column("有因未执行")
    rate: Mapped[float | None] = column("执行率", unit="%")


class CareClient(Record, label="客户执行状况", place=Place.LOCAL):
    """How a client stands over all their items; its id is `stable_id("care_client", patient)`.

    `overdue_kinds` counts the kinds of which something is overdue; `overdue_on` is the day it became two or more, and
    names the card: one a client and day. `next_step` is the one thing to do first, with its reason.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    overdue_kinds: Mapped[int] = column("逾期类别数", default=0, index=True)
    overdue: Mapped[list[str]] = column("逾期类别")
    overdue_names: Mapped[str] = column("逾期内容", length=200)
    overdue_since: Mapped[datetime | None] = column("最早逾期")
    overdue_on: Mapped[date | None] = column("叠加日期")
    next_item_id: Mapped[Id | None] = column("首要项目", ref="care_item")
    next_step: Mapped[str] = column("首要动作", length=300)
    looked_at: Mapped[datetime] = column("更新时间", index=True)
