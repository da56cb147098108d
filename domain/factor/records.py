"""What is kept of a person's second factor: sealed or as digests, at the centre alone."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class SecondFactor(Record, label="双因素认证", place=Place.CENTRE):
    """One row an account.

    `sealed` is the secret in force, `pending` one whose first code has not been seen yet; both AES-256-GCM under a
    key of the centre. `last_step` is the 30 second step of the last code taken: none is taken twice. `recovery` holds
    keyed digests of the recovery codes that are left. `since`: sessions opened before it end.
    """

    staff_id: Mapped[Id] = column("账号", ref="staff", unique=True)
    sealed: Mapped[bytes | None] = column("密钥（加密）", sensitivity=Sensitivity.SENSITIVE)
    pending: Mapped[bytes | None] = column("待确认密钥（加密）", sensitivity=Sensitivity.SENSITIVE)
    pending_until: Mapped[datetime | None] = column("确认期限")
    last_step: Mapped[int] = column("最近动态码时间步", default=0)
    recovery: Mapped[list[str] | None] = column("恢复码摘要", sensitivity=Sensitivity.SENSITIVE)
    recovery_left: Mapped[int] = column("剩余恢复码", default=0)
    since: Mapped[datetime | None] = column("绑定或重置时间", index=True)
    bound: Mapped[bool] = column("已绑定", default=False)
