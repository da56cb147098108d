"""How a marked value goes on after it was found: one row a client and item of the register of major positives."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.tracking.records import TrackingGrade

SENSITIVE = Sensitivity.SENSITIVE


class PositiveCourse(enum.StrEnum):
    """How the newest value stands to the marked one."""

    WAITING = "waiting"
    """Nothing came since."""
    RECOVERED = "recovered"
    BETTER = "better"
    STEADY = "steady"
    """Within what measuring and the body's own swing explain."""
    WORSE = "worse"
    UNKNOWN = "unknown"
    """A text, another unit, or nobody told how much this value swings: a physician reads it."""


class NextStep(enum.StrEnum):
    """What is to be done next about a marked value."""

    RECHECK = "recheck"
    READ = "read"
    READ_AND_REFER = "read_and_refer"
    CONFIRM = "confirm"
    """Once more, to be sure that it stays well."""


class PositiveProgress(Record, label="阳性指标进展"):
    """One (`stable_id("positive_progress", client, item)`); kept up by whoever keeps the results.

    `change` is of the newest value against the one that was marked, `needed` the least change that counts.
    """

    __table_args__ = (Index("ix_positive_progress_course", "course", "last_at"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    item: Mapped[str] = column("项目", length=60)
    label: Mapped[str] = column("标记指标")
    grade: Mapped[TrackingGrade] = column("分级")
    marked_at: Mapped[datetime] = column("标记时间")
    marked: Mapped[str] = column("标记时结果", sensitivity=SENSITIVE, length=4000)
    last_at: Mapped[datetime] = column("最近检查时间", index=True)
    last: Mapped[str] = column("最近结果", sensitivity=SENSITIVE, length=4000)
    flag: Mapped[str | None] = column("标志", code="HL7:0078", means="words:flag", length=10)
    rechecks: Mapped[int] = column("复查次数")
    course: Mapped[PositiveCourse] = column("进展")
    change: Mapped[float | None] = column("变化", unit="%", sensitivity=SENSITIVE)
    needed: Mapped[float | None] = column("有意义变化下限", unit="%")
    tracking_id: Mapped[Id] = column("异常结果追踪", ref="abnormal_tracking")
    follow_on: Mapped[date | None] = column("应随访日期")
    next_step: Mapped[NextStep | None] = column("建议下一步")
    next_on: Mapped[date | None] = column("建议日期")
    advised_for: Mapped[Id | None] = column("已提前随访的结果", ref="observation")
