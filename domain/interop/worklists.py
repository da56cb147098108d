"""The interface page: partners and how they fare, what is in the queues, orders against results, codes, proposals."""

from sqlalchemy import select

from domain.checkup.worklists import visits
from domain.interop.code_commands import (
    EditPartnerCode,
    MapWaitingCode,
    RestorePartnerCode,
    WithdrawPartnerCode,
)
from domain.interop.code_records import PartnerCode, PartnerCodeChange, UnmappedCode
from domain.interop.day_records import InterfaceDay
from domain.interop.in_commands import DropParked, ReplayMessage
from domain.interop.in_records import ParkedMessage
from domain.interop.item_commands import RetireServiceItem, SetServiceItem
from domain.interop.joining_commands import JoinRecords, SeparateRecords
from domain.interop.order_commands import CancelOrder, ChangeOrder, OrderItems, SettleUnordered
from domain.interop.order_records import (
    ImagingStudy,
    ServiceItem,
    ServiceItemChange,
    ServiceRequest,
    UnorderedResult,
)
from domain.interop.out_records import OutMessage
from domain.interop.partner_commands import EditPartner, PausePartner, RegisterPartner, ResumePartner
from domain.interop.partner_records import Partner, PartnerChange, PartnerState
from domain.interop.person_records import HospitalVisit, PersonProposal, SamePerson, SamePersonEnded
from domain.interop.proposal_commands import ConfirmProposal, RefuseProposal
from domain.interop.queue_commands import ResendMessage, WriteOffMessage
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.worklists import clients, same_number
from domain.reception.external_commands import SetBookingKey

VIEW = "interface.view"
ORDER_VIEW = "checkup.view"

visits.offers(OrderItems)


@worklist("interface.states", "接口运行", permission=VIEW, record=PartnerState, order="-trouble")
def states() -> Query:
    """Every partner: whether the line works, last message each way, counts, what waits and since when."""
    return select(
        PartnerState.name, PartnerState.trouble, PartnerState.waiting, PartnerState.oldest_at, PartnerState.dead,
        PartnerState.parked, PartnerState.reason, PartnerState.last_sent_at, PartnerState.last_received_at,
        PartnerState.sent, PartnerState.received, PartnerState.stored, PartnerState.refused, PartnerState.failures,
        PartnerState.error_percent, PartnerState.retry_at, PartnerState.paused, PartnerState.detail, Partner.role,
        PartnerState.checked_at,
    ).join(Partner, Partner.id == PartnerState.id)  # fmt: skip


states.offers(PausePartner, ResumePartner)


@worklist("interface.days", "接口日对账", permission=VIEW, record=InterfaceDay, order="-day")
def days() -> Query:
    """Of every partner and day what was sent, received and stored; what does not agree is named."""
    return select(
        InterfaceDay.day, InterfaceDay.name, InterfaceDay.differs, InterfaceDay.findings, InterfaceDay.received,
        InterfaceDay.stored, InterfaceDay.open_in, InterfaceDay.results, InterfaceDay.missing, InterfaceDay.due,
        InterfaceDay.delivered, InterfaceDay.undelivered, InterfaceDay.ordered, InterfaceDay.resulted,
        InterfaceDay.counted_at, InterfaceDay.signature,
    )  # fmt: skip


@worklist("interface.partners", "对接系统", permission=VIEW, record=Partner, order="name")
def partners() -> Query:
    """Partner systems with their address, characters and what they are told."""
    return select(
        Partner.name, Partner.role, Partner.sender, Partner.host, Partner.port, Partner.tls, Partner.charset,
        Partner.version, Partner.order_form, Partner.orders, Partner.persons, Partner.reports, Partner.active,
        Partner.number, Partner.changed_at,
    )  # fmt: skip


partners.offers(RegisterPartner, EditPartner, SetBookingKey)


@worklist(
    "interface.partner_changes", "对接配置修订", permission=VIEW, record=PartnerChange, order="-changed_at"
)
def partner_changes() -> Query:
    """Every change of a partner's set-up, the latest first."""
    return select(
        PartnerChange.name, PartnerChange.number, PartnerChange.summary, PartnerChange.reason,
        PartnerChange.changed_name, PartnerChange.changed_at,
    )  # fmt: skip


