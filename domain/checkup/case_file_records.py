"""Whether the files of a case have come: rows are at head office at once, images when their bytes are."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class CaseFiles(Record, label="病例附件"):
    """One a visit (`stable_id("case_files", visit)`): how many files its rows name, and how many the centre lacks.

    Written by the centre alone. `state_since` of `waiting` is when the first of them was missed.
    """

    visit_id: Mapped[Id] = column("体检", ref="visit", unique=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    visit_number: Mapped[str] = column("体检号", length=40)
    total: Mapped[int] = column("附件数")
    missing: Mapped[int] = column("未到附件数", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
