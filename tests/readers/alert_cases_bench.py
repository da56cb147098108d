"""Alerts of tubes in store: (rule, cause, clear, after, harmless), as the other cases."""

from datetime import timedelta

from sqlalchemy import func, select

from domain.biobank.commands import AliquotSpecimen, CreateContainer, StoreSpecimen
from domain.biobank.custody_break_commands import CheckCustody, SettleCustodyBreak
from domain.biobank.custody_commands import ReturnSpecimen, TakeOutSpecimen, UseSpecimen
from domain.biobank.custody_records import CustodyBreak
from domain.biobank.records import Specimen, SpecimenEvent, SpecimenType
from domain.biobank.stock_commands import ExtendKeeping, SetStockRule
from domain.biobank.stock_records import StockLevel
from domain.environment.excursion_commands import AssessExcursion
from domain.environment.listing import list_waiting
from domain.environment.probe_commands import AddProbe, RetireProbe
from domain.environment.reading_commands import TakenReading, TakeReadings
from domain.environment.records import EnvironmentExcursion
from domain.kernel.clock import clinic
from domain.storage.records import StorageTask, StorageTaskOutcome
from domain.storage.task_commands import FinishStorageTask, ReportLost
from tests.readers.followup_cases import keep
from tests.readers.study_cases import change


def stored(world):
    """One aliquot of 500 uL in a box."""
    world.collect()
    world.receive()
    world.process()
    order = AliquotSpecimen(number=world.number, count=1, volume_ul=500)
    world.number = world.desk.run(order, world.technician).receipt[0].number
    world.desk.run(CreateContainer(code="BOX1", name="血清盒 1"), world.technician)
    world.desk.run(StoreSpecimen(number=world.number, container="BOX1", position="A1"), world.technician)


def taken_out(world):
    stored(world)
    world.desk.run(TakeOutSpecimen(number=world.number), world.technician)


def put_back(world):
    world.desk.run(ReturnSpecimen(number=world.number), world.technician)


def taken_out_and_put_back(world):
    taken_out(world)
    put_back(world)


def using(volume_ul):
    def use(world):
        world.desk.run(
            UseSpecimen(number=world.number, volume_ul=volume_ul, purpose="试验"), world.technician
        )

    return use


def left(volume_ul):
    """A tube of 500 uL of which `volume_ul` is left, back in its box."""

    def run(world):
        taken_out(world)
        using(500 - volume_ul)(world)
        put_back(world)

    return run


def used_up(world):
    world.desk.run(TakeOutSpecimen(number=world.number), world.technician)
    using(100)(world)


def reported_lost(world):
    stored(world)
    world.desk.run(ReportLost(number=world.number), world.technician)


def found_again(world):
    order = FinishStorageTask(storage_task_id=world.one(StorageTask).id, outcome=StorageTaskOutcome.FOUND)
    world.desk.run(order, world.technician)


def reported_and_found(world):
    reported_lost(world)
    found_again(world)


def probe(world):
    order = AddProbe(code="P1", name="1 号冰箱", low=-90, high=-60)
    world.probe_id = world.desk.run(order, world.technician).receipt


def read(world, *values):
    """One reading a minute, the last of them now."""
    now = world.desk.clock()
    readings = [
        TakenReading("P1", now - timedelta(minutes=len(values) - 1 - n), value, "modbus")
        for n, value in enumerate(values)
    ]
    world.desk.run(TakeReadings(readings=readings), world.technician)


def warm(world):
    probe(world)
    read(world, *[-50.0] * 11)


def nearly_warm(world):
    probe(world)
    read(world, *[-50.0] * 10)
    world.desk.clock.advance(timedelta(minutes=1))
    read(world, -70.0)


def cold_again_and_judged(world):
    world.desk.clock.advance(timedelta(minutes=2))
    read(world, -80.0, -80.0)
    list_waiting(world.desk, world.technician)
    order = AssessExcursion(
        excursion_id=world.one(EnvironmentExcursion).id, assessment="门未关严，已更换门封"
    )
    world.desk.run(order, world.head)


def taken_away(world):
    world.desk.run(RetireProbe(environment_probe_id=world.probe_id), world.technician)


def kept_for(days):
    """A tube in store whose kind may be kept for so many days."""

    def run(world):
        world.desk.run(SetStockRule(type=SpecimenType.SERUM, least=0, keep_days=days), world.technician)
        stored(world)

    return run


def extended(world):
    until = clinic(world.desk.clock()).date() + timedelta(days=900)
    world.desk.run(ExtendKeeping(number=world.number, until=until, approval="伦审 9"), world.technician)


def all_used(world):
    world.desk.run(TakeOutSpecimen(number=world.number), world.technician)
    using(500)(world)


def extended_in_time(world):
    kept_for(40)(world)
    extended(world)


def level(missing):
    def run(world):
        keep(
            world,
            StockLevel(
                study_code="C1", type=SpecimenType.SERUM, available=10 - missing, frozen=0, out=0, remaining_ul=0,
                least=10, missing=missing, counted_at=world.desk.clock(),
            ),
        )  # fmt: skip

    return run


def tampered(world):
    """Somebody changed an event in the store, and a check finds it."""
    stored(world)
    event = SpecimenEvent.__table__
    with world.desk.store.write() as connection:
        latest = select(func.max(event.c.chain_number)).scalar_subquery()
        connection.execute(event.update().where(event.c.chain_number == latest).values(staff_name="别人"))
    checked(world)


def checked(world):
    tube = Specimen.__table__.c
    with world.desk.store.read() as connection:
        ids = list(connection.execute(select(tube.id).where(tube.number == world.number)).scalars())
    world.desk.run(CheckCustody(specimen_ids=ids), world.technician)


def stored_and_checked(world):
    stored(world)
    checked(world)


def found_out(world):
    broken = CustodyBreak.__table__.c
    with world.desk.store.read() as connection:
        ids = list(connection.execute(select(broken.id)).scalars())
    for one in ids:
        world.desk.run(SettleCustodyBreak(break_id=one, finding="人为改动"), world.technician)


def filled_up(world):
    change(world, StockLevel, available=10, missing=0)


BENCH_CASES = [
    ("A-976", tampered, found_out, timedelta(0), stored_and_checked, False),
    ("A-076", level(1), filled_up, timedelta(0), level(0), False),
    ("A-077", kept_for(365), all_used, timedelta(days=335), extended_in_time),
    ("A-075", warm, cold_again_and_judged, timedelta(), nearly_warm, False),
    ("A-966", probe, taken_away, timedelta(days=7), probe, False),
    ("A-965", reported_lost, found_again, timedelta(hours=24), reported_and_found, False),
    ("A-920", taken_out, put_back, timedelta(minutes=30), taken_out_and_put_back),
    ("A-078", left(100), used_up, timedelta(), left(105)),
]
