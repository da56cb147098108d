"""One abnormal result on its way to a recorded outcome, and every step of it."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class TrackingGrade(enum.StrEnum):
    """How much hangs on it: class A, class B, or what a physician wants followed without a class."""

    HIGH = "high"
    IMPORTANT = "important"
    GENERAL = "general"


class TellingWay(enum.StrEnum):
    """How a client was told."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    MESSAGE = "message"
    LETTER = "letter"


class TrackingOutcome(enum.StrEnum):
    """What a follow-up found."""

    NORMAL = "normal"
    SAME = "same"
    WORSE = "worse"
    DIAGNOSED = "diagnosed"
    TREATED = "treated"
    NOT_REACHED = "not_reached"


class AbnormalTracking(Record, label="异常结果追踪"):
    """One abnormal result from its finding to an outcome; one a finding (`stable_id("tracking", finding)`).

    `known_by` is the proof that the client knows: what was said back, the receipt of a message, the signature on a
    letter.
    """

    __table_args__ = (Index("ix_tracking_rates", "org_id", "grade", "found_at"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    finding_id: Mapped[Id | None] = column("异常发现", ref="finding")
    observation_id: Mapped[Id] = column("结果", ref="observation", index=True)
    grade: Mapped[TrackingGrade] = column("分级")
    sentence: Mapped[str] = column("描述", sensitivity=SENSITIVE, length=1000)
    found_at: Mapped[datetime] = column("发现时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    tries: Mapped[int] = column("未联系上次数", merge=Merge.CENTRE, group="state", default=0)
    told_at: Mapped[datetime | None] = column("通知时间", merge=Merge.CENTRE, group="state")
    told_way: Mapped[TellingWay | None] = column("通知方式", merge=Merge.CENTRE, group="state")
    known_by: Mapped[str | None] = column(
        "知晓确认", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=1000
    )
    follow_on: Mapped[date | None] = column("应随访日期", merge=Merge.CENTRE, group="state")
    followed_at: Mapped[datetime | None] = column("随访时间", merge=Merge.CENTRE, group="state")
    outcome: Mapped[TrackingOutcome | None] = column("随访结果", merge=Merge.CENTRE, group="state")
    note: Mapped[str | None] = column(
        "结局说明", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=4000
    )


class TrackingStep(Record, label="异常结果追踪记录", merge=Merge.APPEND):
    """One thing that was done about an abnormal result."""

    tracking_id: Mapped[Id] = column("异常结果追踪", ref="abnormal_tracking", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[str] = column("动作", means="words:tracking_step", length=40)
    at: Mapped[datetime] = column("时间", index=True)
    staff_id: Mapped[Id | None] = column("人员", ref="staff")
    staff_name: Mapped[str] = column("人员姓名")
    way: Mapped[TellingWay | None] = column("方式")
    note: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)


class TrackingRate(Record, label="异常结果追踪统计"):
    """What became of the results of one organisation, grade and month; written by the centre alone.

    Rates are in per cent: told of all; told in time of all; followed up of those whose day has come.
    """

    month: Mapped[str] = column("月份", length=7, index=True)
    grade: Mapped[TrackingGrade] = column("分级")
    total: Mapped[int] = column("异常结果数")
    told: Mapped[int] = column("已通知")
    in_time: Mapped[int] = column("按时通知")
    told_rate: Mapped[float | None] = column("通知率", unit="%")
    to_follow: Mapped[int] = column("应随访")
    followed: Mapped[int] = column("已随访")
    followed_rate: Mapped[float | None] = column("随访率", unit="%")
    refused: Mapped[int] = column("拒绝")
    referred: Mapped[int] = column("转诊")
    waiting: Mapped[int] = column("未通知")
    counted_at: Mapped[datetime] = column("统计时间", index=True)
