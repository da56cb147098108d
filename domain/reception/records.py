"""Appointments and the blocks of time they are booked in."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.clients import ties
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE, PERSONAL = Sensitivity.SENSITIVE, Sensitivity.PERSONAL


class SlotBlock(Record, label="接待时段"):
    """A run of slots of one person that exactly one desk books.

    The centre cuts blocks, so that two of one person never overlap, and gives each to one desk. Only that desk books
    in it and only that desk can pass it on: at every moment there is one who may, without anybody being asked.
    """

    staff_id: Mapped[Id] = column("接待人员", ref="staff", index=True)
    staff_name: Mapped[str] = column("接待人员姓名")
    starts_at: Mapped[datetime] = column("开始时间", index=True)
    ends_at: Mapped[datetime] = column("结束时间")
    slot_minutes: Mapped[int] = column("每档分钟数", unit="min")
    device_id: Mapped[Id] = column("所属工作站", index=True)
    device_name: Mapped[str] = column("所属工作站名称")
    given_at: Mapped[datetime] = column("分配时间")

    @property
    def slots(self) -> int:
        """How many whole slots it has."""
        return int((self.ends_at - self.starts_at).total_seconds() // (60 * self.slot_minutes))


class ReceptionKind(enum.StrEnum):
    """What a client comes for."""

    INTERPRETATION = "interpretation"
    CONSULTATION = "consultation"
    INTERVENTION = "intervention"
    REVISIT = "revisit"


class Appointment(Record, label="接待预约"):
    """One client in one slot, and the course of the reception; `slot_key` names the slot as long as it is taken.

    `task_id` is the contact of a plan that is made at this reception: its record is the result of that task.
    """

    __table_args__ = (Index("ix_appointment_staff_day", "staff_id", "starts_at"),)

    block_id: Mapped[Id] = column("接待时段", ref="slot_block", index=True)
    slot: Mapped[int] = column("第几档")
    slot_key: Mapped[str | None] = column("占用的时段", unique=True, length=60)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    task_id: Mapped[Id | None] = column("随访任务", ref="follow_task", index=True)
    kind: Mapped[ReceptionKind] = column("接待内容", means="words:reception_kind")
    staff_id: Mapped[Id] = column("接待人员", ref="staff")
    staff_name: Mapped[str] = column("接待人员姓名")
    starts_at: Mapped[datetime] = column("预约时间", index=True)
    ends_at: Mapped[datetime] = column("预约结束")
    note: Mapped[str | None] = column("备注", sensitivity=PERSONAL, length=4000)
    moved_to: Mapped[Id | None] = column("改约到", ref="appointment")
    arrived_at: Mapped[datetime | None] = column("签到时间")
    ended_at: Mapped[datetime | None] = column("接待结束时间")
    steps: Mapped[list[str] | None] = column("已完成步骤")
    course: Mapped[str | None] = column("接待记录", sensitivity=SENSITIVE, merge=Merge.REVIEW, length=4000)
    next_step: Mapped[str | None] = column("后续安排", sensitivity=PERSONAL, length=4000)
    reason: Mapped[str | None] = column("取消或爽约原因", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


ties(Appointment, "staff_id")
