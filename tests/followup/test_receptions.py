"""R1.5.4, R1.5.5, R1.5.9: appointments, events for units, figures nobody can be recognised in, service packages."""

import uuid
from datetime import date, timedelta

import pytest

from domain.followup.group_records import CareProfile, ClientLevel
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Workstation
from domain.reception.booking_commands import (
    AssignBlock,
    BookSlot,
    CancelAppointment,
    EndReception,
    HandBlock,
    NoteNoShow,
    Rebook,
    ReceiveClient,
    RecordReception,
)
from domain.reception.contract_commands import RenewPackage, SignPackage
from domain.reception.records import Appointment, ReceptionKind, SlotBlock
from domain.reception.unit_commands import (
    AddDepartment,
    AddUnit,
    Attend,
    CallOffEvent,
    Enrol,
    HoldEvent,
    JoinUnit,
    PlanEvent,
    PutOffEvent,
    Withdraw,
)
from domain.reception.unit_records import EventType, GroupEvent, ServiceContract
from domain.reception.unit_report_commands import ReportUnit, suppressed, tellable
from tests.conftest import DEVICE
from tests.followup.conftest import SYSTEM, WELL
from tests.followup.test_plans import refused

HOUR = timedelta(hours=1)


def station(care, own=DEVICE, name="前台一", **facts):
    with care.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=care.desk.clock(), new_id=care.desk.ids)
        work.add(
            Workstation(
                id=own,
                name=name,
                public_key="-",
                enrolled_at=work.now,
                number_prefix=f"9{own.int % 100:02}",
                **facts,
            )
        )
        work.commit_entry("test.station", txn_id=care.desk.ids())
        work.close()


def cut(care, begin, hours=2, **facts):
    order = {
        "login": "wang",
        "device_id": DEVICE,
        "starts_at": begin,
        "ends_at": begin + hours * HOUR,
        **facts,
    }
    return care.run(AssignBlock(**order), SYSTEM)


@pytest.fixture
def block(care, clock):
    station(care)
    return cut(care, clock() + HOUR)


def appointment(care, own):
    return care.one(Appointment, Appointment.__table__.c.id == own)


def test_blocks_of_one_person_never_overlap(care, block, clock):
    begin = clock() + HOUR
    station(care, uuid.UUID(int=0xD2), "前台二")
    for start, hours in ((begin, 2), (begin + HOUR, 4), (begin - HOUR, 2), (begin - HOUR, 6)):
        order = AssignBlock(
            login="wang", device_id=uuid.UUID(int=0xD2), starts_at=start, ends_at=start + hours * HOUR
        )
        assert refused(care, order, SYSTEM) == "reception.overlaps"
    cut(care, begin + 2 * HOUR, device_id=uuid.UUID(int=0xD2))
    cut(care, begin - HOUR, 1)
    wrong = AssignBlock(login="wang", device_id=DEVICE, starts_at=begin, ends_at=begin)
    assert refused(care, wrong, SYSTEM) == "reception.bad_block"
    other = AssignBlock(login="wang", device_id=uuid.UUID(int=9), starts_at=begin, ends_at=begin + HOUR)
    assert refused(care, other, SYSTEM) == "reception.no_desk"


def test_a_slot_is_one_clients_and_free_again_when_it_is_given_up(care, block, clock):
    first, second = care.client(), care.client()
    booked = care.run(BookSlot(patient_id=first))
    assert (booked.staff_name, booked.starts_at) == ("王管理", clock() + HOUR)
    same = BookSlot(patient_id=second, block_id=block, slot=0)
    assert refused(care, same) == "reception.taken"
    assert refused(care, BookSlot(patient_id=second, block_id=block, slot=4)) == "reception.no_slot"
    moved = care.run(
        Rebook(appointment_id=booked.appointment_id, block_id=block, slot=3, reason="客户改时间")
    )
    old = appointment(care, booked.appointment_id)
    assert (old.state, old.slot_key, old.moved_to) == ("moved", None, moved.appointment_id)
    again = care.run(same)
    care.run(CancelAppointment(appointment_id=again.appointment_id, reason="不来了"))
    assert appointment(care, again.appointment_id).slot_key is None
    assert care.run(same).starts_at == clock() + HOUR
    clock.advance(5 * HOUR)
    assert refused(care, BookSlot(patient_id=second)) == "reception.nothing_free"
    assert refused(care, BookSlot(patient_id=second, block_id=block, slot=1)) == "reception.no_slot"


