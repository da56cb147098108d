"""The end of this installation's chain of custody, and breaks that were found in any."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class CustodyHead(Record, label="监管链末端", place=Place.LOCAL):
    """The last event of this installation: its number and digest."""

    device_id: Mapped[Id] = column("安装")
    number: Mapped[int] = column("序号")
    sha256: Mapped[str] = column("摘要", length=64)


class CustodyRound(Record, label="监管链定期核验", place=Place.LOCAL):
    """One round through every event this store has; noted when it came to its end."""

    begun_at: Mapped[datetime] = column("开始时间")
    ended_at: Mapped[datetime] = column("结束时间", index=True)
    events: Mapped[int] = column("核验事件数")
    broken: Mapped[int] = column("断点数")


class CustodyBreak(Record, label="监管链断点"):
    """A place where a chain of custody does not hold, until somebody has found out why."""

    event_id: Mapped[Id] = column("标本事件", ref="specimen_event", index=True)
    specimen_id: Mapped[Id] = column("标本", ref="specimen", index=True)
    number: Mapped[str] = column("标本编号", length=40)
    code: Mapped[str] = column("断点", means="words:custody_break", length=40)
    found_at: Mapped[datetime] = column("发现时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    finding: Mapped[str | None] = column("调查结论", length=4000)
