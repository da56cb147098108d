"""The library: one row an entry as it counts now, and every version of it."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class Shelf(enum.StrEnum):
    """What an entry is; the first three are knowledge (A-057), the others programmes and scripts (A-058)."""

    CONDITION = "condition"
    INDICATOR = "indicator"
    SCIENCE = "science"
    EXERCISE = "exercise"
    DIET = "diet"
    TCM = "tcm"
    PROGRAMME = "programme"
    SCRIPT = "script"


class KnowledgeEntry(Record, label="知识库条目", scope=Scope.CATALOGUE, merge=Merge.CENTRE):
    """One entry as it counts now (`stable_id("knowledge_entry", code)`); written at the centre alone.

    `kept_in` names the list whose own versions an entry mirrors: it is edited there, and found, reviewed and told of
    here. `due_at` is by when it must be changed or reviewed again. `newer` is the version that ships where the
    institution's own stands in its place.
    """

    kind: Mapped[Shelf] = column("知识库", index=True)
    code: Mapped[str] = column("代码", length=80, unique=True)
    version: Mapped[int] = column("版本")
    title: Mapped[str] = column("名称", length=200)
    diseases: Mapped[list[str]] = column("病种", default=[])
    groups: Mapped[list[str]] = column("客户群体", default=[])
    age_from: Mapped[int | None] = column("年龄自", unit="a")
    age_to: Mapped[int | None] = column("年龄至", unit="a")
    tags: Mapped[list[str]] = column("关键词", default=[])
    points: Mapped[str] = column("内容", length=4000)
    source: Mapped[str] = column("来源", length=300)
    unverified: Mapped[bool] = column("待核定", default=True)
    own: Mapped[bool] = column("本机构版本", default=False)
    shipped: Mapped[int] = column("出厂版本", default=0)
    newer: Mapped[int | None] = column("出厂有新版")
    kept_in: Mapped[str | None] = column("维护处", means="words:knowledge_kept", length=40)
    changed_at: Mapped[datetime] = column("更新时间", index=True)
    reviewed_at: Mapped[datetime | None] = column("复审时间")
    reviewed_name: Mapped[str | None] = column("复审人姓名")
    state: Mapped[str] = column("状态", length=40, merge=Merge.CENTRE, group="state")
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应更新或复审", index=True, merge=Merge.CENTRE, group="state")


class KnowledgeVersion(Record, label="知识库版本", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One version of an entry, whole; what is mirrored has its versions where it is kept."""

    __table_args__ = (Index("ix_knowledge_version_entry", "knowledge_entry_id", "version"),)

    knowledge_entry_id: Mapped[Id] = column("条目", ref="knowledge_entry")
    version: Mapped[int] = column("版本")
    title: Mapped[str] = column("名称", length=200)
    body: Mapped[dict[str, Any]] = column("内容")
    reason: Mapped[str] = column("修订说明", length=4000)
    written_at: Mapped[datetime] = column("时间", index=True)
    written_by: Mapped[Id | None] = column("修订人", ref="staff")
    written_name: Mapped[str] = column("修订人姓名")
