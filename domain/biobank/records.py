"""Specimens, their events, and the containers they lie in."""

import enum
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class SpecimenType(enum.StrEnum):
    """SPREC 3.0, element 1 (type of sample); the ones a checkup takes."""

    BLOOD = "BLD"
    SERUM = "SER"
    PLASMA = "PL1"
    BUFFY_COAT = "BUF"
    URINE = "URN"
    STOOL = "STL"
    SALIVA = "SAL"


class PrimaryContainer(enum.StrEnum):
    """SPREC element 2 (primary container)."""

    SERUM_SEPARATOR = "SST"
    POTASSIUM_EDTA = "PED"
    CITRATE = "SCI"
    HEPARIN = "HEP"
    POLYPROPYLENE = "PPS"
    ORIGINAL = "ORG"


class Specimen(Record, label="标本"):
    """One tube: primary specimen or aliquot (FHIR R4 Specimen, MIABIS Sample).

    A tube of a study names its subject and the expectation it was drawn for; its aliquots inherit both. A frozen one
    (its subject left) may be received, moved and discarded, and is used for nothing. A pool of several tubes has its
    first one as parent, all of them as `PoolSource`, and says in `sources` how many they are.
    """

    number: Mapped[str] = column("标本编号", code="MIABIS:SAMPLE-01", unique=True, length=40)
    type: Mapped[SpecimenType] = column("标本类型", code="SPREC:1")
    container: Mapped[PrimaryContainer] = column("采集管", code="SPREC:2")
    patient_id: Mapped[Id] = column("受检者", ref="patient", index=True, merge=Merge.REVIEW, safety=True)
    visit_id: Mapped[Id | None] = column("体检", ref="visit", index=True)
    parent_id: Mapped[Id | None] = column("母管", ref="specimen", index=True, merge=Merge.REVIEW, safety=True)
    sources: Mapped[int | None] = column("汇合管数")
    subject_id: Mapped[Id | None] = column("受试者", ref="study_subject", index=True)
    expected_id: Mapped[Id | None] = column("应留标本", ref="expected_specimen", index=True)
    frozen_at: Mapped[datetime | None] = column("冻结时间", group="hold", index=True)
    frozen_reason: Mapped[str | None] = column("冻结原因", group="hold", length=1000)
    slot: Mapped[str | None] = column("库位", merge=Merge.CENTRE, group="state", unique=True, length=80)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    initial_ul: Mapped[int | None] = column("初始体积", unit="uL", merge=Merge.CENTRE, group="state")
    remaining_ul: Mapped[int | None] = column("剩余体积", unit="uL", merge=Merge.CENTRE, group="state")
    remaining_percent: Mapped[int | None] = column("剩余比例", unit="%", merge=Merge.CENTRE, group="state")
    thaws: Mapped[int] = column("冻融次数", merge=Merge.CENTRE, group="state", default=0)
    out_s: Mapped[int] = column("离开冷源合计", unit="s", merge=Merge.CENTRE, group="state", default=0)
    keep_until: Mapped[datetime | None] = column("批准保存至", merge=Merge.CENTRE, group="state")
    sprec: Mapped[str | None] = column("SPREC 编码", merge=Merge.CENTRE, group="state", length=40)


class EventKind(enum.StrEnum):
    """What can happen to a tube."""

    COLLECTED = "collected"
    RECEIVED = "received"
    PROCESSED = "processed"
    ALIQUOTED = "aliquoted"
    POOLED = "pooled"
    STORED = "stored"
    TAKEN_OUT = "taken_out"
    USED = "used"
    RETURNED = "returned"
    PACKED = "packed"
    ARRIVED = "arrived"
    DISCARDED = "discarded"
    DUPLICATED = "duplicated"
    CLEARED = "cleared"
    EXTENDED = "extended"


