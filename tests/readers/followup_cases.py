"""The causes of the alerts of follow-up and reception: from groups and plans to appointments and packages."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.checkup.records import Visit
from domain.followup.feedback_commands import CloseCase, GiveFeedback, ResolveCase, TakeCase
from domain.followup.feedback_records import FeedbackCase, RootCause
from domain.followup.follower import FollowUpFollower
from domain.followup.group_commands import ExemptMember
from domain.followup.group_records import GroupMember
from domain.followup.hand_over_commands import NoteDelivery, NoteSent
from domain.followup.plan_commands import AcceptPlan, DeclinePlan
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.task_commands import (
    AddTask,
    AssignTask,
    BeginTask,
    CompleteTask,
    NoteContact,
    SetCareStaff,
)
from domain.followup.task_records import FollowTask, Outcome
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Staff
from domain.reception.booking_commands import (
    BookSlot,
    CancelAppointment,
    EndReception,
    ReceiveClient,
    RecordReception,
)
from domain.reception.contract_commands import EndPackage, SignPackage
from domain.reception.records import Appointment, SlotBlock
from domain.reception.unit_commands import AddUnit, CallOffEvent, Enrol, PlanEvent
from domain.reception.unit_records import EventType, GroupEvent, ServiceContract

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Step = Callable[[Any], None]


def steps(*all_of_them: Step) -> Step:
    def run(world):
        for one in all_of_them:
            one(world)

    return run


def system(world):
    return system_actor(world.nurse.org_id, world.nurse.device_id)


def keep(world, *records):
    with world.desk.store.write() as connection:
        work = UnitOfWork(connection, system(world), now=world.desk.clock(), new_id=world.desk.ids)
        for record in records:
            work.add(record)
        work.commit_entry("test.keep", txn_id=world.desk.ids())
        work.close()


def manager(world):
    """A health manager with an account, whose actor acts."""
    own = uuid.uuid5(uuid.NAMESPACE_OID, "manager")
    if not rows(world, Staff, Staff.__table__.c.id == own):
        keep(
            world,
            Staff(
                id=own, login="wang", name="王管理", role="health_manager", password_hash="-",
                password_set_at=world.desk.clock(),
            ),
        )  # fmt: skip


def rows(world, kind, *where):
    with world.desk.store.read() as connection:
        return connection.execute(select(kind.__table__).where(*where).order_by(kind.__table__.c.id)).all()


def run(world, order):
    return world.desk.run(order, system(world)).receipt


def follow(world):
    """Let groups and counts follow what was kept."""
    follower = Follower(world.desk.store, FollowUpFollower(world.desk, system(world)))
    while follower.catch_up():
        pass


def client(world):
    """A client nobody has measured yet."""
    manager(world)
    world.client_visit = world.new_visit()
    world.client = world.one(Visit).patient_id


def high_risk(**values):
    def cause(world):
        manager(world)
        world.assess(**values)
        world.confirm_level()
        follow(world)

    return cause


def plan_of(world):
    [plan] = rows(world, FollowPlan, FollowPlan.__table__.c.state == "proposed")
    return plan.id


def accept(world):
    run(world, AcceptPlan(plan_id=plan_of(world)))


def decline(world):
    run(world, DeclinePlan(plan_id=plan_of(world), reason="外院随访"))


def exempt(world):
    for member in rows(world, GroupMember, GroupMember.__table__.c.state == "waiting"):
        run(world, ExemptMember(member_id=member.id, reason="外院随访"))


def one_group(world):
    """Uric acid a little high: one group that waits, and a proposal that need not be settled within the day."""
    manager(world)
    world.assess(ua=421.0)
    world.confirm_level()
    follow(world)
    for member in rows(world, GroupMember, GroupMember.__table__.c.state == "waiting")[1:]:
        run(world, ExemptMember(member_id=member.id, reason="另案处理"))


def task(days=10, **facts):
    def make(world):
        client(world)
        at = world.desk.clock() + timedelta(days=days)
        run(world, AddTask(patient_id=world.client, title="随访", planned_at=at, **facts))

    return make


def on_task(order, **facts):
    return lambda world: run(world, order(task_id=world.one(FollowTask).id, **facts))


message = task(10, way=Way.MESSAGE)
begin, contact = on_task(BeginTask), on_task(NoteContact, outcome=Outcome.REACHED)
complete = on_task(CompleteTask, result="平稳")
sent, reached = on_task(NoteSent), on_task(NoteDelivery, reached=True)


def off_duty(world):
    manager(world)
    run(world, SetCareStaff(login="wang", on_duty=False))


def on_duty(world):
    run(world, SetCareStaff(login="wang", on_duty=True))
    run(world, AssignTask(task_id=world.one(FollowTask).id))


def load(tasks, limit=2):
    def make(world):
        client(world)
        run(world, SetCareStaff(login="wang", task_limit=limit))
        at = world.desk.clock() + timedelta(days=90)
        for number in range(tasks):
            made = run(world, AddTask(patient_id=world.client, title=f"任务{number}", planned_at=at))
            if number >= limit:
                run(world, AssignTask(task_id=made, login="wang", despite="客户指定"))
        follow(world)

    return make


def relieve(world):
    run(world, CompleteTask(task_id=rows(world, FollowTask)[0].id, result="平稳"))
    follow(world)


def booked(world):
    client(world)
    begin_at = world.desk.clock() + 2 * HOUR
    block = SlotBlock(
        staff_id=uuid.uuid5(uuid.NAMESPACE_OID, "manager"), staff_name="王管理", starts_at=begin_at,
        ends_at=begin_at + 4 * HOUR, slot_minutes=60, device_id=world.nurse.device_id, device_name="前台",
        given_at=world.desk.clock(),
    )  # fmt: skip
    keep(world, block)
    run(world, BookSlot(patient_id=world.client))


def on_appointment(order, **facts):
    return lambda world: run(world, order(appointment_id=world.one(Appointment).id, **facts))


arrive, end = on_appointment(ReceiveClient), on_appointment(EndReception)
cancel_booking = on_appointment(CancelAppointment, reason="改期")
record = on_appointment(RecordReception, course="已讲解血脂")


def event(kind=EventType.LECTURE, days=10, expected=10):
    def make(world):
        client(world)
        unit = run(world, AddUnit(name="滨江制造"))
        at = world.desk.clock() + timedelta(days=days)
        run(world, PlanEvent(unit_id=unit, kind=kind, title="控压讲座", starts_at=at, expected=expected))

    return make


def enrol(count):
    def many(world):
        event_id = world.one(GroupEvent).id
        there = rows(world, Patient)
        while len(there) < count:
            world.new_visit()
            there = rows(world, Patient)
        for one in there[:count]:
            run(world, Enrol(event_id=event_id, number=one.number))

    return many


def call_off(world):
    run(world, CallOffEvent(event_id=world.one(GroupEvent).id, reason="场地停电"))


def feedback(score, *, complaint=False):
    def give(world):
        task(90)(world)
        own = world.one(FollowTask).id
        run(world, GiveFeedback(step="follow_task", step_id=own, score=score, complaint=complaint))

    return give


def take(world):
    run(world, TakeCase(case_id=world.one(FeedbackCase).id, plan="致电致歉"))


def close(world):
    own = world.one(FeedbackCase).id
    if world.one(FeedbackCase).state == "open":
        take(world)
    run(world, ResolveCase(case_id=own, root_cause=RootCause.WAITING, resolution="已优化排班"))
    run(world, CloseCase(case_id=own, confirmed="客户接受"))


def months(count, score):
    """So many months in a row with enough answers of this score."""

    def rate(world):
        client(world)
        at = world.desk.clock() + timedelta(days=700)
        own = run(world, AddTask(patient_id=world.client, title="随访", planned_at=at))
        for month in range(count):
            for _ in range(3):
                run(world, GiveFeedback(step="follow_task", step_id=own, score=score))
            follow(world)
            if month < count - 1:
                world.desk.clock.advance(timedelta(days=31))

    return rate


def better(world):
    own = world.one(FollowTask).id
    for _ in range(9):
        run(world, GiveFeedback(step="follow_task", step_id=own, score=5))
    follow(world)


def sign(days):
    def package(world):
        client(world)
        today = world.desk.clock().date()
        ends = today + timedelta(days=days)
        order = SignPackage(
            patient_id=world.client, package="年度健康管理", starts_on=today, ends_on=ends, manager="wang"
        )
        run(world, order)

    return package


def give_up(world):
    run(world, EndPackage(contract_id=world.one(ServiceContract).id, reason="客户迁居"))


FOLLOWUP_CASES = [
    ("A-029", steps(one_group, decline), exempt, 24 * HOUR, steps(one_group, accept), True),
    ("A-030", high_risk(ldl=4.3), accept, 24 * HOUR, high_risk(ua=419.0), True),
    ("A-032", event(EventType.INTERPRETATION), call_off, 11 * DAY, steps(event(), call_off), False),
    ("A-033", steps(event(), enrol(5)), enrol(6), 7 * DAY, steps(event(days=4), enrol(6)), False),
    ("A-034", booked, cancel_booking, 2 * HOUR + timedelta(minutes=15), steps(booked, arrive), True),
    ("A-035", steps(booked, arrive, end), record, 24 * HOUR, steps(booked, arrive, end, record), True),
    ("A-935", steps(booked, arrive), end, 2 * HOUR, steps(booked, arrive, end), True),
    ("A-036", task(10), complete, 7 * DAY, steps(task(10), complete), True),
    ("A-037", steps(task(10), begin), complete, 10 * DAY, steps(task(10), begin, contact, complete), True),
    ("A-038", steps(task(10), contact), complete, 24 * HOUR, steps(task(10), contact, complete), True),
    ("A-039", steps(message, sent), reached, 48 * HOUR, steps(message, sent, reached), True),
    ("A-040", steps(off_duty, task(10)), on_duty, 4 * HOUR, task(10), True),
    ("A-041", load(3), relieve, timedelta(), load(2), False),
    ("A-042", feedback(2), take, timedelta(), feedback(3), True),
    ("A-043", steps(feedback(5, complaint=True), take), close, 24 * HOUR, steps(feedback(1), close), True),
    ("A-044", months(3, 3), better, timedelta(), months(2, 3), False),
    ("A-046", sign(100), give_up, timedelta(days=100 + 1 - 30) - 9 * HOUR, sign(364), True),
]  # fmt: skip
"""Rule, cause, end, after how long, something close to it that is none, whether it is of a client."""
