"""What is kept of a study's data: exports with manifests, approvals, and corrections laid over what was recorded.

A correction never touches the clinical record: it is read over it by whoever makes a data set, and is marked there.
"""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.consent.records import ConsentUse
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope
from domain.outgoing.records import OutgoingResult
from domain.studies.subject_records import OVERSEE

SENSITIVE = Sensitivity.SENSITIVE


class DataKind(enum.StrEnum):
    """Parts of a study's data."""

    QUESTIONNAIRES = "questionnaires"
    RESULTS = "results"
    SPECIMENS = "specimens"
    FOLLOW_UP = "follow_up"


class DateRule(enum.StrEnum):
    """How days leave: moved by one number a subject, counted from enrolment, or as they are (identified only)."""

    SHIFTED = "shifted"
    STUDY_DAY = "study_day"
    EXACT = "exact"


class ExportFormat(enum.StrEnum):
    """Kinds of files."""

    XLSX = "xlsx"
    CSV = "csv"
    PARQUET = "parquet"
    MIABIS = "miabis"


class RequestState(enum.StrEnum):
    """What became of a request for identified data."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class PseudonymKey(
    Record,
    label="去标识密钥",
    merge=Merge.FIRST,
    circle="study_id",
    members="study_member",
    oversight=OVERSEE,
):
    """The secret of a study that its subjects' days are moved by; one a study, so that exports agree."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    secret: Mapped[bytes] = column("密钥", sensitivity=SENSITIVE)
    made_at: Mapped[datetime] = column("生成时间")


class IdentifiedRequest(
    Record, label="可识别数据申请", circle="study_id", members="study_member", oversight=OVERSEE
):
    """A request to export who the subjects are; somebody else decides, it holds until a day and for who asked."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    reason: Mapped[str] = column("用途与理由", length=4000)
    approval: Mapped[str] = column("批准文号", length=120)
    asked_by: Mapped[Id | None] = column("申请人", ref="staff")
    asked_name: Mapped[str] = column("申请人姓名")
    asked_at: Mapped[datetime] = column("申请时间", index=True)
    state: Mapped[RequestState] = column("状态", merge=Merge.CENTRE, group="state")
    decided_by: Mapped[Id | None] = column("审批人", ref="staff", merge=Merge.CENTRE, group="state")
    decided_name: Mapped[str | None] = column("审批人姓名", merge=Merge.CENTRE, group="state")
    decided_at: Mapped[datetime | None] = column("审批时间", merge=Merge.CENTRE, group="state")
    valid_until: Mapped[date | None] = column("有效期至", merge=Merge.CENTRE, group="state")
    remark: Mapped[str | None] = column("审批意见", merge=Merge.CENTRE, group="state", length=1000)


class StudyExport(
    Record,
    label="科研数据导出",
    merge=Merge.APPEND,
    circle="study_id",
    members="study_member",
    oversight=OVERSEE,
):
    """One export, on record before the first byte is written: what was chosen, who is in it, who is not and why.

    `choice` makes it again; `left_out` counts subjects by the code of why; `small_cells` are the groups of site, arm,
    sex and age in which fewer than `least_cell` people are, `in_small_cells` the people in them.
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    outgoing_id: Mapped[Id] = column("外发记录", ref="outgoing", index=True)
    use: Mapped[ConsentUse] = column("依据的同意用途")
    identified: Mapped[bool] = column("含身份信息", default=False)
    request_id: Mapped[Id | None] = column("可识别数据申请", ref="identified_request")
    choice: Mapped[dict[str, Any]] = column("导出条件", means="field")
    told: Mapped[str] = column("条件说明", length=1000)
    formats: Mapped[list[str]] = column("文件格式")
    subjects: Mapped[int] = column("受试者数")
    left_out: Mapped[dict[str, Any]] = column("未纳入人数")
    visits: Mapped[int] = column("访视数")
    least_cell: Mapped[int] = column("小单元格阈值")
    small_cells: Mapped[int] = column("小单元格数")
    in_small_cells: Mapped[int] = column("小单元格人数")
    purpose: Mapped[str] = column("用途", length=1000)
    program: Mapped[str] = column("程序版本", length=40)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    started_at: Mapped[datetime] = column("时间", index=True)


class StudyExportEnd(
    Record,
    label="科研数据导出结果",
    merge=Merge.APPEND,
    circle="study_id",
    members="study_member",
    oversight=OVERSEE,
):
    """What an export came to: rows and digest of each table, by which a later one is compared with it."""

    export_id: Mapped[Id] = column("科研数据导出", ref="study_export", index=True)
    study_id: Mapped[Id] = column("研究项目", ref="study")
    result: Mapped[OutgoingResult] = column("结果")
    tables: Mapped[dict[str, Any]] = column("各表行数与摘要", means="field")
    corrected: Mapped[int] = column("含更正值", default=0)
    ended_at: Mapped[datetime] = column("结束时间")


class DataCorrection(
    Record,
    label="科研数据更正",
    merge=Merge.APPEND,
    circle="study_id",
    members="study_member",
    oversight=OVERSEE,
):
    """A value that research reads in place of the recorded one, which stays; the last of a cell counts.

    `withdrawn` gives the recorded value back. `variable` is a name of the data set (``lab.fasting_glucose``).
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    subject_id: Mapped[Id] = column("受试者", ref="study_subject", index=True)
    subject_visit_id: Mapped[Id] = column("研究访视", ref="subject_visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    number: Mapped[str] = column("受试者编号", length=40)
    visit: Mapped[str] = column("访视名称")
    variable: Mapped[str] = column("变量", length=200)
    original: Mapped[str | None] = column("原值", sensitivity=SENSITIVE, length=4000)
    corrected: Mapped[str | None] = column("更正值", sensitivity=SENSITIVE, length=4000)
    withdrawn: Mapped[bool] = column("已撤回更正", default=False)
    reason: Mapped[str] = column("更正原因", length=4000)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    corrected_at: Mapped[datetime] = column("更正时间", index=True)


class DataNeed(Record, label="必备变量", scope=Scope.CATALOGUE):
    """A result that a visit of the protocol must bring, and within how many days.

    Questionnaires and tubes of the protocol are must-haves without being named here.
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    plan_id: Mapped[Id] = column("方案访视", ref="protocol_visit", index=True)
    variable: Mapped[str] = column("变量", length=200)
    label: Mapped[str] = column("变量名称")
    within_days: Mapped[int] = column("结果时限", unit="d", default=7)
    retired_at: Mapped[datetime | None] = column("停用时间")


class DataExemption(
    Record, label="缺失登记", merge=Merge.APPEND, circle="study_id", members="study_member", oversight=OVERSEE
):
    """That a must-have of one visit will not come, and why; it counts as missing no more."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    subject_visit_id: Mapped[Id] = column("研究访视", ref="subject_visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    variable: Mapped[str] = column("变量", length=200)
    reason: Mapped[str] = column("缺失原因", length=4000)
    staff_id: Mapped[Id | None] = column("登记人", ref="staff")
    staff_name: Mapped[str] = column("登记人姓名")
    noted_at: Mapped[datetime] = column("登记时间", index=True)
