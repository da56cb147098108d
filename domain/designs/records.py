"""What is kept of a questionnaire of an institution's own: the design, and what each organisation was given of it.

A design belongs to whoever makes it. Publishing puts one copy a place into the log of that place, so that a published
version travels as any record does: an organisation has what it was given, and has it offline.
"""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class Origin(enum.StrEnum):
    """What a design was begun from."""

    BLANK = "blank"
    COPY = "copy"
    IMPORT = "import"
    OVERLAY = "overlay"
    COMPOSITE = "composite"
    VERSION = "version"


class FormDesign(Record, label="问卷设计"):
    """One version of a questionnaire as its maker has it; what was published is never changed again.

    `questionnaire` is a FHIR R4 Questionnaire, `scoring` is `domain.designs.scoring.Scoring`, `parts` are the
    instruments of a composite in the exact version that its answers are split for (``{"forms": [...]}``).
    """

    form: Mapped[str] = column("问卷代码", means="words:form", length=60, index=True)
    url: Mapped[str] = column("标识", length=255)
    version: Mapped[str] = column("问卷版本", length=40)
    title: Mapped[str] = column("问卷名称", group="content")
    origin: Mapped[Origin] = column("来源", default=Origin.BLANK)
    based_on: Mapped[str | None] = column("所据版本", length=255)
    questionnaire: Mapped[dict[str, Any]] = column("题目", group="content")
    scoring: Mapped[dict[str, Any] | None] = column("计分", group="content")
    parts: Mapped[dict[str, Any] | None] = column("组成量表")
    saved_at: Mapped[datetime] = column("保存时间", group="content", index=True)
    saved_by: Mapped[Id | None] = column("保存人", ref="staff", group="content")
    saved_name: Mapped[str] = column("保存人姓名", group="content")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("时限", merge=Merge.CENTRE, group="state")
    edition: Mapped[int] = column("发布次序", default=0)
    note: Mapped[str | None] = column("发布说明", length=4000)
    published_at: Mapped[datetime | None] = column("发布时间")
    published_name: Mapped[str | None] = column("发布人姓名")
    everywhere: Mapped[bool] = column("发布到全部机构", default=False)
    places: Mapped[list[str] | None] = column("发布范围")
    retired_at: Mapped[datetime | None] = column("停用时间")
    retired_name: Mapped[str | None] = column("停用人姓名")
    retire_reason: Mapped[str | None] = column("停用原因", length=4000)


class PublishedForm(Record, label="已发布问卷"):
    """One version at one organisation, whole: it is filled in there with nothing else at hand.

    `edition` counts the versions of a form: of several the highest is filled in, whatever clocks say.
    """

    __table_args__ = (Index("ix_published_form_form", "form", "version"),)

    design_id: Mapped[Id] = column("问卷设计", ref="form_design", index=True)
    form: Mapped[str] = column("问卷代码", means="words:form", length=60)
    url: Mapped[str] = column("标识", length=255)
    version: Mapped[str] = column("问卷版本", length=40)
    title: Mapped[str] = column("问卷名称")
    questionnaire: Mapped[dict[str, Any]] = column("题目")
    scoring: Mapped[dict[str, Any] | None] = column("计分")
    parts: Mapped[dict[str, Any] | None] = column("组成量表")
    edition: Mapped[int] = column("发布次序", default=0)
    note: Mapped[str] = column("发布说明", length=4000)
    published_at: Mapped[datetime] = column("发布时间", index=True)
    published_by: Mapped[Id | None] = column("发布人", ref="staff")
    published_name: Mapped[str] = column("发布人姓名")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("时限", merge=Merge.CENTRE, group="state")
    retired_at: Mapped[datetime | None] = column("停用时间")
    retire_reason: Mapped[str | None] = column("停用原因", length=4000)
