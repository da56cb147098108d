"""What a partner's own codes and units mean, every change of that, and codes that wait for somebody to say."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class PartnerCode(Record, label="对照码", merge=Merge.CENTRE):
    """A code of a partner, the item of the catalogue it means, and the unit it is in where the sender says none.

    Its id is made of system and code. `item` empty: withdrawn, the catalogue's own reading counts again.
    """

    system: Mapped[str] = column("来源系统", length=200, index=True)
    code: Mapped[str] = column("对方代码", length=60)
    name: Mapped[str | None] = column("对方名称", length=255)
    item: Mapped[str | None] = column("对应项目", length=60)
    label: Mapped[str | None] = column("项目名称")
    unit: Mapped[str | None] = column("默认单位", length=40)
    number: Mapped[int] = column("修订号", default=1)
    changed_at: Mapped[datetime] = column("修改时间", index=True)


class PartnerCodeChange(Record, label="对照码修订", merge=Merge.APPEND):
    """One change of what a code means; an earlier one comes back under a number of its own."""

    code_id: Mapped[Id] = column("对照码", ref="partner_code", index=True)
    system: Mapped[str] = column("来源系统", length=200)
    code: Mapped[str] = column("对方代码", length=60)
    number: Mapped[int] = column("修订号")
    before: Mapped[str | None] = column("原对应项目", length=60)
    item: Mapped[str | None] = column("新对应项目", length=60)
    unit: Mapped[str | None] = column("默认单位", length=40)
    reason: Mapped[str] = column("修改说明", length=4000)
    taken: Mapped[int] = column("补入结果数", default=0)
    changed_by: Mapped[Id | None] = column("修改人", ref="staff")
    changed_name: Mapped[str] = column("修改人姓名")
    changed_at: Mapped[datetime] = column("修改时间", index=True)


class UnmappedCode(Record, label="待对照代码"):
    """A code or unit of a partner that nothing here stands for; its results wait, none is dropped.

    `waiting` counts them. Its id is made of system and code.
    """

    system: Mapped[str] = column("来源系统", length=200)
    code: Mapped[str] = column("对方代码", length=60)
    name: Mapped[str | None] = column("对方名称", length=255)
    unit: Mapped[str | None] = column("对方单位", length=60)
    why: Mapped[str] = column("原因", means="words:unmapped", length=60)
    example: Mapped[str | None] = column("示例结果", sensitivity=Sensitivity.SENSITIVE, length=255)
    waiting: Mapped[int] = column("等待结果数", default=0, index=True)
    first_at: Mapped[datetime] = column("首次出现")
    last_at: Mapped[datetime] = column("最近出现", index=True)
