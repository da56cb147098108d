"""Blocks that a partner's booking system has instead of a desk, and what it books and calls off in them.

A block belongs to one place at any moment: a desk, or a partner. The centre alone acts for partners, so that a slot
is booked once, whoever asks first. What this house books the partner never sees as free, and the other way round.
"""

import hashlib
import secrets
from datetime import date

from domain.interop.partner_records import Partner, PartnerRole
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Workstation
from domain.reception.booking_commands import (
    CancelAppointment,
    cancel_appointment,
    own_block,
    take_slot,
)
from domain.reception.external_records import BookingKey, ExternalBooking
from domain.reception.records import Appointment, ReceptionKind, SlotBlock

SHORTEST_KEY = 32


@command("reception.set_booking_key", "设置预约系统密钥", permission="interface.partners", place="centre")
class SetBookingKey:
    """The key a booking system comes with; a new one ends the old one at once."""

    partner_id: Id = ask("对接系统", kind=Kind.HIDDEN)
    password: str = ask("密钥（至少 32 个字符，交给对方保管）", kind=Kind.SECRET, max_length=200)


@handles(SetBookingKey)
def set_booking_key(order: SetBookingKey, work: UnitOfWork) -> Id:
    """Return the id of the partner.

    Raises:
        DomainError: ``booking.not_booking`` for a partner of another kind; ``booking.weak_key`` (``password``).
    """
    partner = work.require(Partner, order.partner_id, "partner_id")
    if partner.role != PartnerRole.BOOKING:
        raise DomainError("booking.not_booking", field="partner_id", name=partner.name)
    if len(order.password) < SHORTEST_KEY or len(set(order.password)) < SHORTEST_KEY // 4:
        raise DomainError("booking.weak_key", field="password", least=SHORTEST_KEY)
    digest = hashlib.sha256(order.password.encode()).hexdigest()
    known = work.get(BookingKey, partner.id)
    if known is None:
        known = work.add(
            BookingKey(
                id=partner.id, org_id=partner.org_id, partner_name=partner.name, key_sha256=digest, set_at=work.now,
                set_by=work.actor.staff_id, set_name=work.actor.name,
            )
        )  # fmt: skip
        return known.id
    known.key_sha256, known.set_at = digest, work.now
    known.set_by, known.set_name = work.actor.staff_id, work.actor.name
    return known.id


@command("reception.give_to_partner", "交给预约系统", permission="reception.book")
class GiveToPartner:
    """Give a block of this desk to a booking system; from now on only that one books in it."""

    block_id: Id = ask("接待时段", kind=Kind.HIDDEN)
    partner: str = ask("预约系统名称", max_length=60)


@handles(GiveToPartner)
def give_to_partner(order: GiveToPartner, work: UnitOfWork) -> Id:
    """Return the id of the partner. Raises ``reception.other_desk``; ``booking.no_partner`` (``partner``)."""
    block = own_block(work, order.block_id)
    partner = work.find(Partner, name=order.partner.strip())
    if partner is None or partner.role != PartnerRole.BOOKING or not partner.active:
        raise DomainError("booking.no_partner", field="partner", name=order.partner)
    block.device_id, block.device_name, block.given_at = partner.id, partner.name, work.now
    return partner.id


@command("reception.take_from_partner", "收回预约系统时段", permission="reception.block", place="centre")
class TakeFromPartner:
    """Take a block back to this desk; what the partner booked in it stays booked."""

    block_id: Id = ask("接待时段", kind=Kind.HIDDEN)


@handles(TakeFromPartner)
def take_from_partner(order: TakeFromPartner, work: UnitOfWork) -> Id:
    """Return the id of the block. Raises ``booking.not_given`` for one that a desk has; ``reception.no_desk``."""
    block = work.require(SlotBlock, order.block_id, "block_id")
    if work.get(Partner, block.device_id) is None:
        raise DomainError("booking.not_given", field="block_id", desk=block.device_name)
    desk = work.get(Workstation, work.actor.desk_id or work.actor.device_id)
    if desk is None or desk.revoked_at is not None:
        raise DomainError("reception.no_desk", field="block_id")
    block.device_id, block.device_name, block.given_at = desk.id, desk.name, work.now
    return block.id


@command("reception.book_externally", "外部系统预约", permission=None, place="internal")
class BookExternally:
    """A partner books a slot for a client named by record number and birth date; of the server's interface alone."""

    partner_id: Id = ask("预约系统", kind=Kind.HIDDEN)
    external_id: str = ask("对方预约号", kind=Kind.HIDDEN, max_length=120)
    block_id: Id = ask("接待时段", kind=Kind.HIDDEN)
    slot: int = ask("第几档", kind=Kind.HIDDEN, low=0, high=200)
    number: str = ask("客户档案号", kind=Kind.HIDDEN, max_length=40)
    birth_date: date = ask("出生日期", kind=Kind.HIDDEN)
    note: str | None = ask("备注", kind=Kind.HIDDEN, default=None, max_length=1000)


@handles(BookExternally)
def book_externally(order: BookExternally, work: UnitOfWork) -> Id:
    """Return the id of the appointment; the same number of the partner for the same slot is the same one.

    Raises:
        DomainError: ``booking.number_used`` (``external_id``) for another slot or client; ``booking.no_slot``
            (``block_id``) for a block the partner does not have; ``booking.no_client`` (``number``), which does not
            tell a wrong number from a wrong birth date; those of `take_slot`.
    """
    partner = work.require(Partner, order.partner_id, "partner_id")
    patient = work.find(Patient, number=order.number.strip())
    born = patient.birth_date if patient is not None else None
    if patient is None or born is None or not secrets.compare_digest(str(born), str(order.birth_date)):
        raise DomainError("booking.no_client", field="number")
    own = stable_id("external_booking", partner.id, order.external_id)
    known = work.get(ExternalBooking, own)
    if known is not None:
        there = work.require(Appointment, known.appointment_id)
        if (there.block_id, there.slot, there.patient_id) != (order.block_id, order.slot, patient.id):
            raise DomainError("booking.number_used", field="external_id", number=order.external_id)
        return there.id
    block = work.get(SlotBlock, order.block_id)
    if block is None or block.device_id != partner.id:
        raise DomainError("booking.no_slot", field="block_id")
    made = take_slot(work, block, order.slot, patient, ReceptionKind.CONSULTATION, order.note)
    work.add(
        ExternalBooking(
            id=own, org_id=patient.org_id, partner_id=partner.id, partner_name=partner.name,
            external_id=order.external_id, appointment_id=made.id, patient_id=patient.id, booked_at=work.now,
        )
    )  # fmt: skip
    return made.id


@command("reception.cancel_externally", "外部系统取消预约", permission=None, place="internal")
class CancelExternally:
    """A partner calls off what it booked; of the server's interface alone."""

    partner_id: Id = ask("预约系统", kind=Kind.HIDDEN)
    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.HIDDEN, max_length=1000)


@handles(CancelExternally)
def cancel_externally(order: CancelExternally, work: UnitOfWork) -> None:
    """Free the slot; one that is off already stays off.

    Raises:
        DomainError: ``booking.no_appointment``; ``appointment.wrong_state``.
    """
    known = work.find(ExternalBooking, appointment_id=order.appointment_id)
    if known is None or known.partner_id != order.partner_id:
        raise DomainError("booking.no_appointment", field="appointment_id")
    there = work.require(Appointment, order.appointment_id, "appointment_id")
    if there.state != "cancelled":
        said = f"{known.partner_name}：{order.reason}"
        cancel_appointment(CancelAppointment(appointment_id=there.id, reason=said), work)
