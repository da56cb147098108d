"""What a study is: protocol, arms, visits with their windows, tubes wanted at each, and who works on it.

These are read everywhere (`Scope.CATALOGUE`), so that a branch enrols and draws without a line to the centre. Whom
the study follows is in `subject_records`: rows only its members see.
"""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.kernel.columns import Means, Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class Study(Record, label="研究项目", scope=Scope.CATALOGUE):
    """One study (FHIR R4 ResearchStudy).

    `criteria` are ``{"include": [...], "exclude": [...]}``, each a condition of `domain.studies.criteria`. `revision`
    rises with each approved change of the plan.
    """

    code: Mapped[str] = column("项目代码", unique=True, length=12)
    name: Mapped[str] = column("项目名称")
    protocol: Mapped[str] = column("方案编号与版本", length=120)
    ethics_number: Mapped[str | None] = column("伦理批件号", length=120)
    leader_id: Mapped[Id | None] = column("课题负责人", ref="staff")
    leader_name: Mapped[str] = column("课题负责人姓名")
    planned_subjects: Mapped[int] = column("计划入组数")
    recruit_from: Mapped[date] = column("入组开始日")
    recruit_until: Mapped[date] = column("入组截止日")
    criteria: Mapped[dict[str, Any]] = column("入组与排除标准")
    revision: Mapped[int] = column("方案修订次数", default=0)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state")


class StudyChange(Record, label="方案变更", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One approved change of a study's plan, with what it was before."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    revision: Mapped[int] = column("方案修订次数")
    before: Mapped[dict[str, Any]] = column("变更前", means=Means.FIELD)
    after: Mapped[dict[str, Any]] = column("变更后", means=Means.FIELD)
    approval: Mapped[str] = column("批准文号", length=120)
    reason: Mapped[str] = column("变更原因", length=4000)
    changed_at: Mapped[datetime] = column("变更时间", index=True)
    staff_name: Mapped[str] = column("操作人姓名")


class StudyArm(Record, label="研究分组", scope=Scope.CATALOGUE):
    """One arm of a study."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    code: Mapped[str] = column("分组代码", length=20)
    name: Mapped[str] = column("分组名称")
    planned: Mapped[int | None] = column("计划人数")


class ProtocolVisit(Record, label="方案访视", scope=Scope.CATALOGUE):
    """One visit the protocol asks for: its day, its window, its questionnaires, and how long each node may take.

    `forms` are names of questionnaires. Hours are counted from where the node begins: questionnaire and collection
    from the visit's begin, processing from the first tube drawn, storage from the first tube processed.
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    code: Mapped[str] = column("访视代码", length=20)
    name: Mapped[str] = column("访视名称")
    day: Mapped[int] = column("距入组天数", unit="d")
    before_days: Mapped[int] = column("窗口提前", unit="d", default=0)
    after_days: Mapped[int] = column("窗口延后", unit="d", default=0)
    forms: Mapped[list[Any]] = column("访视问卷")
    questionnaire_hours: Mapped[int] = column("问卷填写时限", unit="h", default=24)
    collection_hours: Mapped[int] = column("标本采集时限", unit="h", default=8)
    processing_hours: Mapped[int] = column("标本处理时限", unit="h", default=2)
    storage_hours: Mapped[int] = column("标本入库时限", unit="h", default=2)


class SpecimenRequirement(Record, label="样本要求", scope=Scope.CATALOGUE):
    """Tubes of one kind wanted at one visit; `quota` ends what is wanted in the whole study, empty for no end."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    plan_id: Mapped[Id] = column("方案访视", ref="protocol_visit", index=True)
    name: Mapped[str] = column("样本名称", length=60)
    type: Mapped[SpecimenType] = column("标本类型", code="SPREC:1")
    container: Mapped[PrimaryContainer] = column("采集管", code="SPREC:2")
    tubes: Mapped[int] = column("管数")
    volume_ul: Mapped[int | None] = column("每管体积", unit="uL")
    quota: Mapped[int | None] = column("总配额（管）")
    retired_at: Mapped[datetime | None] = column("停用时间")


class StudyRole(enum.StrEnum):
    """What somebody is in a study."""

    LEADER = "leader"
    PHYSICIAN = "physician"
    NURSE = "nurse"
    TECHNICIAN = "technician"
    DATA = "data"


class StudyMember(Record, label="研究成员", scope=Scope.CATALOGUE):
    """Who works on a study, as what, and until when; who left sees its subjects no more."""

    __table_args__ = (Index("ix_study_member_staff", "staff_id", "study_id"),)

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    staff_id: Mapped[Id] = column("员工", ref="staff")
    staff_name: Mapped[str] = column("员工姓名")
    role: Mapped[StudyRole] = column("研究角色")
    joined_at: Mapped[datetime] = column("加入时间")
    left_at: Mapped[datetime | None] = column("退出时间")
