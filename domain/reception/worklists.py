"""Appointments, blocks, units, events and service packages as lists."""

from sqlalchemy import select

from domain.followup.feedback_commands import AskFeedback, GiveFeedback
from domain.followup.task_records import FollowTask
from domain.kernel.worklists import Query, without_index, worklist
from domain.messaging.records import OutboxMessage
from domain.people.records import Patient
from domain.reception.booking_commands import (
    CancelAppointment,
    EndReception,
    NoteNoShow,
    Rebook,
    ReceiveClient,
    RecordReception,
)
from domain.reception.contract_commands import EndPackage, RenewPackage
from domain.reception.digest_commands import (
    AskChat,
    AskChatAgain,
    NoteEvent,
    NoteUnit,
    PushDigest,
    SetUnitFlow,
)
from domain.reception.digest_records import UnitChat, UnitDigest, UnitFlow, UnitNote
from domain.reception.external_commands import GiveToPartner, TakeFromPartner
from domain.reception.external_records import BookingKey, ExternalBooking
from domain.reception.records import Appointment, SlotBlock
from domain.reception.unit_commands import (
    AddDepartment,
    AddUnit,
    Attend,
    CallOffEvent,
    Enrol,
    HoldEvent,
    PlanEvent,
    PutOffEvent,
    Withdraw,
)
from domain.reception.unit_records import ClientUnit, EventPlace, GroupEvent, ServiceContract
from domain.reception.visit_commands import TakeTaskAlong

OPEN = ("booked", "arrived", "ended")


