"""Which organisations a workstation follows: its own and those below; a new one from the start, a lost one goes."""

import uuid

from domain.kernel.change_log import change_log, decode_body
from sync.local_tables import parked_txn, pull_cursor, push_outcome
from sync.protocol import Cursor, PullRequest
from tests.sync.test_refusals import a_specimen
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


def test_what_is_pending_goes_up_before_its_rows_go(world, north, south):
    """The centre decides it, keeps it whole for a person, and the branch lets go of the row at its next exchange."""
    world.centre.set("organization", SOUTH, parent_id=NORTH)
    patient = south.add_patient("S1", phone="1")
    world.settle()
    north.set("patient", patient, phone="typed in the north")
    world.centre.set("organization", SOUTH, parent_id=HEAD)
    north.exchange()
    assert numbers(north) == ["S1"], "what was typed has not come to rest"
    assert [(row.outcome, row.code) for row in north.all(push_outcome)] == [("rejected", "sync.out_of_scope")]
    payloads = [row.payload for row in world.centre.all(parked_txn)]
    assert any(b"typed in the north" in payload for payload in payloads)
    north.exchange()
    assert numbers(north) == []
    assert {row.org_id for row in north.all(pull_cursor)} == {NORTH, uuid.UUID(int=0)}
    last = decode_body(max(north.all(change_log), key=lambda row: row.position).body)
    assert (last.command, [c.op for c in last.changes]) == ("sync.leave", ["evict"])


def test_a_scope_that_comes_back_is_read_anew(world, north, south):
    world.centre.set("organization", SOUTH, parent_id=NORTH)
    south.add_patient("S1")
    world.settle()
    world.centre.set("organization", SOUTH, parent_id=HEAD)
    world.settle()
    south.add_patient("S2")
    world.settle()
    world.centre.set("organization", SOUTH, parent_id=NORTH)
    world.settle()
    assert numbers(north) == ["S1", "S2"]
    assert world.differing(north) == []


def test_what_a_row_of_a_left_scope_stood_in_the_way_of_is_taken_in(world, north, south):
    """A slot that somebody here gave to a specimen of another branch is free once that branch is left."""
    world.centre.set("organization", SOUTH, parent_id=NORTH)
    ours = north.add("specimen", **a_specimen("T1", uuid.UUID(int=9)))
    theirs = south.add("specimen", **a_specimen("T2", uuid.UUID(int=9)))
    world.settle()
    north.set("specimen", theirs, slot="A2")
    world.centre.set("organization", SOUTH, parent_id=HEAD)
    world.centre.set("specimen", ours, slot="A2")
    north.exchange()
    assert [row.reason for row in north.all(parked_txn)] == ["sync.clashes_here"]
    world.settle(rounds=2)
    assert north.row("specimen", theirs) is None
    assert north.row("specimen", ours).slot == "A2"
    assert north.all(parked_txn) == []
    assert world.differing(north) == []
