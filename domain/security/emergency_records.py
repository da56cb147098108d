"""Opening one client's record in an emergency, beyond what one's role sees."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.clients import ties
from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Emergency(enum.StrEnum):
    """Why it could not wait."""

    LIFE = "life"
    ADVERSE = "adverse"
    CRITICAL = "critical"
    ABSENT = "absent"
    OTHER = "other"


class EmergencyAccess(Record, label="紧急查看", merge=Merge.APPEND):
    """Half an hour in which one person may read one client's record; the finding of the same id is its review."""

    __table_args__ = (Index("ix_emergency_access_staff_until", "staff_id", "until"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    staff_id: Mapped[Id] = column("查看人", ref="staff")
    staff_name: Mapped[str] = column("查看人姓名")
    kind: Mapped[Emergency] = column("紧急情形")
    reason: Mapped[str] = column("原因", length=4000)
    since: Mapped[datetime] = column("起始时间", index=True)
    until: Mapped[datetime] = column("截止时间")


ties(EmergencyAccess, "staff_id", holds=lambda c, now: (c.until > now,), claims=False)
