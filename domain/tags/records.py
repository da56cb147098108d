"""Tags of clients, and what of them each WeCom contact has been marked with."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record

PERSONAL = Sensitivity.PERSONAL


class TagKind(enum.StrEnum):
    """What a tag says: the risk, the package, the age band, a chronic disease, the group, or somebody's own words."""

    RISK = "risk"
    PACKAGE = "package"
    AGE = "age"
    DISEASE = "disease"
    GROUP = "group"
    OWN = "own"


class ClientTag(Record, label="客户标签"):
    """One tag of one client (`stable_id("client_tag", patient, kind, name)`); taken off, it stays with `off_at`.

    What was put on or taken off `by_hand` no rule changes. `good_until` is the last day of an age band.
    """

    __table_args__ = (Index("ix_client_tag_kind_name", "kind", "name"),)

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    kind: Mapped[TagKind] = column("标签类别", means="words:tag_kind")
    name: Mapped[str] = column("标签", sensitivity=PERSONAL, length=40)
    by_hand: Mapped[bool] = column("人工设置", default=False)
    since: Mapped[datetime] = column("打标时间", index=True)
    off_at: Mapped[datetime | None] = column("移除时间")
    good_until: Mapped[date | None] = column("有效至", index=True)
    changed_by: Mapped[Id | None] = column("操作人", ref="staff")
    note: Mapped[str | None] = column("说明", length=255)


class ContactMark(Record, label="渠道标签同步", place=Place.CENTRE):
    """What one contact of WeCom or follower is marked with there (``kind/name``), and whether that is behind.

    `pending` is 1 while it is, 2 while the vendor does not let us mark; `try_at` is when it is tried next.
    """

    __table_args__ = (Index("ix_contact_mark_pending", "pending", "try_at"),)

    address_id: Mapped[Id] = column("联系方式", ref="contact_address", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    marked: Mapped[list[str]] = column("已同步标签", sensitivity=PERSONAL, default=[])
    pending: Mapped[int] = column("待同步", means="words:mark_state", default=0)
    try_at: Mapped[datetime] = column("下次同步时间")
    tries: Mapped[int] = column("失败次数", default=0)
    reason: Mapped[str | None] = column("原因", means="words:outbox_reason", length=60)
    detail: Mapped[str | None] = column("渠道回执", length=255)
    synced_at: Mapped[datetime | None] = column("同步时间", index=True)
