"""What two systems said differently of one sampling, until somebody has found out which of them holds."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Means, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class Settled(enum.StrEnum):
    """Which value holds: one of the two by a person's word, or the senders have come to agree."""

    FIRST = "first"
    SECOND = "second"
    AGREED = "agreed"


class SystemDifference(Record, label="跨系统差异"):
    """One item of one visit, as two systems have it.

    `deviation` is the difference of the two numbers by their mean, in percent: 0 to 200, and 200 where one system
    says negative and the other positive.
    """

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    item: Mapped[str] = column("项目", length=60)
    label: Mapped[str] = column("项目名称")
    first_id: Mapped[Id] = column("先到结果", ref="observation")
    first_system: Mapped[str] = column("先到系统", length=200)
    first_value: Mapped[str] = column("先到取值", sensitivity=SENSITIVE, length=4000)
    second_id: Mapped[Id] = column("后到结果", ref="observation")
    second_system: Mapped[str] = column("后到系统", length=200)
    second_value: Mapped[str] = column("后到取值", sensitivity=SENSITIVE, length=4000)
    ucum: Mapped[str | None] = column("单位", code="UCUM", means=Means.UNIT, length=40)
    deviation: Mapped[float] = column("相对偏差", unit="%")
    found_at: Mapped[datetime] = column("发现时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    settled_how: Mapped[Settled | None] = column("统一为", merge=Merge.CENTRE, group="state")
    settled_by: Mapped[str | None] = column(
        "核实人", sensitivity=Sensitivity.PERSONAL, mask=Mask.NAME, merge=Merge.CENTRE, group="state"
    )
    note: Mapped[str | None] = column(
        "核实说明", sensitivity=SENSITIVE, length=4000, merge=Merge.CENTRE, group="state"
    )
