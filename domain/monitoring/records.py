"""Which device sends whose values."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class MonitorKind(enum.StrEnum):
    """What it is."""

    WATCH = "watch"
    PRESSURE = "pressure"
    GLUCOSE = "glucose"
    SCALE = "scale"
    OTHER = "other"


class MonitorDevice(Record, label="监测设备"):
    """A device, or the program beside it, that may send a client's values until `unpaired_at`.

    Its key is not kept: the centre makes it from its own key and this record's id, and shows it once. Pairing a
    device again is another record with another key.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[MonitorKind] = column("设备类别")
    name: Mapped[str] = column("品牌型号", length=60)
    paired_at: Mapped[datetime] = column("配对时间", index=True)
    last_at: Mapped[datetime | None] = column("最近上传", merge=Merge.CENTRE)
    unpaired_at: Mapped[datetime | None] = column("解除时间", index=True)
    unpaired_why: Mapped[str | None] = column("解除原因", length=255)
    unpaired_by: Mapped[Id | None] = column("解除人", ref="staff")
