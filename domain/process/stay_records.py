"""Where clients are and were: a stay a visit to a room, and the scans it is made of."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ProcessStay(Record, label="节点记录"):
    """One stay of a client at one node, from the arriving scan until the node is done or skipped.

    The id is made of visit, node and how many-th stay there it is, so that two desks that scan apart make one.
    `inferred` is one that nobody ended: the scan at the next node ended it, so its times tell nothing of the room.
    """

    __table_args__ = (
        Index("ix_process_stay_open", "state", "due_at"),
        Index("ix_process_stay_ended", "node", "ended_at"),
    )

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    node: Mapped[str] = column("节点", length=60)
    node_name: Mapped[str] = column("节点名称")
    exit: Mapped[bool] = column("离检节点", default=False)
    arrived_at: Mapped[datetime] = column("到达时间", index=True)
    began_at: Mapped[datetime | None] = column("开始时间", merge=Merge.CENTRE, group="state")
    ended_at: Mapped[datetime | None] = column("完成时间", merge=Merge.CENTRE, group="state")
    inferred: Mapped[bool] = column("由下一节点推定", merge=Merge.CENTRE, group="state", default=False)
    skip_reason: Mapped[str | None] = column(
        "跳过原因", merge=Merge.CENTRE, group="state", sensitivity=Sensitivity.SENSITIVE, length=4000
    )
    moved_at: Mapped[datetime | None] = column("离开时间", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state")


class ScanKind(enum.StrEnum):
    """What happened at a node."""

    ARRIVE = "arrive"
    BEGIN = "begin"
    END = "end"
    SKIP = "skip"
    LEAVE = "leave"


class ProcessEvent(Record, label="节点事件", merge=Merge.APPEND):
    """One scan; `from_stay_id` is the stay it moved the client away from."""

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    stay_id: Mapped[Id | None] = column("节点记录", ref="process_stay")
    from_stay_id: Mapped[Id | None] = column("离开的节点记录", ref="process_stay", index=True)
    node: Mapped[str] = column("节点", length=60)
    node_name: Mapped[str] = column("节点名称")
    kind: Mapped[ScanKind] = column("事件")
    at: Mapped[datetime] = column("时间", index=True)
    by_id: Mapped[Id | None] = column("操作人", ref="staff")
    by_name: Mapped[str] = column("操作人姓名")
    note: Mapped[str | None] = column("说明", sensitivity=Sensitivity.SENSITIVE, length=4000)
