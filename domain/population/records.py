"""Figures of the region's people, and what follows from comparing them."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.record import Record


class Against(enum.StrEnum):
    """How a site stands against the region, of the same sex and age."""

    HIGHER = "higher"
    LOWER = "lower"
    SAME = "same"
    REGION = "region"  # the region itself has nothing to be compared with


class Course(enum.StrEnum):
    """How a share stands against the year before."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNKNOWN = "unknown"


class PopulationFigure(Record, label="区域健康统计", merge=Merge.CENTRE):
    """How many of some people have something, in one year; written by the centre alone, every night.

    `site` is a site's name, or the region's at the head office. A number under five, and whatever would let it be
    worked out from the others, is `withheld`: people, cases and share are empty then.
    """

    __table_args__ = (Index("ix_population_figure_year_measure", "year", "measure"),)

    year: Mapped[int] = column("年份")
    site: Mapped[str] = column("院区")
    measure: Mapped[str] = column("指标代码", length=120)
    label: Mapped[str] = column("指标", length=120)
    sex: Mapped[str] = column("性别", means="words:population_sex", length=10)
    band: Mapped[str] = column("年龄段", length=20)
    people: Mapped[int | None] = column("体检人数")
    cases: Mapped[int | None] = column("人数")
    percent: Mapped[float | None] = column("占比", unit="%")
    withheld: Mapped[bool] = column("人数过少不显示", default=False)
    counted_at: Mapped[datetime] = column("统计时间", index=True)


class PopulationJudgement(Record, label="人群健康研判", merge=Merge.CENTRE):
    """How a site's share of something stands against the region's for the same sex and age, and against last year.

    `ratio` is observed to expected (indirect standardisation), with its 95 % interval.
    """

    year: Mapped[int] = column("年份")
    site: Mapped[str] = column("院区")
    measure: Mapped[str] = column("指标代码", length=120)
    label: Mapped[str] = column("指标", length=120)
    people: Mapped[int] = column("体检人数")
    cases: Mapped[int] = column("人数")
    percent: Mapped[float] = column("占比", unit="%")
    expected: Mapped[float | None] = column("期望人数")
    ratio: Mapped[float | None] = column("校正比")
    low: Mapped[float | None] = column("95%下限")
    high: Mapped[float | None] = column("95%上限")
    against: Mapped[Against] = column("与区域比较")
    before: Mapped[float | None] = column("上年占比", unit="%")
    course: Mapped[Course] = column("与上年比较")
    weight: Mapped[int] = column("关注程度", default=0, index=True)
    sentence: Mapped[str] = column("研判", length=500)
    judged_at: Mapped[datetime] = column("统计时间", index=True)
