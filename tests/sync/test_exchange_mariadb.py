"""The centre on MariaDB: the same exchange, the same merges, the same rows."""

import threading

import pytest

from domain.exchange.commands import DecideConflict
from domain.exchange.rules import Choice
from domain.kernel.change_log import change_log
from domain.kernel.errors import KnownError
from sync.local_tables import push_outcome
from tests.sync.world import NORTH

pytestmark = pytest.mark.mariadb


def test_the_same_rows_on_both_engines(mariadb_world):
    world = mariadb_world
    north, north_too = world.add_branch(NORTH), world.add_branch(NORTH)
    patient = north.add_patient("P1")
    removed = north.add_patient("P2")
    world.settle()
    north.set("patient", patient, name="李一", phone="1")
    north_too.set("patient", patient, name="李二", address="甲")
    north_too.add_patient("P3")
    lost = north_too.add_patient("P9")
    north.add_patient("P9")
    north.remove("patient", removed)
    world.settle()
    assert {o.code for o in north_too.all(push_outcome)} == {"sync.conflict", "sync.duplicate"}
    assert world.centre.row("patient", lost) is None
    north_too.set("patient", lost, number="P10")
    [conflict] = north_too.rows("conflict")
    north_too.run(DecideConflict(conflict_id=conflict.id, choice=Choice.MINE))
    world.settle()
    row = world.centre.row("patient", patient)
    assert (row.name, row.phone, row.address) == ("李二", "1", "甲")
    assert world.centre.row("patient", lost).number == "P10"
    assert world.centre.row("patient", removed) is None
    assert world.differing(north) == world.differing(north_too) == []


def test_two_workstations_send_at_once(mariadb_world):
    world = mariadb_world
    stations = [world.add_branch(NORTH) for _ in range(3)]
    shared = stations[0].add_patient("P0")
    world.settle()
    for number, station in enumerate(stations):
        for i in range(40):
            station.add_patient(f"P{number}-{i}")
            station.set("patient", shared, phone=f"{number}-{i}")
    failures = []

    def send(station):
        try:
            station.exchange()
        except KnownError as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=[station]) for station in stations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    world.settle()
    positions = [row.position for row in world.centre.all(change_log)]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert len(world.centre.rows("patient")) == 121
    assert [world.differing(station) for station in stations] == [[], [], []]
