"""Where clients are sent on, each sending on with its course, and what the receiving site has of it."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class ReferralOutcome(enum.StrEnum):
    """What the receiving side found or did."""

    DIAGNOSED = "diagnosed"
    EXCLUDED = "excluded"
    TREATED = "treated"
    ADMITTED = "admitted"
    SENT_BACK = "sent_back"


class ReferralTarget(Record, label="转诊去向", scope=Scope.CATALOGUE, at_centre=True):
    """A department clients are sent to (`stable_id("referral_target", hospital, department)`).

    `topics` are diseases (codes of the risk models) and items of the catalogue it is for. With `site_id` it is a site
    of the group, which has the referral on its own screens; `green` takes urgent clients without waiting.
    """

    hospital: Mapped[str] = column("医院")
    department: Mapped[str] = column("科室")
    topics: Mapped[list[str]] = column("适用病种与项目代码")
    site_id: Mapped[Id | None] = column("本集团院区", ref="organization", index=True)
    green: Mapped[bool] = column("绿色通道", default=False)
    rank: Mapped[int] = column("推荐次序", default=50)
    phone: Mapped[str | None] = column("电话", sensitivity=PERSONAL, length=60)
    how: Mapped[str | None] = column("预约办法", length=500)
    active: Mapped[bool] = column("在用", default=True)
    changed_at: Mapped[datetime] = column("变动时间", index=True)


class Referral(Record, label="转诊"):
    """One client sent on; `causes` are the trackings of every result it is about (ids in hexadecimal).

    What an indication proposed has a stable id of its first cause, so that it is proposed once. `packet` is what the
    receiving side is told, as it stood when the referral was made. `planned_on` is the day by which word should be
    back. At a site of the group, `accepted_at` is when it was taken there.
    """

    __table_args__ = (Index("ix_referral_org_opened", "org_id", "opened_at"),)

    number: Mapped[str] = column("转诊单号", length=40, index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    tracking_id: Mapped[Id | None] = column("异常结果追踪", ref="abnormal_tracking", index=True)
    causes: Mapped[list[str]] = column("同次转诊的异常结果", default=[])
    indication: Mapped[str | None] = column("转诊指征", length=60)
    reason: Mapped[str] = column("转诊原因", sensitivity=SENSITIVE, length=4000)
    unverified: Mapped[bool] = column("指征待核定", default=False)
    urgent: Mapped[bool] = column("加急", default=False)
    target_id: Mapped[Id | None] = column("转诊去向", ref="referral_target")
    hospital: Mapped[str | None] = column("医院")
    department: Mapped[str | None] = column("科室")
    site_id: Mapped[Id | None] = column("接收院区", ref="organization", index=True)
    packet: Mapped[dict[str, Any]] = column("转诊资料", sensitivity=SENSITIVE, default={})
    opened_at: Mapped[datetime] = column("开立时间", index=True)
    opened_name: Mapped[str] = column("开立人")
    planned_on: Mapped[date] = column("计划完成日期")
    planned_at: Mapped[datetime] = column("计划完成时限")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应处理时间", merge=Merge.CENTRE, group="state", index=True)
    accepted_at: Mapped[datetime | None] = column("接收时间", merge=Merge.CENTRE, group="state")
    booked_at: Mapped[datetime | None] = column("预约登记时间", merge=Merge.CENTRE, group="state")
    booked_for: Mapped[datetime | None] = column("预约就诊时间", merge=Merge.CENTRE, group="state")
    booking_no: Mapped[str | None] = column("预约号", merge=Merge.CENTRE, group="state")
    seen_at: Mapped[datetime | None] = column("就诊时间", merge=Merge.CENTRE, group="state")
    closed_at: Mapped[datetime | None] = column("结束时间", merge=Merge.CENTRE, group="state")
    outcome: Mapped[ReferralOutcome | None] = column("转诊结果", merge=Merge.CENTRE, group="state")
    feedback: Mapped[str | None] = column(
        "结果反馈", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=4000
    )
    next_step: Mapped[str | None] = column(
        "后续管理建议", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=4000
    )
    ended_why: Mapped[str | None] = column(
        "未完成原因", sensitivity=SENSITIVE, merge=Merge.CENTRE, group="state", length=4000
    )


class ReferralStep(Record, label="转诊记录", merge=Merge.APPEND):
    """One thing that happened to a referral."""

    referral_id: Mapped[Id] = column("转诊", ref="referral", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    act: Mapped[str] = column("动作", means="words:referral_act", length=40)
    note: Mapped[str | None] = column("说明", sensitivity=SENSITIVE, length=4000)
    staff_id: Mapped[Id | None] = column("人员", ref="staff")
    staff_name: Mapped[str] = column("人员姓名")
    at: Mapped[datetime] = column("时间", index=True)


class ReferralEffect(Record, label="转诊效果统计", merge=Merge.CENTRE):
    """What became of the referrals of one site, month and receiving department; counted by the centre alone.

    Rates are in per cent of all; days are the median from opening. `inside` is of the group's own sites.
    """

    month: Mapped[str] = column("月份", length=7, index=True)
    hospital: Mapped[str] = column("医院")
    department: Mapped[str] = column("科室")
    inside: Mapped[bool] = column("集团内", default=False)
    total: Mapped[int] = column("转诊数")
    booked: Mapped[int] = column("已预约")
    booked_in_time: Mapped[int] = column("按时预约")
    seen: Mapped[int] = column("已就诊")
    answered: Mapped[int] = column("已反馈")
    answered_rate: Mapped[float | None] = column("反馈率", unit="%")
    confirmed: Mapped[int] = column("确诊或治疗")
    confirmed_rate: Mapped[float | None] = column("指征符合率", unit="%")
    sent_back: Mapped[int] = column("转回")
    given_up: Mapped[int] = column("客户放弃")
    days_to_visit: Mapped[float | None] = column("开立至就诊中位天数", unit="d")
    days_to_answer: Mapped[float | None] = column("开立至反馈中位天数", unit="d")
    counted_at: Mapped[datetime] = column("统计时间", index=True)