def test_only_the_desk_that_has_a_block_books_in_it_or_gives_it_away(care, block, authority):
    patient = care.client()
    there = uuid.UUID(int=0xD2)
    at_other = authority.actor(
        staff_id=care.manager.staff_id, name="王管理", role="health_manager", org_id=care.manager.org_id,
        device_id=there, subtree=(),
    )  # fmt: skip
    assert (
        refused(care, BookSlot(patient_id=patient, block_id=block, slot=0), at_other)
        == "reception.other_desk"
    )
    give = HandBlock(block_id=block, device_id=there, device_name="前台二")
    assert refused(care, give, at_other) == "reception.other_desk"
    care.run(give)
    assert refused(care, BookSlot(patient_id=patient, block_id=block, slot=0)) == "reception.other_desk"
    care.run(BookSlot(patient_id=patient, block_id=block, slot=0), at_other)
    assert care.one(SlotBlock).device_name == "前台二"


def test_a_reception_from_arrival_to_its_record_says_which_steps_were_left_out(care, block):
    own = care.run(BookSlot(patient_id=care.client(), kind=ReceptionKind.CONSULTATION)).appointment_id
    care.run(ReceiveClient(appointment_id=own))
    assert refused(care, NoteNoShow(appointment_id=own)) == "appointment.wrong_state"
    care.run(EndReception(appointment_id=own))
    assert refused(care, RecordReception(appointment_id=own, course=" ")) == "input.missing"
    order = RecordReception(appointment_id=own, course="解释血脂", steps="核对身份、咨询", next_step="复查")
    left = care.run(order)
    assert left == ["了解诉求", "小结", "满意度评价"]
    kept = appointment(care, own)
    assert (kept.state, kept.course, kept.steps) == ("recorded", "解释血脂", ["核对身份", "咨询"])
    missed = care.run(BookSlot(patient_id=care.client())).appointment_id
    care.run(NoteNoShow(appointment_id=missed))
    assert appointment(care, missed).state == "no_show"


@pytest.fixture
def agent(care):
    return care.person("zhou", "周经理", "account_manager")


def lecture(care, agent, expected=10, **facts):
    unit = care.run(AddUnit(name="滨江制造", manager="zhou"), agent)
    at = care.desk.clock() + timedelta(days=10)
    order = {
        "unit_id": unit,
        "kind": EventType.LECTURE,
        "title": "控压",
        "starts_at": at,
        "expected": expected,
    }
    return unit, care.run(PlanEvent(**order, **facts), agent)


def number_of(care, patient_id):
    return care.one(Patient, Patient.__table__.c.id == patient_id).number


def test_enrolment_attendance_by_scan_and_materials_follow_each_other(care, agent):
    _, own = lecture(care, agent)
    event = care.one(GroupEvent)
    assert (event.short_by, event.staff_name) == (6, "周经理")
    assert {m["name"]: m["count"] for m in event.materials}["讲义"] == 5
    people = [number_of(care, care.client()) for _ in range(3)]
    for number in (*people, people[0]):
        care.run(Enrol(event_id=own, number=number), agent)
    care.run(Withdraw(event_id=own, number=people[2]), agent)
    event = care.one(GroupEvent)
    assert (event.enrolled, event.short_by) == (2, 4)
    assert {m["name"]: m["count"] for m in event.materials}["讲义"] == 7
    assert refused(care, Enrol(event_id=own, number="P9"), agent) == "unit.no_client"
    assert care.run(Attend(event_id=own, number=people[0]), agent) is True
    assert care.run(Attend(event_id=own, number=people[0]), agent) is False
    assert care.run(Attend(event_id=own, number=people[2]), agent) is True
    care.run(HoldEvent(event_id=own, course="反应良好"), agent)
    event = care.one(GroupEvent)
    assert (event.state, event.attended, event.short_by, event.due_at) == ("held", 2, 0, None)
    assert refused(care, Enrol(event_id=own, number=people[1]), agent) == "unit.event_over"


