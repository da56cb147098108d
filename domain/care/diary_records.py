"""What a client ate, as somebody noted it meal by meal."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.care.records import CareWay
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class DietMeal(enum.StrEnum):
    """Which meal."""

    BREAKFAST = "breakfast"
    LUNCH = "lunch"
    DINNER = "dinner"
    SNACK = "snack"


class DietEntry(Record, label="膳食日记", merge=Merge.APPEND):
    """One meal of a day: grams by food, and what they come to by the exchange list of that time.

    The newest of a day and meal counts, so that a mistake is put right by noting the meal again. `sodium_mg` is
    that of seasonings alone: what foods have themselves is not known.
    """

    __table_args__ = (Index("ix_diet_entry_patient", "patient_id", "day"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    day: Mapped[date] = column("日期", index=True)
    meal: Mapped[DietMeal] = column("餐次")
    foods: Mapped[dict[str, Any]] = column("食物与克数", sensitivity=SENSITIVE)
    said: Mapped[str] = column("吃了什么", sensitivity=SENSITIVE, length=2000)
    kcal: Mapped[float] = column("能量", unit="kcal", sensitivity=SENSITIVE)
    protein_g: Mapped[float] = column("蛋白质", unit="g", sensitivity=SENSITIVE)
    fat_g: Mapped[float] = column("脂肪", unit="g", sensitivity=SENSITIVE)
    carb_g: Mapped[float] = column("碳水化合物", unit="g", sensitivity=SENSITIVE)
    sodium_mg: Mapped[float] = column("调味品含钠", unit="mg", sensitivity=SENSITIVE)
    note: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)
    way: Mapped[CareWay] = column("来源")
    staff_id: Mapped[Id | None] = column("登记人", ref="staff")
    staff_name: Mapped[str] = column("登记人姓名")
    at: Mapped[datetime] = column("登记时间", index=True)
