"""What is missing, apart by not done and not entered; what a visit asks for; versions of nodes and packages."""

from sqlalchemy import select

from domain.checkup.records import Visit
from domain.checkup.worklists import visits
from domain.kernel.worklists import Query, without_index, worklist
from domain.people.records import Patient
from domain.process.content_commands import (
    SetDayRules,
    WithdrawProcessContent,
    WriteCheckupItem,
    WriteCheckupPackage,
    WriteNode,
)
from domain.process.item_commands import (
    AddItems,
    ChoosePackage,
    DropItem,
    HandleItems,
    PerformItem,
    SayCause,
    WaiveItem,
)
from domain.process.records import ProcessContentVersion, VisitItem
from domain.process.stay_records import ProcessEvent, ProcessStay

visits.offers(ChoosePackage, AddItems)


@worklist("process.missing", "漏项核查", permission="process.view", record=VisitItem, order="due_at")
def missing() -> Query:
    """Items that are not done or not entered, by when they were due; those of visits nobody came to are not due."""
    return (
        select(
            VisitItem.key, VisitItem.visit_number, Patient.name, VisitItem.label, VisitItem.node_name,
            VisitItem.state, VisitItem.due_at, VisitItem.cause, VisitItem.cause_by, VisitItem.package,
        )
        .join(Patient, Patient.id == VisitItem.patient_id)
        .where(without_index(VisitItem.state).in_(("planned", "done")), VisitItem.due_at.is_not(None))
    )  # fmt: skip


missing.offers(SayCause, PerformItem, WaiveItem, DropItem)
missing.offers_several(HandleItems, cause=SayCause, perform=PerformItem, waive=WaiveItem)


@worklist("process.items", "应检项目", permission="process.view", record=VisitItem, order="-state_since")
def items() -> Query:
    """Everything visits ask for, what changed last first."""
    return (
        select(
            VisitItem.visit_number, Visit.visit_date, Patient.name, VisitItem.label, VisitItem.node_name,
            VisitItem.key, VisitItem.package, VisitItem.state, VisitItem.state_since, VisitItem.cause,
            VisitItem.cause_note, VisitItem.waived_note, VisitItem.waived_by,
        )
        .join(Patient, Patient.id == VisitItem.patient_id)
        .join(Visit, Visit.id == VisitItem.visit_id)
    )  # fmt: skip


items.offers(SayCause, DropItem)


@worklist("process.stays", "节点记录", permission="process.view", record=ProcessStay, order="-arrived_at")
def stays() -> Query:
    """Who was at which node, when and how long, the latest first."""
    s = ProcessStay
    return select(
        s.visit_number, Patient.name, s.node_name, s.state, s.arrived_at, s.began_at, s.ended_at, s.inferred,
        s.due_at, s.skip_reason,
    ).join(Patient, Patient.id == s.patient_id)  # fmt: skip


@worklist("process.events", "节点事件", permission="process.view", record=ProcessEvent, order="-at")
def events() -> Query:
    """Every scan, the latest first: who recorded what where."""
    e = ProcessEvent
    return select(e.at, e.visit_number, Patient.name, e.node_name, e.kind, e.by_name, e.note).join(
        Patient, Patient.id == e.patient_id
    )


@worklist(
    "process.contents", "流程与套餐", permission="process.define", record=ProcessContentVersion, order="-written_at"
)  # fmt: skip
def contents() -> Query:
    """Nodes, items and packages of the institution's own, version by version, the latest first."""
    c = ProcessContentVersion
    return select(
        c.kind, c.code, c.version, c.title, c.summary, c.withdrawn, c.reason, c.written_name, c.written_at
    )


contents.offers(WriteNode, WriteCheckupItem, WriteCheckupPackage, SetDayRules, WithdrawProcessContent)
