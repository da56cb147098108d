"""Newer versions of the programmes' diseases, laid over what ships: every version stays, the newest counts."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class LibraryKind(enum.StrEnum):
    """What it is; the name is that of the mapping in `Programmes`."""

    DISEASES = "diseases"


class CareLibrary(Record, label="干预方案库版本", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One version of the limits and doses of one disease, whole; without them (`withdrawn`) what ships counts again.

    Running plans keep what they were made of. A version is unverified, as what ships is, until a physician signs it.
    """

    __table_args__ = (Index("ix_care_library_code", "kind", "code", "version"),)

    kind: Mapped[LibraryKind] = column("类别", means="words:care_library")
    code: Mapped[str] = column("病种代码", length=60)
    version: Mapped[int] = column("版本")
    title: Mapped[str] = column("病种", length=300)
    body: Mapped[dict[str, Any]] = column("内容")
    changes: Mapped[str] = column("与上一版的差别", length=4000)
    withdrawn: Mapped[bool] = column("已停用", default=False)
    package: Mapped[str] = column("方案包", length=100)
    source: Mapped[str] = column("来源", length=1000)
    reason: Mapped[str] = column("修订说明", length=4000)
    written_at: Mapped[datetime] = column("时间", index=True)
    written_by: Mapped[Id | None] = column("修订人", ref="staff")
    written_name: Mapped[str] = column("修订人姓名")
