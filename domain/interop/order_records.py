"""What is ordered from partner systems: the items that can be, each order, and images that are ready."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.interop.partner_records import PartnerRole
from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class ServiceItem(Record, label="接口项目", merge=Merge.CENTRE):
    """What can be ordered from a kind of partner: its code there, the packages it is part of, what comes back.

    `results` are keys of the catalogue: one of them answers the order where a partner sends no order number.
    """

    code: Mapped[str] = column("项目代码", length=40, index=True)
    name: Mapped[str] = column("项目名称", length=120)
    role: Mapped[PartnerRole] = column("执行系统")
    packages: Mapped[list[str]] = column("所属套餐", default=[])
    results: Mapped[list[str]] = column("对应结果", default=[])
    active: Mapped[bool] = column("启用", default=True)
    number: Mapped[int] = column("修订号", default=1)
    changed_at: Mapped[datetime] = column("修改时间", index=True)


class ServiceItemChange(Record, label="接口项目修订", merge=Merge.APPEND):
    """One change of an item: what, who, when and why."""

    item_id: Mapped[Id] = column("接口项目", ref="service_item", index=True)
    name: Mapped[str] = column("项目名称", length=120)
    number: Mapped[int] = column("修订号")
    summary: Mapped[str] = column("修改内容", length=1000)
    reason: Mapped[str] = column("修改说明", length=4000)
    changed_by: Mapped[Id | None] = column("修改人", ref="staff")
    changed_name: Mapped[str] = column("修改人姓名")
    changed_at: Mapped[datetime] = column("修改时间", index=True)


class ServiceRequest(Record, label="检查申请"):
    """One item ordered for one visit (FHIR R4 ServiceRequest); `number` is ours and goes as ORC-2 and OBR-2.

    An order that came from another system keeps that system and its number in `placer` and `placer_number`.
    """

    number: Mapped[str] = column("申请号", index=True, length=40)
    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    code: Mapped[str] = column("项目代码", length=40)
    name: Mapped[str] = column("项目名称", length=120)
    role: Mapped[PartnerRole] = column("执行系统")
    remark: Mapped[str | None] = column("申请说明", sensitivity=SENSITIVE, length=255)
    revision: Mapped[int] = column("修订号", default=1)
    placer: Mapped[str | None] = column("开单系统", length=200)
    placer_number: Mapped[str | None] = column("开单系统申请号", length=60, index=True)
    filler_number: Mapped[str | None] = column("执行系统单号", length=60)
    ordered_at: Mapped[datetime] = column("开单时间", index=True)
    ordered_by: Mapped[Id | None] = column("开单人", ref="staff")
    resulted_at: Mapped[datetime | None] = column("结果时间")
    cancel_reason: Mapped[str | None] = column("撤销原因", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class UnorderedResult(Record, label="无申请结果"):
    """Results of a partner that is sent our orders, for something nobody ordered; a person looks at them."""

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    system: Mapped[str] = column("来源系统", length=200)
    service: Mapped[str] = column("项目", length=120)
    results: Mapped[int] = column("结果数", default=0)
    received_at: Mapped[datetime] = column("收到时间", index=True)
    settled_by: Mapped[str | None] = column("处理人", merge=Merge.CENTRE, group="state")
    note: Mapped[str | None] = column("处理说明", merge=Merge.CENTRE, group="state", length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)


class ImagingStudy(Record, label="影像检查"):
    """Images that a PACS says are ready (FHIR R4 ImagingStudy); its id is made of the study's UID."""

    visit_id: Mapped[Id] = column("体检", ref="visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_number: Mapped[str] = column("体检号", length=40)
    study_uid: Mapped[str] = column("检查实例号", code="DICOM:0020,000D", length=64)
    accession: Mapped[str | None] = column("检查号", code="DICOM:0008,0050", length=60)
    modality: Mapped[str | None] = column("设备类型", code="DICOM:0008,0060", length=16)
    description: Mapped[str | None] = column("检查部位", sensitivity=SENSITIVE, length=255)
    system: Mapped[str] = column("来源系统", length=200)
    performed_at: Mapped[datetime | None] = column("检查时间")
    available_at: Mapped[datetime] = column("影像就绪时间", index=True)
