"""Templates, scripts, handouts and labels of an institution's own: every version stays, the newest counts."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class ContentKind(enum.StrEnum):
    """What it is; the names are those of the lists in `FollowUpContent`."""

    PLANS = "plans"
    SCRIPTS = "scripts"
    HANDOUTS = "handouts"
    LABELS = "labels"
    LIMITS = "limits"
    REGISTERS = "registers"


class FollowContent(Record, label="随访内容版本", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One version of one piece of content, whole; it takes the place of what ships under the same code.

    `body` is the piece as a file has it; without one (`withdrawn`) what ships counts again. A version is unverified
    until somebody other than its writer answers for it, by a version of the same body with the basis as `reason`.
    """

    __table_args__ = (Index("ix_follow_content_code", "kind", "code", "version"),)

    kind: Mapped[ContentKind] = column("类别", means="words:follow_content")
    code: Mapped[str] = column("代码", length=60)
    version: Mapped[int] = column("版本")
    title: Mapped[str] = column("名称", length=300)
    body: Mapped[dict[str, Any]] = column("内容")
    withdrawn: Mapped[bool] = column("已停用", default=False)
    unverified: Mapped[bool] = column("待核定", default=True)
    reason: Mapped[str] = column("修订说明或核定依据", length=4000)
    written_at: Mapped[datetime] = column("时间", index=True)
    written_by: Mapped[Id | None] = column("修订人", ref="staff")
    written_name: Mapped[str] = column("修订人姓名")
