"""Appointments: blocks cut by the centre, booked by the desk that has them, and the course of each reception.

Two desks never book one slot, however long they do not hear of each other: a slot lies in one block, a block belongs
to one desk, the centre cuts blocks of one person that do not overlap, and only who has a block gives it away.
"""

import dataclasses
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.conduct.keeping import keep_reception
from domain.followup.group_commands import staff_of
from domain.followup.regrouping import content_of
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Workstation
from domain.reception import telling, tied
from domain.reception.records import Appointment, ReceptionKind, SlotBlock
from domain.reception.workflow import appointment_life

LONGEST_BLOCK = timedelta(hours=12)


@command("reception.assign_block", "分配接待时段", permission="reception.block", place="centre")
class AssignBlock:
    """Cut a block of somebody's time into slots and give it to one desk."""

    login: str = ask("接待人员登录名", max_length=60)
    device_id: Id = ask("工作站", kind=Kind.HIDDEN)
    starts_at: datetime = ask("开始时间")
    ends_at: datetime = ask("结束时间")
    slot_minutes: int = ask("每档分钟数", kind=Kind.NUMBER, default=30, low=5, high=240, unit="min")


@handles(AssignBlock)
def assign_block(order: AssignBlock, work: UnitOfWork) -> Id:
    """Return the id of the block.

    Raises:
        DomainError: ``followup.no_staff``; ``reception.no_desk`` (``device_id``); ``reception.bad_block``
            (``ends_at``); ``reception.overlaps`` (``starts_at``) with the block that is there.
    """
    staff = staff_of(work, order.login, "login")
    desk = work.get(Workstation, order.device_id)
    if desk is None or desk.revoked_at is not None:
        raise DomainError("reception.no_desk", field="device_id")
    if order.starts_at.tzinfo is None or order.ends_at.tzinfo is None:
        raise DomainError("input.type", field="starts_at", label="开始时间", value=str(order.starts_at))
    length = order.ends_at - order.starts_at
    if not timedelta(minutes=order.slot_minutes) <= length <= LONGEST_BLOCK:
        raise DomainError("reception.bad_block", field="ends_at", minutes=order.slot_minutes)
    for other in work.list(
        select(SlotBlock).where(
            SlotBlock.staff_id == staff.id, SlotBlock.starts_at < order.ends_at,
            SlotBlock.starts_at > order.starts_at - LONGEST_BLOCK,
        )
    ):  # fmt: skip
        if other.ends_at > order.starts_at:
            raise DomainError(
                "reception.overlaps", field="starts_at", name=staff.name, start=clock_text(other.starts_at),
                end=clock_text(other.ends_at), desk=other.device_name,
            )  # fmt: skip
    block = SlotBlock(
        org_id=desk.org_id, staff_id=staff.id, staff_name=staff.name, starts_at=order.starts_at,
        ends_at=order.ends_at, slot_minutes=order.slot_minutes, device_id=desk.id, device_name=desk.name,
        given_at=work.now,
    )  # fmt: skip
    return work.add(block).id


def clock_text(moment: datetime) -> str:
    """Return day and time as refusals tell them."""
    return f"{clinic(moment):%m-%d %H:%M}"


@command("reception.hand_block", "转交接待时段", permission="reception.book")
class HandBlock:
    """Give a block of this desk to another one; from now on only that one books in it."""

    block_id: Id = ask("接待时段", kind=Kind.HIDDEN)
    device_id: Id = ask("工作站", kind=Kind.HIDDEN)
    device_name: str = ask("工作站名称", kind=Kind.HIDDEN)


@handles(HandBlock)
def hand_block(order: HandBlock, work: UnitOfWork) -> None:
    """Pass it on.

    Raises:
        DomainError: ``reception.other_desk`` for a block this desk does not have.
    """
    block = own_block(work, order.block_id)
    block.device_id, block.device_name, block.given_at = order.device_id, order.device_name, work.now


def own_block(work: UnitOfWork, block_id: Id) -> SlotBlock:
    """Return a block this desk may book in.

    Raises:
        DomainError: ``slot_block.unknown``; ``reception.other_desk`` with the desk that has it.
    """
    block = work.require(SlotBlock, block_id, "block_id")
    if block.device_id != work.actor.device_id:
        raise DomainError("reception.other_desk", field="block_id", desk=block.device_name)
    return block


