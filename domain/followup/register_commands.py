"""Disease registers: who waits is entered or excluded, members are looked at, moved and let go."""

import dataclasses
from datetime import timedelta

from sqlalchemy import select

from domain.checkup.records import Observation
from domain.followup.definitions import Register
from domain.followup.register_records import RegisterAct, RegisterMember
from domain.followup.register_workflow import register_life
from domain.followup.registers import enter, named_register, new_place, note_place
from domain.followup.regrouping import content_of
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.tracking.records import AbnormalTracking

HANDLE = "register.handle"
LEAST_SAID = 2
LONGEST = 4000


@dataclasses.dataclass(frozen=True, slots=True)
class RegisterPlace:
    """The register somebody is in now, and whether they were put there just now."""

    member_id: Id
    register: str
    new: bool


@command("register.accept", "纳入队列", permission=HANDLE)
class AcceptPlace:
    """Who fits is managed from now on."""

    member_id: Id = ask("专病队列成员", kind=Kind.HIDDEN)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(AcceptPlace)
def accept_place(order: AcceptPlace, work: UnitOfWork) -> RegisterPlace:
    """Return the place. Raises ``register_member.wrong_state``; ``register.unknown`` for a register that is gone."""
    place = work.require(RegisterMember, order.member_id, "member_id")
    register = _register(work, place.register, "member_id")
    enter(work, place, register, order.note)
    return RegisterPlace(place.id, register.name, new=True)


@command("register.exclude", "登记排除原因", permission=HANDLE)
class ExcludePlace:
    """Who fits by the rule is not to be managed here, and why; nothing proposes them again."""

    member_id: Id = ask("专病队列成员", kind=Kind.HIDDEN)
    reason: str = ask("排除原因", kind=Kind.NOTE)


@handles(ExcludePlace)
def exclude_place(order: ExcludePlace, work: UnitOfWork) -> None:
    """End the wait. Raises ``register.no_reason`` (``reason``); ``register_member.wrong_state``."""
    place = work.require(RegisterMember, order.member_id, "member_id")
    reason = _reason(order.reason)
    work.move(register_life, place, "exclude")
    place.reason = reason
    note_place(work, place, RegisterAct.EXCLUDED, reason)


@command("register.enrol", "加入专病队列", permission=HANDLE)
class EnterRegister:
    """A client is managed in a register by somebody's word, whether the rule fits or not."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    register: str = ask("专病队列（名称或代码）", max_length=60)
    reason: str = ask("纳入依据", kind=Kind.NOTE)


@handles(EnterRegister)
def enrol_client(order: EnterRegister, work: UnitOfWork) -> RegisterPlace:
    """Return the place; one that is managed there already stays as it is.

    Raises:
        DomainError: ``register.unknown`` (``register``) with the registers there are; ``register.no_reason``.
    """
    return _enrol(work, order.patient_id, order.register, _reason(order.reason))


@command("register.enrol_tracked", "纳入专病队列", permission=HANDLE)
class EnrolTracked:
    """Whose abnormal result is tracked is managed in a register from now on; the plan follows."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    register: str | None = ask("专病队列（不填按结果项目）", default=None, max_length=60)


@handles(EnrolTracked)
def enrol_tracked(order: EnrolTracked, work: UnitOfWork) -> RegisterPlace:
    """Return the place: of the register that names the item of the result where none is said.

    Raises:
        DomainError: ``register.say_which`` (``register``) where no register is about that item.
    """
    tracking = work.require(AbnormalTracking, order.tracking_id, "tracking_id")
    wanted = (order.register or "").strip()
    if not wanted:
        item = work.require(Observation, tracking.observation_id).item
        registers = content_of(work).registers
        wanted = next((one.id for one in registers.values() if item in one.items), "")
        if not wanted:
            names = "、".join(one.name for one in registers.values())
            raise DomainError("register.say_which", field="register", names=names)
    return _enrol(work, tracking.patient_id, wanted, tracking.sentence)


