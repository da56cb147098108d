"""That a client agrees to be known at the group's other sites, and what those sites then have."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class Agreed(enum.StrEnum):
    """How the client agreed."""

    SIGNED = "signed"
    ONLINE = "online"
    SPOKEN = "spoken"


class RecordSharing(Record, label="跨院区共享授权", merge=Merge.CENTRE):
    """A client's agreement that the group's other sites see the portrait and the tags; ended, they see it no more."""

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    agreed: Mapped[Agreed] = column("授权方式")
    basis: Mapped[str] = column("授权说明", length=4000)
    since: Mapped[datetime] = column("授权时间", index=True)
    until: Mapped[date | None] = column("有效至", index=True)
    noted_by: Mapped[Id | None] = column("登记人", ref="staff")
    noted_name: Mapped[str] = column("登记人姓名")
    ended_at: Mapped[datetime | None] = column("终止时间", index=True)
    ended_reason: Mapped[str | None] = column("终止原因", length=4000)


class SharedPortrait(Record, label="他院区健康画像", merge=Merge.CENTRE):
    """What another site of the group knows of a client of this one; its id is made of both records of the person.

    It is the receiving site's (`org_id`, `patient_id`), made by the centre, and emptied when the agreement ends.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    source_site: Mapped[str] = column("来源院区")
    source_number: Mapped[str] = column("来源档案号", length=40)
    colour: Mapped[str | None] = column("风险等级", means="words:risk_colour", length=10)
    tags: Mapped[list[str]] = column("客户标签", sensitivity=PERSONAL, default=[])
    findings: Mapped[str | None] = column("重要异常", sensitivity=SENSITIVE, length=4000)
    last_visit: Mapped[date | None] = column("最近体检")
    data: Mapped[dict[str, Any]] = column("健康画像", sensitivity=SENSITIVE, default={})
    valid: Mapped[bool] = column("共享中", default=True)
    updated_at: Mapped[datetime] = column("更新时间", index=True)