@dataclasses.dataclass(frozen=True, slots=True)
class Booked:
    """An appointment: its id, with whom, and when."""

    appointment_id: Id
    staff_name: str
    starts_at: datetime


@command("reception.book", "预约接待", permission="reception.book")
class BookSlot:
    """Book a slot; without a block the first free one of this desk."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    kind: ReceptionKind = ask("接待内容", kind=Kind.CHOICE, default=ReceptionKind.INTERPRETATION)
    block_id: Id | None = ask("接待时段", kind=Kind.HIDDEN, default=None)
    slot: int | None = ask("第几档", kind=Kind.HIDDEN, default=None, low=0, high=200)
    note: str | None = ask("备注", kind=Kind.NOTE, default=None)


@handles(BookSlot)
def book_slot(order: BookSlot, work: UnitOfWork) -> Booked:
    """Return the appointment.

    Raises:
        DomainError: ``reception.other_desk``; ``reception.no_slot`` (``slot``) for
            one that is not there or past; ``reception.taken`` (``slot``); ``reception.nothing_free`` where this desk
            has no free slot.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    if order.block_id is None:
        block, slot = _first_free(work)
    else:
        block, slot = own_block(work, order.block_id), order.slot if order.slot is not None else -1
    made = take_slot(work, block, slot, patient, order.kind, order.note)
    return Booked(made.id, block.staff_name, made.starts_at)


def take_slot(
    work: UnitOfWork, block: SlotBlock, slot: int, patient: Patient, kind: ReceptionKind, note: str | None
) -> Appointment:
    """Book a slot of a block for whoever may book in it, and tell the client.

    Raises:
        DomainError: ``reception.no_slot`` (``slot``) for one that is not there or past; ``reception.taken``.
    """
    starts_at = block.starts_at + timedelta(minutes=slot * block.slot_minutes)
    if not 0 <= slot < block.slots or starts_at + timedelta(minutes=block.slot_minutes) <= work.now:
        raise DomainError("reception.no_slot", field="slot")
    key = f"{block.id.hex}:{slot}"
    if work.find(Appointment, slot_key=key) is not None:
        raise DomainError("reception.taken", field="slot", time=clock_text(starts_at))
    appointment = Appointment(
        org_id=patient.org_id, block_id=block.id, slot=slot, slot_key=key, patient_id=patient.id, kind=kind,
        staff_id=block.staff_id, staff_name=block.staff_name, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=block.slot_minutes), note=note,
    )  # fmt: skip
    work.start(appointment_life, appointment)
    appointment.due_at = starts_at
    work.add(appointment)
    telling.booked(work, appointment)
    return appointment


def _first_free(work: UnitOfWork) -> tuple[SlotBlock, int]:
    for block, slot, _ in free_slots(work):
        return block, slot
    raise DomainError("reception.nothing_free", field="block_id")


def free_slots(work: UnitOfWork) -> Iterator[tuple[SlotBlock, int, datetime]]:
    """Yield the free slots of this desk from now on, the earliest first: a range of an index, then those taken."""
    query = (
        select(SlotBlock)
        .where(SlotBlock.device_id == work.actor.device_id, SlotBlock.starts_at > work.now - LONGEST_BLOCK)
        .order_by(SlotBlock.starts_at, SlotBlock.id)
        .limit(200)
    )
    for block in work.list(query):
        taken = work.connection.execute(
            select(Appointment.__table__.c.slot).where(
                Appointment.__table__.c.block_id == block.id, Appointment.__table__.c.slot_key.is_not(None)
            )
        )
        used = set(taken.scalars())
        for slot in range(block.slots):
            starts_at = block.starts_at + timedelta(minutes=slot * block.slot_minutes)
            if slot not in used and starts_at > work.now:
                yield block, slot, starts_at


