"""Whom a study follows: why they were taken in, their visits, the tubes expected of each, and what they said no to.

Only members of the study see these rows, and who has ``study.oversee``.
"""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.biobank.records import SpecimenType
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

OVERSEE = "study.oversee"
SENSITIVE = Sensitivity.SENSITIVE


class ConsentStanding(enum.StrEnum):
    """What a subject's consent is worth now, as the last deed about it left it."""

    NONE = "none"
    SIGNED = "signed"
    OUTDATED = "outdated"
    WITHDRAWN = "withdrawn"


class StudySubject(Record, label="受试者", circle="study_id", members="study_member", oversight=OVERSEE):
    """One person in one study (FHIR R4 ResearchSubject); `number` is the pseudonym everybody works with."""

    __table_args__ = (
        Index("ix_study_subject_one", "study_id", "patient_id", unique=True),
        Index("ix_study_subject_enrolled", "study_id", "enrolled_at"),
    )

    number: Mapped[str] = column("受试者编号", unique=True, length=40)
    study_id: Mapped[Id] = column("研究项目", ref="study")
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    arm_id: Mapped[Id | None] = column("研究分组", ref="study_arm")
    reasons: Mapped[list[Any]] = column("入组依据", sensitivity=SENSITIVE)
    enrolled_at: Mapped[datetime] = column("入组时间")
    enrolled_by: Mapped[Id | None] = column("入组人", ref="staff")
    consent: Mapped[ConsentStanding] = column("知情同意", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state")
    reason: Mapped[str | None] = column("退出原因", merge=Merge.CENTRE, group="state", length=4000)


class StudyScreening(
    Record, label="入组筛查", merge=Merge.APPEND, circle="study_id", members="study_member", oversight=OVERSEE
):
    """One look at whether somebody may be taken in, with every condition and what was found."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    fits: Mapped[bool] = column("符合入组标准")
    reasons: Mapped[list[Any]] = column("逐条结果", sensitivity=SENSITIVE)
    screened_at: Mapped[datetime] = column("筛查时间", index=True)
    staff_name: Mapped[str] = column("操作人姓名")


class SubjectVisit(Record, label="研究访视", circle="study_id", members="study_member", oversight=OVERSEE):
    """One visit of one subject, planned at enrolment; `visit_id` is the checkup it is made at.

    `open_tubes` are the tubes neither drawn nor given up, `in_building` tells that its checkup is going on.
    """

    __table_args__ = (Index("ix_subject_visit_subject", "subject_id", "target_on"),)

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    subject_id: Mapped[Id] = column("受试者", ref="study_subject")
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    plan_id: Mapped[Id] = column("方案访视", ref="protocol_visit")
    name: Mapped[str] = column("访视名称")
    target_on: Mapped[date] = column("计划日期", index=True)
    window_from: Mapped[date] = column("窗口开始")
    window_until: Mapped[date] = column("窗口截止")
    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    begun_at: Mapped[datetime | None] = column("访视开始", index=True)
    off_window: Mapped[bool] = column("窗口外", default=False)
    open_tubes: Mapped[int] = column("应留未留管数", default=0)
    in_building: Mapped[bool] = column("客户在检", default=False)
    bar: Mapped[str | None] = column("进度", length=120)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class MissingCause(enum.StrEnum):
    """Why a tube was not obtained; each is one key at the desk."""

    REFUSED = "refused"
    UNABLE = "unable"
    LEFT = "left"
    FAILED_DRAW = "failed_draw"
    NOT_FASTING = "not_fasting"
    NO_SUPPLIES = "no_supplies"
    LATER = "later"
    OTHER = "other"


class ExpectedSpecimen(
    Record, label="应留标本", circle="study_id", members="study_member", oversight=OVERSEE
):
    """The tubes of one kind expected of one visit, and what became of them; `day` is the day of the visit."""

    __table_args__ = (Index("ix_expected_specimen_kind_day", "study_id", "requirement_id", "day"),)

    study_id: Mapped[Id] = column("研究项目", ref="study")
    subject_id: Mapped[Id] = column("受试者", ref="study_subject", index=True)
    subject_visit_id: Mapped[Id] = column("研究访视", ref="subject_visit", index=True)
    requirement_id: Mapped[Id] = column("样本要求", ref="specimen_requirement")
    patient_id: Mapped[Id] = column("客户", ref="patient")
    name: Mapped[str] = column("样本名称", length=60)
    type: Mapped[SpecimenType] = column("标本类型", code="SPREC:1")
    day: Mapped[date] = column("应留日期", index=True)
    expected: Mapped[int] = column("应留管数")
    collected: Mapped[int] = column("实留管数", default=0)
    cause: Mapped[MissingCause | None] = column("未留原因")
    note: Mapped[str | None] = column("说明", length=1000)
    staff_id: Mapped[Id | None] = column("采样人", ref="staff")
    staff_name: Mapped[str | None] = column("采样人姓名")
    settled_at: Mapped[datetime | None] = column("完成时间")
