"""What left the program, noted before it went, and what became of it."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

PERSONAL = Sensitivity.PERSONAL


class OutgoingKind(enum.StrEnum):
    """What leaves."""

    LIST = "list"
    DOCUMENT = "document"
    LABELS = "labels"


class Destination(enum.StrEnum):
    """Where it goes."""

    FILE = "file"
    PRINTER = "printer"
    VIEWER = "viewer"
    PHONE = "phone"


class Outgoing(Record, label="外发记录", merge=Merge.APPEND):
    """An export, a print or a saved file: who, what, how many rows, by which filter, for what, where to."""

    kind: Mapped[OutgoingKind] = column("类别")
    what: Mapped[str] = column("内容", sensitivity=PERSONAL)
    columns: Mapped[str | None] = column("列", length=1000)
    filters: Mapped[str | None] = column("筛选条件", sensitivity=PERSONAL, length=1000)
    count: Mapped[int] = column("行数或份数")
    purpose: Mapped[str | None] = column("用途", length=1000)
    destination: Mapped[Destination] = column("去向")
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    started_at: Mapped[datetime] = column("时间", index=True)


class OutgoingResult(enum.StrEnum):
    """What became of it."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OutgoingEnd(Record, label="外发结果", merge=Merge.APPEND):
    """How an export or a print ended; without one the program ended before it knew."""

    outgoing_id: Mapped[Id] = column("外发记录", ref="outgoing", index=True)
    result: Mapped[OutgoingResult] = column("结果")
    count: Mapped[int] = column("实际行数或份数")
    detail: Mapped[str | None] = column("说明")
    ended_at: Mapped[datetime] = column("结束时间")
