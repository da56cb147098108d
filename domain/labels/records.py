"""What is kept of labels: each one asked for, and templates with where they are in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.facts import Sensitivity
from domain.kernel.ids import Id
from domain.kernel.record import Record


class LabelJob(Record, label="标签打印任务"):
    """One label asked for at one workstation: on the disk before the printer hears of it.

    `fields` is the text of the label by the names of its template, so that a label that waited over night prints
    what
    was asked for. `batch_id` and `place` keep the order in which a run was asked for: labels come out of a printer
    one
    after another, so a label known to be on paper says the same of those before it.
    """

    __table_args__ = (Index("ix_label_job_device", "device_id", "state"),)

    batch_id: Mapped[Id] = column("批次", index=True)
    place: Mapped[int] = column("序号")
    specimen_id: Mapped[Id | None] = column("标本", ref="specimen", index=True)
    number: Mapped[str] = column("编号", length=40)
    purpose: Mapped[str] = column("用途", means="words:label_use", length=40)
    device_id: Mapped[Id] = column("工作站")
    printer: Mapped[str] = column("打印机", length=120)
    fields: Mapped[dict[str, Any]] = column("标签内容", sensitivity=Sensitivity.PERSONAL)
    kind: Mapped[str | None] = column("标本类型", means="words:specimen_type", length=40)
    reprint: Mapped[int] = column("重打次数", default=0)
    reason: Mapped[str | None] = column("重打原因")
    fault: Mapped[str | None] = column("故障", means="words:label_fault", length=40)
    tries: Mapped[int] = column("尝试次数", default=0)
    queued_at: Mapped[datetime] = column("排队时间", index=True)
    staff_name: Mapped[str] = column("操作人姓名")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("时限", merge=Merge.CENTRE, group="state")
