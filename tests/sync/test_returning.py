"""What the centre itself wrote and lost with a restored backup comes back from whoever had read it."""

import dataclasses
import shutil
import uuid

import pytest

from domain.kernel.change_log import change_log, decode_body
from domain.people.records import Patient, Sex
from sync.worker import SyncWorker
from tests.sync.world import NORTH

AUTHOR = uuid.UUID(int=0xFACE)


@pytest.fixture
def patient(world, north, north_too, south):
    """A client that everybody had when the backup was taken."""
    world.centre.actor = dataclasses.replace(world.centre.actor, staff_id=AUTHOR)
    patient = world.centre.add_patient("P1", org_id=NORTH, phone="1", name="旧")
    world.settle()
    return patient


@pytest.fixture
def night(world, tmp_path, patient):
    """Puts last night's copy of the centre back."""
    with world.centre.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(tmp_path / "centre.db", tmp_path / "night.db")

    def put_back():
        shutil.copyfile(tmp_path / "night.db", tmp_path / "again.db")
        world.put_centre(tmp_path / "again.db")

    return put_back


def compared(world, *stations):
    """Exchange and compare until everything rests."""
    for _ in range(3):
        for station in stations or world.branches:
            station.exchange()
            station.sync.mend()
    world.settle(*stations)


def returned(world):
    entries = [decode_body(row.body) for row in world.centre.all(change_log)]
    return [body for body in entries if body.note.get("returned")]


def equal(world):
    return [world.differing(station) for station in world.branches] == [[]] * len(world.branches)


def test_new_records_and_edits_come_back_with_their_author(world, north, patient, night):
    made = world.centre.add_patient("C1", org_id=NORTH, name="新")
    world.centre.set("patient", patient, phone="2")
    world.centre.set("patient", patient, phone="3", name="新名")
    world.settle()
    night()
    assert world.centre.row("patient", made) is None
    compared(world)
    assert world.centre.row("patient", made).name == "新"
    row = world.centre.row("patient", patient)
    assert (row.phone, row.name) == ("3", "新名")
    assert north.row("patient", made).name == "新"
    assert equal(world)
    told = returned(world)
    assert [body.command for body in told] == ["test.sync_write"] * 3, (
        "two desks had them, each came back once"
    )
    assert {body.actor_id for body in told} == {AUTHOR.bytes}


def test_both_desks_may_give_back_before_either_has_sent(world, north, north_too, patient, night):
    made = world.centre.add_patient("C1", org_id=NORTH, name="新")
    world.settle()
    night()
    for desk in (north, north_too):
        desk.exchange()
    assert [desk.sync.mend().returned for desk in (north, north_too)] == [1, 1]
    world.settle()
    assert world.centre.row("patient", made).name == "新"
    assert len(returned(world)) == 1
    assert equal(world)


def test_what_was_written_since_is_not_overridden(world, north, patient, night):
    world.centre.set("patient", patient, phone="lost", address="失而复得")
    world.settle()
    night()
    world.centre.set("patient", patient, phone="since")
    compared(world)
    for place in (world.centre, north):
        row = place.row("patient", patient)
        assert (row.phone, row.address) == ("since", "失而复得"), "each group by itself"
    assert equal(world)
    assert "lost" in str([decode_body(row.body) for row in north.all(change_log)]), (
        "a branch's log has it still"
    )


def test_what_does_not_fit_and_a_person_has_to_review_becomes_a_conflict(
    world, north, north_too, patient, night
):
    """The centre had gone on from what a desk wrote that is switched off now."""
    north_too.set("patient", patient, allergy="花生", phone="2")
    world.settle()
    world.centre.set("patient", patient, allergy="青霉素", phone="3")
    world.settle()
    night()
    compared(world, north)
    [conflict] = north.rows("conflict")
    assert (conflict.theirs, conflict.mine) == ({"allergy": None}, {"allergy": "青霉素"})
    assert world.centre.row("patient", patient).phone == "1", "what nobody reviews has to fit"
    world.settle()
    assert world.centre.row("patient", patient).allergy == "花生"
    assert equal(world)


def test_an_earlier_value_of_the_centre_is_no_loss(world, north, north_too, patient, night):
    """The log has an entry of the centre about a record that differs for another reason."""
    world.centre.set("patient", patient, allergy="花生")
    world.settle()
    north_too.set("patient", patient, allergy="青霉素")
    world.settle()
    with north.store.write() as connection:
        connection.execute(Patient.__table__.update().values(phone="spoiled"))
    compared(world)
    assert north.row("patient", patient).allergy == "青霉素"
    assert north.rows("conflict") == returned(world) == []
    assert equal(world)


def test_a_deletion_comes_back(world, north, patient, night):
    world.centre.remove("patient", patient)
    world.settle()
    night()
    assert world.centre.row("patient", patient) is not None
    compared(world)
    assert world.centre.row("patient", patient) is north.row("patient", patient) is None
    assert equal(world)


def test_a_row_that_was_spoiled_is_not_taken_for_the_centres_work(world, north, patient, night):
    with north.store.write() as connection:
        connection.execute(Patient.__table__.update().values(phone="spoiled"))
    compared(world)
    assert world.centre.row("patient", patient).phone == north.row("patient", patient).phone == "1"
    assert returned(world) == []


def test_a_branch_gives_back_only_what_is_of_its_organisations(world, south, patient, night):
    made = world.centre.add("patient", number="S1", org_id=south.org_id, name="南", sex=Sex.FEMALE)
    world.settle()
    night()
    compared(world, south)
    assert world.centre.row("patient", made).name == "南"
    [body] = returned(world)
    assert {change.org_id for change in body.changes} == {south.org_id.bytes}


def test_a_second_restored_backup_loses_nothing_either(world, north, patient, night):
    made = world.centre.add_patient("C1", org_id=NORTH, name="新")
    world.settle()
    for _ in range(2):
        night()
        compared(world)
        assert world.centre.row("patient", made).name == "新"
        assert equal(world)


def test_the_worker_does_it_by_itself(world, north, patient, night):
    made = world.centre.add_patient("C1", org_id=NORTH, name="新")
    world.settle()
    night()
    worker = SyncWorker(north.sync)
    for _ in range(4):
        worker._exchange(worker._records)
    assert world.centre.row("patient", made).name == "新"
    assert not north.sync.comparison_due()
    assert world.differing(north) == []
