"""Every comparison of a person with a record: what it said, of what, by whom; never changed."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.people.comparing import Light


class IdentityLight(Record, label="身份核查记录", merge=Merge.APPEND):
    """One check of an identity; `said_id_number` is what the document or the list said."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    light: Mapped[Light] = column("结果")
    reasons: Mapped[list[str]] = column("原因", means="words:identity_reason")
    compared: Mapped[list[str]] = column("比对内容", means="words:identity_compared")
    said_name: Mapped[str] = column("证件姓名", sensitivity=Sensitivity.PERSONAL, mask=Mask.NAME)
    said_id_number: Mapped[str | None] = column(
        "证件号码", sensitivity=Sensitivity.SENSITIVE, mask=Mask.ID_NUMBER, length=40
    )
    checked_at: Mapped[datetime] = column("核查时间", index=True)
    staff_id: Mapped[Id | None] = column("核查人", ref="staff")
    staff_name: Mapped[str] = column("核查人姓名")
