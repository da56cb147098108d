"""Follow-up at a branch without a line, and two desks that book apart: what they did meets at the centre unharmed."""

import dataclasses
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.followup.content import FOLLOWUP, followup_of
from domain.followup.feedback_commands import CloseCase, GiveFeedback, ResolveCase, TakeCase
from domain.followup.feedback_records import RootCause
from domain.followup.follower import FollowUpFollower
from domain.followup.plan_commands import AcceptPlan
from domain.followup.task_commands import BeginTask, CompleteTask, NoteContact
from domain.followup.task_records import Outcome
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.reception.booking_commands import AssignBlock, BookSlot, CancelAppointment, HandBlock
from domain.reception.records import Appointment
from domain.risk.content import RISK, load_risk
from domain.risk.follower import RiskFollower
from domain.scales.reading import load_scales
from sync.local_tables import parked_txn, refused_record
from tests.sync.world import NORTH

HOUR = timedelta(hours=1)
HIGH = {
    "sbp": 150.0,
    "dbp": 94.0,
    "height": 172.0,
    "weight": 64.0,
    "waist": 80.0,
    "fpg": 5.0,
    "ldl": 4.3,
    "tc": 4.4,
}
UNITS = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "weight": "kg", "height": "cm", "waist": "cm"}


@pytest.fixture(scope="module")
def contents(authority):
    catalog = load_catalog(resources.folder("catalog"))
    forms = resources.folder("forms")
    return {
        "catalog": catalog, "authority": authority, "scales": load_scales(resources.folder("scales")),
        RISK: load_risk(resources.folder("risk"), catalog, forms),
        FOLLOWUP: followup_of(resources.folder("followup"), authority.roles, forms),
    }  # fmt: skip


@pytest.fixture
def places(world, north, north_too, contents, authority):
    """The centre and both desks of a branch with all that follow-up asks for, and a manager with an account."""
    for place, prefix in ((world.centre, "001"), (north, "901"), (north_too, "902")):
        place.desk.content = {**place.desk.content, **contents, "number_prefix": prefix}
    own = world.centre.add(
        "staff",
        org_id=NORTH,
        login="wang",
        name="王管理",
        role="health_manager",
        password_hash="-",
        password_set_at=north.clock(),
    )
    north.actor = dataclasses.replace(north.actor, staff_id=own, name="王管理")
    world.settle()
    return world.centre, north, north_too


def readers(place, authority, *, everywhere=False):
    rules = load_rules(resources.folder("alerts"), authority.roles)
    engine = AlertEngine(place.desk, rules, place.actor)
    made = (
        RiskFollower(place.desk, place.actor),
        FollowUpFollower(place.desk, place.actor, everywhere=everywhere),
    )
    return engine, [Follower(place.store, reader) for reader in (engine, *made)]


def follow(engine, followers):
    while sum(follower.catch_up() for follower in followers):
        pass
    engine.tick()
    while sum(follower.catch_up() for follower in followers):
        pass


def client(place, **values):
    born = RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=date(1968, 3, 2), another_person=True)
    patient_id = place.run(born).receipt.patient_id
    if values:
        visit = place.run(OpenVisit(patient_id=patient_id)).receipt.visit_id
        place.run(Arrive(visit_id=visit))
        given = [Measured(item=k, value=v, unit=UNITS.get(k, "mmol/L")) for k, v in values.items()]
        place.run(RecordMeasurement(visit_id=visit, values=given))
    return patient_id


def test_a_client_at_high_risk_from_result_to_closed_task_without_a_line_then_at_the_centre(
    world, places, authority
):
    centre, north, north_too = places
    branch = readers(north, authority)
    patient_id = client(north, **HIGH)
    follow(*branch)
    [plan] = [p for p in north.rows("follow_plan") if p.state == "proposed"]
    assert (plan.template, plan.strict, plan.patient_id) == ("high_risk", True, patient_id)
    world.clock.advance(timedelta(hours=25))
    follow(*branch)
    open_rules = {a.rule for a in north.rows("alert") if a.state == "open"}
    assert {"A-029", "A-030"} <= open_rules, "nobody accepted it within the day"
    north.run(AcceptPlan(plan_id=plan.id))
    follow(*branch)
    [task] = north.rows("follow_task")
    assert (task.owner_name, task.state, task.urgent) == ("王管理", "waiting", True)
    assert not {"A-029", "A-030"} & {a.rule for a in north.rows("alert") if a.state == "open"}
    world.clock.advance(task.planned_at - world.clock() + HOUR)
    follow(*branch)
    assert "A-037" in {a.rule for a in north.rows("alert") if a.state == "open"}
    north.run(BeginTask(task_id=task.id))
    north.run(NoteContact(task_id=task.id, outcome=Outcome.REACHED))
    following = north.run(CompleteTask(task_id=task.id, result="家测血压 132/82，继续")).receipt
    follow(*branch)
    assert centre.rows("follow_plan") == [], "the line was down all the time"
    world.settle()
    follow(*readers(centre, authority, everywhere=True))
    world.settle()
    for place in (centre, north, north_too):
        states = {t.number: (t.id, t.state) for t in place.rows("follow_task")}
        assert states == {1: (task.id, "done"), 2: (following, "waiting")}
        assert {m.state for m in place.rows("group_member") if m.state != "left"} == {"covered"}
        assert [a.state for a in place.rows("alert") if a.rule in {"A-029", "A-030", "A-037"}].count(
            "open"
        ) == 0
        assert len({a.id for a in place.rows("alert")}) == len(place.rows("alert"))
        assert place.all(refused_record) == place.all(parked_txn) == []
    [staff] = centre.rows("care_staff")
    assert (staff.name, staff.open_tasks) == ("王管理", 1)
    for place in (north, north_too):
        assert world.differing(place) == []


