"""What clients thought of a contact, the case a bad word opens, and how people fare month by month."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

PERSONAL = Sensitivity.PERSONAL


class Feedback(Record, label="满意度评价", merge=Merge.FIRST):
    """One word of a client on one exact step: the task, appointment or event it is about, and who did that.

    `score` is 1 (very dissatisfied) to 5. What came by a questionnaire has its response.
    """

    __table_args__ = (
        Index("ix_feedback_staff_at", "staff_id", "given_at"),
        Index("ix_feedback_step", "step", "step_id"),
    )

    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    unit_id: Mapped[Id | None] = column("团检单位", ref="client_unit")
    step: Mapped[str] = column("环节", means=Means.RECORD, length=60)
    step_id: Mapped[Id] = column("环节记录")
    step_kind: Mapped[str] = column("环节类型", means="words:feedback_step", length=40)
    staff_id: Mapped[Id | None] = column("服务人员", ref="staff")
    staff_name: Mapped[str | None] = column("服务人员姓名")
    score: Mapped[int] = column("满意度")
    comment: Mapped[str | None] = column("意见", sensitivity=PERSONAL, length=4000)
    complaint: Mapped[bool] = column("投诉", default=False)
    response_id: Mapped[Id | None] = column("答卷", ref="questionnaire_response")
    given_at: Mapped[datetime] = column("评价时间", index=True)
    taken_by: Mapped[Id | None] = column("录入人", ref="staff")


class RootCause(enum.StrEnum):
    """Why a client was dissatisfied; counted by step."""

    WAITING = "waiting"
    ATTITUDE = "attitude"
    EXPLANATION = "explanation"
    SKILL = "skill"
    ENVIRONMENT = "environment"
    PRICE = "price"
    PROMISE = "promise"
    MISUNDERSTANDING = "misunderstanding"
    OTHER = "other"


class FeedbackCase(Record, label="负面反馈"):
    """A bad word on its way to the end: owner, plan, root cause, and that the client was asked again.

    One a feedback (`stable_id("feedback_case", feedback)`).
    """

    feedback_id: Mapped[Id] = column("满意度评价", ref="feedback", index=True)
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    step_kind: Mapped[str] = column("环节类型", means="words:feedback_step", length=40)
    staff_id: Mapped[Id | None] = column("涉及人员", ref="staff")
    staff_name: Mapped[str | None] = column("涉及人员姓名")
    score: Mapped[int] = column("满意度")
    complaint: Mapped[bool] = column("投诉", default=False)
    comment: Mapped[str | None] = column("意见", sensitivity=PERSONAL, length=4000)
    owner_id: Mapped[Id | None] = column("专管人", ref="staff", merge=Merge.CENTRE, group="state")
    owner_name: Mapped[str | None] = column("专管人姓名", merge=Merge.CENTRE, group="state")
    plan: Mapped[str | None] = column("处理方案", merge=Merge.REVIEW, length=4000)
    root_cause: Mapped[RootCause | None] = column("根本原因", means="words:root_cause")
    root_note: Mapped[str | None] = column("原因说明", length=4000)
    resolution: Mapped[str | None] = column("处理结果", merge=Merge.REVIEW, length=4000)
    confirmed: Mapped[str | None] = column("回访确认", sensitivity=PERSONAL, merge=Merge.REVIEW, length=4000)
    opened_at: Mapped[datetime] = column("登记时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class ServiceScore(Record, label="月度满意度"):
    """How a person fared in a month (`stable_id("service_score", staff, month)`).

    `low_streak` is how many months in a row, up to this one, had enough answers and a mean below the limit.
    """

    staff_id: Mapped[Id] = column("服务人员", ref="staff", index=True)
    staff_name: Mapped[str] = column("服务人员姓名")
    month: Mapped[str] = column("月份", length=7, index=True)
    answers: Mapped[int] = column("评价数")
    mean: Mapped[float] = column("平均分")
    low_streak: Mapped[int] = column("连续偏低月数", default=0)
    counted_at: Mapped[datetime] = column("统计时间")
