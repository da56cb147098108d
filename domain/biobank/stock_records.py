"""What is in store by study and kind, what was used month by month, and the limits an institution sets."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.biobank.records import SpecimenType
from domain.kernel.columns import column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class StockRule(Record, label="库存规则"):
    """For one kind of a study (or of no study): how few are too few, and how many days a tube may be kept."""

    study_id: Mapped[Id | None] = column("研究项目", ref="study", index=True)
    type: Mapped[SpecimenType] = column("标本类型")
    least: Mapped[int] = column("最低库存份数", default=10)
    keep_days: Mapped[int | None] = column("保存期限", unit="d")
    set_at: Mapped[datetime] = column("设定时间", index=True)
    set_name: Mapped[str] = column("设定人姓名")


class StockLevel(Record, label="样本库存"):
    """Tubes of one kind of one study at one site as they stand; counted by the centre alone.

    `available` are in store, not frozen and not empty; `missing` is by how many they are short of the limit.
    """

    study_id: Mapped[Id | None] = column("研究项目", ref="study", index=True)
    study_code: Mapped[str] = column("项目代码", length=40)
    type: Mapped[SpecimenType] = column("标本类型")
    available: Mapped[int] = column("可用份数")
    frozen: Mapped[int] = column("冻结份数")
    out: Mapped[int] = column("取出份数")
    remaining_ul: Mapped[int] = column("剩余体积", unit="uL")
    least: Mapped[int] = column("最低库存份数")
    missing: Mapped[int] = column("缺口份数")
    counted_at: Mapped[datetime] = column("统计时间", index=True)


class StockUse(Record, label="样本使用量"):
    """What was used of a kind of a study at a site in one month (its first day); counted by the centre alone."""

    __table_args__ = (Index("ix_stock_use_month", "month", "study_id"),)

    study_id: Mapped[Id | None] = column("研究项目", ref="study")
    study_code: Mapped[str] = column("项目代码", length=40)
    type: Mapped[SpecimenType] = column("标本类型")
    month: Mapped[date] = column("月份")
    times: Mapped[int] = column("使用次数")
    tubes: Mapped[int] = column("使用管数")
    used_ul: Mapped[int] = column("使用体积", unit="uL")
    stored: Mapped[int] = column("入库管数")
    discarded: Mapped[int] = column("销毁管数")
    counted_at: Mapped[datetime] = column("统计时间", index=True)