def test_two_desks_that_hear_nothing_of_each_other_never_book_one_slot(world, places):
    centre, north, north_too = places
    patients = [client(north) for _ in range(6)]
    world.settle()
    begin = world.clock() + HOUR
    for place, start in ((north, begin), (north_too, begin + 2 * HOUR)):
        block = AssignBlock(
            login="wang",
            device_id=place.device_id,
            starts_at=start,
            ends_at=start + 2 * HOUR,
            slot_minutes=60,
        )
        centre.run(block)
    world.settle()
    booked = []
    for place in (north, north_too):
        booked += [(place, place.run(BookSlot(patient_id=p)).receipt.appointment_id) for p in patients[:2]]
        with pytest.raises(DomainError, match=r"reception\.nothing_free"):
            place.run(BookSlot(patient_id=patients[2]))
        [other] = [b for b in place.rows("slot_block") if b.device_id != place.device_id]
        with pytest.raises(DomainError, match=r"reception\.other_desk"):
            place.run(BookSlot(patient_id=patients[2], block_id=other.id, slot=0))
    north.run(CancelAppointment(appointment_id=booked[0][1], reason="不来"))
    north.run(BookSlot(patient_id=patients[3]))
    mine = next(b for b in north.rows("slot_block") if b.device_id == north.device_id)
    north.run(CancelAppointment(appointment_id=booked[1][1], reason="不来"))
    north.run(HandBlock(block_id=mine.id, device_id=north_too.device_id, device_name="工作站2"))
    with pytest.raises(DomainError, match=r"reception\.nothing_free"):
        north_too.run(BookSlot(patient_id=patients[4]))
    world.settle()
    taken_over = north_too.run(BookSlot(patient_id=patients[4])).receipt
    with pytest.raises(DomainError, match=r"reception\.(nothing_free|other_desk)"):
        north.run(BookSlot(patient_id=patients[5]))
    world.settle()
    table = Appointment.__table__.c
    for place in (centre, north, north_too):
        with place.store.read() as connection:
            slots = connection.execute(
                select(table.staff_id, table.starts_at, func.count())
                .where(table.slot_key.is_not(None))
                .group_by(table.staff_id, table.starts_at)
            ).all()
        assert [count for *_, count in slots] == [1, 1, 1, 1]
        assert place.all(refused_record) == place.all(parked_txn) == []
    assert taken_over.starts_at == begin + HOUR
    for place in (north, north_too):
        assert world.differing(place) == []


def test_a_bad_word_at_one_desk_is_closed_at_the_other_with_its_root(world, places, authority):
    centre, north, north_too = places
    branch = readers(north, authority)
    from domain.followup.task_commands import AddTask

    step = north.run(
        AddTask(patient_id=client(north), title="电话随访", planned_at=world.clock() + timedelta(days=9))
    ).receipt
    north.run(GiveFeedback(step="follow_task", step_id=step, score=1, comment="没人回电话"))
    follow(*branch)
    [alert] = [a for a in north.rows("alert") if a.rule == "A-042"]
    assert {"service_lead", "department_head"} <= set(alert.receivers)
    world.settle()
    [case] = north_too.rows("feedback_case")
    north_too.actor = dataclasses.replace(north_too.actor, staff_id=uuid.uuid4(), name="主管甲")
    north_too.run(TakeCase(case_id=case.id, plan="当日回电"))
    north_too.run(ResolveCase(case_id=case.id, root_cause=RootCause.WAITING, resolution="已回电并增派人手"))
    north_too.run(CloseCase(case_id=case.id, confirmed="客户满意"))
    world.settle()
    follow(*branch)
    world.settle()
    for place in (centre, north, north_too):
        [closed] = place.rows("feedback_case")
        assert (closed.state, closed.owner_name, closed.root_cause) == ("closed", "主管甲", "waiting")
        assert {a.state for a in place.rows("alert") if a.rule in {"A-042", "A-043"}} == {"closed"}
