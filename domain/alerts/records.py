"""Alerts and what was done about them."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Severity(enum.StrEnum):
    """The three levels of the requirements; an escalation only raises it."""

    GENERAL = "general"
    IMPORTANT = "important"
    URGENT = "urgent"


class Alert(Record, label="预警"):
    """One happening that somebody must be told of.

    Its id is made from rule, subject and occasion, so a branch and the centre that both notice it make one.
    """

    rule: Mapped[str] = column("规则", length=20, index=True)
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
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state", index=True)
    due_at: Mapped[datetime | None] = column("下次升级", merge=Merge.CENTRE, group="state", index=True)
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