def _enrol(work: UnitOfWork, patient_id: Id, name: str, said: str) -> RegisterPlace:
    patient = work.require(Patient, patient_id, "patient_id")
    register = _register(work, name, "register")
    place = work.get(RegisterMember, stable_id("register_member", patient.id, register.id))
    if place is not None and place.state == "enrolled":
        return RegisterPlace(place.id, register.name, new=False)
    if place is None:
        place = new_place(
            patient,
            register,
            {"reasons": [{"basis": "by_hand", "about": said[:200]}]},
            f"人工纳入：{said}"[:1000],
        )
        place.since, place.unverified = work.now, register.status == "UNVERIFIED"
        work.start(register_life, place)
        work.add(place)
    place.by_hand = True
    enter(work, place, register, said)
    return RegisterPlace(place.id, register.name, new=True)


@command("register.review", "登记队列复核", permission=HANDLE)
class ReviewPlace:
    """Somebody looked at how a member does; the next look is due by the register's own interval."""

    member_id: Id = ask("专病队列成员", kind=Kind.HIDDEN)
    note: str = ask("复核情况", kind=Kind.NOTE)


@handles(ReviewPlace)
def review_place(order: ReviewPlace, work: UnitOfWork) -> str:
    """Return the day of the next look. Raises ``register.no_reason`` (``note``); ``register_member.wrong_state``."""
    place = work.require(RegisterMember, order.member_id, "member_id")
    register = _register(work, place.register, "member_id")
    note = _reason(order.note, "note")
    work.move(register_life, place, "review")
    place.reviewed_at, place.due_at = work.now, work.now + timedelta(days=register.review_days)
    note_place(work, place, RegisterAct.REVIEWED, note)
    return clinic(place.due_at).date().isoformat()


@command("register.move", "转入其他队列", permission=HANDLE)
class MovePlace:
    """A member goes on in another register."""

    member_id: Id = ask("专病队列成员", kind=Kind.HIDDEN)
    register: str = ask("转入队列（名称或代码）", max_length=60)
    reason: str = ask("调整原因", kind=Kind.NOTE)


@handles(MovePlace)
def move_place(order: MovePlace, work: UnitOfWork) -> RegisterPlace:
    """Return the new place.

    Raises:
        DomainError: ``register.same`` (``register``); ``register.unknown``; ``register.no_reason``;
            ``register_member.wrong_state`` for who is not managed.
    """
    place = work.require(RegisterMember, order.member_id, "member_id")
    register = _register(work, order.register, "register")
    if register.id == place.register:
        raise DomainError("register.same", field="register", name=register.name)
    reason = _reason(order.reason)
    _leave(work, place, RegisterAct.MOVED, f"{register.name}：{reason}")
    return _enrol(work, place.patient_id, register.id, reason)


@command("register.leave", "登记出队", permission=HANDLE)
class LeavePlace:
    """A member is not managed here any more, and why."""

    member_id: Id = ask("专病队列成员", kind=Kind.HIDDEN)
    reason: str = ask("出队原因", kind=Kind.NOTE)


@handles(LeavePlace)
def leave_place(order: LeavePlace, work: UnitOfWork) -> None:
    """End it; who fits anew later is proposed anew. Raises as `exclude_place`."""
    place = work.require(RegisterMember, order.member_id, "member_id")
    _leave(work, place, RegisterAct.LEFT, _reason(order.reason))


def _leave(work: UnitOfWork, place: RegisterMember, act: RegisterAct, reason: str) -> None:
    work.move(register_life, place, "leave")
    place.reason, place.by_hand = reason[:LONGEST], False
    note_place(work, place, act, reason[:LONGEST])


def _reason(said: str, field: str = "reason") -> str:
    if len(said.strip()) < LEAST_SAID:
        raise DomainError("register.no_reason", field=field)
    return said.strip()


def _register(work: UnitOfWork, name: str, field: str) -> Register:
    registers = content_of(work).registers
    found = named_register(registers.values(), name)
    if found is None:
        names = "、".join(one.name for one in registers.values())
        raise DomainError("register.unknown", field=field, name=name, names=names)
    return found


def inside_of(work: UnitOfWork, register: str) -> set[Id]:
    """Return who is managed in a register or was decided on."""
    m = RegisterMember.__table__.c
    query = select(m.patient_id).where(m.register == register, m.state.in_(("enrolled", "excluded")))
    return set(work.connection.execute(query).scalars())
