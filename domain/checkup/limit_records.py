"""Critical limits of an institution's own, and every change of one."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class LimitSide(enum.StrEnum):
    """Which way a value has to lie to be critical; the limit itself counts as critical."""

    HIGH = "high"
    LOW = "low"


class CriticalLimit(Record, label="危急值界值", scope=Scope.CATALOGUE, merge=Merge.CENTRE, at_centre=True):
    """The limit in force of one item, level and direction, for a site, a sex and ages where they are named.

    Its id is made of what it is for; `number` rises with each change. Withdrawn, what ships counts again.
    """

    item: Mapped[str] = column("项目代码", length=60, index=True)
    label: Mapped[str] = column("项目名称")
    level: Mapped[int] = column("级别")
    direction: Mapped[LimitSide] = column("方向")
    value: Mapped[float] = column("界值")
    ucum: Mapped[str] = column("单位", code="UCUM", means=Means.UNIT, length=40)
    sex: Mapped[str | None] = column("性别", means="words:limit_sex", length=10)
    age_from: Mapped[int | None] = column("年龄自")
    age_below: Mapped[int | None] = column("年龄未满")
    site_id: Mapped[Id | None] = column("适用院区", ref="organization")
    in_force: Mapped[bool] = column("生效")
    number: Mapped[int] = column("修订号")
    changed_at: Mapped[datetime] = column("变动时间", index=True)


class CriticalLimitChange(
    Record, label="危急值界值修订", scope=Scope.CATALOGUE, merge=Merge.APPEND, at_centre=True
):
    """One change of a limit: who set which value when and why; what it did not say of the past is on the limit."""

    limit_id: Mapped[Id] = column("界值", ref="critical_limit", index=True)
    label: Mapped[str] = column("项目名称")
    number: Mapped[int] = column("修订号")
    level: Mapped[int] = column("级别")
    direction: Mapped[LimitSide] = column("方向")
    before: Mapped[float | None] = column("原界值")
    value: Mapped[float | None] = column("新界值")
    reason: Mapped[str] = column("修订说明", length=4000)
    changed_at: Mapped[datetime] = column("变动时间", index=True)
    changed_by: Mapped[Id | None] = column("修订人", ref="staff")
    changed_name: Mapped[str] = column("修订人姓名")
