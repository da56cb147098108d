"""The centre's log is pruned; who was away for longer compares by content, and loses nothing that was not sent."""

from datetime import timedelta

import pytest

from domain.kernel.change_log import change_log, cursor_of, log_scope, move_cursor
from domain.kernel.errors import DomainError
from domain.people.records import Patient
from sync.local_tables import push_outcome
from sync.protocol import Cursor, PullRequest
from sync.pruning import KEPT, log_start, prune
from tests.sync.world import NORTH


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


def pruned(world, least=5):
    return prune(world.centre.store, world.sync.now_us(), least)


@pytest.fixture
def away(world, north, north_too):
    """A workstation that was away for two years with something unsent, while the other worked on."""
    patients = [north.add_patient(f"P{number}", phone="before") for number in range(6)]
    world.settle()
    north_too.set("patient", patients[0], allergy="青霉素")
    north_too.add_patient("N1")
    north.set("patient", patients[1], phone="after")
    north.remove("patient", patients[2])
    for number in range(6, 30):
        north.add_patient(f"P{number}")
        north.exchange()
    world.clock.advance(KEPT + timedelta(days=1))
    north.add_patient("P30")
    for _ in range(3):
        north.exchange()
    return patients


def test_what_everybody_has_read_goes(world, north, north_too):
    for number in range(10):
        north.add_patient(f"P{number}")
    world.settle()
    head = len(world.centre.all(change_log))
    assert pruned(world) == head - 5
    with world.centre.store.read() as connection:
        assert log_start(connection) == head - 4
    assert {row.position for row in world.centre.all(log_scope)} <= {
        row.position for row in world.centre.all(change_log)
    }
    assert pruned(world) == 0
    north.add_patient("P10")
    world.settle()
    assert numbers(north_too) == numbers(world.centre)


def test_what_a_workstation_has_not_read_stays(world, north, north_too):
    north_too.exchange()
    with world.centre.store.read() as connection:
        start = log_start(connection)
    for number in range(10):
        north.add_patient(f"P{number}")
    north.exchange()
    pruned(world, 0)
    north_too.exchange()
    assert numbers(north_too) == numbers(world.centre)
    assert start == 1


def test_what_a_reader_of_the_centre_has_not_read_stays(world, north):
    for number in range(10):
        north.add_patient(f"P{number}")
    world.settle()
    with world.centre.store.write() as connection:
        move_cursor(connection, "audit", 3)
    pruned(world, 0)
    with world.centre.store.read() as connection:
        assert log_start(connection) == 4
        assert cursor_of(connection, "audit") == 3


def test_who_was_away_for_too_long_compares_by_content(world, north, north_too, away):
    assert pruned(world) > 20
    with pytest.raises(DomainError, match=r"sync\.cursor_expired"):
        world.sync.pull(north_too.device_id, PullRequest(cursors=[Cursor(NORTH, 3)]))
    north_too.exchange()
    world.settle()
    assert numbers(north_too) == numbers(north) == numbers(world.centre)
    assert "N1" in numbers(world.centre)
    assert world.centre.row("patient", away[0]).allergy == "青霉素"
    assert north_too.row("patient", away[1]).phone == "after"
    assert north_too.row("patient", away[2]) is None
    assert north_too.all(push_outcome) == []
    assert world.differing(north) == world.differing(north_too) == []


def test_an_edit_of_what_the_centre_deleted_before_the_pruning_brings_it_back(world, north, north_too):
    patient = north.add_patient("P1")
    world.settle()
    north_too.set("patient", patient, phone="typed offline")
    world.centre.remove("patient", patient)
    for number in range(2, 10):
        north.add_patient(f"P{number}")
        north.exchange()
    world.clock.advance(KEPT + timedelta(days=1))
    north.exchange()
    assert world.sync.prune(least=2) > 0
    world.settle()
    assert world.centre.row("patient", patient).phone == "typed offline"
    assert len(world.centre.rows("conflict")) == 1, "and a person is told"


def test_a_transaction_sent_twice_across_a_pruning_is_taken_once(world, north, away):
    pruned(world)
    before = len(world.centre.all(change_log))
    from sync.identity import go_back

    with north.store.write() as connection:
        go_back(connection, 0)
    state = world.centre.store
    with state.write() as connection:
        connection.execute(Patient.__table__.select())
    north.exchange()
    assert len(world.centre.all(change_log)) == before
