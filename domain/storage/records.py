"""How full boxes are (counted in each store for itself), and what somebody has to look for in the store."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class ContainerFill(Record, label="冻存盒占用", place=Place.LOCAL):
    """How many tubes lie in a container; its id is that of the container."""

    used: Mapped[int] = column("已用位置", default=0)


class ContainerFillDay(Record, label="冻存盒每日变化", place=Place.LOCAL):
    """Tubes that came into a container less those that left it, on a clinic day."""

    __table_args__ = (Index("ix_container_fill_day_day", "day", "container_id"),)

    container_id: Mapped[Id] = column("容器", ref="storage_container")
    day: Mapped[date] = column("日期")
    net: Mapped[int] = column("净增", default=0)


class StorageTaskKind(enum.StrEnum):
    """What somebody has to look for."""

    FIND = "find"
    MISSING = "missing"
    EXTRA = "extra"
    MISPLACED = "misplaced"
    SHIPMENT = "shipment"


class StorageTaskOutcome(enum.StrEnum):
    """What the search came to."""

    FOUND = "found"
    MOVED = "moved"
    NOT_FOUND = "not_found"
    MISTAKE = "mistake"


class StorageTask(Record, label="库房待查"):
    """A tube is not where the records say, or lies where they say nothing; a person looks and says what was found.

    `place` is where the records have it, `found_place` where it was seen (both ``BOX:A1``).
    """

    cause: Mapped[StorageTaskKind] = column("事由")
    number: Mapped[str] = column("标本编号", length=80, index=True)
    specimen_id: Mapped[Id | None] = column("标本", ref="specimen", index=True)
    place: Mapped[str | None] = column("记录位置", length=120)
    found_place: Mapped[str | None] = column("实际位置", length=120)
    note: Mapped[str | None] = column("说明", length=1000)
    opened_at: Mapped[datetime] = column("登记时间", index=True)
    opened_by: Mapped[str] = column("登记人")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    outcome: Mapped[StorageTaskOutcome | None] = column("查找结果", merge=Merge.CENTRE, group="state")
    closed_by: Mapped[str | None] = column("完成人", merge=Merge.CENTRE, group="state")
    closed_note: Mapped[str | None] = column("结果说明", merge=Merge.CENTRE, group="state", length=1000)


class Inventory(Record, label="盘点记录", merge=Merge.APPEND):
    """A box was compared with the records: tubes expected, found in place, missing, extra, elsewhere."""

    container_id: Mapped[Id] = column("冻存盒", ref="storage_container", index=True)
    at: Mapped[datetime] = column("盘点时间", index=True)
    staff_id: Mapped[Id | None] = column("盘点人", ref="staff")
    staff_name: Mapped[str] = column("盘点人姓名")
    expected: Mapped[int] = column("应有")
    matched: Mapped[int] = column("相符")
    missing: Mapped[int] = column("未见")
    surplus: Mapped[int] = column("多出")
    misplaced: Mapped[int] = column("位置不符")
    unread: Mapped[int] = column("未读出")
