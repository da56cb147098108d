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


class LabelDesign(Record, label="标签模板"):
    """One version of a label of an institution's own; what was published is never changed again.

    `content` is ``{"stock": {...}, "elements": [...]}`` in millimetres, as `devices.labels.designing` reads it.
    """

    code: Mapped[str] = column("模板代码", length=60, index=True)
    title: Mapped[str] = column("模板名称", length=120, group="content")
    version: Mapped[int] = column("版本")
    purpose: Mapped[str] = column("用途", means="words:label_use", length=40, group="content")
    content: Mapped[dict[str, Any]] = column("内容", group="content")
    based_on: Mapped[str | None] = column("所据模板", length=120)
    saved_at: Mapped[datetime] = column("保存时间", group="content", index=True)
    saved_name: Mapped[str] = column("保存人姓名", group="content")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("时限", merge=Merge.CENTRE, group="state")
    note: Mapped[str | None] = column("发布说明", length=4000)
    published_at: Mapped[datetime | None] = column("发布时间")
    published_name: Mapped[str | None] = column("发布人姓名")


class LabelInUse(Record, label="在用标签模板"):
    """One version at one organisation, whole: it is printed there with nothing else at hand. The highest is used."""

    design_id: Mapped[Id] = column("标签模板", ref="label_design", index=True)
    code: Mapped[str] = column("模板代码", length=60, index=True)
    title: Mapped[str] = column("模板名称", length=120)
    version: Mapped[int] = column("版本")
    purpose: Mapped[str] = column("用途", means="words:label_use", length=40)
    content: Mapped[dict[str, Any]] = column("内容")
    published_at: Mapped[datetime] = column("发布时间", index=True)
    published_name: Mapped[str] = column("发布人姓名")


class LabelChoice(Record, label="标签模板分配"):
    """Which template an organisation prints for a purpose, a kind of specimen and a printer; empty stands for any."""

    purpose: Mapped[str] = column("用途", means="words:label_use", length=40)
    kind: Mapped[str] = column("标本类型", means="words:specimen_type", length=40, default="")
    printer: Mapped[str] = column("打印机", length=120, default="")
    code: Mapped[str] = column("模板代码", length=60)
    title: Mapped[str] = column("模板名称", length=120)
    chosen_at: Mapped[datetime] = column("分配时间", index=True)
    chosen_name: Mapped[str] = column("分配人姓名")
