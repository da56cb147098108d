"""Which WeChat account may look at which client."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.messaging.records import Channel


class Relation(enum.StrEnum):
    """Whose account it is, seen from the client."""

    SELF = "self"
    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    OTHER = "other"


class PortalBinding(Record, label="微信绑定"):
    """A WeChat account that may look at a client's reports, questionnaires, messages and plan; until `unbound_at`.

    It was made by somebody who had one of the client's links and knew the birth date, and says that the client
    agrees (`consent` is the version of the sentence). One account may look at several members of a family.
    """

    __table_args__ = (Index("ix_portal_binding_openid", "openid", "account"),)

    channel: Mapped[Channel] = column("渠道", means="words:channel")
    account: Mapped[str] = column("公众号或小程序", length=60)
    openid: Mapped[str] = column("微信账号", sensitivity=Sensitivity.PERSONAL, mask=Mask.HIDDEN, length=120)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    relation: Mapped[Relation] = column("与客户关系")
    consent: Mapped[str] = column("授权条款版本", length=20)
    link_id: Mapped[Id] = column("核对所用链接", ref="person_link")
    bound_at: Mapped[datetime] = column("绑定时间", index=True)
    unbound_at: Mapped[datetime | None] = column("解除时间", index=True)
    unbound_why: Mapped[str | None] = column("解除原因", length=255)
    unbound_by: Mapped[Id | None] = column("解除人", ref="staff")
