"""Who looks after whom: ties that no conversation, task or appointment says."""

import enum
from datetime import datetime

from sqlalchemy import Index, or_
from sqlalchemy.orm import Mapped

from domain.kernel.clients import ties
from domain.kernel.columns import column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class TieKind(enum.StrEnum):
    """Why a client is somebody's."""

    REGISTERED = "registered"  # made the record
    PRESENT = "present"  # stands at the desk or is on the phone, with a number told or shown
    ASSIGNED = "assigned"  # by who leads


class ClientTie(Record, label="客户归属"):
    """One client who is one person's, from a time on and until another, if that is known."""

    __table_args__ = (Index("ix_client_tie_staff_until", "staff_id", "until"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    staff_id: Mapped[Id] = column("负责人", ref="staff")
    staff_name: Mapped[str] = column("负责人姓名")
    kind: Mapped[TieKind] = column("归属方式")
    since: Mapped[datetime] = column("起始时间", index=True)
    until: Mapped[datetime | None] = column("截止时间")
    reason: Mapped[str] = column("原因", length=4000, default="")
    given_name: Mapped[str] = column("指定人", default="")


ties(ClientTie, "staff_id", holds=lambda c, now: (or_(c.until.is_(None), c.until > now),))
