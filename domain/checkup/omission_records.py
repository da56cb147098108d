"""What a client did not have done, said on the spot and signed."""

import enum
from datetime import date, datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class OmissionKind(enum.StrEnum):
    """Whether the client does not want it, or wants it another day."""

    REFUSED = "refused"
    POSTPONED = "postponed"


class Omission(Record, label="弃检与延期", merge=Merge.APPEND):
    """One item of a visit that the client refused or postponed, signed, or witnessed by another of the staff.

    `item` is as `domain.checkup.completeness` names it.
    """

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    item: Mapped[str] = column("项目", length=60)
    label: Mapped[str] = column("项目名称")
    kind: Mapped[OmissionKind] = column("方式")
    reason: Mapped[str] = column("原因", sensitivity=Sensitivity.SENSITIVE, length=4000)
    postponed_to: Mapped[date | None] = column("改期至")
    signature_sha256: Mapped[str | None] = column("客户签名", length=64)
    witness_id: Mapped[Id | None] = column("见证人", ref="staff")
    witness_name: Mapped[str | None] = column("见证人姓名", sensitivity=Sensitivity.PERSONAL, mask=Mask.NAME)
    recorded_by: Mapped[Id | None] = column("登记人", ref="staff")
    recorded_at: Mapped[datetime] = column("登记时间", index=True)
