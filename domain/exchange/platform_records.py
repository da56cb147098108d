"""How the centre itself is: one row a thing that is looked at, written when it turns and twice an hour."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.record import Record


class PlatformCheck(Record, label="平台运行状态", merge=Merge.CENTRE):
    """One (`stable_id("platform_check", kind)`); belongs to the head office. `value` is what was measured last."""

    probe: Mapped[str] = column("检查项", means="words:platform_check", length=40, unique=True)
    value: Mapped[str] = column("实测", length=200)
    wanted: Mapped[str] = column("要求", length=200)
    seen_at: Mapped[datetime] = column("检查时间", index=True)
    state: Mapped[str] = column("状态", length=40, merge=Merge.CENTRE, group="state")
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应恢复时间", index=True, merge=Merge.CENTRE, group="state")
