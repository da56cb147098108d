"""Doubts about who somebody is, settled by a person; and what was changed of an identity, with its reason."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.people.records import Sex

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class IdentityCheck(Record, label="身份核实"):
    """What came in about a person and does not fit; the results that came with it wait until it is settled.

    `visit_number` is the one the message named; `said_*` is what it said, kept as it was. `urgent` tells that a
    critical value waits with it.
    """

    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    reason: Mapped[str] = column("疑点", sensitivity=PERSONAL)
    other_person: Mapped[bool] = column("可能是他人", default=False)
    urgent: Mapped[bool] = column("含危急值", default=False)
    said_name: Mapped[str] = column("来文姓名", sensitivity=PERSONAL, mask=Mask.NAME)
    said_sex: Mapped[Sex] = column("来文性别", code="GB/T 2261.1", default=Sex.UNKNOWN)
    said_birth_date: Mapped[date | None] = column("来文出生日期", sensitivity=PERSONAL)
    said_id_number: Mapped[str | None] = column(
        "来文证件号码", sensitivity=SENSITIVE, mask=Mask.ID_NUMBER, length=40, index=True
    )
    message_id: Mapped[str] = column("消息号", length=200)
    found_at: Mapped[datetime] = column("发现时间")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    settled_by: Mapped[Id | None] = column("核实人", ref="staff")
    basis: Mapped[str | None] = column("核实依据", length=4000)


class IdentityChange(Record, label="身份更正", merge=Merge.APPEND):
    """One correction of a client's identity; all of them are its history."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    summary: Mapped[str] = column("更正内容", sensitivity=SENSITIVE, length=1000)
    reason: Mapped[str] = column("原因", length=4000)
    difference: Mapped[str | None] = column("已确认的不一致", sensitivity=SENSITIVE)
    staff_id: Mapped[Id | None] = column("更正人", ref="staff")
    staff_name: Mapped[str] = column("更正人姓名")
    changed_at: Mapped[datetime] = column("更正时间", index=True)
