"""Group clients: units and departments, who belongs to them, and events with enrolment, attendance and materials."""

from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import func, select

from domain.followup.definitions import EventKind
from domain.followup.group_commands import ensure_profile, staff_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.reception.digest_commands import flow_of
from domain.reception.unit_records import ClientUnit, EventPlace, EventType, GroupEvent
from domain.reception.workflow import event_life


@command("unit.add", "登记团检单位", permission="unit.manage")
class AddUnit:
    """A unit, or with `parent_id` a department of one."""

    name: str = ask("单位名称")
    parent_id: Id | None = ask("上级单位", kind=Kind.HIDDEN, default=None)
    contact: str | None = ask("联系人", default=None)
    phone: str | None = ask("联系电话", default=None, max_length=40)
    manager: str | None = ask("客户经理登录名", default=None, max_length=60)


@handles(AddUnit)
def add_unit(order: AddUnit, work: UnitOfWork) -> Id:
    """Return the id of the unit.

    Raises:
        DomainError: ``unit.known`` (``name``) for a name that is there already under the same parent;
            ``client_unit.unknown`` (``parent_id``); ``followup.no_staff`` (``manager``).
    """
    parent = work.require(ClientUnit, order.parent_id, "parent_id") if order.parent_id else None
    name = order.name.strip()
    if work.find(ClientUnit, name=name, parent_id=order.parent_id) is not None:
        raise DomainError("unit.known", field="name", name=name)
    manager = staff_of(work, order.manager, "manager") if order.manager else None
    unit = ClientUnit(
        name=name, parent_id=parent.id if parent else None, contact=order.contact, phone=order.phone,
        manager_id=manager.id if manager else parent.manager_id if parent else None,
        manager_name=manager.name if manager else parent.manager_name if parent else None, added_at=work.now,
    )  # fmt: skip
    return work.add(unit).id


@command("unit.add_department", "登记下属部门", permission="unit.manage")
class AddDepartment:
    """A department of a unit; it has the unit's manager."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)
    name: str = ask("部门名称")


@handles(AddDepartment)
def add_department(order: AddDepartment, work: UnitOfWork) -> Id:
    """Return the id of the department. Raises as `add_unit`."""
    department: Id = add_unit(AddUnit(name=order.name, parent_id=order.unit_id), work)
    return department


@command("unit.join", "客户归入单位", permission="unit.manage")
class JoinUnit:
    """A client belongs to a unit or one of its departments."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    unit: str = ask("单位（或“单位/部门”）")


@handles(JoinUnit)
def join_unit(order: JoinUnit, work: UnitOfWork) -> Id:
    """Return the id of the unit.

    Raises:
        DomainError: ``unit.no_such`` (``unit``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    unit: ClientUnit | None = None
    for part in order.unit.split("/"):
        unit = work.find(ClientUnit, name=part.strip(), parent_id=unit.id if unit else None)
        if unit is None:
            raise DomainError("unit.no_such", field="unit", name=part.strip())
    if unit is None:
        raise DomainError("unit.no_such", field="unit", name=order.unit)
    profile = ensure_profile(work, patient)
    profile.unit_id, profile.changed_at = unit.id, work.now
    return unit.id


@command("unit.plan_event", "计划团体活动", permission="unit.manage")
class PlanEvent:
    """Something to be held for a unit; steps and materials follow from its kind."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)
    kind: EventType = ask("活动类型", kind=Kind.CHOICE)
    title: str = ask("主题")
    starts_at: datetime = ask("开始时间")
    expected: int = ask("预定人数", kind=Kind.NUMBER, low=1, high=10_000)
    least_percent: int = ask("最低报名率", kind=Kind.NUMBER, default=60, low=0, high=100, unit="%")
    place: str | None = ask("地点", default=None)
    login: str | None = ask("负责人登录名", default=None, max_length=60)


@handles(PlanEvent)
def plan_event(order: PlanEvent, work: UnitOfWork) -> Id:
    """Return the id of the event.

    Raises:
        DomainError: ``followup.past`` or ``input.type`` (``starts_at``).
    """
    unit = work.require(ClientUnit, order.unit_id, "unit_id")
    _check_start(order.starts_at, work)
    staff = staff_of(work, order.login, "login") if order.login else None
    event = GroupEvent(
        org_id=unit.org_id, unit_id=unit.id, kind=order.kind, title=order.title, place=order.place,
        starts_at=order.starts_at, staff_id=staff.id if staff else unit.manager_id,
        staff_name=staff.name if staff else unit.manager_name, expected=order.expected,
        least_percent=order.least_percent, enrolled=0, attended=0, short_by=0, materials=[],
        steps=list(flow_of(work, unit.id, order.kind).steps),
    )  # fmt: skip
    work.start(event_life, event)
    event.due_at = order.starts_at
    work.add(event)
    recount(work, event)
    return event.id


def _check_start(starts_at: datetime, work: UnitOfWork) -> None:
    if starts_at.tzinfo is None:
        raise DomainError("input.type", field="starts_at", label="开始时间", value=str(starts_at))
    if starts_at <= work.now:
        raise DomainError("followup.past", field="starts_at")


