"""The centre on MariaDB: the same exchange, the same merges, the same rows."""

import threading
from datetime import date

import pytest

from domain.exchange.commands import DecideConflict
from domain.exchange.rules import Choice
from domain.kernel.change_log import change_log
from domain.kernel.errors import KnownError
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync import branch as branch_module
from sync.bootstrap import Stage
from sync.local_tables import pull_state, push_outcome
from sync.snapshots import manifest_of
from tests.sync.test_sync_machine import send_unknown_field
from tests.sync.world import NORTH

pytestmark = pytest.mark.mariadb
TODAY = date(2026, 11, 23)


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


def test_a_workstation_is_filled_from_a_snapshot_of_a_centre_on_mariadb(mariadb_world, monkeypatch):
    """Every kind of stored value goes from MariaDB into the encrypted store; what comes later goes on from there."""
    world = mariadb_world
    writer = world.add_branch(NORTH)
    monkeypatch.setattr(branch_module, "SNAPSHOT_FROM", 10)
    world.sync.snapshots._raw_part = 600
    patients = [
        writer.add_patient(f"P{n}", name=f"王美{n}'\\%", birth_date=date(1980, 5, 1)) for n in range(30)
    ]
    for number, patient in enumerate(patients):
        visit = writer.add(
            "visit", patient_id=patient, number=f"V{number}", visit_date=TODAY, state="registered",
            state_since=writer.clock(),
        )  # fmt: skip
        writer.add(
            "observation", visit_id=visit, patient_id=patient, item="glu", label="空腹血糖", value_number=5.25,
            value_text="5.25", unverified=bool(number % 2), status="F", effective_at=writer.clock(),
            source="interface", raw=bytes(range(256)),
        )  # fmt: skip
    writer.exchange()
    send_unknown_field(writer, writer.row("patient", patients[1]), "二'")
    writer.exchange()
    folder = world.sync.snapshots.make([NORTH, CATALOGUE_SCOPE])
    assert len(manifest_of(folder).parts) > 3
    station = world.add_branch(NORTH)
    station.exchange()
    assert station.all(pull_state)[0].stage == Stage.DONE
    assert len(station.all(change_log)) < 10, "the log was not read from its start"
    assert world.differing(station) == []
    for entity in ("patient", "visit", "observation"):
        assert station.rows(entity) == writer.rows(entity)
    assert station.row("patient", patients[1]).extra == {"nickname": "二'"}
    writer.set("patient", patients[0], phone="1")
    world.settle()
    assert world.differing(station) == world.differing(writer) == []
    assert station.row("patient", patients[0]).phone == "1"