@worklist("reception.open", "接待预约", permission="reception.view", record=Appointment, order="starts_at")
def open_appointments() -> Query:
    """Appointments that are not over, the earliest first."""
    return (
        select(
            Appointment.starts_at, Patient.name, Patient.number.label("patient_number"), Appointment.kind,
            Appointment.staff_name, FollowTask.title.label("task_title"), Appointment.state, Appointment.arrived_at,
            Appointment.due_at,
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .outerjoin(FollowTask, FollowTask.id == Appointment.task_id)
        .where(without_index(Appointment.state).in_(OPEN), Appointment.due_at.is_not(None))
    )  # fmt: skip


open_appointments.offers(
    ReceiveClient, EndReception, RecordReception, Rebook, CancelAppointment, NoteNoShow, TakeTaskAlong
)


@worklist("reception.all", "接待记录", permission="reception.view", record=Appointment, order="-starts_at")
def all_appointments() -> Query:
    """Every appointment with its course, the latest first."""
    return select(
        Appointment.starts_at, Patient.name, Patient.number.label("patient_number"), Appointment.kind,
        Appointment.staff_name, Appointment.state, Appointment.steps, Appointment.course, Appointment.next_step,
        Appointment.reason,
    ).join(Patient, Patient.id == Appointment.patient_id)  # fmt: skip


all_appointments.offers(GiveFeedback, AskFeedback)


@worklist("reception.blocks", "接待时段", permission="reception.view", record=SlotBlock, order="-starts_at")
def blocks() -> Query:
    """Whose time which desk books, the latest first."""
    return select(
        SlotBlock.staff_name, SlotBlock.starts_at, SlotBlock.ends_at, SlotBlock.slot_minutes, SlotBlock.device_name,
        SlotBlock.given_at,
    )  # fmt: skip


blocks.offers(GiveToPartner, TakeFromPartner)


@worklist(
    "reception.external", "外部预约", permission="reception.view", record=ExternalBooking, order="-booked_at"
)
def external_bookings() -> Query:
    """What partners' systems booked, the latest first, with what became of it."""
    x = ExternalBooking
    return (
        select(
            x.booked_at, x.partner_name, x.external_id, Patient.name, Patient.number.label("patient_number"),
            Appointment.starts_at, Appointment.staff_name, Appointment.state, x.patient_id,
        )
        .join(Patient, Patient.id == x.patient_id)
        .join(Appointment, Appointment.id == x.appointment_id)
    )  # fmt: skip


@worklist(
    "reception.booking_keys", "预约系统密钥", permission="interface.view", record=BookingKey, order="-set_at"
)
def booking_keys() -> Query:
    """Which booking systems have a key, since when, and who set it; the key itself is kept nowhere."""
    return select(BookingKey.partner_name, BookingKey.set_at, BookingKey.set_name)


@worklist("unit.units", "团检单位", permission="unit.view", record=ClientUnit, order="name")
def units() -> Query:
    """Units and departments by name."""
    return select(
        ClientUnit.name, ClientUnit.contact, ClientUnit.phone, ClientUnit.manager_name, ClientUnit.added_at,
    )  # fmt: skip


units.offers(PlanEvent, AddUnit, AddDepartment, SetUnitFlow, NoteUnit, AskChat, PushDigest)


@worklist("unit.events", "团体活动", permission="unit.view", record=GroupEvent, order="-starts_at")
def events() -> Query:
    """What is held for units, the latest first."""
    return select(
        GroupEvent.starts_at, ClientUnit.name.label("unit_name"), GroupEvent.kind, GroupEvent.title, GroupEvent.place,
        GroupEvent.staff_name, GroupEvent.expected, GroupEvent.enrolled, GroupEvent.short_by, GroupEvent.attended,
        GroupEvent.materials, GroupEvent.state,
    ).join(ClientUnit, ClientUnit.id == GroupEvent.unit_id)  # fmt: skip


events.offers(Enrol, Attend, Withdraw, NoteEvent, HoldEvent, PutOffEvent, CallOffEvent, GiveFeedback)


@worklist("unit.flows", "单位接待流程", permission="unit.view", record=UnitFlow, order="-saved_at")
def flows() -> Query:
    """What events go through for which unit, every version, the latest first."""
    return select(
        ClientUnit.name.label("unit_name"), UnitFlow.kind, UnitFlow.version, UnitFlow.steps, UnitFlow.materials,
        UnitFlow.reason, UnitFlow.saved_name, UnitFlow.saved_at,
    ).join(ClientUnit, ClientUnit.id == UnitFlow.unit_id)  # fmt: skip


@worklist("unit.notes", "团体沟通记录", permission="unit.view", record=UnitNote, order="-at")
def notes() -> Query:
    """What was said with units, before, on the spot and after, the latest first."""
    return (
        select(
            UnitNote.at, ClientUnit.name.label("unit_name"), GroupEvent.title, UnitNote.kind, UnitNote.step,
            UnitNote.with_whom, UnitNote.text, UnitNote.next_step, UnitNote.staff_name,
        )
        .join(ClientUnit, ClientUnit.id == UnitNote.unit_id)
        .outerjoin(GroupEvent, GroupEvent.id == UnitNote.event_id)
    )  # fmt: skip


@worklist("unit.chats", "团体沟通群", permission="unit.view", record=UnitChat, order="-asked_at")
def chats() -> Query:
    """The chats of units, the latest first."""
    return select(
        ClientUnit.name.label("unit_name"), UnitChat.name, UnitChat.owner_name, UnitChat.state, UnitChat.members,
        UnitChat.join_url, UnitChat.problem, UnitChat.looked_at, UnitChat.asked_at,
    ).join(ClientUnit, ClientUnit.id == UnitChat.unit_id)  # fmt: skip


chats.offers(AskChatAgain)


@worklist("unit.digests", "团体汇总推送", permission="unit.view", record=UnitDigest, order="-sent_at")
def digests() -> Query:
    """Figures that went to the contacts of units, what became of the message and how often they were opened."""
    return select(
        UnitDigest.sent_at, UnitDigest.unit_name, UnitDigest.contact, UnitDigest.phone, OutboxMessage.state,
        UnitDigest.openings, UnitDigest.opened_at, UnitDigest.expires_at,
    ).outerjoin(OutboxMessage, OutboxMessage.id == UnitDigest.message_id)  # fmt: skip


@worklist("unit.places", "活动名单", permission="unit.view", record=EventPlace, order="-enrolled_at")
def places() -> Query:
    """Who enrolled for what and came, the latest first."""
    return (
        select(
            GroupEvent.title, Patient.name, Patient.number.label("patient_number"), EventPlace.enrolled_at,
            EventPlace.attended_at, EventPlace.withdrawn_at,
        )
        .join(GroupEvent, GroupEvent.id == EventPlace.event_id)
        .join(Patient, Patient.id == EventPlace.patient_id)
    )  # fmt: skip


@worklist(
    "package.contracts", "签约服务包", permission="package.view", record=ServiceContract, order="ends_on"
)
def contracts() -> Query:
    """Packages in force, by what ends first."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), ServiceContract.package,
            ServiceContract.manager_name, ServiceContract.expert_name, ServiceContract.starts_on,
            ServiceContract.ends_on, ServiceContract.state,
        )
        .join(Patient, Patient.id == ServiceContract.patient_id)
        .where(without_index(ServiceContract.state) == "active")
    )  # fmt: skip


contracts.offers(RenewPackage, EndPackage)
