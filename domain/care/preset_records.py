"""Conditions an institution set beforehand, and which programme follows where they hold."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class CarePreset(Record, label="计划预设条件", scope=Scope.CATALOGUE, merge=Merge.APPEND, at_centre=True):
    """One version of a preset; the highest number of its name counts, unless it is not in force.

    `conditions` are ``{item, op, value}`` on the latest result of an item, all of which hold; `colours` the risk
    colours of which one is in force (any without them).
    """

    name: Mapped[str] = column("预设名称", length=60, index=True)
    number: Mapped[int] = column("修订号")
    conditions: Mapped[list[dict[str, Any]]] = column("条件")
    said: Mapped[str] = column("条件说明", length=1000)
    colours: Mapped[list[str]] = column("风险等级", means="words:risk_colour", default=[])
    diseases: Mapped[list[str]] = column("病种")
    level: Mapped[str | None] = column("危险程度", means="words:care_level", length=10)
    activity: Mapped[str] = column("体力活动", means="words:care_activity", length=20)
    in_force: Mapped[bool] = column("启用", default=True)
    reason: Mapped[str] = column("修订说明", length=4000)
    set_at: Mapped[datetime] = column("生效时间", index=True)
    set_by: Mapped[Id | None] = column("设置人", ref="staff")
    set_name: Mapped[str] = column("设置人姓名")
