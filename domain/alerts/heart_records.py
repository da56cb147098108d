"""Whether alerting itself works: one row an engine, and one a channel by which staff are told outside the program."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.kernel.workflow import State, Workflow


class AlertHeart(Record, label="预警运行监测"):
    """One (`stable_id("alert_heart", device, part)`), written when it stops and when it is back, never while it runs.

    `last_beat` is when everything was evaluated last before it stopped, `evaluated_at` when that held again: the
    time between was evaluated late, nothing of it was left out.
    """

    part: Mapped[str] = column("部分", means="words:alert_heart", length=40)
    device_id: Mapped[Id] = column("安装", ref="workstation")
    name: Mapped[str] = column("名称")
    reason: Mapped[str | None] = column("原因", length=200)
    last_beat: Mapped[datetime | None] = column("停顿起始")
    evaluated_at: Mapped[datetime | None] = column("补算完成")
    state: Mapped[str] = column("状态", length=40, merge=Merge.CENTRE, group="state")
    state_since: Mapped[datetime] = column("状态起始", index=True, merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应恢复时间", merge=Merge.CENTRE, group="state")


heart_life = Workflow(
    AlertHeart,
    "预警运行监测",
    State("beating", "正常"),
    State("silent", "停顿"),
    moves={"stop": ("beating", "silent"), "resume": ("silent", "beating")},
)