class SpecimenEvent(Record, label="标本事件", merge=Merge.APPEND):
    """What happened to a tube; never changed, corrected only by a later event.

    Consumed and produced volume are two fields: a balance is a sum of events. `sha256` covers all of it and the event
    before it at the same installation (`custody_chain`).
    """

    __table_args__ = (
        Index("ix_specimen_event_specimen", "specimen_id", "occurred_at"),
        Index("ix_specimen_event_chain", "chain_device", "chain_number"),
    )

    specimen_id: Mapped[Id] = column("标本", ref="specimen")
    kind: Mapped[EventKind] = column("事件")
    occurred_at: Mapped[datetime] = column("发生时间", index=True)
    staff_id: Mapped[Id | None] = column("操作人", ref="staff")
    staff_name: Mapped[str] = column("操作人姓名")
    produced_ul: Mapped[int | None] = column("产生体积", unit="uL")
    consumed_ul: Mapped[int | None] = column("消耗体积", unit="uL")
    condition: Mapped[str | None] = column("外观", means="words:condition", length=40)
    place: Mapped[str | None] = column("位置", length=120)
    protocol: Mapped[str | None] = column("处理方案", means="words:protocol", length=40)
    out_s: Mapped[int | None] = column("离开冷源", unit="s")
    reason: Mapped[str | None] = column("原因", means="words:discard_reason", length=40)
    witness_id: Mapped[Id | None] = column("复核人", ref="staff")
    witness_name: Mapped[str | None] = column("复核人姓名")
    note: Mapped[str | None] = column("备注", length=1000)
    chain_device: Mapped[Id | None] = column("监管链安装")
    chain_number: Mapped[int | None] = column("监管链序号")
    previous_sha256: Mapped[str | None] = column("前一事件摘要", length=64)
    sha256: Mapped[str | None] = column("事件摘要", length=64)


class StorageContainer(Record, label="冻存容器"):
    """A box, rack, freezer, room or site; a grid of `rows` x `columns` positions named A1, A2 and so on.

    `place_key` (``CODE OF THE PARENT:A1``) says where it stands; commands let no two stand in one place. `types` and
    `studies` hold for all that lies in it, unless something further inside says its own.
    """

    code: Mapped[str] = column("容器条码", unique=True, length=40)
    name: Mapped[str] = column("名称")
    kind: Mapped[str] = column("类型", means="words:container", length=40)
    parent_id: Mapped[Id | None] = column("上级容器", ref="storage_container", group="place", index=True)
    rows: Mapped[int] = column("行数", default=9)
    columns: Mapped[int] = column("列数", default=9)
    temperature: Mapped[str] = column(
        "温度等级", code="MIABIS:SAMPLE-03", means="words:temperature", length=40
    )
    types: Mapped[list[str] | None] = column("限放类型", means="words:specimen_type")
    studies: Mapped[list[str] | None] = column("限放项目")
    at: Mapped[str | None] = column("在上级中的位置", group="place", length=10)
    place_key: Mapped[str | None] = column("所在位置", group="place", index=True, length=80)
    tube_kind: Mapped[str | None] = column("适用管型", length=40)
    blocked: Mapped[list[str] | None] = column("停用位置")
    door_order: Mapped[int] = column("取样路线序号", default=0)


class LabelPrint(Record, label="标签打印", merge=Merge.APPEND):
    """One label on paper: which tube, which printer, what came of it, and why again."""

    specimen_id: Mapped[Id] = column("标本", ref="specimen", index=True)
    printer: Mapped[str] = column("打印机", length=120)
    template: Mapped[str] = column("模板", length=80)
    content_sha256: Mapped[str] = column("内容摘要", length=64)
    result: Mapped[str] = column("结果", means="words:print_result", length=40)
    reprint: Mapped[int] = column("重打次数", default=0)
    reason: Mapped[str | None] = column("重打原因")
    fault: Mapped[str | None] = column("故障", means="words:label_fault", length=40)
    printed_at: Mapped[datetime] = column("打印时间")
    staff_name: Mapped[str] = column("操作人姓名")
