"""Who is in which group since when and why, and what is known of a client as a customer."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.clients import ties
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class Segment(enum.StrEnum):
    """The four groups of the requirements, and a label that somebody gave by hand."""

    HIGH_RISK = "high_risk"
    DISEASE = "disease"
    ABNORMAL = "abnormal"
    GENERAL = "general"
    LABEL = "label"


class ClientLevel(enum.StrEnum):
    """What a client was promised; the higher, the shorter the intervals."""

    STANDARD = "standard"
    VIP = "vip"
    PREMIUM = "premium"


class GroupMember(Record, label="分组成员"):
    """One client in one group about one topic (`stable_id("group_member", patient, segment, topic)`).

    The topic of a disease group is the disease, of the abnormal group the class of the finding, of a label its text.
    `why` names the facts it stands on with their days. Who left stays as a row in the state ``left``.
    """

    __table_args__ = (Index("ix_group_member_segment_since", "segment", "since"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    segment: Mapped[Segment] = column("分组", means="words:segment")
    topic: Mapped[str] = column("主题代码", length=60)
    topic_label: Mapped[str] = column("主题", sensitivity=Sensitivity.PERSONAL)
    why: Mapped[dict[str, Any]] = column("入组依据", sensitivity=SENSITIVE)
    unverified: Mapped[bool] = column("规则待核定", default=False)
    since: Mapped[datetime] = column("入组时间", index=True)
    left_at: Mapped[datetime | None] = column("出组时间")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应纳入随访时间", merge=Merge.CENTRE, group="state", index=True)
    exempt_reason: Mapped[str | None] = column("豁免原因", length=4000)


class GroupAct(enum.StrEnum):
    """What changed a membership."""

    ENTERED = "entered"
    LEFT = "left"
    OTHER_WHY = "other_why"
    COVERED = "covered"
    EXEMPTED = "exempted"


class GroupChange(Record, label="分组变动", merge=Merge.APPEND):
    """One change of a membership: who or what did it, when, on what."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    member_id: Mapped[Id] = column("分组成员", ref="group_member", index=True)
    segment: Mapped[Segment] = column("分组", means="words:segment")
    topic_label: Mapped[str] = column("主题", sensitivity=Sensitivity.PERSONAL)
    act: Mapped[GroupAct] = column("变动", means="words:group_act")
    why: Mapped[dict[str, Any] | None] = column("依据", sensitivity=SENSITIVE)
    note: Mapped[str | None] = column("说明", length=4000)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    at: Mapped[datetime] = column("时间", index=True)


class CareProfile(Record, label="客户服务档案"):
    """What a client is to us (`stable_id("care_profile", patient)`): level, unit, who looks after them."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    level: Mapped[ClientLevel] = column("客户等级", means="words:client_level", default=ClientLevel.STANDARD)
    unit_id: Mapped[Id | None] = column("团检单位", ref="client_unit", index=True)
    manager_id: Mapped[Id | None] = column("专属健康管理师", ref="staff", index=True)
    expert_id: Mapped[Id | None] = column("专属专家", ref="staff")
    changed_at: Mapped[datetime] = column("变动时间", index=True)


ties(CareProfile, "manager_id")
