"""That a report which is out no longer says what is kept: a corrected result, a text somebody changed."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReportChange(Record, label="签发后变化"):
    """One an edition (`stable_id("report_change", delivery)`): where it differs, and what a person decided.

    `differs` is the digest of what differs, values and all: what was settled is asked again when that is another.
    """

    delivery_id: Mapped[Id] = column("报告下发", ref="report_delivery", unique=True)
    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    number: Mapped[str] = column("报告号", length=40)
    edition: Mapped[int] = column("版次")
    places: Mapped[str] = column("变化之处", sensitivity=Sensitivity.SENSITIVE, length=1000)
    differs: Mapped[str] = column("变化摘要", length=64)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    settled_by: Mapped[str | None] = column("核定人", merge=Merge.CENTRE, group="state")
    settled_why: Mapped[str | None] = column(
        "核定说明", sensitivity=Sensitivity.SENSITIVE, merge=Merge.CENTRE, group="state", length=1000
    )
