"""The parts of the shipped content that wait for a physician's word, and who gave it."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class ContentMark(Record, label="待核定内容", scope=Scope.CATALOGUE):
    """One part of the content that is marked as not (or partly) read in its source.

    `digest` is of the part's numbers as they were when it was signed or listed: where a program carries other
    numbers under the same key, the signature does not count there.
    """

    key: Mapped[str] = column("编号", index=True, length=160)
    kind: Mapped[str] = column("类别", means="words:mark_kind", length=40)
    title: Mapped[str] = column("内容", length=300)
    part: Mapped[str] = column("部分", length=1000)
    source: Mapped[str] = column("所载来源", length=2000)
    file_status: Mapped[str] = column("核对情况", means="words:mark_status", length=20)
    digest: Mapped[str] = column("内容摘要", length=64)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state", index=True)
    due_at: Mapped[datetime | None] = column("期限", merge=Merge.CENTRE, group="state")
    signed_digest: Mapped[str | None] = column("核定时摘要", merge=Merge.CENTRE, group="state", length=64)
    second_source: Mapped[str | None] = column("核定依据", merge=Merge.CENTRE, group="state", length=4000)
    signed_by: Mapped[Id | None] = column("核定人", merge=Merge.CENTRE, group="state", ref="staff")
    signed_name: Mapped[str | None] = column("核定人姓名", merge=Merge.CENTRE, group="state")
    signed_at: Mapped[datetime | None] = column("核定时间", merge=Merge.CENTRE, group="state")
    reason: Mapped[str | None] = column("撤销原因", merge=Merge.CENTRE, group="state", length=4000)
