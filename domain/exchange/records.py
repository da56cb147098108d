"""Conflicts: two values of one thing, both kept until a person decides."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Conflict(Record, label="冲突"):
    """Two sides changed the same fields of a record; `theirs` stands at the centre, `mine` arrived later."""

    entity: Mapped[str] = column("记录类型", means=Means.RECORD, length=60)
    record_id: Mapped[Id] = column("记录", index=True)
    fields: Mapped[str] = column("字段组", means=Means.FIELD, length=120)
    theirs_by: Mapped[Id | None] = column("现值填写人", ref="staff")
    theirs_command: Mapped[str | None] = column("现值操作", means=Means.COMMAND, length=80)
    theirs_at: Mapped[datetime | None] = column("现值时间")
    base: Mapped[dict[str, Any]] = column("原值", means=Means.FIELD, sensitivity=Sensitivity.SENSITIVE)
    theirs: Mapped[dict[str, Any]] = column("现值", means=Means.FIELD, sensitivity=Sensitivity.SENSITIVE)
    mine: Mapped[dict[str, Any]] = column("另一值", means=Means.FIELD, sensitivity=Sensitivity.SENSITIVE)
    mine_by: Mapped[Id | None] = column("填写人", ref="staff")
    mine_command: Mapped[str] = column("操作", means=Means.COMMAND, length=80)
    mine_at: Mapped[datetime] = column("填写时间")
    safety: Mapped[bool] = column("安全相关", default=False)
    state: Mapped[str] = column(
        "状态", means="words:conflict_state", merge=Merge.CENTRE, group="state", length=20
    )
    opened_at: Mapped[datetime] = column("发现时间", index=True)
    decided_by: Mapped[Id | None] = column("裁决人", merge=Merge.CENTRE, group="state", ref="staff")
    decided_at: Mapped[datetime | None] = column("裁决时间", merge=Merge.CENTRE, group="state")
    decision: Mapped[str | None] = column(
        "裁决", means="words:conflict_choice", merge=Merge.CENTRE, group="state", length=20
    )


from domain.exchange import safety as _safety  # noqa: E402, F401 (wherever the records are known, disputes are)
