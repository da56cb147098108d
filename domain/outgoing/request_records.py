"""Asking to take a list out in clear, and who let it go."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ExportRequest(Record, label="导出申请", owner="asked_by", oversight="document.approve_export"):
    """One list with its columns, filter and number of rows; good for one export by who asked, for some days.

    `needed` people let it go, none of them who asked; `approved_by` are those who did.
    """

    listing: Mapped[str] = column("列表代码", length=80)
    what: Mapped[str] = column("列表")
    columns: Mapped[str] = column("列", length=1000)
    names: Mapped[list[str]] = column("列代码")
    filters: Mapped[str | None] = column("筛选条件", sensitivity=Sensitivity.PERSONAL, length=1000)
    row_count: Mapped[int] = column("行数")
    purpose: Mapped[str] = column("用途", length=1000)
    sensitive: Mapped[bool] = column("含敏感信息", default=False)
    needed: Mapped[int] = column("须批准人数")
    asked_by: Mapped[Id] = column("申请人", ref="staff", index=True)
    asked_name: Mapped[str] = column("申请人姓名")
    asked_at: Mapped[datetime] = column("申请时间", index=True)
    approved_by: Mapped[list[str]] = column("批准人", merge=Merge.CENTRE, group="state", default=[])
    approved_names: Mapped[str] = column("批准人姓名", merge=Merge.CENTRE, group="state", default="")
    refused_why: Mapped[str | None] = column("不批准原因", merge=Merge.CENTRE, group="state", length=4000)
    until: Mapped[datetime | None] = column("有效期至", merge=Merge.CENTRE, group="state")
    outgoing_id: Mapped[Id | None] = column("外发记录", ref="outgoing", merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("期限", merge=Merge.CENTRE, group="state", index=True)
