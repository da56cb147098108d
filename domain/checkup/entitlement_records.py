"""That a level of a report was passed by somebody who had no right to it any more when it arrived at the centre."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReviewLack(enum.StrEnum):
    """What was missing: the account, the right, or the role that the site's scheme wants at the level."""

    ACCOUNT = "account"
    RIGHT = "right"
    ROLE = "role"


class ReviewDoubt(Record, label="无权审核", at_centre=True):
    """One an act of review (`stable_id("review_doubt", step)`), found by the centre as the act is merged.

    A workstation without a line cannot know that a right was taken away meanwhile. What its person did is kept as it
    is; until somebody with the right has decided, the report is neither signed nor given out.
    """

    step_id: Mapped[Id] = column("审核记录", ref="review_step", index=True)
    report_id: Mapped[Id] = column("报告", ref="report", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    number: Mapped[str] = column("报告号", length=40)
    level: Mapped[str] = column("审核级别", means="state:report", length=40)
    lack: Mapped[ReviewLack] = column("问题")
    staff_id: Mapped[Id] = column("审核人", ref="staff", index=True)
    staff_name: Mapped[str] = column("审核人姓名")
    acted_at: Mapped[datetime] = column("审核时间")
    found_at: Mapped[datetime] = column("汇入时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应核定时间", merge=Merge.CENTRE, group="state", index=True)
    decided_by: Mapped[Id | None] = column("核定人", merge=Merge.CENTRE, group="state", ref="staff")
    decided_name: Mapped[str | None] = column("核定人姓名", merge=Merge.CENTRE, group="state")
    decided_why: Mapped[str | None] = column(
        "核定说明", sensitivity=Sensitivity.SENSITIVE, merge=Merge.CENTRE, group="state", length=4000
    )
