"""Two desks that were apart put two tubes into one position: the second becomes a search that reaches the branch."""

import os
import random
import uuid

import pytest

from domain.kernel.change_log import entries_after, move_cursor
from domain.kernel.readers import Follower
from domain.storage.follower import ClashFollower
from domain.storage.records import StorageTask
from tests.sync.test_refusals import a_specimen, specimens  # noqa: F401


def searches(place):
    with place.store.read() as connection:
        return connection.execute(StorageTask.__table__.select()).all()


def test_the_tube_whose_place_was_taken_is_searched_for(world, north, north_too, specimens):  # noqa: F811
    first, second = specimens
    north.set("specimen", first, slot="BOX1:A1")
    north_too.set("specimen", second, slot="BOX1:A1")
    world.settle()
    centre = world.centre
    follower = Follower(centre.store, ClashFollower(centre.desk, centre.actor))
    follower.catch_up()
    world.settle()
    loser = second if centre.row("specimen", second).slot is None else first
    for place in (centre, north, north_too):
        [task] = searches(place)
        assert (task.cause, task.specimen_id, task.found_place, task.state) == (
            "find",
            loser,
            "BOX1:A1",
            "open",
        )
    with centre.store.write() as connection:
        move_cursor(connection, "storage_clash", 0)
    follower.catch_up()
    assert len(searches(centre)) == 1, "read again it opens no second search"


@pytest.mark.parametrize("seed", range(200 if os.environ.get("AFTERCHECK_DEEP") else 2))
def test_desks_that_were_apart_agree_and_no_tube_is_lost(world, north, north_too, seed):
    """Both move the same tubes among few positions without a line, again and again."""
    dice = random.Random(seed)  # noqa: S311
    made = [north.add("specimen", **a_specimen(f"S{i}", uuid.UUID(int=9))) for i in range(5)]
    world.settle()
    follower = Follower(world.centre.store, ClashFollower(world.centre.desk, world.centre.actor))
    for _ in range(3):
        for _ in range(6):
            desk, tube = dice.choice((north, north_too)), dice.choice(made)
            slot = dice.choice(["BOX:A1", "BOX:A2", "BOX:A3", None])
            held = {desk.row("specimen", other).slot for other in made if other != tube}
            if slot is None or slot not in held:
                desk.set("specimen", tube, slot=slot)
        world.settle()
        follower.catch_up()
        world.settle()
        for place in (north, north_too, world.centre):
            slots = [slot for tube in made if (slot := place.row("specimen", tube).slot)]
            assert len(slots) == len(set(slots))
        assert world.differing(north) == world.differing(north_too) == []
    refused = {
        r["record_id"]
        for e in entries_of(world.centre)
        for r in e.body.note.get("refused", ())
        if r["wanted"].get("slot")
    }
    searched = {task.specimen_id.bytes for task in searches(world.centre)}
    stands = {tube.bytes for tube in made}
    assert searched <= refused & stands
    for tube in refused - searched:
        wanted = {
            r["wanted"]["slot"]
            for e in entries_of(world.centre)
            for r in e.body.note.get("refused", ())
            if r["record_id"] == tube and r["wanted"].get("slot")
        }
        assert world.centre.row("specimen", uuid.UUID(bytes=tube)).slot in wanted, (
            "it lies where it was wanted after all"
        )


def entries_of(place):
    with place.store.read() as connection:
        return entries_after(connection, 0, 10_000)
