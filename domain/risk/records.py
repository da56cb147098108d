"""What is kept of risks: each assessment with its inputs, the colour a client has now, and how it came to be."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope
from domain.risk.levels import Colour

SENSITIVE = Sensitivity.SENSITIVE


class Cause(enum.StrEnum):
    """Why an assessment was made."""

    RESULTS = "results"
    ANSWERS = "answers"
    IDENTITY = "identity"
    ASKED = "asked"


class RiskAssessment(Record, label="风险评估", merge=Merge.APPEND):
    """One run of all models on one client: what went in, and what came out.

    `inputs` are the values with unit, source and day; `outcome` the number and level of each model and disease;
    `detail` all of it with shares, levers and reasons (`domain.risk.detail`), as it was in that `models_version`.
    """

    __table_args__ = (Index("ix_risk_assessment_patient", "patient_id", "assessed_at"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    on_date: Mapped[date] = column("评估日期")
    assessed_at: Mapped[datetime] = column("评估时间", index=True)
    cause: Mapped[Cause] = column("评估原因", means="words:risk_cause")
    models_version: Mapped[str] = column("模型版本", length=60)
    rules_version: Mapped[str] = column("分级规则版本", length=60)
    colour: Mapped[Colour | None] = column("自动等级", means="words:risk_colour")
    high: Mapped[int] = column("高危类别数")
    medium: Mapped[int] = column("中危类别数")
    diagnosed: Mapped[int] = column("已患类别数")
    computed: Mapped[int] = column("可评估类别数")
    unverified: Mapped[bool] = column("含待医师核定", default=False)
    digest: Mapped[str] = column("依据摘要", length=64)
    inputs: Mapped[dict[str, Any]] = column("依据", sensitivity=SENSITIVE)
    outcome: Mapped[dict[str, Any]] = column("结果", sensitivity=SENSITIVE)
    detail: Mapped[dict[str, Any] | None] = column("明细", sensitivity=SENSITIVE)


class RiskLevel(Record, label="风险等级"):
    """The colour a client has now: the automatic one, or a physician's with reason and last day.

    One a client (`stable_id("risk_level", patient)`). `confirmed_levels` are the diseases' levels when a physician
    last confirmed; `risen` how many diseases have a higher one since; `open_factors` how many factors at high risk
    nobody has dealt with. `manual_over` is the automatic colour a physician decided over or confirmed last: when new
    data make another one of it, which is not the physician's own, the level is `reopened` until somebody looks.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    colour: Mapped[Colour | None] = column("当前等级", means="words:risk_colour", index=True)
    colour_rank: Mapped[int] = column("等级序", default=0)
    automatic: Mapped[Colour | None] = column("自动等级", means="words:risk_colour", group="automatic")
    why: Mapped[dict[str, Any]] = column("定级依据", sensitivity=SENSITIVE, group="automatic")
    levels: Mapped[dict[str, Any]] = column("各病等级", sensitivity=SENSITIVE, group="automatic")
    assessment_id: Mapped[Id | None] = column("风险评估", ref="risk_assessment", group="automatic")
    assessed_at: Mapped[datetime | None] = column("评估时间", group="automatic")
    manual: Mapped[Colour | None] = column(
        "人工等级", means="words:risk_colour", group="manual", merge=Merge.REVIEW
    )
    manual_reason: Mapped[str | None] = column(
        "调整理由", sensitivity=SENSITIVE, group="manual", merge=Merge.REVIEW, length=4000
    )
    manual_until: Mapped[date | None] = column(
        "人工等级有效至", group="manual", merge=Merge.REVIEW, index=True
    )
    manual_by: Mapped[Id | None] = column("调整人", ref="staff", group="manual", merge=Merge.REVIEW)
    manual_over: Mapped[Colour | None] = column(
        "调整时的自动等级", means="words:risk_colour", group="manual", merge=Merge.REVIEW
    )
    reopened: Mapped[bool] = column("人工等级待复核", default=False)
    confirmed: Mapped[bool] = column("已确认", default=False)
    confirmed_at: Mapped[datetime | None] = column("确认时间")
    confirmed_by: Mapped[Id | None] = column("确认人", ref="staff")
    confirmed_levels: Mapped[dict[str, Any]] = column("已确认的各病等级", sensitivity=SENSITIVE)
    risen: Mapped[int] = column("升高的病种数", default=0)
    high_factors: Mapped[dict[str, Any]] = column("高风险因素", sensitivity=SENSITIVE)
    noted_factors: Mapped[dict[str, Any]] = column("已处理的高风险因素", sensitivity=SENSITIVE)
    open_factors: Mapped[int] = column("未处理的高风险因素数", default=0)
    changed_at: Mapped[datetime] = column("变动时间", index=True)


class RiskRuleSet(Record, label="风险分级规则", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """Level rules that an administrator published, whole; the one published last is in force everywhere."""

    version: Mapped[str] = column("版本", length=60, index=True)
    rules: Mapped[dict[str, Any]] = column("规则")
    reason: Mapped[str] = column("修订说明", length=4000)
    published_at: Mapped[datetime] = column("发布时间", index=True)
    published_by: Mapped[Id | None] = column("发布人", ref="staff")
    published_name: Mapped[str] = column("发布人姓名")


class Act(enum.StrEnum):
    """What changed a level."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    ENDED = "ended"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    FACTORS = "factors"
    REOPENED = "reopened"


class RiskLevelChange(Record, label="风险等级变动", merge=Merge.APPEND):
    """One change of a client's level or its confirmation, with who, when, why and on what."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    act: Mapped[Act] = column("变动方式", means="words:risk_act")
    colour_before: Mapped[Colour | None] = column("原等级", means="words:risk_colour")
    colour_after: Mapped[Colour | None] = column("新等级", means="words:risk_colour")
    reason: Mapped[str | None] = column("理由", sensitivity=SENSITIVE, length=4000)
    valid_until: Mapped[date | None] = column("有效至")
    why: Mapped[dict[str, Any] | None] = column("依据", sensitivity=SENSITIVE)
    assessment_id: Mapped[Id | None] = column("风险评估", ref="risk_assessment")
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    at: Mapped[datetime] = column("时间", index=True)
