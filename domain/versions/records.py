"""Rings: a version goes to one desk first, then to a branch, then to all; the narrowest ring holds."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class RingKind(enum.StrEnum):
    """Whom a ring names."""

    WORKSTATION = "workstation"
    ORGANIZATION = "organization"
    ALL = "all"


class VersionRing(Record, label="升级范围", merge=Merge.CENTRE):
    """A version and who is to run it (`stable_id("version_ring", kind, target)`); an empty version names nobody."""

    kind: Mapped[RingKind] = column("范围")
    target_id: Mapped[Id | None] = column("对象编号", index=True)
    target: Mapped[str] = column("对象")
    version: Mapped[str] = column("允许版本", length=40)
    since: Mapped[datetime] = column("起始时间")
