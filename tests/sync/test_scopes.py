"""Which organisations a workstation follows: its own and those below; a new one from the start, a lost one goes."""

from sync.local_tables import pull_cursor
from sync.protocol import Cursor, PullRequest
from tests.sync.world import HEAD, NORTH, SOUTH


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


def test_head_office_follows_every_branch(world, north, south):
    office = world.add_branch(HEAD)
    north.add_patient("N1")
    south.add_patient("S1")
    world.settle()
    assert numbers(office) == ["N1", "S1"]
    assert (numbers(north), numbers(south)) == (["N1"], ["S1"])


def test_a_scope_granted_later_is_read_from_the_start(world, north, south):
    north.add_patient("N1")
    south.add_patient("S1")
    world.settle()
    world.centre.set("organization", SOUTH, parent_id=NORTH)
    south.add_patient("S2")
    world.settle()
    assert numbers(north) == ["N1", "S1", "S2"]
    cursors = {row.org_id: row.position for row in north.all(pull_cursor)}
    assert len(set(cursors.values())) == 1, "the new scope has caught up"


def test_a_scope_that_is_left_takes_its_rows_with_it(world, north, south):
    world.centre.set("organization", SOUTH, parent_id=NORTH)
    north.add_patient("N1")
    south.add_patient("S1")
    world.settle()
    assert numbers(north) == ["N1", "S1"]
    world.centre.set("organization", SOUTH, parent_id=HEAD)
    world.settle()
    assert numbers(north) == ["N1"]
    assert numbers(world.centre) == ["N1", "S1"]
    assert {row.org_id for row in north.all(pull_cursor)} == {NORTH, HEAD.__class__(int=0)}


def test_nobody_pulls_what_is_not_theirs(world, north, south):
    south.add_patient("S1")
    world.settle(south)
    reply = world.sync.pull(north.device_id, PullRequest(cursors=[Cursor(SOUTH, 0)]))
    assert {cursor.org_id for cursor in reply.cursors} == {NORTH, HEAD.__class__(int=0)}
    north.exchange()
    assert numbers(north) == []


def test_small_pieces_give_the_same_rows(world, north, north_too, monkeypatch):
    for number in range(12):
        north.add_patient(f"P{number}")
    north.exchange()
    monkeypatch.setattr("sync.pull.LIMIT", 5)
    done = north_too.exchange()
    assert numbers(north_too) == numbers(world.centre)
    assert done.received >= 12
    assert world.differing(north_too) == []
