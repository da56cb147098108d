"""Visits, results, critical values and reports."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Means, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class Visit(Record, label="体检"):
    """One checkup of one person (FHIR R4 Encounter, class AMB); `number` is the visit barcode."""

    number: Mapped[str] = column("体检号", unique=True, length=40)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_date: Mapped[date] = column("体检日期", index=True)
    package: Mapped[str | None] = column("套餐")
    fasting: Mapped[bool | None] = column("空腹")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class ResultSource(enum.StrEnum):
    """Where a result came from."""

    INTERFACE = "interface"
    DEVICE = "device"
    MANUAL = "manual"


class ResultStatus(enum.StrEnum):
    """HL7 table 0085, and ours for what could not be matched or waits until it is known whose it is."""

    FINAL = "F"
    PRELIMINARY = "P"
    CORRECTED = "C"
    PENDING_CHECK = "pending_check"
    IDENTITY = "identity_pending"


class Observation(Record, label="结果", merge=Merge.APPEND):
    """One result (FHIR R4 Observation), judged when it arrived; a correction is a new one that `amends` it."""

    __table_args__ = (
        Index("ix_observation_patient_item", "patient_id", "item", "effective_at"),
        Index("ix_observation_effective_at", "effective_at"),
        Index(
            "ix_observation_to_check", "status", "effective_at", sqlite_where=text("status = 'pending_check'")
        ),
    )

    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id | None] = column("客户", ref="patient")
    item: Mapped[str] = column("项目", length=60)
    label: Mapped[str] = column("项目名称")
    loinc: Mapped[str | None] = column("LOINC", code="LOINC", length=20)
    value_number: Mapped[float | None] = column("数值", sensitivity=SENSITIVE)
    value_text: Mapped[str] = column("结果", sensitivity=SENSITIVE, length=4000)
    ucum: Mapped[str | None] = column("单位", code="UCUM", means=Means.UNIT, length=40)
    flag: Mapped[str | None] = column("标志", code="HL7:0078", means="words:flag", length=10)
    range_text: Mapped[str | None] = column("参考区间", length=120)
    important_class: Mapped[str | None] = column("重要异常", length=1)
    critical_level: Mapped[int | None] = column("危急值级别")
    unverified: Mapped[bool] = column("规则待核定", default=False)
    status: Mapped[ResultStatus] = column("结果状态", code="HL7:0085", default=ResultStatus.FINAL)
    reason: Mapped[str | None] = column("待核对原因")
    effective_at: Mapped[datetime] = column("检查时间")
    source: Mapped[ResultSource] = column("来源")
    device: Mapped[str | None] = column("设备", length=120)
    raw: Mapped[bytes | None] = column("原始数据")
    amends: Mapped[Id | None] = column("更正", ref="observation")
    system: Mapped[str | None] = column("来源系统", length=200)
    """MSH-3 and MSH-4 of what came over an interface: two systems may say different things of one sampling."""


class HeldResult(Record, label="身份待核实结果", merge=Merge.APPEND):
    """A result that waits for an identity check; `status` is what it will have when it counts."""

    check_id: Mapped[Id] = column("身份核实", ref="identity_check", index=True)
    observation_id: Mapped[Id] = column("结果", ref="observation", index=True)
    status: Mapped[ResultStatus] = column("原结果状态", code="HL7:0085")
    held_at: Mapped[datetime] = column("暂存时间")


class Finding(Record, label="异常发现", merge=Merge.FIRST):
    """A class A or B finding of a visit (expert consensus on important abnormal results, 2019)."""

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    observation_id: Mapped[Id] = column("结果", ref="observation")
    important_class: Mapped[str] = column("类别", length=1)
    sentence: Mapped[str] = column("描述", sensitivity=SENSITIVE, length=1000)
    rule: Mapped[str] = column("规则", length=120)
    unverified: Mapped[bool] = column("规则待核定", default=False)
    found_at: Mapped[datetime] = column("发现时间", index=True)


class CriticalValue(Record, label="危急值"):
    """A critical result that somebody must take, read back and act on within 30 minutes."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_id: Mapped[Id | None] = column("体检", ref="visit")
    observation_id: Mapped[Id] = column("结果", ref="observation", unique=True)
    label: Mapped[str] = column("项目名称")
    value_text: Mapped[str] = column("结果", sensitivity=SENSITIVE)
    level: Mapped[int] = column("级别")
    unverified: Mapped[bool] = column("规则待核定", default=False)
    physician_id: Mapped[Id | None] = column("主管医生", ref="staff")
    physician_name: Mapped[str | None] = column("主管医生姓名")
    physician_why: Mapped[str | None] = column("关联依据", means="words:physician_why", length=40)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    received_by: Mapped[Id | None] = column("接收人", ref="staff")
    read_back: Mapped[str | None] = column("复述值", length=60)
    outcome: Mapped[str | None] = column("处置", merge=Merge.REVIEW, length=4000)


