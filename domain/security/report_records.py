"""The audit report of a month, as figures that stay."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.record import Record


class AuditReport(Record, label="审计报告", merge=Merge.APPEND):
    """What the audit chain says of one month; made by the centre by itself once the month is over.

    `figures` is the data of the document of the same name (``resources/documents/audit_report``).
    """

    month: Mapped[str] = column("月份", length=7, index=True)
    entries: Mapped[int] = column("操作条数")
    refused: Mapped[int] = column("被拒绝")
    exported: Mapped[int] = column("导出行数")
    findings: Mapped[int] = column("异常操作")
    open_findings: Mapped[int] = column("未核实")
    chain: Mapped[str] = column("审计链", length=200)
    figures: Mapped[dict[str, Any]] = column("统计数据")
    made_at: Mapped[datetime] = column("生成时间", index=True)
