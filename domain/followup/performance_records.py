"""What a person did in a month and what clients thought of it: the numbers performance is settled by."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class ServicePerformance(Record, label="月度服务绩效"):
    """One person in one month (`stable_id("service_performance", staff, month)`), medical or messaging staff alike.

    `on_time_rate` and the mean are None in a month without anything to take them of. Counted by the reader of the
    log as things end; the month before is counted along, for what arrives late from other desks.
    """

    staff_id: Mapped[Id] = column("服务人员", ref="staff", index=True)
    staff_name: Mapped[str] = column("服务人员姓名")
    role: Mapped[str] = column("岗位", means="words:receivers", length=40)
    month: Mapped[str] = column("月份", length=7, index=True)
    contacts: Mapped[int] = column("完成人工随访", default=0)
    messages: Mapped[int] = column("完成私域随访", default=0)
    on_time: Mapped[int] = column("按时完成", default=0)
    on_time_rate: Mapped[float | None] = column("按时率", unit="%")
    lost: Mapped[int] = column("失访", default=0)
    consults: Mapped[int] = column("答复咨询", default=0)
    consults_in_time: Mapped[int] = column("按时答复", default=0)
    receptions: Mapped[int] = column("完成接待", default=0)
    answers: Mapped[int] = column("评价数", default=0)
    mean_score: Mapped[float | None] = column("满意度平均分")
    bad: Mapped[int] = column("负面反馈", default=0)
    counted_at: Mapped[datetime] = column("统计时间")