class Report(Record, label="体检报告"):
    """The report of a visit on its way through the three levels (FHIR R4 DiagnosticReport).

    One a visit (`stable_id("report", visit)`): where two desks wrote it apart, the number and the author of the one
    that came first stand, the other number stays in the log, and of two texts a person chooses.
    """

    __table_args__ = (
        Index("ix_report_queue", "urgency", "due_at", "id"),
        Index("ix_report_counts", "state", "urgency", "due_at", "org_id"),
        Index("ix_report_issued", "issued_at", "id"),
    )

    number: Mapped[str] = column("报告号", merge=Merge.CENTRE, unique=True, length=40)
    visit_id: Mapped[Id] = column("体检", ref="visit", unique=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    author_id: Mapped[Id | None] = column("撰写人", merge=Merge.CENTRE, ref="staff")
    revision: Mapped[int] = column("修订号", default=1)
    conclusion: Mapped[str] = column("总检结论", sensitivity=SENSITIVE, merge=Merge.REVIEW, length=20000)
    advice: Mapped[str] = column("健康建议", sensitivity=SENSITIVE, merge=Merge.REVIEW, length=20000)
    urgency: Mapped[int] = column("紧急程度", means="words:urgency", default=0)
    returns: Mapped[int] = column("退回次数", default=0)
    quality: Mapped[int | None] = column("质量评分")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    document_sha256: Mapped[str | None] = column("报告文件", merge=Merge.CENTRE, length=64)
    issued_at: Mapped[datetime | None] = column("签发时间", merge=Merge.CENTRE)


class ReportRevision(Record, label="报告修订", merge=Merge.APPEND):
    """The text of a report as it was submitted; revisions are compared side by side."""

    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    revision: Mapped[int] = column("修订号")
    conclusion: Mapped[str] = column("总检结论", sensitivity=SENSITIVE, length=20000)
    advice: Mapped[str] = column("健康建议", sensitivity=SENSITIVE, length=20000)
    author_id: Mapped[Id | None] = column("撰写人", ref="staff")
    written_at: Mapped[datetime] = column("提交时间")


class ReviewAction(enum.StrEnum):
    """What a reviewer did."""

    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105  (a reviewer passes a report)
    RETURN = "return"
    SIGN = "sign"
    WITHDRAW = "withdraw"


class ReviewStep(Record, label="审核记录", merge=Merge.APPEND):
    """One act at one level of the review; the whole of them is the report's history."""

    __table_args__ = (Index("ix_review_step_acted_at", "acted_at"),)

    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    revision: Mapped[int] = column("修订号")
    level: Mapped[str] = column("审核级别", means="state:report", length=40)
    action: Mapped[ReviewAction] = column("操作")
    staff_id: Mapped[Id | None] = column("审核人", ref="staff")
    staff_name: Mapped[str] = column("审核人姓名")
    staff_title: Mapped[str | None] = column("职称", length=60)
    acted_at: Mapped[datetime] = column("时间")
    due_at: Mapped[datetime | None] = column("本级应完成时间")
    remark: Mapped[str | None] = column("意见", length=4000)
    anchor: Mapped[str | None] = column("意见位置")


class ReportSignature(Record, label="电子签名", merge=Merge.APPEND):
    """A signature over the exact content that was shown (Ed25519 over the SHA-256 of its canonical JSON)."""

    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    staff_id: Mapped[Id] = column("签名人", ref="staff")
    staff_name: Mapped[str] = column("签名人姓名")
    staff_title: Mapped[str] = column("职称", length=60)
    document: Mapped[str] = column("文件模板", length=80)
    licence_no: Mapped[str | None] = column("执业证书编号", length=60)
    level: Mapped[str] = column("审核级别", means="state:report", length=40)
    digest: Mapped[str] = column("内容摘要", length=64)
    signature: Mapped[str] = column("签名值", length=200)
    public_key: Mapped[str] = column("签名公钥", length=100)
    seal: Mapped[str] = column("文件封印", length=200)
    signed_at: Mapped[datetime] = column("签名时间")


class QuestionnaireResponse(Record, label="问卷", merge=Merge.APPEND):
    """A filled-in form, with the exact version it was filled with (FHIR R4 QuestionnaireResponse).

    It belongs to a person, and to a visit where it was filled in at one. A correction is a new response that `amends`
    the earlier one and says why, of the same time as that; `source` tells who filled it in where. `task_id` is the
    questionnaire that was given out, where it answers one. The answers to a composite are kept once as they were
    given, and once for each instrument, `part_of` that. `published_id` is the version of one's own form.
    """

    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    task_id: Mapped[Id | None] = column("待填问卷", ref="form_task", index=True)
    form: Mapped[str] = column("问卷", means="words:form", length=120)
    form_version: Mapped[str] = column("问卷版本", length=40)
    answers: Mapped[dict[str, Any]] = column("答案", sensitivity=SENSITIVE)
    score: Mapped[float | None] = column("得分", sensitivity=SENSITIVE)
    authored_at: Mapped[datetime] = column("填写时间", index=True)
    authored_by: Mapped[Id | None] = column("录入人", ref="staff")
    source: Mapped[str | None] = column("填写方式", means="words:form_source", length=40)
    signature_sha256: Mapped[str | None] = column("填写人签名", length=64)
    amends: Mapped[Id | None] = column("更正", ref="questionnaire_response", index=True)
    reason: Mapped[str | None] = column("更正原因", length=4000)
    corrected_at: Mapped[datetime | None] = column("更正时间")
    part_of: Mapped[Id | None] = column("所属综合问卷", ref="questionnaire_response", index=True)
    published_id: Mapped[Id | None] = column("已发布问卷", ref="published_form")


class Attachment(Record, label="附件", merge=Merge.APPEND):
    """A file that belongs to a record; its bytes are content-addressed and travel apart from the rows."""

    subject: Mapped[str] = column("所属", means=Means.RECORD, length=60)
    subject_id: Mapped[Id] = column("所属记录", index=True)
    sha256: Mapped[str] = column("SHA-256", length=64, index=True)
    size: Mapped[int] = column("字节数", unit="By")
    media_type: Mapped[str] = column("类型", length=120)
    name: Mapped[str] = column("文件名", sensitivity=Sensitivity.PERSONAL, mask=Mask.HIDDEN)
    lane: Mapped[int] = column("优先级", default=3)
    added_at: Mapped[datetime] = column("加入时间")
    added_by: Mapped[Id | None] = column("加入人", ref="staff")


class AttachmentRemoval(Record, label="撤下附件", merge=Merge.APPEND):
    """That a file is no longer shown, by whom and why; the file itself stays."""

    attachment_id: Mapped[Id] = column("附件", ref="attachment", index=True)
    reason: Mapped[str] = column("撤下原因", length=4000)
    removed_by: Mapped[Id | None] = column("撤下人", ref="staff")
    removed_at: Mapped[datetime] = column("撤下时间")
