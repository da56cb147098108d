"""What a sender says it sent: a list of tubes out of a file, and what became of each line."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReceivingList(Record, label="到货清单"):
    """A list that came with a batch; open until somebody has counted it to its end."""

    number: Mapped[str] = column("清单号", unique=True, length=40)
    name: Mapped[str] = column("来源", length=120)
    file_name: Mapped[str] = column("文件名", length=255)
    sha256: Mapped[str] = column("文件摘要", length=64, index=True)
    imported_at: Mapped[datetime] = column("导入时间", index=True)
    staff_name: Mapped[str] = column("导入人")
    total: Mapped[int] = column("行数")
    doubtful: Mapped[int] = column("需核对行数")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    closed_by: Mapped[str | None] = column("清点人", merge=Merge.CENTRE, group="state")


class ReceivingState(enum.StrEnum):
    """What became of a line."""

    WAITING = "waiting"
    DOUBTFUL = "doubtful"
    ARRIVED = "arrived"
    MISSING = "missing"


class ReceivingLine(Record, label="到货清单明细"):
    """One line: a tube that is expected, or one nobody can make a tube of, with the reason."""

    __table_args__ = (Index("ix_receiving_line_number", "number", "state"),)

    list_id: Mapped[Id] = column("到货清单", ref="receiving_list", index=True)
    row: Mapped[int] = column("行号")
    number: Mapped[str] = column("标本编号", length=80)
    said_type: Mapped[str | None] = column("清单所写类型", length=40)
    remark: Mapped[str | None] = column("问题", length=1000)
    state: Mapped[ReceivingState] = column("到货状态", merge=Merge.CENTRE, group="state")
    at: Mapped[datetime | None] = column("到货时间", merge=Merge.CENTRE, group="state")
    staff_name: Mapped[str | None] = column("签收人", merge=Merge.CENTRE, group="state")
