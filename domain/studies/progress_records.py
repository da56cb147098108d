"""What is counted of a study (rates of tubes, progress against the plan), and the clocks of its visits."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.studies.subject_records import OVERSEE


class NodeKind(enum.StrEnum):
    """The four nodes of a participant's visit, in order."""

    QUESTIONNAIRE = "questionnaire"
    COLLECTION = "collection"
    PROCESSING = "processing"
    STORAGE = "storage"


class ResearchTask(
    Record, label="科研任务节点", circle="study_id", members="study_member", oversight=OVERSEE
):
    """One node of one visit with its own clock; the owner is who finished it, `late` whether it was overdue then."""

    __table_args__ = (Index("ix_research_task_visit", "subject_visit_id", "kind"),)

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    subject_id: Mapped[Id] = column("受试者", ref="study_subject")
    subject_visit_id: Mapped[Id] = column("研究访视", ref="subject_visit")
    patient_id: Mapped[Id] = column("客户", ref="patient")
    kind: Mapped[NodeKind] = column("节点")
    number: Mapped[str] = column("受试者编号", length=40)
    owner_name: Mapped[str | None] = column("责任人姓名")
    began_at: Mapped[datetime] = column("开始时间")
    done_at: Mapped[datetime | None] = column("完成时间", index=True)
    late: Mapped[bool] = column("逾期完成", default=False)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class CollectionRate(Record, label="标本留取率"):
    """Tubes of one kind at one site over the last 30 days; counted by the centre alone as they are drawn or given up.

    `owed` are the tubes that were drawn, given up, or whose day is over. `trend` are the weeks of the window, `days`
    the counts by day and nurse, `causes` those of what is missing.
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    requirement_id: Mapped[Id] = column("样本要求", ref="specimen_requirement")
    name: Mapped[str] = column("样本名称", length=60)
    window_from: Mapped[date] = column("统计开始日")
    owed: Mapped[int] = column("应留管数")
    collected: Mapped[int] = column("实留管数")
    rate: Mapped[float | None] = column("留取率", unit="%")
    causes: Mapped[dict[str, Any]] = column("未留原因")
    trend: Mapped[list[Any]] = column("留取率趋势")
    days: Mapped[list[Any]] = column("按日与采样人")
    told: Mapped[list[Any]] = column("每周留取率与未留原因")
    falling: Mapped[bool] = column("连续下降", default=False)
    counted_at: Mapped[datetime] = column("统计时间", index=True)


class ProgressMeasure(enum.StrEnum):
    """What is compared with the plan."""

    ENROLMENT = "enrolment"
    SAMPLING = "sampling"
    COMPLETION = "completion"


class StudyProgress(Record, label="科研进度"):
    """How far a study is against its plan by today; counted by the centre alone."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    code: Mapped[str] = column("项目代码", length=12)
    measure: Mapped[ProgressMeasure] = column("进度指标")
    planned: Mapped[int] = column("至今计划数")
    actual: Mapped[int] = column("实际数")
    rate: Mapped[float | None] = column("实际占计划", unit="%")
    counted_on: Mapped[date] = column("统计日")
    counted_at: Mapped[datetime] = column("统计时间", index=True)
