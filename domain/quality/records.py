"""What was counted of a day, and why people found a figure to be as it is.

The figure as it stands, with its target and days under it, is `domain.alerts.records.Indicator`: rules watch it.
"""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.alerts.records import AlertCause
from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class IndicatorDay(Record, label="指标日统计", merge=Merge.CENTRE):
    """One day of a figure of one organisation (`stable_id("indicator_day", org, code, day)`); of the centre alone.

    Counted anew whenever something of that day changes, also when it comes late from a branch.
    """

    __table_args__ = (Index("ix_indicator_day_code", "code", "org_id", "day"),)

    code: Mapped[str] = column("指标代码", length=60)
    name: Mapped[str] = column("指标名称")
    day: Mapped[date] = column("统计日", index=True)
    numerator: Mapped[int] = column("分子")
    denominator: Mapped[int] = column("分母")
    percent: Mapped[float | None] = column("当日值", unit="%")
    counted_at: Mapped[datetime] = column("统计时间")


class IndicatorAnalysis(Record, label="指标原因分析", merge=Merge.APPEND):
    """Why a figure missed its target or left its control limits, and what is done about it."""

    indicator_id: Mapped[Id] = column("指标", ref="indicator", index=True)
    code: Mapped[str] = column("指标代码", length=60)
    name: Mapped[str] = column("指标名称")
    day: Mapped[date] = column("统计日")
    percent: Mapped[float | None] = column("当时值", unit="%")
    target: Mapped[float] = column("目标值", unit="%")
    cause: Mapped[AlertCause] = column("根因")
    finding: Mapped[str] = column("原因分析", length=4000)
    measures: Mapped[str] = column("改进措施", length=4000)
    at: Mapped[datetime] = column("提交时间", index=True)
    staff_id: Mapped[Id | None] = column("提交人", ref="staff")
    staff_name: Mapped[str] = column("提交人姓名")
