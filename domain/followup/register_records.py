"""Who is in which register of a disease, why, and everything that happened there."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class RegisterAct(enum.StrEnum):
    """What happened to a membership of a register."""

    PROPOSED = "proposed"
    ENTERED = "entered"
    EXCLUDED = "excluded"
    LAPSED = "lapsed"
    OTHER_WHY = "other_why"
    FITS_NO_MORE = "fits_no_more"
    REVIEWED = "reviewed"
    MOVED = "moved"
    LEFT = "left"


class RegisterMember(Record, label="专病队列成员"):
    """One client in one register (`stable_id("register_member", patient, register)`).

    Who fits waits as a proposal until somebody enters or excludes them, or enters by themselves where the register
    says so. Who is in stays in when they fit no more: `fits` says so, and a person decides. While in, `due_at` is the
    next look at how it goes.
    """

    __table_args__ = (Index("ix_register_member_register", "register", "state"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    register: Mapped[str] = column("队列代码", length=40)
    register_name: Mapped[str] = column("专病队列", sensitivity=Sensitivity.PERSONAL)
    why: Mapped[dict[str, Any]] = column("依据明细", sensitivity=SENSITIVE)
    because: Mapped[str] = column("纳入依据", sensitivity=SENSITIVE, length=1000)
    unverified: Mapped[bool] = column("规则待核定", default=False)
    fits: Mapped[bool] = column("符合条件", default=True)
    by_hand: Mapped[bool] = column("人工纳入", default=False)
    since: Mapped[datetime] = column("符合时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应处理时间", merge=Merge.CENTRE, group="state", index=True)
    entered_at: Mapped[datetime | None] = column("入队时间", merge=Merge.CENTRE, group="state", index=True)
    reviewed_at: Mapped[datetime | None] = column("最近复核", merge=Merge.CENTRE, group="state")
    reason: Mapped[str | None] = column(
        "排除或出队原因", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=4000
    )


class RegisterStep(Record, label="专病队列记录", merge=Merge.APPEND):
    """One thing that happened to a membership: who or what did it, on what."""

    member_id: Mapped[Id] = column("专病队列成员", ref="register_member", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    register_name: Mapped[str] = column("专病队列", sensitivity=Sensitivity.PERSONAL)
    act: Mapped[RegisterAct] = column("变动")
    why: Mapped[dict[str, Any] | None] = column("依据明细", sensitivity=SENSITIVE)
    because: Mapped[str] = column("依据", sensitivity=SENSITIVE, length=1000)
    note: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    at: Mapped[datetime] = column("时间", index=True)
