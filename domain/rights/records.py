"""Adjustments of rights, laid over the roles that ship."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class RightsEffect(enum.StrEnum):
    """What an adjustment does."""

    GRANT = "grant"
    WITHDRAW = "withdraw"
    SET = "set"  # how far somebody reaches (`domain.rights.scopes`): `value` says it


class RightsChange(Record, label="权限调整", at_centre=True):
    """One right granted or withdrawn, to a role or to one person, in an organisation and all below it.

    `delegated` ones were passed on by somebody who has the right themselves; the others are an administrator's. What
    is powerful waits for a second person. Broken or unknown ones have no effect: the shipped role stands.
    """

    role: Mapped[str | None] = column("角色", means=Means.ROLE, length=40, index=True)
    staff_id: Mapped[Id | None] = column("人员", ref="staff", index=True)
    staff_name: Mapped[str | None] = column("人员姓名")
    permission: Mapped[str] = column("权限代码", length=80)
    covers: Mapped[str] = column("包含功能", length=500)
    effect: Mapped[RightsEffect] = column("调整")
    value: Mapped[str | None] = column("取值", length=40)
    delegated: Mapped[bool] = column("转授", default=False)
    until: Mapped[datetime | None] = column("有效期至")
    reason: Mapped[str] = column("原因", length=4000)
    given_by: Mapped[Id] = column("授权人", ref="staff", index=True)
    given_name: Mapped[str] = column("授权人姓名")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state", index=True)
    due_at: Mapped[datetime | None] = column("期限", merge=Merge.CENTRE, group="state")
    decided_by: Mapped[Id | None] = column("批准人", merge=Merge.CENTRE, group="state", ref="staff")
    decided_name: Mapped[str | None] = column("批准人姓名", merge=Merge.CENTRE, group="state")
    ended_why: Mapped[str | None] = column("结束原因", merge=Merge.CENTRE, group="state", length=4000)
