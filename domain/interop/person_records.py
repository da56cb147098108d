"""Who other systems know our clients as, and what they propose about them for a person to decide."""

import enum
from datetime import date, datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.people.records import Sex

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class ExternalNumber(Record, label="外部编号"):
    """The number under which a partner has a client (PID-3); its id is made of system and number.

    Confirmed merges let it lead to the client that stays.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    system: Mapped[str] = column("系统标识", length=200)
    value: Mapped[str] = column("编号", sensitivity=PERSONAL, mask=Mask.HIDDEN, length=80, index=True)
    since: Mapped[datetime] = column("登记时间", index=True)


class Proposal(enum.StrEnum):
    """What another system says: these two are one person, or somebody is not who the record says."""

    MERGE = "merge"
    IDENTITY = "identity"


class PersonProposal(Record, label="资料变更待办"):
    """What a partner says of a client's identity; nothing happens until a person has confirmed it.

    For a merge `patient_id` is who stays and `other_id` who is given up; either may be unknown here.
    """

    kind: Mapped[Proposal] = column("类别")
    system: Mapped[str] = column("来源系统", length=200)
    message_id: Mapped[str] = column("消息号", length=200)
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    other_id: Mapped[Id | None] = column("被合并客户", ref="patient", index=True)
    other_number: Mapped[str | None] = column("被合并档案号", length=40)
    own_number: Mapped[str | None] = column("来文编号", sensitivity=PERSONAL, mask=Mask.HIDDEN, length=80)
    prior_number: Mapped[str | None] = column("被合并编号", sensitivity=PERSONAL, mask=Mask.HIDDEN, length=80)
    said_name: Mapped[str] = column("来文姓名", sensitivity=PERSONAL, mask=Mask.NAME)
    said_sex: Mapped[Sex] = column("来文性别", code="GB/T 2261.1", default=Sex.UNKNOWN)
    said_birth_date: Mapped[date | None] = column("来文出生日期", sensitivity=PERSONAL)
    said_id_number: Mapped[str | None] = column(
        "来文证件号码", sensitivity=SENSITIVE, mask=Mask.ID_NUMBER, length=40
    )
    summary: Mapped[str] = column("变更内容", sensitivity=SENSITIVE, length=1000)
    found_at: Mapped[datetime] = column("收到时间", index=True)
    decided_by: Mapped[Id | None] = column("处理人", ref="staff", merge=Merge.CENTRE, group="state")
    decided_name: Mapped[str | None] = column("处理人姓名", merge=Merge.CENTRE, group="state")
    basis: Mapped[str | None] = column("处理依据", length=4000, merge=Merge.CENTRE, group="state")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class SamePerson(Record, label="同一人关联", merge=Merge.FIRST):
    """That two records are one person, confirmed by a person; both keep their history and lead to each other."""

    patient_id: Mapped[Id] = column("保留档案", ref="patient", index=True)
    other_id: Mapped[Id] = column("并入档案", ref="patient", index=True)
    other_number: Mapped[str] = column("并入档案号", length=40)
    basis: Mapped[str] = column("依据", length=4000)
    confirmed_by: Mapped[Id | None] = column("确认人", ref="staff")
    confirmed_name: Mapped[str] = column("确认人姓名")
    confirmed_at: Mapped[datetime] = column("确认时间", index=True)


class SamePersonEnded(Record, label="解除同一人关联", merge=Merge.FIRST):
    """That somebody took such a link back; its id is made of the link, so that it ends once."""

    link_id: Mapped[Id] = column("同一人关联", ref="same_person", index=True)
    patient_id: Mapped[Id] = column("保留档案", ref="patient", index=True)
    other_id: Mapped[Id] = column("并入档案", ref="patient", index=True)
    reason: Mapped[str] = column("原因", length=4000)
    ended_by: Mapped[Id | None] = column("解除人", ref="staff")
    ended_name: Mapped[str] = column("解除人姓名")
    ended_at: Mapped[datetime] = column("解除时间", index=True)


class HospitalVisit(Record, label="就医记录"):
    """One visit of a client to the hospital (FHIR R4 Encounter), as its HIS tells; its id is of system and number."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    system: Mapped[str] = column("来源系统", length=200)
    number: Mapped[str] = column("就诊号", sensitivity=PERSONAL, mask=Mask.HIDDEN, length=60)
    kind: Mapped[str | None] = column("就诊类别", code="HL7:0004", means="words:encounter", length=10)
    department: Mapped[str | None] = column("科室", sensitivity=PERSONAL, length=120)
    diagnoses: Mapped[str | None] = column("诊断", sensitivity=SENSITIVE, length=1000)
    started_at: Mapped[datetime] = column("就诊时间", index=True)
    ended_at: Mapped[datetime | None] = column("离院时间")
    last_told_at: Mapped[datetime] = column("更新时间")