def test_an_event_is_put_off_or_called_off_with_a_reason(care, agent, clock):
    _, own = lecture(care, agent)
    assert refused(care, PutOffEvent(event_id=own, starts_at=clock(), reason="x"), agent) == "followup.past"
    later = clock() + timedelta(days=20)
    care.run(PutOffEvent(event_id=own, starts_at=later, reason="讲者出差"), agent)
    assert care.one(GroupEvent).due_at == later
    care.run(CallOffEvent(event_id=own, reason="停电"), agent)
    assert (care.one(GroupEvent).state, care.one(GroupEvent).short_by) == ("cancelled", 0)
    assert refused(care, Attend(event_id=own, number="P1"), agent) == "unit.event_over"


def test_units_have_departments_and_clients_belong_to_one(care, agent):
    unit = care.run(AddUnit(name="滨江制造", manager="zhou"), agent)
    care.run(AddDepartment(unit_id=unit, name="研发部"), agent)
    assert refused(care, AddUnit(name="滨江制造"), agent) == "unit.known"
    patient = care.client()
    assert refused(care, JoinUnit(patient_id=patient, unit="滨江制造/财务部"), agent) == "unit.no_such"
    department = care.run(JoinUnit(patient_id=patient, unit="滨江制造/研发部"), agent)
    assert care.one(CareProfile).unit_id == department


@pytest.mark.parametrize(
    ("sizes", "rest", "told"),
    [
        ({1: 9, 2: 8}, 0, {1, 2}),
        ({1: 9, 2: 4}, 0, set()),
        ({1: 9, 2: 8, 3: 4}, 0, {1}),
        ({1: 9, 2: 4, 3: 3}, 0, {1}),
        ({1: 9, 2: 8}, 2, {1}),
        ({1: 9, 2: 8}, 5, {1, 2}),
        ({}, 3, set()),
    ],
)
def test_no_department_can_be_worked_out_from_the_whole(sizes, rest, told):
    assert tellable(sizes, rest, 5) == told


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"a": 10, "b": 0, "c": 7}, {"a": 10, "b": 0, "c": 7}),
        ({"a": 10, "b": 1, "c": 7}, {"a": 10, "b": None, "c": None}),
        ({"a": 10, "b": 2, "c": 3}, {"a": 10, "b": None, "c": None}),
        ({"a": 10, "b": 4, "c": 0}, {"a": None, "b": None, "c": 0}),
    ],
)
def test_no_figure_of_a_line_can_be_worked_out_from_the_others(parts, shown):
    assert suppressed(parts, 5) == shown


def test_the_report_of_a_unit_hides_a_department_of_a_few(care, agent):
    unit = care.run(AddUnit(name="滨江制造"), agent)
    care.run(AddUnit(name="研发部", parent_id=unit), agent)
    care.run(AddUnit(name="财务部", parent_id=unit), agent)
    for department, count in (("研发部", 6), ("财务部", 5)):
        for _ in range(count):
            last = care.client()
            care.run(JoinUnit(patient_id=last, unit=f"滨江制造/{department}"), agent)
    care.measure(care.rows(CareProfile)[0].patient_id, **WELL)
    report = care.run(ReportUnit(unit_id=unit), agent)
    assert (report.whole.people, [d.people for d in report.departments]) == (11, [6, 5])
    care.run(JoinUnit(patient_id=last, unit="滨江制造/研发部"), agent)
    report = care.run(ReportUnit(unit_id=unit), agent)
    assert report.whole.people == 11
    assert [d.people for d in report.departments] == [None, None], (
        "the larger one would give the smaller away"
    )
    assert all(value is None or value == 0 or value >= 5 for value in report.whole.colours.values())


def test_a_package_binds_the_client_and_goes_on_when_it_is_renewed(care, clock):
    patient = care.client()
    today = clock().date()
    order = {"patient_id": patient, "package": "年度健康管理", "starts_on": today, "manager": "wang"}
    assert refused(care, SignPackage(**order, ends_on=today)) == "package.bad_days"
    own = care.run(
        SignPackage(**order, ends_on=today + timedelta(days=365), level=ClientLevel.VIP, expert="head")
    )
    profile = care.one(CareProfile)
    bound = (profile.level, profile.manager_id, profile.expert_id)
    assert bound == ("vip", care.manager.staff_id, care.head.staff_id)
    assert refused(care, RenewPackage(contract_id=own, ends_on=date(2026, 1, 1))) == "package.bad_days"
    following = care.run(RenewPackage(contract_id=own, ends_on=today + timedelta(days=730)))
    states = {c.id: (c.state, c.starts_on) for c in care.rows(ServiceContract)}
    assert states[own][0] == "renewed"
    assert states[following] == ("active", today + timedelta(days=366))