@worklist("interface.items", "接口项目", permission=VIEW, record=ServiceItem, order="-changed_at")
def items() -> Query:
    """What can be ordered from which kind of partner, with the packages it is part of."""
    return select(
        ServiceItem.code, ServiceItem.name, ServiceItem.role, ServiceItem.packages, ServiceItem.results,
        ServiceItem.active, ServiceItem.number, ServiceItem.changed_at,
    )  # fmt: skip


items.offers(SetServiceItem, RetireServiceItem)


@worklist(
    "interface.item_changes", "接口项目修订", permission=VIEW, record=ServiceItemChange, order="-changed_at"
)
def item_changes() -> Query:
    """Every change of an item, the latest first."""
    return select(
        ServiceItemChange.name, ServiceItemChange.number, ServiceItemChange.summary, ServiceItemChange.reason,
        ServiceItemChange.changed_name, ServiceItemChange.changed_at,
    )  # fmt: skip


@worklist("interface.queue", "外发消息", permission=VIEW, record=OutMessage, order="-queued_at")
def queue() -> Query:
    """What partners are told, the latest first."""
    return _messages()


def _messages() -> Query:
    return select(
        OutMessage.partner_name, OutMessage.label, OutMessage.state, OutMessage.answer, OutMessage.reason,
        OutMessage.detail, OutMessage.tries, OutMessage.next_try_at, OutMessage.control_id, OutMessage.queued_at,
        OutMessage.sent_at, OutMessage.answered_at, OutMessage.settled_by, OutMessage.note,
    )  # fmt: skip


queue.offers(ResendMessage, WriteOffMessage)


@worklist("interface.dead", "外发未送达", permission=VIEW, record=OutMessage, order="-queued_at")
def dead() -> Query:
    """Messages that wait for a person, with the partner's own words; those behind them about a client wait too."""
    return _messages().where(OutMessage.state == "dead")


dead.offers(ResendMessage, WriteOffMessage)


@worklist("checkup.orders", "检查申请", permission=ORDER_VIEW, record=ServiceRequest, order="-ordered_at")
def orders() -> Query:
    """Every order with its state, the latest first."""
    return _requests()


def _requests() -> Query:
    return select(
        Patient.name.label("patient_name"), ServiceRequest.visit_number, ServiceRequest.number, ServiceRequest.name,
        ServiceRequest.role, ServiceRequest.state, ServiceRequest.due_at, ServiceRequest.filler_number,
        ServiceRequest.placer, ServiceRequest.placer_number, ServiceRequest.remark, ServiceRequest.ordered_at,
        ServiceRequest.resulted_at, ServiceRequest.cancel_reason,
    ).join(Patient, Patient.id == ServiceRequest.patient_id)  # fmt: skip


orders.offers(ChangeOrder, CancelOrder)


@worklist(
    "checkup.unresulted", "有申请无结果", permission=ORDER_VIEW, record=ServiceRequest, order="ordered_at"
)
def unresulted() -> Query:
    """Orders that have no result yet, the oldest first; the time by which it should be there is shown."""
    return _requests().where(ServiceRequest.state.in_(("ordered", "accepted")))


unresulted.offers(ChangeOrder, CancelOrder)


@worklist(
    "checkup.unordered", "有结果无申请", permission=ORDER_VIEW, record=UnorderedResult, order="-received_at"
)
def unordered() -> Query:
    """Results nobody ordered, until somebody says what they are."""
    return select(
        Patient.name.label("patient_name"), UnorderedResult.visit_number, UnorderedResult.service,
        UnorderedResult.system, UnorderedResult.results, UnorderedResult.state, UnorderedResult.received_at,
        UnorderedResult.due_at, UnorderedResult.settled_by, UnorderedResult.note,
    ).join(Patient, Patient.id == UnorderedResult.patient_id)  # fmt: skip


unordered.offers(SettleUnordered)


@worklist("checkup.images", "影像就绪", permission=ORDER_VIEW, record=ImagingStudy, order="-available_at")
def images() -> Query:
    """Images a PACS says are ready, by visit."""
    return select(
        Patient.name.label("patient_name"), ImagingStudy.visit_number, ImagingStudy.modality,
        ImagingStudy.description, ImagingStudy.accession, ImagingStudy.study_uid, ImagingStudy.system,
        ImagingStudy.performed_at,
        ImagingStudy.available_at,
    ).join(Patient, Patient.id == ImagingStudy.patient_id)  # fmt: skip


