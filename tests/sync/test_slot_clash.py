"""Two desks that were apart put two tubes into one position: the second becomes a search that reaches the branch."""

from domain.kernel.change_log import move_cursor
from domain.kernel.readers import Follower
from domain.storage.follower import ClashFollower
from domain.storage.records import StorageTask
from tests.sync.test_refusals import specimens  # noqa: F401


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
