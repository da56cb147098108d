"""What looks wrong in what people did with the program, and what a person found out about it."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Suspicion(enum.StrEnum):
    """What looks wrong."""

    BEYOND_RIGHTS = "beyond_rights"  # commands or lists asked for again and again without the right
    MASS_READING = "mass_reading"
    MASS_CHANGE = "mass_change"
    AGAINST_ORDER = "against_order"  # steps asked for before their time, or by who may not make them
    UNLIKE_HABIT = "unlike_habit"
    CHAIN_BROKEN = "chain_broken"
    UNLOGGED = "unlogged"
    EMERGENCY_LOOK = "emergency_look"  # somebody opened a record in an emergency


class SecurityConclusion(enum.StrEnum):
    """What a verification came to."""

    JUSTIFIED = "justified"
    MISUSE = "misuse"
    FAULT = "fault"


class SecurityFinding(Record, label="安全核查"):
    """One thing that looks wrong, noted by the installation at which it was seen.

    `count` is what was counted between `since` and `until`; `staff_id` is empty where nobody is known.
    """

    kind: Mapped[Suspicion] = column("类别", index=True)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    count: Mapped[int] = column("数量")
    since: Mapped[datetime] = column("起始时间")
    until: Mapped[datetime] = column("时间", index=True)
    detail: Mapped[str] = column("情况", length=1000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state", index=True)
    due_at: Mapped[datetime | None] = column("期限", merge=Merge.CENTRE, group="state")
    conclusion: Mapped[SecurityConclusion | None] = column("结论", merge=Merge.CENTRE, group="state")
    explanation: Mapped[str | None] = column("说明", merge=Merge.CENTRE, group="state", length=4000)
    concluded_by: Mapped[Id | None] = column("核实人", merge=Merge.CENTRE, group="state", ref="staff")
    concluded_name: Mapped[str | None] = column("核实人姓名", merge=Merge.CENTRE, group="state")


class AuditAnchor(Record, label="审计锚点", merge=Merge.APPEND):
    """The end of an installation's audit chain on one day, kept at the centre too: what was there cannot go unseen.

    `number` rows were in the chain, `hash` (SHA-256, hexadecimal) is that of the last.
    """

    device_id: Mapped[Id] = column("工作站编号", index=True)
    number: Mapped[int] = column("审计条数")
    hash: Mapped[str] = column("校验值", length=64)
    anchored_at: Mapped[datetime] = column("时间", index=True)