@worklist("interface.unmapped", "待对照代码", permission=VIEW, record=UnmappedCode, order="-last_at")
def unmapped() -> Query:
    """Codes and units nothing here stands for, with how many results wait for each."""
    return select(
        UnmappedCode.system, UnmappedCode.code, UnmappedCode.name, UnmappedCode.unit, UnmappedCode.why,
        UnmappedCode.example, UnmappedCode.waiting, UnmappedCode.first_at, UnmappedCode.last_at,
    ).where(UnmappedCode.waiting > 0)  # fmt: skip


unmapped.offers(MapWaitingCode)


@worklist("interface.codes", "代码对照", permission=VIEW, record=PartnerCode, order="-changed_at")
def codes() -> Query:
    """What partners' own codes mean here."""
    return select(
        PartnerCode.system, PartnerCode.code, PartnerCode.name, PartnerCode.item, PartnerCode.label,
        PartnerCode.unit, PartnerCode.number, PartnerCode.changed_at,
    )  # fmt: skip


codes.offers(EditPartnerCode, WithdrawPartnerCode)


@worklist(
    "interface.code_changes", "代码对照修订", permission=VIEW, record=PartnerCodeChange, order="-changed_at"
)
def code_changes() -> Query:
    """Every change of what a code means, with how many waiting results it let in."""
    return select(
        PartnerCodeChange.system, PartnerCodeChange.code, PartnerCodeChange.number, PartnerCodeChange.before,
        PartnerCodeChange.item, PartnerCodeChange.unit, PartnerCodeChange.taken, PartnerCodeChange.reason,
        PartnerCodeChange.changed_name, PartnerCodeChange.changed_at,
    )  # fmt: skip


code_changes.offers(RestorePartnerCode)


@worklist(
    "people.proposals", "资料变更与合并", permission="people.verify", record=PersonProposal, order="-found_at"
)
def proposals() -> Query:
    """What other systems say of clients' identity, for a person to confirm or refuse."""
    return (
        select(
            PersonProposal.kind, Patient.name.label("patient_name"), Patient.number.label("patient_number"),
            PersonProposal.other_number, PersonProposal.said_name, PersonProposal.said_id_number,
            PersonProposal.summary, PersonProposal.system, PersonProposal.state, PersonProposal.due_at,
            PersonProposal.found_at, PersonProposal.decided_name, PersonProposal.basis,
        )
        .outerjoin(Patient, Patient.id == PersonProposal.patient_id)
    )  # fmt: skip


proposals.offers(ConfirmProposal, RefuseProposal)


@worklist("people.same", "同一人关联", permission="people.view", record=SamePerson, order="-confirmed_at")
def same() -> Query:
    """Records that were confirmed to be of one person, and links that were taken back."""
    return (
        select(
            Patient.name.label("patient_name"), Patient.number.label("patient_number"),
            SamePerson.other_number, SamePerson.basis, SamePerson.confirmed_name,
            SamePerson.confirmed_at, SamePersonEnded.ended_name, SamePersonEnded.ended_at, SamePersonEnded.reason,
        )
        .join(Patient, Patient.id == SamePerson.patient_id)
        .outerjoin(SamePersonEnded, SamePersonEnded.link_id == SamePerson.id)
    )  # fmt: skip


same.offers(SeparateRecords)


@worklist("people.hospital", "就医记录", permission=ORDER_VIEW, record=HospitalVisit, order="-started_at")
def hospital() -> Query:
    """Visits of clients to the hospital, as its HIS tells, the latest first."""
    return select(
        Patient.name.label("patient_name"), Patient.number.label("patient_number"), HospitalVisit.kind,
        HospitalVisit.department, HospitalVisit.diagnoses, HospitalVisit.started_at, HospitalVisit.ended_at,
        HospitalVisit.system,
    ).join(Patient, Patient.id == HospitalVisit.patient_id)  # fmt: skip


@worklist("interface.parked", "接收搁置", permission=VIEW, record=ParkedMessage, order="-parked_at")
def parked() -> Query:
    """Messages that were acknowledged and could not be applied, with the reason; none is lost."""
    return select(
        ParkedMessage.system, ParkedMessage.control_id, ParkedMessage.sentence, ParkedMessage.state,
        ParkedMessage.due_at, ParkedMessage.received_at, ParkedMessage.parked_at, ParkedMessage.settled_by,
        ParkedMessage.note,
    )  # fmt: skip


parked.offers(ReplayMessage, DropParked)

clients.offers(JoinRecords)
same_number.offers(JoinRecords)
