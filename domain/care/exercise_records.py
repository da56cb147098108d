"""What a client did, as somebody noted it."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.care.records import CareWay
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class ExerciseEntry(Record, label="运动日记", merge=Merge.APPEND):
    """One bout: what, how long, how hard it felt (Borg 6 to 20), and what it cost at the weight known then."""

    __table_args__ = (Index("ix_exercise_entry_patient", "patient_id", "day"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    item_id: Mapped[Id | None] = column("干预项目", ref="care_item")
    day: Mapped[date] = column("日期", index=True)
    activity: Mapped[str] = column("运动项目", sensitivity=SENSITIVE, length=60)
    minutes: Mapped[float] = column("时长", unit="min", sensitivity=SENSITIVE)
    met: Mapped[float] = column("代谢当量")
    kcal: Mapped[float | None] = column("能耗", unit="kcal", sensitivity=SENSITIVE)
    heart_rate: Mapped[float | None] = column("运动心率", unit="/min", sensitivity=SENSITIVE)
    effort: Mapped[float | None] = column("自觉用力（6–20）", sensitivity=SENSITIVE)
    note: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)
    way: Mapped[CareWay] = column("来源")
    staff_id: Mapped[Id | None] = column("登记人", ref="staff")
    staff_name: Mapped[str] = column("登记人姓名")
    at: Mapped[datetime] = column("登记时间", index=True)
