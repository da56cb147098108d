"""The goals of a plan, and how each plan stands by them."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped

from domain.care.goals import Advice, Effect
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record

SENSITIVE = Sensitivity.SENSITIVE


class CareGoal(Record, label="管理目标"):
    """One number a plan is to bring about: under `high` (at it, unless `strict`), not under `low`, until `by_on`.

    `first` is the newest value when the plan began, `latest` the newest since. `due_at` of one that is pursued is the
    end of its last day.
    """

    plan_id: Mapped[Id] = column("干预计划", ref="care_plan", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    item: Mapped[str] = column("指标代码", length=60)
    label: Mapped[str] = column("指标")
    unit: Mapped[str] = column("单位", means="unit", length=40)
    high: Mapped[float | None] = column("上限", sensitivity=SENSITIVE)
    low: Mapped[float | None] = column("下限", sensitivity=SENSITIVE)
    strict: Mapped[bool] = column("须低于上限", default=False)
    by_on: Mapped[date] = column("期限")
    unverified: Mapped[bool] = column("目标待核定", default=False)
    source: Mapped[str] = column("目标来源", length=255)
    first: Mapped[float | None] = column("起始值", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state")
    first_on: Mapped[date | None] = column("起始日期", merge=Merge.CENTRE, group="state")
    latest: Mapped[float | None] = column("最新值", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state")
    latest_at: Mapped[datetime | None] = column("最新测量时间", merge=Merge.CENTRE, group="state")
    progress: Mapped[int | None] = column("进度", unit="%", merge=Merge.CENTRE, group="state")
    reason: Mapped[str | None] = column("调整或取消原因", length=1000, merge=Merge.CENTRE, group="state")
    set_name: Mapped[str] = column("设定人姓名")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class CarePlanStanding(Record, label="方案进度与效果", place=Place.LOCAL):
    """How a running plan stands, worked out by each store for itself; its id is the plan's.

    `rate` is how much was done of all that was asked for so far; `better` and `worse` count its goals whose value has
    changed by more than measuring and the body's own swing explain.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    nodes: Mapped[int] = column("节点数")
    nodes_done: Mapped[int] = column("已完成节点")
    nodes_late: Mapped[int] = column("逾期节点")
    next_node: Mapped[str | None] = column("下一节点", length=200)
    next_on: Mapped[date | None] = column("下一节点日期")
    rate: Mapped[float | None] = column("累计执行率", unit="%")
    goals: Mapped[int] = column("目标数")
    goals_reached: Mapped[int] = column("已达标")
    better: Mapped[int] = column("好转指标")
    worse: Mapped[int] = column("变差指标")
    effect: Mapped[Effect] = column("效果评估", means="words:care_effect")
    advice: Mapped[Advice] = column("建议", means="words:care_advice")
    newer: Mapped[str | None] = column("有新版方案", length=40)
    looked_at: Mapped[datetime] = column("更新时间", index=True)