@command("reception.rebook", "改约", permission="reception.book")
class Rebook:
    """Another slot instead; the old one is free again."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)
    block_id: Id | None = ask("接待时段", kind=Kind.HIDDEN, default=None)
    slot: int | None = ask("第几档", kind=Kind.HIDDEN, default=None, low=0, high=200)
    reason: str = ask("改约原因", kind=Kind.NOTE)


@handles(Rebook)
def rebook(order: Rebook, work: UnitOfWork) -> Booked:
    """Return the new appointment.

    Raises:
        DomainError: What `book_slot` raises; ``reception.other_desk`` for an appointment of another desk's block.
    """
    old = work.require(Appointment, order.appointment_id, "appointment_id")
    own_block(work, old.block_id)
    booked: Booked = book_slot(
        BookSlot(
            patient_id=old.patient_id, kind=old.kind, block_id=order.block_id, slot=order.slot, note=old.note
        ),
        work,
    )  # fmt: skip
    work.move(appointment_life, old, "rebook")
    old.slot_key, old.moved_to, old.reason = None, booked.appointment_id, order.reason
    telling.take_back(work, old)
    tied.moved(work, old, work.require(Appointment, booked.appointment_id))
    return booked


@command("reception.cancel", "取消预约", permission="reception.book")
class CancelAppointment:
    """The client does not come, said before."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(CancelAppointment)
def cancel_appointment(order: CancelAppointment, work: UnitOfWork) -> None:
    """Free the slot for the desk that has it."""
    appointment = work.require(Appointment, order.appointment_id, "appointment_id")
    work.move(appointment_life, appointment, "cancel")
    appointment.slot_key, appointment.reason = None, order.reason
    telling.called_off(work, appointment)
    tied.not_held(work, appointment, order.reason)


@command("reception.miss", "登记爽约", permission="reception.receive")
class NoteNoShow:
    """The client did not come."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)
    reason: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(NoteNoShow)
def note_no_show(order: NoteNoShow, work: UnitOfWork) -> None:
    """Note it; the slot is past and stays taken."""
    appointment = work.require(Appointment, order.appointment_id, "appointment_id")
    work.move(appointment_life, appointment, "miss")
    appointment.reason = order.reason
    tied.not_held(work, appointment, order.reason, came=False)


@command("reception.arrive", "接待签到", permission="reception.receive")
class ReceiveClient:
    """The client is here."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)


@handles(ReceiveClient)
def receive_client(order: ReceiveClient, work: UnitOfWork) -> None:
    """Begin the reception."""
    appointment = work.require(Appointment, order.appointment_id, "appointment_id")
    work.move(appointment_life, appointment, "arrive")
    appointment.arrived_at = work.now
    tied.begun(work, appointment)


@command("reception.end", "结束接待", permission="reception.receive")
class EndReception:
    """The client leaves; what was talked about is entered within the day."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)


@handles(EndReception)
def end_reception(order: EndReception, work: UnitOfWork) -> None:
    """Note the end: alert A-035 minds the record."""
    appointment = work.require(Appointment, order.appointment_id, "appointment_id")
    work.move(appointment_life, appointment, "end")
    appointment.ended_at = work.now


_STEPS = re.compile(r"[、,，;；\s]+")


@command("reception.record", "录入接待记录", permission="reception.receive")
class RecordReception:
    """What was talked about, and what comes next; the steps of its kind count as done unless named."""

    appointment_id: Id = ask("接待预约", kind=Kind.HIDDEN)
    course: str = ask("接待记录", kind=Kind.NOTE)
    next_step: str | None = ask("后续安排", kind=Kind.NOTE, default=None)
    steps: str | None = ask("已完成步骤（用、分隔，留空为全部）", default=None, max_length=400)


@handles(RecordReception)
def record_reception(order: RecordReception, work: UnitOfWork) -> list[str]:
    """Return the steps of this kind that were left out.

    Raises:
        DomainError: ``appointment.wrong_state``; ``input.missing`` (``course``) for blanks; ``reception.no_step``
            (``steps``) for one that its kind does not have.
    """
    if not order.course.strip():
        raise DomainError("input.missing", field="course", label="接待记录")
    appointment = work.require(Appointment, order.appointment_id, "appointment_id")
    work.move(appointment_life, appointment, "record")
    wanted = list(content_of(work).events.reception[appointment.kind].steps)
    done = wanted if order.steps is None else [one for one in _STEPS.split(order.steps.strip()) if one]
    strange = next((one for one in done if one not in wanted), None)
    if strange is not None:
        raise DomainError("reception.no_step", field="steps", step=strange, steps="、".join(wanted))
    appointment.steps, appointment.course, appointment.next_step = done, order.course.strip(), order.next_step
    appointment.ended_at = appointment.ended_at or work.now
    tied.recorded(work, appointment)
    keep_reception(work, appointment, wanted, done)
    return [step for step in wanted if step not in done]
