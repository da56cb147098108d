"""What a client takes in besides the plan, and what a day's supplements and diet add up to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record

SENSITIVE = Sensitivity.SENSITIVE


class DietIntake(Record, label="膳食摄入估计", merge=Merge.APPEND):
    """What a client takes in by food on a usual day, by nutrient, as a person estimated it; the newest counts."""

    __table_args__ = (Index("ix_diet_intake_patient", "patient_id", "from_on"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    amounts: Mapped[dict[str, Any]] = column("每日摄入", sensitivity=SENSITIVE)
    method: Mapped[str] = column("估计依据", length=1000)
    from_on: Mapped[date] = column("起始日期")
    at: Mapped[datetime] = column("登记时间", index=True)
    staff_id: Mapped[Id | None] = column("登记人", ref="staff")
    staff_name: Mapped[str] = column("登记人姓名")


class CareIntake(Record, label="营养素日摄入", place=Place.LOCAL):
    """One nutrient of a client on a day (`stable_id("care_intake", patient, nutrient, day)`), worked out anew here.

    `percent` is the worse of two: what was taken of supplements against what is prescribed for the day, and the whole
    with the diet against the upper intake; `why` says which. `unverified`: the limit was read in no source.
    """

    __table_args__ = (Index("ix_care_intake_patient", "patient_id", "day"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    nutrient: Mapped[str] = column("营养素代码", length=40)
    name: Mapped[str] = column("营养素")
    day: Mapped[date] = column("日期", index=True)
    unit: Mapped[str] = column("单位", means="unit", length=10)
    taken: Mapped[float] = column("补充剂摄入", sensitivity=SENSITIVE)
    diet: Mapped[float] = column("膳食摄入", sensitivity=SENSITIVE)
    prescribed: Mapped[float] = column("处方日量", sensitivity=SENSITIVE)
    upper: Mapped[float | None] = column("可耐受最高摄入量")
    percent: Mapped[float] = column("占上限", unit="%")
    why: Mapped[str] = column("超过哪一项", length=40)
    unverified: Mapped[bool] = column("上限待核定", default=False)
    looked_at: Mapped[datetime] = column("更新时间")
