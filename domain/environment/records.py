"""Probes with their limits, what they read (each store its own), excursions with every tube they touched."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class Quantity(enum.StrEnum):
    """What a probe measures."""

    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"


class ExcursionCause(enum.StrEnum):
    """Why an excursion began."""

    HIGH = "high"
    LOW = "low"
    RISE = "rise"
    LOST = "lost"
    FAULT = "fault"


class EnvironmentProbe(Record, label="环境探头"):
    """One probe in a container of the store (or a working area), with its limits; humidity is in per cent.

    `delay_min`: how long a value must stay out before it counts (a door was opened). `rise`: change in
    `rise_min` minutes that counts at once. `lost_min`: without a reading for so long the signal is lost.
    """

    code: Mapped[str] = column("探头编号", unique=True, length=40)
    name: Mapped[str] = column("名称")
    container_id: Mapped[Id | None] = column("所在容器", ref="storage_container", index=True)
    quantity: Mapped[Quantity] = column("测量项")
    low: Mapped[float] = column("下限")
    high: Mapped[float] = column("上限")
    delay_min: Mapped[int] = column("去抖时间", unit="min", default=10)
    rise: Mapped[float | None] = column("升速限")
    rise_min: Mapped[int] = column("升速观察时间", unit="min", default=10)
    lost_min: Mapped[int] = column("失联时间", unit="min", default=5)
    verified: Mapped[bool] = column("限值已核定", default=False)
    added_at: Mapped[datetime] = column("启用时间")
    calibrated_on: Mapped[date | None] = column("校准日期")
    calibration_due: Mapped[date | None] = column("校准到期", index=True)
    snoozed_until: Mapped[datetime | None] = column("暂停预警至")
    snooze_reason: Mapped[str | None] = column("暂停原因", length=1000)
    retired_at: Mapped[datetime | None] = column("停用时间")


class EnvironmentReading(Record, label="环境读数", place=Place.LOCAL):
    """One value of a probe; None where the probe itself is at fault. Each store keeps what it read itself."""

    __table_args__ = (Index("ix_environment_reading_probe", "probe_id", "at", unique=True),)

    probe_id: Mapped[Id] = column("探头", ref="environment_probe")
    at: Mapped[datetime] = column("时间", index=True)
    value: Mapped[float | None] = column("读数")
    source: Mapped[str] = column("来源", means="words:reading_source", length=20)


class EnvironmentHour(Record, label="每小时环境", merge=Merge.FIRST):
    """Lowest, mean and highest value of a probe in one hour; what other stores see of it."""

    __table_args__ = (Index("ix_environment_hour_probe", "probe_id", "hour"),)

    probe_id: Mapped[Id] = column("探头", ref="environment_probe")
    hour: Mapped[datetime] = column("小时", index=True)
    lowest: Mapped[float | None] = column("最低")
    mean: Mapped[float | None] = column("平均")
    highest: Mapped[float | None] = column("最高")
    readings: Mapped[int] = column("读数个数")


class EnvironmentExcursion(Record, label="环境偏差"):
    """A probe out of its limits, rising too fast, at fault or silent, until somebody has judged what it did.

    `degree_minutes` is the integral of what was beyond the limit over time, in degrees (or per cent) times minutes.
    """

    probe_id: Mapped[Id] = column("探头", ref="environment_probe", index=True)
    probe_name: Mapped[str] = column("探头名称")
    container_id: Mapped[Id | None] = column("容器", ref="storage_container", index=True)
    cause: Mapped[ExcursionCause] = column("原因")
    cause_words: Mapped[str] = column("偏差说明", length=255)
    begun_at: Mapped[datetime] = column("开始时间", index=True)
    ended_at: Mapped[datetime | None] = column("恢复时间", group="state", merge=Merge.CENTRE)
    worst: Mapped[float | None] = column("极值", group="state", merge=Merge.CENTRE)
    degree_minutes: Mapped[float | None] = column("超限积分", group="state", merge=Merge.CENTRE)
    tubes: Mapped[int | None] = column("受影响管数", group="state", merge=Merge.CENTRE)
    listed_up_to: Mapped[str | None] = column("已列到", group="state", merge=Merge.CENTRE, length=80)
    is_test: Mapped[bool] = column("预警测试", default=False)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    assessed_by: Mapped[str | None] = column("评估人", merge=Merge.CENTRE, group="state")
    assessment: Mapped[str | None] = column("评估结论", merge=Merge.CENTRE, group="state", length=2000)


class ExposedTube(Record, label="受影响标本", merge=Merge.FIRST):
    """One tube that lay in the container during an excursion: how long, and the integral over that time."""

    __table_args__ = (Index("ix_exposed_tube_excursion", "excursion_id", "slot"),)

    excursion_id: Mapped[Id] = column("环境偏差", ref="environment_excursion")
    specimen_id: Mapped[Id] = column("标本", ref="specimen", index=True)
    number: Mapped[str] = column("标本编号", length=40)
    slot: Mapped[str] = column("库位", length=80)
    study_id: Mapped[Id | None] = column("研究", ref="study", index=True)
    minutes: Mapped[float] = column("暴露时间", unit="min")
    degree_minutes: Mapped[float] = column("超限积分")


class TubeDisposition(enum.StrEnum):
    """What is to become of the tubes of a study after an excursion."""

    USABLE = "usable"
    RESTRICTED = "restricted"
    DISCARD = "discard"


class ExcursionDecision(Record, label="偏差处置", merge=Merge.FIRST):
    """What was decided for the tubes of one study (None: those of no study) after an excursion."""

    excursion_id: Mapped[Id] = column("环境偏差", ref="environment_excursion", index=True)
    study_id: Mapped[Id | None] = column("研究", ref="study")
    disposition: Mapped[TubeDisposition] = column("处置")
    tubes: Mapped[int] = column("管数")
    decided_at: Mapped[datetime] = column("决定时间", index=True)
    decided_by: Mapped[str] = column("决定人")
    note: Mapped[str | None] = column("说明", length=1000)


class AlarmTest(Record, label="预警测试记录", merge=Merge.APPEND):
    """A test of a probe's alarm: the excursion it made is the proof; without one the alarm did not work."""

    probe_id: Mapped[Id] = column("探头", ref="environment_probe", index=True)
    at: Mapped[datetime] = column("测试时间", index=True)
    staff_name: Mapped[str] = column("测试人")
    excursion_id: Mapped[Id | None] = column("触发的偏差", ref="environment_excursion")
    passed: Mapped[bool] = column("预警已触发")
    note: Mapped[str | None] = column("说明", length=1000)
