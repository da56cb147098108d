"""Cases of the rules about intervention plans: what was not done, when, and how it is made good."""

from datetime import timedelta

from sqlalchemy import select

from domain.alerts.engine import AlertEngine
from domain.alerts.steps import RULE_FILES
from domain.care.execution_commands import NoteExecution
from domain.care.follower import CareFollower
from domain.care.goal_commands import SetGoal
from domain.care.item_commands import AddItem, EndItem
from domain.care.monitored_commands import NoteHomeValue
from domain.care.plan_commands import AddNode, CompleteNode, FinishCarePlan, SignPlan, StartPlan
from domain.care.records import CareEvent, CareItem, CareKind, CareNode, CareOutcome, CarePlan, CareStanding
from domain.care.supplement_commands import PrescribeSupplement
from domain.checkup.records import Visit
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.kernel.readers import Follower

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def steps(*parts):
    def run(world):
        for part in parts:
            part(world)

    return run


def rows(world, kind, *where):
    with world.desk.store.read() as connection:
        return connection.execute(select(kind.__table__).where(*where).order_by(kind.__table__.c.id)).all()


def settle(world):
    """Let the readers read, and look at what fell due: each day by itself, as a real day is."""
    reader = CareFollower(world.desk, system_actor(world.nurse.org_id, world.nurse.device_id))
    engine = AlertEngine(world.desk, world.desk.content[RULE_FILES], reader.actor)
    followers = [Follower(world.desk.store, one) for one in (reader, engine)]
    while sum(follower.catch_up() for follower in followers) or reader.tick():
        pass
    engine.tick()


def plan(*kinds, days=60, times="08:00", nodes=0):
    """A signed plan of one client with an item of each kind, from today."""

    def make(world):
        world.desk.run(
            StartPlan(patient_id=client(world), name="控压", ends_on=today(world) + days * DAY), world.doctor
        )
        own = world.one(CarePlan).id
        for kind in kinds:
            order = AddItem(
                care_plan_id=own, kind=kind, label="项目", times=times,
                watched="sbp" if kind is CareKind.MONITORING else None,
            )  # fmt: skip
            world.desk.run(order, world.doctor)
        for number in range(nodes):
            planned = today(world) + (10 + number) * DAY
            world.desk.run(AddNode(care_plan_id=own, label="复评", planned_on=planned), world.doctor)
        world.desk.run(SignPlan(care_plan_id=own), world.doctor)
        settle(world)

    return make


def client(world):
    if world.client is None:
        world.client_visit = world.new_visit()
        world.client = world.one(Visit).patient_id
    return world.client


def today(world):
    return clinic(world.desk.clock()).date()


def with_goal(world):
    """A signed plan of two months that is to bring a pressure down within thirty days."""
    world.desk.run(
        StartPlan(patient_id=client(world), name="控压", ends_on=today(world) + 60 * DAY), world.doctor
    )
    own = world.one(CarePlan).id
    wanted = SetGoal(
        care_plan_id=own, item="sbp", high=140.0, by_on=today(world) + 30 * DAY, reason="医生设定"
    )
    world.desk.run(wanted, world.doctor)
    world.desk.run(AddNode(care_plan_id=own, label="复评", planned_on=today(world) + 50 * DAY), world.doctor)
    world.desk.run(SignPlan(care_plan_id=own), world.doctor)
    settle(world)


def pass_days(count, done=(), outcome=CareOutcome.DONE):
    """Days go by; on those in `done` (counted from 0) every item is noted in the evening."""

    def run(world):
        for day in range(count):
            if day in done:
                note_all(world, outcome)
            world.desk.clock.advance(DAY)
            settle(world)

    return run


def note_all(world, outcome=CareOutcome.DONE):
    for item in rows(world, CareItem, CareItem.__table__.c.state == "running"):
        world.desk.run(NoteExecution(care_item_id=item.id, outcome=outcome), world.nurse)
    settle(world)


def measures(world):
    order = RecordMeasurement(
        visit_id=world.client_visit,
        values=[
            Measured(item="sbp", value=128, unit="mm[Hg]"),
            Measured(item="dbp", value=78, unit="mm[Hg]"),
        ],
    )
    world.desk.run(order, world.nurse)
    settle(world)


def types(value):
    """Type a value measured at home."""

    def run(world):
        [item] = rows(world, CareItem, CareItem.kind == CareKind.MONITORING)
        world.desk.run(NoteHomeValue(care_item_id=item.id, value=value), world.nurse)
        settle(world)

    return run


def complete_nodes(world):
    for node in rows(world, CareNode, CareNode.__table__.c.state == "waiting"):
        world.desk.run(CompleteNode(care_node_id=node.id, result="已复评"), world.nurse)


