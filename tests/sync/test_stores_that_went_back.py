"""Restored backups, copied disks and wrong clocks: noticed, and nothing is lost or done twice."""

import shutil
from datetime import timedelta

import pytest

from domain.kernel.change_log import change_log
from domain.kernel.errors import DomainError, UnavailableError
from domain.people.records import Workstation
from sync.centre import CentreSync
from sync.local_centre import LocalCentre
from sync.local_tables import device_state, installation, push_outcome, refused_record
from sync.stores import open_embedded_store


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


@pytest.fixture
def backup(world, north, tmp_path):
    north.add_patient("P1")
    north.exchange()
    north.add_patient("P2")
    north.backup(tmp_path / "backup.db")
    return tmp_path / "backup.db"


def test_a_restored_backup_gets_a_new_identity_and_everything_back(world, north, backup):
    north.add_patient("P3")
    north.exchange()
    back = north.restored(backup, "back")
    assert numbers(back) == ["P1", "P2"]
    back.add_patient("P4")
    done = back.exchange()
    assert done.renewed
    assert numbers(back) == numbers(world.centre) == ["P1", "P2", "P3", "P4"]
    assert world.differing(back) == []
    row = back.all(installation)[0]
    assert row.epoch == 2
    assert row.number_prefix != "901", "running numbers went back with the store"
    assert world.centre.row("workstation", back.device_id).epoch == 2
    before = len(world.centre.all(change_log))
    assert not back.exchange().renewed
    assert len(world.centre.all(change_log)) == before
    back.store.close()


def test_a_copied_disk_is_noticed_when_both_have_written(world, north, tmp_path):
    north.add_patient("P1")
    north.exchange()
    north.backup(tmp_path / "image.db")
    copy = north.restored(tmp_path / "image.db", "copy")
    north.add_patient("P2")
    copy.add_patient("P3")
    assert not north.exchange().renewed
    assert copy.exchange().renewed
    north.add_patient("P4")
    assert north.exchange().renewed
    copy.exchange()
    assert numbers(north) == numbers(copy) == numbers(world.centre) == ["P1", "P2", "P3", "P4"]
    assert world.centre.all(device_state)[0].forks == 3
    copy.store.close()


def test_a_record_that_was_mended_is_not_held_back_again_by_a_renewed_identity(
    world, north, north_too, tmp_path
):
    """The old refusal comes once more when everything is sent under the new identity; it was dealt with long ago."""
    north.exchange()
    north.backup(tmp_path / "image.db")
    copy = north.restored(tmp_path / "image.db", "copy")
    north_too.add_patient("P1")
    north_too.exchange()
    mine = north.add_patient("P1")
    north.exchange()
    assert len(north.all(refused_record)) == 1
    told = north.all(push_outcome)
    north.set("patient", mine, number="P2")
    north.exchange()
    assert north.all(refused_record) == []
    with north.store.write() as connection:
        connection.execute(push_outcome.update().values(seen=True))
    assert copy.exchange().renewed
    assert north.exchange().renewed
    assert north.all(refused_record) == []
    assert [(row.dev_seq, row.seen) for row in north.all(push_outcome)] == [(told[0].dev_seq, True)]
    assert numbers(north) == numbers(world.centre) == ["P1", "P2"]
    assert world.differing(north) == []
    copy.store.close()


def test_a_lost_greeting_is_no_copy(world, north):
    north.add_patient("P1")
    north.exchange()
    with north.store.write() as connection:
        nonce = connection.execute(installation.select()).one().db_nonce
    north.exchange()
    with north.store.write() as connection:
        connection.execute(installation.update().values(db_nonce=nonce))
    assert not north.exchange().renewed


def test_a_clock_that_is_years_wrong_decides_nothing(world, north, north_too):
    patient = north.add_patient("P1")
    world.settle()
    north.clock.offset = timedelta(days=3650)
    north_too.clock.offset = timedelta(days=-3650)
    north.set("patient", patient, phone="1")
    world.settle(north)
    north_too.set("patient", patient, phone="2")
    done = north_too.exchange()
    world.settle()
    assert north.row("patient", patient).phone == "2", "what reached the centre last, whatever the clocks say"
    assert round(done.skew_us / 86400e6) == 3650
    assert north_too.all(push_outcome) == []


def test_a_restored_centre_gets_back_what_it_lost(world, north, north_too, tmp_path):
    north.add_patient("P1")
    world.settle()
    with world.centre.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(tmp_path / "centre.db", tmp_path / "old-centre.db")
    north.add_patient("P2")
    world.settle()
    assert numbers(north_too) == ["P1", "P2"]
    world.centre.store.close()
    shutil.copyfile(tmp_path / "old-centre.db", tmp_path / "centre2.db")
    world.centre.store = open_embedded_store(tmp_path / "centre2.db")
    world.sync = CentreSync(
        world.centre.store, device_id=world.centre.device_id, key=world.sync._key, blobs=world.sync.blobs,
        clock=world.clock,
    )  # fmt: skip
    for station in world.branches:
        station.sync.centre = LocalCentre(world.sync, station.device_id)
    assert numbers(world.centre) == ["P1"]
    world.settle()
    assert numbers(world.centre) == ["P1", "P2"]
    assert world.differing(north) == world.differing(north_too) == []


def test_a_revoked_workstation_is_refused(world, north):
    north.add_patient("P1")
    world.centre.set("workstation", north.device_id, revoked_at=world.clock())
    with pytest.raises(DomainError, match=r"sync\.device_revoked"):
        north.exchange()
    assert numbers(world.centre) == []


def test_another_centre_is_refused(world, north):
    north.exchange()
    with north.store.write() as connection:
        connection.execute(installation.update().values(server_key="of another"))
    with pytest.raises(DomainError, match=r"sync\.other_centre"):
        north.exchange()


def test_before_enrolment_there_is_nothing_to_say(world, north):
    with north.store.write() as connection:
        connection.execute(installation.delete())
    with pytest.raises(UnavailableError, match=r"sync\.not_enrolled"):
        north.exchange()


@pytest.mark.parametrize("noticed_before", [True, False])
def test_a_copied_disk_and_a_restored_centre_at_once_lose_nothing(
    world, north, north_too, tmp_path, noticed_before
):
    """The copy has given the numbers of what the centre lost to work of its own before the original comes."""
    north.add_patient("P1")
    world.settle()
    north.backup(tmp_path / "image.db")
    copy = north.restored(tmp_path / "image.db", "copy")
    with world.centre.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(tmp_path / "centre.db", tmp_path / "centre2.db")
    north.add_patient("P2")
    north.exchange()
    if noticed_before:
        north_too.exchange()
    world.put_centre(tmp_path / "centre2.db")
    copy.sync.centre = LocalCentre(world.sync, copy.device_id)
    if noticed_before:
        north_too.exchange()
    copy.add_patient("C2")
    copy.add_patient("C3")
    copy.exchange()
    north.exchange()
    for station in (copy, north, north_too, copy, north, north_too):
        station.exchange()
    assert numbers(world.centre) == ["C2", "C3", "P1", "P2"]
    for station in (copy, north, north_too):
        assert world.differing(station) == []
    copy.store.close()


def test_the_epoch_is_in_the_centres_records(world, north, backup):
    north.add_patient("P3")
    north.exchange()
    back = north.restored(backup, "back")
    back.exchange()
    with world.centre.store.read() as connection:
        rows = connection.execute(Workstation.__table__.select()).all()
    assert [row.epoch for row in rows] == [2]
    back.store.close()
