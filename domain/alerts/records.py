"""Alerts and what was done about them."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope

WAITING = "state IN ('open', 'acknowledged', 'in_hand')"
"""What the index of the list of open alerts covers; closed ones pile up beside it.

No index begins with the state: one would be taken for every list of a state, and its rows sorted.
"""


class Severity(enum.StrEnum):
    """The three levels of the requirements; an escalation only raises it."""

    GENERAL = "general"
    IMPORTANT = "important"
    URGENT = "urgent"


class Outcome(enum.StrEnum):
    """What became of an alert, as the person who settled it says; statistics of a rule are made of it."""

    ACTED = "acted"
    NO_ACTION = "no_action"
    FALSE = "false"
    ELSEWHERE = "elsewhere"


class AlertCause(enum.StrEnum):
    """Why it came to an alert, as the person who settled it found; what to mend is counted by it."""

    PROCESS = "process"
    WORKLOAD = "workload"
    SKILL = "skill"
    EQUIPMENT = "equipment"
    INFORMATION = "information"
    CLIENT = "client"
    DISEASE = "disease"
    RULE = "rule"


class Alert(Record, label="预警", unclaimed=True):
    """One happening that somebody must be told of.

    Its id is made from rule, subject and occasion, so a branch and the centre that both notice it make one.
    `revision` rises with each step of its life: who acts on another one than they saw is refused. `due_at` is when
    the ladder moves next, or the shelf is over; `act_by` when its owner should have acted.
    """

    __table_args__ = (
        Index("ix_alert_rule_state", "rule", "state", "org_id"),
        Index("ix_alert_digest", "digest_id", "state"),
        Index("ix_alert_waiting", "severity", "id", sqlite_where=text(WAITING)),
        Index("ix_alert_act_by", "act_by", "id", sqlite_where=text("state = 'in_hand'")),
        Index("ix_alert_shelved_until", "shelved_until", "id", sqlite_where=text("state = 'shelved'")),
        Index("ix_alert_opened_at", "opened_at"),
    )

    rule: Mapped[str] = column("规则", length=20)
    name: Mapped[str] = column("预警名称")
    rule_version: Mapped[int] = column("规则版本", default=1)
    severity: Mapped[Severity] = column("级别", merge=Merge.CENTRE, group="state")
    subject: Mapped[str] = column("对象类型", means=Means.RECORD, length=60)
    subject_id: Mapped[Id] = column("对象", index=True)
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    summary: Mapped[str] = column("内容", length=1000)
    facts: Mapped[dict[str, Any] | None] = column("依据", means=Means.FIELD)
    receivers: Mapped[list[str]] = column("接收角色", means=Means.ROLE, merge=Merge.CENTRE, group="state")
    step: Mapped[int] = column("升级次数", merge=Merge.CENTRE, group="state", default=0)
    opened_at: Mapped[datetime] = column("发出时间")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state", index=True)
    due_at: Mapped[datetime | None] = column("下次升级", merge=Merge.CENTRE, group="state", index=True)
    revision: Mapped[int] = column("步次", merge=Merge.CENTRE, group="state", default=0)
    owner_id: Mapped[Id | None] = column("负责人", ref="staff", merge=Merge.CENTRE, group="state", index=True)
    owner_name: Mapped[str | None] = column("负责人姓名", merge=Merge.CENTRE, group="state")
    act_by: Mapped[datetime | None] = column("处理期限", merge=Merge.CENTRE, group="state")
    shelved_until: Mapped[datetime | None] = column("搁置至", merge=Merge.CENTRE, group="state")
    outcome: Mapped[Outcome | None] = column("处理结论", merge=Merge.CENTRE, group="state")
    root_cause: Mapped[AlertCause | None] = column("根因", merge=Merge.CENTRE, group="state")
    digest_id: Mapped[Id | None] = column("汇总", ref="alert")
    handled_note: Mapped[str | None] = column("处理结果", merge=Merge.REVIEW, length=4000)
    handled_by: Mapped[Id | None] = column("处理人", ref="staff")


class AlertEvent(Record, label="预警轨迹", merge=Merge.FIRST):
    """One step in the life of an alert: opened, acknowledged, escalated to whom, handled, closed."""

    alert_id: Mapped[Id] = column("预警", ref="alert", index=True)
    kind: Mapped[str] = column("动作", means="words:kind", length=40)
    at: Mapped[datetime] = column("时间", index=True)
    staff_id: Mapped[Id | None] = column("人员", ref="staff")
    staff_name: Mapped[str] = column("人员姓名")
    severity: Mapped[Severity] = column("级别")
    receivers: Mapped[list[str]] = column("接收角色", means=Means.ROLE)
    note: Mapped[str | None] = column("说明", length=4000)


class Indicator(Record, label="指标"):
    """A figure with a target, as it stood on its newest day; days under target without a break are counted here.

    One row a place and code (its id is made of both), so a rule looks at one row and never at a history. `away` is
    how many standard deviations the day was from the days before it, `fall` by how many per cent of itself the
    figure is lower than in the period before. `strange_since` is the first day it missed its target or left the
    control limits; it waits for an analysis until `analysed_at`.
    """

    code: Mapped[str] = column("指标代码", length=60)
    name: Mapped[str] = column("指标名称")
    day: Mapped[date] = column("统计日")
    numerator: Mapped[float] = column("分子")
    denominator: Mapped[float] = column("分母")
    value: Mapped[float | None] = column("指标值")
    target: Mapped[float] = column("目标值")
    under: Mapped[bool] = column("未达标", default=False)
    under_days: Mapped[int] = column("连续未达标天数", default=0)
    under_since: Mapped[date | None] = column("未达标起始日")
    core: Mapped[bool] = column("核心指标", default=False)
    quality: Mapped[bool] = column("质控指标", default=False)
    messaging: Mapped[bool] = column("私域指标", default=False)
    days: Mapped[int] = column("统计天数", default=1)
    percent: Mapped[float | None] = column("指标值（%）", unit="%")
    away: Mapped[float] = column("偏离历史均值（σ）", default=0.0)
    fall: Mapped[float] = column("较上一周期下降", unit="%", default=0.0)
    fall_since: Mapped[date | None] = column("下降起始日")
    strange_since: Mapped[date | None] = column("异常起始日")
    analysed_at: Mapped[datetime | None] = column("原因分析时间")


class AlertRuleChange(
    Record, label="预警规则修订", scope=Scope.CATALOGUE, merge=Merge.APPEND, at_centre=True
):
    """One change of a rule by an administrator; the highest number is in force at every place it has reached."""

    rule: Mapped[str] = column("规则", length=20, index=True)
    name: Mapped[str] = column("预警名称")
    number: Mapped[int] = column("修订号")
    patch: Mapped[dict[str, Any]] = column("修订内容", means=Means.FIELD)
    tested: Mapped[dict[str, Any] | None] = column("试算结果", means=Means.FIELD)
    reason: Mapped[str] = column("修订说明", length=4000)
    published_at: Mapped[datetime] = column("发布时间", index=True)
    published_by: Mapped[Id | None] = column("发布人", ref="staff")
    published_name: Mapped[str] = column("发布人姓名")
