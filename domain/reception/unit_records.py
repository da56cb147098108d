"""Group clients, the events held for them, who takes part, and the packages clients signed."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.clients import ties
from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

PERSONAL = Sensitivity.PERSONAL


class ClientUnit(Record, label="团检单位"):
    """A unit that sends its people, or a department of one (`parent_id`)."""

    name: Mapped[str] = column("单位名称", index=True)
    parent_id: Mapped[Id | None] = column("上级单位", ref="client_unit", index=True)
    contact: Mapped[str | None] = column("联系人", sensitivity=PERSONAL, mask=Mask.NAME)
    phone: Mapped[str | None] = column("联系电话", sensitivity=PERSONAL, mask=Mask.PHONE, length=40)
    manager_id: Mapped[Id | None] = column("客户经理", ref="staff")
    manager_name: Mapped[str | None] = column("客户经理姓名")
    added_at: Mapped[datetime] = column("登记时间", index=True)


class EventType(enum.StrEnum):
    """What is held for a unit."""

    INTERPRETATION = "interpretation"
    LECTURE = "lecture"
    INTERVENTION = "intervention"
    ANNUAL_REVIEW = "annual_review"


class GroupEvent(Record, label="团体活动"):
    """Something held for a unit: interpretation, lecture, intervention, annual review.

    `short_by` is how many more must enrol to reach `least_percent` of those expected; nought when it is over.
    """

    unit_id: Mapped[Id] = column("团检单位", ref="client_unit", index=True)
    kind: Mapped[EventType] = column("活动类型", means="words:event_kind")
    title: Mapped[str] = column("主题")
    place: Mapped[str | None] = column("地点")
    starts_at: Mapped[datetime] = column("开始时间", index=True)
    staff_id: Mapped[Id | None] = column("负责人", ref="staff")
    staff_name: Mapped[str | None] = column("负责人姓名")
    expected: Mapped[int] = column("预定人数")
    least_percent: Mapped[int] = column("最低报名率", unit="%", default=60)
    enrolled: Mapped[int] = column("报名人数", default=0)
    attended: Mapped[int] = column("到场人数", default=0)
    short_by: Mapped[int] = column("还差报名人数", default=0)
    materials: Mapped[list[dict[str, Any]]] = column("物料")
    steps: Mapped[list[str]] = column("流程")
    course: Mapped[str | None] = column("活动记录", merge=Merge.REVIEW, length=4000)
    reason: Mapped[str | None] = column("取消原因", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("计划时间", merge=Merge.CENTRE, group="state", index=True)


class EventPlace(Record, label="活动名额"):
    """One person at one event (`stable_id("event_place", event, patient)`): enrolled, came, or gave up."""

    event_id: Mapped[Id] = column("团体活动", ref="group_event", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    enrolled_at: Mapped[datetime | None] = column("报名时间", index=True)
    attended_at: Mapped[datetime | None] = column("签到时间")
    withdrawn_at: Mapped[datetime | None] = column("退出时间")


ties(GroupEvent, "staff_id", through=(EventPlace, "event_id"))


class ServiceContract(Record, label="签约服务包"):
    """A package a client signed, with whom they are bound to and its last day."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    package: Mapped[str] = column("服务包")
    manager_id: Mapped[Id | None] = column("专属健康管理师", ref="staff")
    manager_name: Mapped[str | None] = column("专属健康管理师姓名")
    expert_id: Mapped[Id | None] = column("专属专家", ref="staff")
    expert_name: Mapped[str | None] = column("专属专家姓名")
    starts_on: Mapped[date] = column("生效日期")
    ends_on: Mapped[date] = column("到期日期", index=True)
    renews: Mapped[Id | None] = column("续签自", ref="service_contract")
    signed_by: Mapped[Id | None] = column("办理人", ref="staff")
    reason: Mapped[str | None] = column("终止原因", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("到期时间", merge=Merge.CENTRE, group="state", index=True)
