"""The centre's log is pruned; who was away for longer compares by content, and loses nothing that was not sent."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.kernel.change_log import change_log, cursor_of, log_scope, move_cursor
from domain.kernel.errors import DomainError
from domain.people.records import Patient
from sync.local_tables import device_state, parked_txn, push_outcome
from sync.parking import CLASHES
from sync.protocol import Cursor, PullRequest
from sync.pruning import KEPT, log_start, prune
from tests.sync.world import HEAD, NORTH


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


def pruned(world, least=5):
    return prune(world.centre.store, world.sync.now_us(), world.sync.device_id, least)


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
    world.centre.add_patient("by the centre", org_id=HEAD)  # its own entries tell how old the others are
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


@pytest.mark.parametrize("years", [-10, 10])
def test_a_workstation_whose_clock_is_years_off_makes_nothing_too_old_to_keep(world, north, north_too, years):
    """Its entries bear the time of its own clock; the centre's say when they came."""
    north_too.exchange()
    for number in range(10):
        north.add_patient(f"P{number}")
    north.exchange()
    north.clock.offset = timedelta(days=365 * years)
    for number in range(10, 20):
        north.add_patient(f"P{number}")
        north.exchange()
    with world.centre.store.read() as connection:
        passed = connection.execute(select(func.min(device_state.c.position))).scalar()
    pruned(world, 0)
    with world.centre.store.read() as connection:
        assert log_start(connection) <= passed + 1, "the other workstation has not read further"


def test_who_was_away_for_too_long_compares_by_content(world, north, north_too, away):
    assert pruned(world) > 20
    with pytest.raises(DomainError, match=r"sync\.cursor_expired"):
        world.sync.pull(north_too.device_id, PullRequest(cursors=[Cursor(NORTH, 3)]))
    north_too.exchange()
    world.settle()
    assert numbers(north_too) == numbers(north) == numbers(world.centre)[:-1]
    assert "N1" in numbers(world.centre)
    assert world.centre.row("patient", away[0]).allergy == "青霉素"
    assert north_too.row("patient", away[1]).phone == "after"
    assert north_too.row("patient", away[2]) is None
    assert north_too.all(push_outcome) == []
    assert world.differing(north) == world.differing(north_too) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_number_given_twice_does_not_stop_the_comparison(world, north, north_too, known):
    """The centre's record waits until the one here that holds its number has got another; and later edits with it."""
    mine = north_too.add_patient("P1", phone="mine")
    theirs = north.add_patient("P1", phone="theirs")
    world.settle(north)
    if known:
        north_too.exchange()  # its own is refused, the centre's waits
        assert [row.reason for row in north_too.all(parked_txn)] == [CLASHES]
    north.set("patient", theirs, phone="later")
    others = [north.add_patient(f"N{number}") for number in range(10)]
    north.exchange()
    world.centre.add_patient("by the centre", org_id=HEAD)
    world.clock.advance(KEPT + timedelta(days=1))
    north.exchange()
    assert world.sync.prune(least=2) > 0
    north_too.exchange()
    assert north_too.row("patient", mine).phone == "mine"
    assert north_too.row("patient", theirs) is None
    assert north_too.row("patient", others[0]) is not None
    assert [row.reason for row in north_too.all(parked_txn)] == [CLASHES]
    north.set("patient", theirs, phone="newest")
    north.exchange()
    north_too.set("patient", mine, number="P2")
    north_too.exchange()
    world.settle()
    assert north_too.all(parked_txn) == []
    assert north_too.row("patient", theirs).phone == "newest"
    assert world.centre.row("patient", mine).number == "P2"
    assert world.differing(north) == world.differing(north_too) == []


def test_what_waited_from_before_the_comparison_does_not_come_back_over_it(world, north, north_too):
    mine = north_too.add_patient("P1")
    theirs = north.add_patient("P1", phone="old")
    world.settle(north)
    north_too.exchange()
    assert len(north_too.all(parked_txn)) == 1
    north.set("patient", theirs, number="P3", phone="new")
    for number in range(10):
        north.add_patient(f"N{number}")
    north.exchange()
    world.centre.add_patient("by the centre", org_id=HEAD)
    world.clock.advance(KEPT + timedelta(days=1))
    north.exchange()
    assert world.sync.prune(least=2) > 0
    north_too.exchange()
    assert north_too.all(parked_txn) == []
    assert north_too.row("patient", theirs).phone == "new"
    north_too.set("patient", mine, number="P2")
    world.settle()
    assert world.differing(north) == world.differing(north_too) == []


def test_an_edit_of_what_the_centre_deleted_before_the_pruning_brings_it_back(world, north, north_too):
    patient = north.add_patient("P1")
    world.settle()
    north_too.set("patient", patient, phone="typed offline")
    world.centre.remove("patient", patient)
    for number in range(2, 10):
        north.add_patient(f"P{number}")
        north.exchange()
    world.centre.add_patient("by the centre", org_id=HEAD)
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
