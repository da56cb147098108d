"""Alerts of tubes in store: (rule, cause, clear, after, harmless), as the other cases."""

from datetime import timedelta

from domain.biobank.commands import AliquotSpecimen, CreateContainer, StoreSpecimen
from domain.biobank.custody_commands import ReturnSpecimen, TakeOutSpecimen, UseSpecimen
from domain.storage.records import StorageTask, StorageTaskOutcome
from domain.storage.task_commands import FinishStorageTask, ReportLost


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


BENCH_CASES = [
    ("A-965", reported_lost, found_again, timedelta(hours=24), reported_and_found, False),
    ("A-920", taken_out, put_back, timedelta(minutes=30), taken_out_and_put_back),
    ("A-078", left(100), used_up, timedelta(), left(105)),
]
