"""What is asked for from the store, and what is sent away."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class PickList(Record, label="取样单"):
    """Tubes asked for, reserved, and fetched by the way through the store; another person than who asked approves."""

    purpose: Mapped[str] = column("用途", length=200)
    asked_by_id: Mapped[Id | None] = column("申请人", ref="staff")
    asked_by: Mapped[str] = column("申请人姓名")
    asked_at: Mapped[datetime] = column("申请时间", index=True)
    approved_by: Mapped[str | None] = column("批准人", group="state", merge=Merge.CENTRE)
    total: Mapped[int] = column("管数")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class PickLineState(enum.StrEnum):
    """What became of a tube that was asked for."""

    WAITING = "waiting"
    PICKED = "picked"
    MISSING = "missing"
    DROPPED = "dropped"


class PickLine(Record, label="取样明细"):
    """One tube of a list; `route` sorts by the way: freezer by freezer, shelf, rack, box, position."""

    __table_args__ = (Index("ix_pick_line_list", "pick_list_id", "route"),)

    pick_list_id: Mapped[Id] = column("取样单", ref="pick_list")
    specimen_id: Mapped[Id] = column("标本", ref="specimen", index=True)
    number: Mapped[str] = column("标本编号", length=40)
    place: Mapped[str] = column("库位", length=80)
    path: Mapped[str] = column("取样路线", length=255)
    route: Mapped[str] = column("路线顺序", length=255)
    state: Mapped[PickLineState] = column("状态", merge=Merge.CENTRE, group="state")
    done_at: Mapped[datetime | None] = column("完成时间", merge=Merge.CENTRE, group="state")
    done_by: Mapped[str | None] = column("完成人", merge=Merge.CENTRE, group="state")


class ShipmentCondition(enum.StrEnum):
    """How tubes are kept on the way."""

    DRY_ICE = "dry_ice"
    NITROGEN = "nitrogen"
    COLD = "cold"
    AMBIENT = "ambient"


class Shipment(Record, label="标本运输"):
    """Tubes on their way to another place; `manifest` is the signed list, whole and readable without this program."""

    number: Mapped[str] = column("运输单号", unique=True, length=40)
    receiver: Mapped[str] = column("接收单位")
    condition: Mapped[ShipmentCondition] = column("运输条件")
    courier: Mapped[str | None] = column("承运方")
    logger: Mapped[str | None] = column("温度记录器")
    packed_by: Mapped[str] = column("装箱人")
    packed_at: Mapped[datetime] = column("装箱时间", index=True)
    total: Mapped[int] = column("管数", group="state", merge=Merge.CENTRE, default=0)
    arrived: Mapped[int] = column("已收管数", group="state", merge=Merge.CENTRE, default=0)
    sent_at: Mapped[datetime | None] = column("发出时间", group="state", merge=Merge.CENTRE)
    manifest: Mapped[str | None] = column("签名清单", group="state", merge=Merge.CENTRE, length=1_000_000)
    manifest_sha256: Mapped[str | None] = column("清单摘要", group="state", merge=Merge.CENTRE, length=64)
    received_by: Mapped[str | None] = column("接收人", group="state", merge=Merge.CENTRE)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class ShipmentLineState(enum.StrEnum):
    """Where a tube of a shipment is."""

    PACKED = "packed"
    ARRIVED = "arrived"
    MISSING = "missing"


class ShipmentLine(Record, label="运输明细"):
    """One tube of a shipment; seconds out of the cold before it was packed and on the way."""

    __table_args__ = (Index("ix_shipment_line_shipment", "shipment_id", "number"),)

    shipment_id: Mapped[Id] = column("标本运输", ref="shipment")
    specimen_id: Mapped[Id] = column("标本", ref="specimen", index=True)
    number: Mapped[str] = column("标本编号", length=40)
    type: Mapped[str] = column("类型", means="words:specimen_type", length=10)
    remaining_ul: Mapped[int | None] = column("剩余体积", unit="uL")
    out_s: Mapped[int] = column("装箱前离开冷源", unit="s")
    way_s: Mapped[int | None] = column("途中离开冷源", unit="s", group="state", merge=Merge.CENTRE)
    state: Mapped[ShipmentLineState] = column("状态", merge=Merge.CENTRE, group="state")
    at: Mapped[datetime] = column("状态时间", merge=Merge.CENTRE, group="state")


class ManifestKey(Record, label="清单签名私钥", place=Place.LOCAL):
    """The Ed25519 key by which this installation signs lists of shipments; the store it lies in is encrypted."""

    private_key: Mapped[bytes] = column("私钥", sensitivity=Sensitivity.SENSITIVE)
    public_key: Mapped[str] = column("公钥", length=64)
