"""What a visit asks for, where its client is and was, and the institution's own nodes, items and packages."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class ProcessKind(enum.StrEnum):
    """What a version is of; the names are those of the lists in `ProcessContent`."""

    NODES = "nodes"
    ITEMS = "items"
    PACKAGES = "packages"
    RULES = "rules"


class ProcessContentVersion(Record, label="流程与套餐版本", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One version of a node, an item, a package or the day's numbers, whole; the newest of a code counts.

    With `withdrawn` what ships under the code counts again, or nothing where nothing ships.
    """

    __table_args__ = (Index("ix_process_content_version_code", "kind", "code", "version"),)

    kind: Mapped[ProcessKind] = column("类别", means="words:process_kind")
    code: Mapped[str] = column("代码", length=60)
    version: Mapped[int] = column("版本")
    title: Mapped[str] = column("名称", length=300)
    summary: Mapped[str] = column("内容摘要", length=1000)
    body: Mapped[dict[str, Any]] = column("内容")
    withdrawn: Mapped[bool] = column("已停用", default=False)
    reason: Mapped[str] = column("修订说明", length=4000)
    written_at: Mapped[datetime] = column("时间", index=True)
    written_by: Mapped[Id | None] = column("修订人", ref="staff")
    written_name: Mapped[str] = column("修订人姓名")


class MissCause(enum.StrEnum):
    """Why an item is missing."""

    CLIENT_LEFT = "client_left"
    CLIENT_UNFIT = "client_unfit"
    DEVICE = "device"
    ROOM_CLOSED = "room_closed"
    FORGOTTEN = "forgotten"
    RESULT_PENDING = "result_pending"
    NOT_ENTERED = "not_entered"
    OTHER = "other"


class VisitItem(Record, label="应检项目"):
    """One item a visit asks for, by its package or on its own; it keeps what it was made of.

    The id is made of visit and code, so that two desks that choose the same make one. `results`, `specimen` and
    `form` are what proves it (see `domain.process.standing`). `cause` is why it is missing, as somebody said.
    """

    __table_args__ = (Index("ix_visit_item_open", "state", "due_at"),)

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    code: Mapped[str] = column("项目代码", length=60)
    label: Mapped[str] = column("项目名称")
    node: Mapped[str] = column("节点", length=60)
    node_name: Mapped[str] = column("节点名称")
    package: Mapped[str | None] = column("所属套餐", length=120)
    key: Mapped[bool] = column("关键项目", default=False)
    results: Mapped[list[str]] = column("对应结果", default=[])
    specimen: Mapped[bool] = column("随采血完成", default=False)
    form: Mapped[str | None] = column("记录模板", length=120)
    performed_at: Mapped[datetime | None] = column("执行时间", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    cause: Mapped[MissCause | None] = column("漏项原因", group="cause")
    cause_note: Mapped[str | None] = column(
        "原因说明", sensitivity=Sensitivity.SENSITIVE, group="cause", length=4000
    )
    cause_by: Mapped[str | None] = column("标注人", group="cause")
    cause_at: Mapped[datetime | None] = column("标注时间", group="cause")
    waived_note: Mapped[str | None] = column("免检依据", merge=Merge.CENTRE, group="state", length=4000)
    waived_by: Mapped[str | None] = column(
        "签批人", merge=Merge.CENTRE, group="state", sensitivity=Sensitivity.PERSONAL, mask=Mask.NAME
    )
