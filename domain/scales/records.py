"""What is kept: results of scales, questionnaires given out, what is missing in them, how many came back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class ScaleResult(Record, label="量表结果", merge=Merge.APPEND):
    """What a scale came to for one response; `detail` holds every score, flag and sentence of `results.ScaleResult`.

    A response that is corrected gets a result of its own, which `amends` the earlier one.
    """

    __table_args__ = (Index("ix_scale_result_patient_scale", "patient_id", "scale", "scored_at"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    response_id: Mapped[Id] = column("答卷", ref="questionnaire_response", index=True)
    scale: Mapped[str] = column("量表", means="words:scale", length=60)
    scale_version: Mapped[str] = column("量表版本", length=40)
    scorer: Mapped[str] = column("计分器版本", length=20)
    status: Mapped[str] = column("计分状态", means="words:scale_status", length=40)
    total: Mapped[float | None] = column("总分", sensitivity=SENSITIVE)
    band: Mapped[str | None] = column("分段代码", sensitivity=SENSITIVE, length=60)
    meaning: Mapped[str | None] = column("结果", sensitivity=SENSITIVE)
    level: Mapped[str | None] = column("级别", sensitivity=SENSITIVE, means="words:scale_level", length=20)
    unverified: Mapped[bool] = column("分段待核定", default=False)
    safety: Mapped[bool] = column("安全提示", default=False)
    factors: Mapped[dict[str, Any]] = column("风险因素", sensitivity=SENSITIVE)
    detail: Mapped[dict[str, Any]] = column("明细", sensitivity=SENSITIVE)
    scored_at: Mapped[datetime] = column("计分时间", index=True)
    valid_until: Mapped[date | None] = column("有效期至")
    amends: Mapped[Id | None] = column("更正", ref="scale_result")


class FormTask(Record, label="待填问卷"):
    """A questionnaire given to a person, in one exact version, to be handed in by a day."""

    __table_args__ = (Index("ix_form_task_group", "org_id", "form", "issued_at"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_id: Mapped[Id | None] = column("体检", ref="visit")
    form: Mapped[str] = column("问卷", means="words:form", length=120)
    form_version: Mapped[str] = column("问卷版本", length=40)
    purpose: Mapped[str | None] = column("用途", length=255)
    study: Mapped[str | None] = column("研究项目", length=120)
    issued_by: Mapped[Id | None] = column("下发人", ref="staff")
    issued_at: Mapped[datetime] = column("下发时间", index=True)
    begun_at: Mapped[datetime | None] = column("开始填写")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("填写截止", merge=Merge.CENTRE, group="state", index=True)
    reason: Mapped[str | None] = column("未填原因", length=4000)


class FormGap(Record, label="问卷漏项", merge=Merge.LAST):
    """What a form that is being filled in lacks, as of the last page that was turned; one a person and form.

    `gaps` counts required questions without an answer and answers that a rule refuses, on the pages that were gone
    through; 0 when all are there, or the form is over. `since` is when they began to be missing.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    task_id: Mapped[Id | None] = column("待填问卷", ref="form_task")
    form: Mapped[str] = column("问卷", means="words:form", length=120)
    form_version: Mapped[str] = column("问卷版本", length=40)
    source: Mapped[str] = column("填写方式", means="words:form_source", length=40)
    gaps: Mapped[int] = column("漏项或有误题数")
    since: Mapped[datetime | None] = column("漏项起始")
    noted_at: Mapped[datetime] = column("时间", index=True)


class FormReturn(Record, label="问卷回收率"):
    """What became of the questionnaires of one form, study and organisation given out in a month; the centre's own.

    `expected` are those that should be back: handed in, lost, or past their day. Those taken back count nowhere.
    """

    month: Mapped[str] = column("下发月份", length=7, index=True)
    form: Mapped[str] = column("问卷", means="words:form", length=120)
    study: Mapped[str] = column("研究项目", length=120)
    issued: Mapped[int] = column("下发")
    handed_in: Mapped[int] = column("已回收")
    lost: Mapped[int] = column("失访")
    overdue: Mapped[int] = column("逾期未交")
    waiting: Mapped[int] = column("未到期")
    withdrawn: Mapped[int] = column("已撤回")
    expected: Mapped[int] = column("应回收")
    rate: Mapped[float | None] = column("回收率", unit="%")
    low_since: Mapped[str | None] = column("回收率偏低起始", length=10)
    counted_at: Mapped[datetime] = column("统计时间", index=True)
