"""What a workstation has to fulfil to count as joined, version by version, and how each one stands to it."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record, Scope


class AdmissionStandard(Record, label="平台接入标准", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One version of the standard of the region; the highest number counts."""

    number: Mapped[int] = column("版本", unique=True)
    least_version: Mapped[str] = column("最低程序版本", length=40)
    most_skew_s: Mapped[int] = column("时钟偏差上限", unit="s")
    most_rejected: Mapped[int] = column("校验未过上限")
    most_waits_h: Mapped[int] = column("待传最久上限", unit="h")
    settings_in_force: Mapped[bool] = column("配置须全部生效")
    reason: Mapped[str] = column("修订说明", length=4000)
    changed_at: Mapped[datetime] = column("修订时间", index=True)
    changed_name: Mapped[str] = column("修订人姓名")


class NodeAdmission(Record, label="接入核验", merge=Merge.CENTRE):
    """How a workstation stands (its id is the workstation's): written by the centre when that turns."""

    name: Mapped[str] = column("工作站")
    standard: Mapped[int] = column("标准版本")
    lacks: Mapped[list[str]] = column("未达项", means="words:admission")
    state: Mapped[str] = column("状态", length=40, merge=Merge.CENTRE, group="state")
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应达标时间", index=True, merge=Merge.CENTRE, group="state")
    judged_at: Mapped[datetime] = column("核验时间", index=True)
    node_id: Mapped[Id] = column("同步节点", ref="sync_node", unique=True)
