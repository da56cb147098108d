"""How each reception went by its steps, and what was done about one that went wrong."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.conduct.records import PERSONAL
from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ReceptionCheck(Record, label="接待合规检查"):
    """One reception, judged when its record is entered; `irregular` stays, whatever is done about it."""

    appointment_id: Mapped[Id] = column("接待预约", ref="appointment", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[str] = column("接待内容", means="words:reception_kind", length=40)
    staff_id: Mapped[Id | None] = column("接待人员", ref="staff")
    staff_name: Mapped[str] = column("接待人员姓名")
    missing: Mapped[int] = column("缺失必需步骤数")
    missing_steps: Mapped[list[str]] = column("缺失步骤")
    disordered: Mapped[int] = column("顺序错误步骤数")
    score: Mapped[int] = column("合规得分")
    threshold: Mapped[int] = column("合格分")
    irregular: Mapped[bool] = column("不规范")
    rules_version: Mapped[str] = column("规则版本", length=40)
    at: Mapped[datetime] = column("时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    note: Mapped[str | None] = column(
        "整改登记", sensitivity=PERSONAL, merge=Merge.CENTRE, group="state", length=400
    )
    concluded_name: Mapped[str | None] = column("登记人", merge=Merge.CENTRE, group="state")
