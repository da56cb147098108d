"""The newest value of what a client measures by plan, beside the limits that hold for them."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Means, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class MonitoredValue(Record, label="监测最新值"):
    """One item of one client (`stable_id("monitored_value", patient, item)`), kept where the value came in.

    `limits` says what it was judged by, `personal` whether a physician set it for this client; `outside_since` is the
    time of the first value of the stretch that lies outside, None while it is inside.
    """

    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    item: Mapped[str] = column("监测指标代码", length=60)
    label: Mapped[str] = column("监测指标")
    value: Mapped[float] = column("数值", sensitivity=SENSITIVE)
    ucum: Mapped[str | None] = column("单位", means=Means.UNIT, length=40)
    limits: Mapped[str] = column("界值", length=120)
    personal: Mapped[bool] = column("个体界值", default=False)
    outside: Mapped[bool] = column("超出界值", default=False)
    outside_since: Mapped[datetime | None] = column("超出起始")
    observation_id: Mapped[Id] = column("测量结果", ref="observation")
    at: Mapped[datetime] = column("测量时间", index=True)
