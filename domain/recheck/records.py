"""One thing to be checked again by a day, from the proposal to its result."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class RecheckAdvice(Record, label="再检建议"):
    """What a result asks to be checked again (`stable_id("recheck", visit, first of its items)`), until it was.

    It counts from the moment it is proposed: what nobody took up is overdue like the rest. `items` are keys of the
    catalogue; any of the main item's results of a later day ends it.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    observation_id: Mapped[Id] = column("结果", ref="observation", index=True)
    rule: Mapped[str] = column("规则", length=60)
    item: Mapped[str] = column("项目代码", length=60)
    items: Mapped[list[str]] = column("再检项目代码", sensitivity=SENSITIVE)
    title: Mapped[str] = column("再检项目", sensitivity=SENSITIVE)
    because: Mapped[str] = column("依据", sensitivity=SENSITIVE, length=1000)
    unverified: Mapped[bool] = column("规则待核定", default=False)
    source: Mapped[str] = column("来源")
    from_on: Mapped[date] = column("最早日期")
    due_on: Mapped[date] = column("最迟日期", index=True)
    proposed_at: Mapped[datetime] = column("建议时间", index=True)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    task_id: Mapped[Id | None] = column("随访任务", ref="follow_task", merge=Merge.CENTRE, group="state")
    owner_name: Mapped[str | None] = column("责任人", merge=Merge.CENTRE, group="state")
    booked_on: Mapped[date | None] = column("预约日期", merge=Merge.CENTRE, group="state")
    booked_visit_id: Mapped[Id | None] = column("预约体检", ref="visit", merge=Merge.CENTRE, group="state")
    outcome: Mapped[str | None] = column(
        "结果", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=1000
    )
