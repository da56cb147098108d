"""The index of health records over all sites."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class HealthArchive(Record, label="健康档案", merge=Merge.CENTRE):
    """What the record of one client holds (`stable_id("health_archive", patient)`), kept by the centre.

    `missing` names what a standard record has and this one has not: sex, birth date, identity number (WS 365), and
    codes. `coded` are results that stand with a LOINC code and a UCUM unit, of `results` that stand.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    missing: Mapped[str | None] = column("缺项", length=255, index=True)
    results: Mapped[int] = column("检查结果", default=0)
    coded: Mapped[int] = column("已标准编码", default=0)
    coded_percent: Mapped[float | None] = column("编码率", unit="%")
    visits: Mapped[int] = column("体检次数", default=0)
    reports: Mapped[int] = column("体检报告", default=0)
    hospital: Mapped[int] = column("就医次数", default=0)
    receptions: Mapped[int] = column("接待次数", default=0)
    talks: Mapped[int] = column("沟通条数", default=0)
    tags: Mapped[int] = column("标签数", default=0)
    last_visit: Mapped[date | None] = column("最近体检")
    last_hospital: Mapped[datetime | None] = column("最近就医")
    last_reception: Mapped[datetime | None] = column("最近接待")
    last_talk: Mapped[datetime | None] = column("最近沟通")
    updated_at: Mapped[datetime] = column("更新时间", index=True)
