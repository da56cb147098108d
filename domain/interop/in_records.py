"""Messages of partners that were acknowledged and could not be applied: listed, and tried again when told to."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id, stable_id
from domain.kernel.record import Record


class ParkedMessage(Record, label="接收搁置消息"):
    """One message that five tries did not get in; its id is of sender and number, its bytes stay in the inbox."""

    system: Mapped[str] = column("来源系统", length=200)
    control_id: Mapped[str] = column("消息号（MSH-10）", length=200)
    reason: Mapped[str] = column("原因", length=60)
    sentence: Mapped[str] = column("说明", length=255)
    received_at: Mapped[datetime] = column("收到时间")
    parked_at: Mapped[datetime] = column("搁置时间", index=True)
    settled_by: Mapped[str | None] = column("处理人", merge=Merge.CENTRE, group="state")
    note: Mapped[str | None] = column("处理说明", merge=Merge.CENTRE, group="state", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


def parked_id(system: str, control_id: str) -> Id:
    """Return the id of a parked message."""
    return stable_id("parked_message", system, control_id)
