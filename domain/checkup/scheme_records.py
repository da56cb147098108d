"""How an institution lets its reports be reviewed: who may act at which level, and within which time."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class ReviewScheme(Record, label="审核方案", scope=Scope.CATALOGUE, merge=Merge.APPEND, at_centre=True):
    """One version of the scheme of a site, or of all (`site_id` None); the highest number counts.

    `levels` are two to five of those the workflow has, in its order; that each is another person's is changed by no
    scheme. Roles and hours of a level that is left out are kept and not used. Times are whole hours; `urgent_hours`
    takes the place of each of them for a report with a class A or critical finding.
    """

    __table_args__ = (Index("ix_review_scheme_site", "site_id", "number"),)

    site_id: Mapped[Id | None] = column("适用院区", ref="organization")
    number: Mapped[int] = column("版本")
    levels: Mapped[list[str]] = column("审核级别", means="state:report")
    first_roles: Mapped[list[str]] = column("初审角色", means="words:receivers")
    second_roles: Mapped[list[str]] = column("复审角色", means="words:receivers")
    third_roles: Mapped[list[str]] = column("三审角色", means="words:receivers")
    fourth_roles: Mapped[list[str]] = column("四审角色", means="words:receivers")
    final_roles: Mapped[list[str]] = column("终审角色", means="words:receivers")
    drafting_hours: Mapped[int] = column("撰写时限", unit="h")
    first_hours: Mapped[int] = column("初审时限", unit="h")
    second_hours: Mapped[int] = column("复审时限", unit="h")
    third_hours: Mapped[int] = column("三审时限", unit="h")
    fourth_hours: Mapped[int] = column("四审时限", unit="h")
    final_hours: Mapped[int] = column("终审时限", unit="h")
    returned_hours: Mapped[int] = column("修改时限", unit="h")
    urgent_hours: Mapped[int] = column("紧急时限", unit="h")
    accept_minutes: Mapped[int] = column("接收时限", unit="min")
    reason: Mapped[str] = column("修订说明", length=4000)
    changed_at: Mapped[datetime] = column("修订时间", index=True)
    changed_by: Mapped[Id | None] = column("修订人", ref="staff")
    changed_name: Mapped[str] = column("修订人姓名")