def recount(work: UnitOfWork, event: GroupEvent) -> None:
    """Count who enrolled and came, what is missing, and what has to be at hand; what is as it was is not written."""
    work.flush()
    columns = EventPlace.__table__.c
    query = select(func.count(columns.enrolled_at), func.count(columns.attended_at)).where(
        columns.event_id == event.id, columns.withdrawn_at.is_(None)
    )
    enrolled, attended = work.connection.execute(query).one()
    short = ceil(event.expected * event.least_percent / 100) - enrolled if event.state == "planned" else 0
    materials = materials_of(flow_of(work, event.unit_id, EventType(event.kind)), max(enrolled, attended))
    found = {"enrolled": enrolled, "attended": attended, "short_by": max(0, short), "materials": materials}
    for name, value in found.items():
        if getattr(event, name) != value:
            setattr(event, name, value)


def materials_of(kind: EventKind, people: int) -> list[dict[str, Any]]:
    """Return what has to be at hand for so many people."""
    return [{"name": one.name, "count": one.each * people + one.plus} for one in kind.materials]


@command("unit.enrol", "活动报名", permission="unit.enrol")
class Enrol:
    """A client takes part."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    number: str = ask("客户档案号", kind=Kind.SCAN, max_length=40)


@handles(Enrol)
def enrol(order: Enrol, work: UnitOfWork) -> Id:
    """Return the id of the place; who enrolled already has it.

    Raises:
        DomainError: ``unit.no_client`` (``number``); ``unit.event_over`` for an event that is over.
    """
    event = _open_event(work, order.event_id)
    place = _place(work, event, _client(work, order.number))
    if place.enrolled_at is None or place.withdrawn_at is not None:
        place.enrolled_at, place.withdrawn_at = work.now, None
        recount(work, event)
    return place.id


@command("unit.withdraw", "退出活动", permission="unit.enrol")
class Withdraw:
    """A client does not take part after all."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    number: str = ask("客户档案号", kind=Kind.SCAN, max_length=40)


@handles(Withdraw)
def withdraw(order: Withdraw, work: UnitOfWork) -> None:
    """Free the place.

    Raises:
        DomainError: ``unit.no_client``; ``unit.event_over``.
    """
    event = _open_event(work, order.event_id)
    place = _place(work, event, _client(work, order.number))
    place.withdrawn_at = work.now
    recount(work, event)


@command("unit.attend", "活动签到", permission="unit.enrol")
class Attend:
    """One scan: the client is here, enrolled or not."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    number: str = ask("扫描客户档案号", kind=Kind.SCAN, max_length=40)


@handles(Attend)
def attend(order: Attend, work: UnitOfWork) -> bool:
    """Return whether this scan was the first of the client; a second one changes nothing.

    Raises:
        DomainError: ``unit.no_client``; ``unit.event_over`` for an event that was called off.
    """
    event = work.require(GroupEvent, order.event_id, "event_id")
    if event.state == "cancelled":
        raise DomainError("unit.event_over", field="event_id", state=event_life.label_of(event.state))
    place = _place(work, event, _client(work, order.number))
    if place.attended_at is not None:
        return False
    place.attended_at, place.withdrawn_at = work.now, None
    recount(work, event)
    return True


def _open_event(work: UnitOfWork, event_id: Id) -> GroupEvent:
    event = work.require(GroupEvent, event_id, "event_id")
    if event.state != event_life.first:
        raise DomainError("unit.event_over", field="event_id", state=event_life.label_of(event.state))
    return event


def _client(work: UnitOfWork, number: str) -> Patient:
    found = work.find(Patient, number=number.strip())
    if found is None:
        raise DomainError("unit.no_client", field="number", number=number)
    return found


def _place(work: UnitOfWork, event: GroupEvent, patient: Patient) -> EventPlace:
    own = stable_id("event_place", event.id, patient.id)
    place = work.get(EventPlace, own)
    if place is None:
        place = work.add(EventPlace(id=own, org_id=event.org_id, event_id=event.id, patient_id=patient.id))
    return place


@command("unit.put_off", "活动改期", permission="unit.manage")
class PutOffEvent:
    """Another time."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    starts_at: datetime = ask("新的开始时间")
    reason: str = ask("改期原因", kind=Kind.NOTE)


@handles(PutOffEvent)
def put_off_event(order: PutOffEvent, work: UnitOfWork) -> None:
    """Move it; the alerts follow the new time."""
    event = work.require(GroupEvent, order.event_id, "event_id")
    _check_start(order.starts_at, work)
    work.move(event_life, event, "put_off")
    event.starts_at = event.due_at = order.starts_at
    event.reason = order.reason


@command("unit.hold", "登记活动完成", permission="unit.manage")
class HoldEvent:
    """It took place, and how it went."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    course: str = ask("活动记录", kind=Kind.NOTE)


@handles(HoldEvent)
def hold_event(order: HoldEvent, work: UnitOfWork) -> None:
    """Note the course; who comes late can still be signed in."""
    event = work.require(GroupEvent, order.event_id, "event_id")
    work.move(event_life, event, "hold")
    event.course = order.course
    recount(work, event)


@command("unit.call_off", "取消活动", permission="unit.manage")
class CallOffEvent:
    """It does not take place, and why."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    reason: str = ask("取消原因", kind=Kind.NOTE)


@handles(CallOffEvent)
def call_off_event(order: CallOffEvent, work: UnitOfWork) -> None:
    """Call it off."""
    event = work.require(GroupEvent, order.event_id, "event_id")
    work.move(event_life, event, "call_off")
    event.reason = order.reason
    recount(work, event)
