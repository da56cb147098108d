"""Partners that book: the key each comes with, and which appointment is theirs by their own number."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class BookingKey(Record, label="预约系统密钥", merge=Merge.CENTRE, at_centre=True):
    """The key of a partner that books, as its SHA-256; its id is the partner's. Who has it acts as that partner."""

    partner_name: Mapped[str] = column("系统名称", length=60)
    key_sha256: Mapped[str] = column("密钥摘要", length=64, index=True)
    set_at: Mapped[datetime] = column("设置时间", index=True)
    set_by: Mapped[Id | None] = column("设置人", ref="staff")
    set_name: Mapped[str] = column("设置人姓名")


class ExternalBooking(Record, label="外部预约", merge=Merge.CENTRE):
    """An appointment that a partner made; its id is made of partner and its number, so that a repeat is one."""

    partner_id: Mapped[Id] = column("预约系统", ref="partner", index=True)
    partner_name: Mapped[str] = column("系统名称", length=60)
    external_id: Mapped[str] = column("对方预约号", length=120)
    appointment_id: Mapped[Id] = column("接待预约", ref="appointment", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    booked_at: Mapped[datetime] = column("预约时间", index=True)