def end_items(world):
    for item in rows(world, CareItem, CareItem.__table__.c.state == "running"):
        world.desk.run(EndItem(care_item_id=item.id, reason="疗程结束"), world.doctor)
    settle(world)


def make_good(count):
    """Note the first missed occasions of the item afterwards."""

    def run(world):
        item = world.one(CareItem)
        for _ in range(count):
            [standing] = rows(world, CareStanding)
            order = NoteExecution(
                care_item_id=item.id, outcome=CareOutcome.DONE, occasion_at=standing.missed_since
            )
            world.desk.run(order, world.nurse)
            settle(world)

    return run


def finish(world):
    world.desk.run(FinishCarePlan(care_plan_id=world.one(CarePlan).id, outcome="血压达标"), world.doctor)


def supplement(world):
    """A signed plan with ten micrograms of vitamin D a day."""
    plan(CareKind.MONITORING)(world)
    order = PrescribeSupplement(
        care_plan_id=world.one(CarePlan).id, label="维D", content="维生素D 10 µg", times="08:00"
    )
    world.desk.run(order, world.doctor)
    settle(world)


def takes(doses):
    """Take so many of what is prescribed today; said again it is the last word."""

    def run(world):
        [item] = rows(world, CareItem, CareItem.kind == CareKind.SUPPLEMENT)
        begins = [row.occasion_at for row in rows(world, CareEvent, CareEvent.item_id == item.id)]
        order = NoteExecution(
            care_item_id=item.id,
            outcome=CareOutcome.DONE,
            value=doses,
            occasion_at=begins[0] if begins else None,
        )
        world.desk.run(order, world.nurse)
        settle(world)

    return run


DIET, EXERCISE = plan(CareKind.DIET), plan(CareKind.EXERCISE)
MEDICINE, SUPPLEMENT = plan(CareKind.MEDICATION), plan(CareKind.SUPPLEMENT)
MONITORING = plan(CareKind.MONITORING)
TWO = plan(CareKind.MEDICATION, CareKind.SUPPLEMENT)
NODE = plan(nodes=1)
AT_ONCE, MORNING = timedelta(), 9 * HOUR
"""Tests begin at nine in the morning."""

CARE_CASES = [
    ("A-010", steps(MEDICINE, pass_days(3)), note_all, AT_ONCE, steps(MEDICINE, pass_days(2)), True),
    ("A-011", steps(MEDICINE, pass_days(1)), note_all, AT_ONCE, steps(MEDICINE, pass_days(1, {0})), True),
    ("A-013", steps(DIET, pass_days(7, range(4))), make_good(1), AT_ONCE, steps(DIET, pass_days(7, range(5))), True),
    ("A-014", steps(EXERCISE, pass_days(7, range(4))), make_good(1), AT_ONCE,
     steps(EXERCISE, pass_days(7, range(5))), True),
    ("A-015", steps(EXERCISE, pass_days(3)), note_all, AT_ONCE, steps(EXERCISE, pass_days(3, {1})), True),
    ("A-016", steps(supplement, takes(1.5)), takes(1), AT_ONCE, steps(supplement, takes(1)), True),
    ("A-017", steps(SUPPLEMENT, pass_days(1)), note_all, AT_ONCE, steps(SUPPLEMENT, pass_days(1, {0})), True),
    ("A-018", steps(SUPPLEMENT, pass_days(3)), note_all, AT_ONCE, steps(SUPPLEMENT, pass_days(3, {1})), True),
    ("A-019", NODE, complete_nodes, 11 * DAY - MORNING, steps(NODE, complete_nodes), True),
    ("A-020", NODE, complete_nodes, 9 * DAY - MORNING, steps(NODE, complete_nodes), True),
    ("A-021", DIET, note_all, 3 * DAY, steps(DIET, note_all), True),
    ("A-022", DIET, finish, 61 * DAY - MORNING, steps(DIET, finish), True),
    ("A-023", steps(MONITORING, types(140)), types(139), AT_ONCE, steps(MONITORING, types(139)), True),
    ("A-024", steps(MONITORING, pass_days(1)), measures, AT_ONCE,
     steps(MONITORING, measures, pass_days(1)), True),
    ("A-025", steps(MONITORING, pass_days(3)), measures, AT_ONCE, steps(MONITORING, pass_days(2)), True),
    ("A-028", steps(TWO, pass_days(1)), note_all, AT_ONCE, steps(SUPPLEMENT, pass_days(1)), True),
    ("A-996", with_goal, measures, 31 * DAY - MORNING, steps(with_goal, measures), True),
    ("A-931", DIET, end_items, 62 * DAY - MORNING, steps(DIET, end_items), True),
]  # fmt: skip
"""Rule, cause, end, after how long, something close to it that is none, whether it is of a client."""
