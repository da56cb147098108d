"""Cases of the rules about what a visit asks for: not done, not entered, and key items of both."""

from datetime import timedelta

from domain.checkup.omission_commands import RecordOmission
from domain.checkup.omission_records import OmissionKind
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.authority import system_actor
from domain.process.item_commands import AddItems, CheckExit, PerformItem, SettleItems, WaiveItem
from domain.process.records import VisitItem
from domain.process.stay_commands import ScanAtNode
from domain.process.stay_records import ScanKind
from tests.readers.alert_cases import Case
from tests.readers.alert_cases_more import both

HOUR = timedelta(hours=1)
SIGNED = {"signature_sha256": "a" * 64, "signature_size": 900}


def asks_for(item):
    """A client who is here has one item."""

    def run(world):
        world.desk.run(AddItems(visit_id=world.new_visit(), items=item), world.nurse)

    return run


def settle(world):
    visit_id = world.one(VisitItem).visit_id
    system = system_actor(world.nurse.org_id, world.nurse.device_id)
    world.desk.run(SettleItems(visit_ids=[visit_id]), system)


def at_the_exit(world):
    world.desk.run(CheckExit(visit_id=world.one(VisitItem).visit_id), world.nurse)


def performs(world):
    world.desk.run(PerformItem(visit_item_id=world.one(VisitItem).id), world.nurse)


def refuses(world):
    item = world.one(VisitItem)
    order = RecordOmission(
        visit_id=item.visit_id,
        items=[f"item:{item.code}"],
        kind=OmissionKind.REFUSED,
        reason="不想做",
        **SIGNED,
    )
    world.desk.run(order, world.nurse)
    settle(world)


def waives(world):
    world.desk.run(WaiveItem(visit_item_id=world.one(VisitItem).id, note="外院一周内已做"), world.head)


def enters(world):
    values = [Measured(item=i, value=v, unit="mm[Hg]") for i, v in (("sbp", 118.0), ("dbp", 74.0))]
    world.desk.run(RecordMeasurement(visit_id=world.one(VisitItem).visit_id, values=values), world.nurse)
    settle(world)


def scans(*nodes):
    """A client is scanned at rooms, one after another."""

    def run(world):
        world.room_visit = world.new_visit()
        for node in nodes:
            world.desk.run(ScanAtNode(visit_id=world.room_visit, node=node), world.nurse)

    return run


def goes_to(node, act=None):
    return lambda w: w.desk.run(ScanAtNode(visit_id=w.room_visit, node=node, act=act), w.nurse)


PROCESS_CASES = [
    Case("A-092", scans("urine"), goes_to("exit"), HOUR, scans("exit")),
    Case(
        "A-991",
        scans("urine"),
        goes_to("urine", ScanKind.END),
        HOUR / 2,
        both(scans("urine"), goes_to("urine", ScanKind.END)),
    ),
    Case(
        "A-088",
        both(asks_for("甲状腺超声"), at_the_exit),
        performs,
        harmless=both(asks_for("甲状腺超声"), refuses, at_the_exit),
    ),
    Case(
        "A-089",
        both(asks_for("甲状腺超声"), performs),
        waives,
        4 * HOUR,
        both(asks_for("甲状腺超声"), performs, waives),
    ),
    Case(
        "A-090", both(asks_for("血压"), at_the_exit), waives, harmless=both(asks_for("身高体重"), at_the_exit)
    ),
    Case(
        "A-990", both(asks_for("血压"), performs), enters, 4 * HOUR, both(asks_for("血压"), performs, enters)
    ),
]
