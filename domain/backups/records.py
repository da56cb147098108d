"""What is to happen with backups and how often, and every time it did or did not."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class BackupKind(enum.StrEnum):
    """What is done."""

    MADE = "made"
    COPIED = "copied"
    REHEARSED = "rehearsed"


class BackupDuty(Record, label="备份任务", merge=Merge.CENTRE):
    """One thing that has to succeed again and again (`stable_id("backup_duty", org, kind)`); of the centre alone."""

    kind: Mapped[BackupKind] = column("事项")
    place: Mapped[str] = column("位置", length=500)
    since: Mapped[datetime] = column("启用时间")
    good_at: Mapped[datetime | None] = column("最近成功")
    name: Mapped[str | None] = column("最近备份", length=40)
    bytes: Mapped[int] = column("最近写入量", unit="By", default=0)
    seconds: Mapped[float] = column("最近用时", unit="s", default=0.0)
    failures: Mapped[int] = column("连续失败次数", default=0)
    problem: Mapped[str | None] = column("失败原因", length=1000)


class BackupRun(Record, label="备份记录", merge=Merge.APPEND):
    """One run of a duty, good or not."""

    duty_id: Mapped[Id] = column("备份任务", ref="backup_duty", index=True)
    kind: Mapped[BackupKind] = column("事项")
    at: Mapped[datetime] = column("完成时间", index=True)
    good: Mapped[bool] = column("成功")
    name: Mapped[str | None] = column("备份", length=40)
    bytes: Mapped[int] = column("写入量", unit="By", default=0)
    files: Mapped[int] = column("文件数", default=0)
    rows: Mapped[int] = column("核对行数", default=0)
    seconds: Mapped[float] = column("用时", unit="s", default=0.0)
    problem: Mapped[str | None] = column("失败原因", length=1000)
