"""The PIN of a person at one workstation, for changing persons at a shared desk."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class QuickPin(Record, label="快速切换 PIN", place=Place.LOCAL):
    """The PIN of a person, good at the workstation where it was set and nowhere else.

    It opens for some hours after its owner came in by password there; `password_at` None: the password comes first.
    """

    staff_id: Mapped[Id] = column("员工", ref="staff", unique=True)
    pin_hash: Mapped[str] = column("PIN 摘要", sensitivity=Sensitivity.SENSITIVE, length=200)
    set_at: Mapped[datetime] = column("设置时间")
    password_at: Mapped[datetime | None] = column("最近口令登录时间")
    failures: Mapped[int] = column("连续错误次数", default=0)
