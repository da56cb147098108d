"""Nodes: each workstation as the centre sees it, for the operations page and its alerts."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.record import Record


class Contact(enum.StrEnum):
    """Whether a workstation is in contact."""

    ONLINE = "online"
    RETURNED = "returned"  # back after a silence with work over a day old: it has a while to send that
    OFFLINE = "offline"  # silent for longer than it should be
    CLOSED = "closed"  # the program said goodbye: a night, a holiday
    NEVER = "never"  # enrolled, not heard of yet
    REVOKED = "revoked"


class SyncNode(Record, label="同步节点", merge=Merge.CENTRE):
    """One workstation; its id is the workstation's. Written by the centre alone, when there is something to tell.

    Counts of conflicts are the organisation's and stand with its first workstation, for the machine room's alerts;
    the people they belong to see them in the list `conflict.lead` and in the inbox. `settings_since` and
    `knowledge_since` are when the watch first saw the workstation without all of them; one that is switched off
    counts from its return.
    """

    name: Mapped[str] = column("工作站")
    contact: Mapped[Contact] = column("联系状态")
    contact_since: Mapped[datetime] = column("状态起始")
    last_contact: Mapped[datetime | None] = column("最近联系")
    version: Mapped[str | None] = column("程序版本", length=40)
    stage: Mapped[str | None] = column("首次载入", means="words:stage", length=20)
    skew_s: Mapped[int] = column("时钟偏差", unit="s", default=0)
    backlog: Mapped[int] = column("待传笔数", default=0)
    backlog_bytes: Mapped[int] = column("待传字节", unit="By", default=0)
    waits_s: Mapped[int] = column("最久等待", unit="s", default=0)
    files: Mapped[int] = column("待传附件", default=0)
    file_bytes: Mapped[int] = column("附件字节", unit="By", default=0)
    rate: Mapped[int] = column("上传速度", unit="By/s", default=0)
    failures: Mapped[int] = column("连续失败", default=0)
    refusals: Mapped[int] = column("接入被拒", default=0)
    rejected: Mapped[int] = column("校验未过", default=0)
    parked: Mapped[int] = column("搁置", default=0)
    conflicts: Mapped[int] = column("待裁决冲突", default=0)
    oldest_conflict_s: Mapped[int] = column("最久冲突", unit="s", default=0)
    conflicts_permille: Mapped[float] = column("每千笔冲突", default=0.0)
    trouble: Mapped[int] = column("同步异常数", default=0)
    settings_behind: Mapped[int] = column("未生效配置", default=0)
    settings_since: Mapped[datetime | None] = column("配置未生效起始")
    knowledge_behind: Mapped[int] = column("落后知识版本", default=0)
    knowledge_since: Mapped[datetime | None] = column("知识库落后起始")
