"""What was done: noted by a person, by the client's own page, or by a measurement; late ones too."""

from datetime import datetime, timedelta

from sqlalchemy import select

from domain.care.monitored_commands import watch_value
from domain.care.records import CareEvent, CareItem, CareKind, CareOutcome, CareWay
from domain.care.schedules import Course
from domain.care.standing_commands import course_of
from domain.checkup.records import Observation
from domain.interop.one_person import require_theirs
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

LATEST = timedelta(days=30)
"""How far back something may still be noted."""
FINAL = ("F", "C")


@command("care.note", "登记执行", permission="care.note")
class NoteExecution:
    """What became of one occasion of an item; without a time it is the one of today that is still open."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    outcome: CareOutcome = ask("执行情况", kind=Kind.CHOICE)
    value: float | None = ask("执行值（按项目单位）", kind=Kind.NUMBER, default=None, low=0, high=100000)
    occasion_at: datetime | None = ask("应执行时间（补录时填写）", default=None)
    note: str | None = ask("说明（未执行请写原因）", kind=Kind.NOTE, default=None)


@handles(NoteExecution)
def note_execution(order: NoteExecution, work: UnitOfWork) -> Id:
    """Return the id of the event.

    Raises:
        DomainError: As `note`.
    """
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    return note(work, item, order.outcome, order.value, order.occasion_at, order.note, CareWay.DESK)


@command("care.client_note", "客户打卡", permission="client_page.write", place="internal")
class ClientNotes:
    """The client notes what was done on the phone page; of the server's page alone."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    outcome: CareOutcome = ask("执行情况", kind=Kind.HIDDEN)
    value: float | None = ask("执行值", kind=Kind.HIDDEN, default=None, low=0, high=100000)
    occasion_at: datetime | None = ask("应执行时间", kind=Kind.HIDDEN, default=None)
    note: str | None = ask("说明", kind=Kind.HIDDEN, default=None, max_length=4000)


@handles(ClientNotes)
def client_notes(order: ClientNotes, work: UnitOfWork) -> Id:
    """Return the id of the event. Raises as `note`; an item of somebody else is unknown."""
    item = require_theirs(work, CareItem, order.care_item_id, "care_item_id", order.patient_id)
    return note(work, item, order.outcome, order.value, order.occasion_at, order.note, CareWay.PHONE)


def note(
    work: UnitOfWork, item: CareItem, outcome: CareOutcome, value: float | None, occasion_at: datetime | None,
    said: str | None, way: CareWay, observation_id: Id | None = None,
) -> Id:  # fmt: skip
    """Keep what became of an occasion; returns the id of the event.

    Raises:
        DomainError: ``care.not_running``; ``care.no_occasion`` or ``care.too_late`` or ``care.too_early``
            (``occasion_at``); ``care.reason_missing`` (``note``) for one excused without a reason.
    """
    if item.state != "running":
        raise DomainError("care.not_running", field="care_item_id", label=item.label)
    if outcome is CareOutcome.EXCUSED and not (said or "").strip():
        raise DomainError("care.reason_missing", field="note")
    course = course_of(item)
    begins = _open_one(work, item, course) if occasion_at is None else occasion_at
    if begins is None or not course.begins(begins):
        raise DomainError("care.no_occasion", field="occasion_at", label=item.label)
    if begins < work.now - LATEST:
        raise DomainError("care.too_late", field="occasion_at", days=LATEST.days)
    if clinic(begins).date() > clinic(work.now).date():
        raise DomainError("care.too_early", field="occasion_at")
    made = CareEvent(
        plan_id=item.plan_id, item_id=item.id, patient_id=item.patient_id, kind=item.kind, org_id=item.org_id,
        occasion_at=begins, outcome=outcome, value=value, unit=item.target_unit if value is not None else None,
        note=said, way=way, observation_id=observation_id, staff_id=work.actor.staff_id,
        staff_name=work.actor.name, at=work.now,
    )  # fmt: skip
    if observation_id is not None:
        made.id = stable_id("care_event", item.id, observation_id)
    return work.add(made).id


def _open_one(work: UnitOfWork, item: CareItem, course: Course) -> datetime | None:
    """Return the first occasion of today that nobody noted; else the one that is open now."""
    today = clinic(work.now).date()
    e = CareEvent.__table__.c
    since = work.now - timedelta(days=2)
    query = select(e.occasion_at).where(e.item_id == item.id, e.occasion_at >= since)
    noted = set(work.connection.execute(query).scalars())
    for occasion in course.occasions(work.now):
        day = clinic(occasion.begins_at).date()
        if day > today:
            break
        if day == today and occasion.begins_at not in noted:
            return occasion.begins_at
    now = course.at(work.now)
    return None if now is None else now.begins_at


@command("care.measured", "监测值计入执行", permission=None, place="internal")
class NoteMeasured:
    """Measurements that some client was to take; of the reader of the log alone."""

    observation_ids: list[Id] = ask("结果", kind=Kind.HIDDEN)


@handles(NoteMeasured)
def note_measured(order: NoteMeasured, work: UnitOfWork) -> int:
    """Return how many were taken as done; the same measurement is taken once."""
    o, i = Observation.__table__.c, CareItem.__table__.c
    query = (
        select(o.id, o.value_number, o.effective_at, i.id.label("item_id"))
        .join(CareItem.__table__, (i.patient_id == o.patient_id) & (i.watched == o.item))
        .where(o.id.in_(order.observation_ids), o.status.in_(FINAL), i.state == "running")
        .where(i.kind == CareKind.MONITORING)
    )
    count = 0
    for row in work.connection.execute(query).all():
        item = work.get(CareItem, row.item_id)
        if item is None or work.get(CareEvent, stable_id("care_event", item.id, row.id)) is not None:
            continue
        observation = work.get(Observation, row.id)
        if observation is not None:
            watch_value(work, item, observation)
        course = course_of(item)
        begins = occasion_of_day(course, row.effective_at) or _open_one(work, item, course)
        if begins is None or not work.now - LATEST <= begins:
            continue
        note(
            work,
            item,
            CareOutcome.DONE,
            row.value_number,
            begins,
            None,
            CareWay.DEVICE,
            observation_id=row.id,
        )
        count += 1
    return count


def occasion_of_day(course: Course, measured_at: datetime) -> datetime | None:
    """Return the occasion of that day nearest to when something was measured; None where the day has none."""
    day = clinic(measured_at).date()
    found: list[datetime] = []
    for occasion in course.occasions(measured_at - timedelta(days=1)):
        begins = clinic(occasion.begins_at).date()
        if begins > day:
            break
        if begins == day:
            found.append(occasion.begins_at)
    return min(found, key=lambda begins: abs(begins - measured_at), default=None)
