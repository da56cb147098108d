"""A full disk at the branch or the centre: told by name, nothing half-written, and it goes on when there is room."""

import pytest

from domain.kernel.errors import UnavailableError
from sync.local_tables import applied_txn, outbound_bundle


def limited(store, pages):
    """Let a store grow by no more than so many pages: SQLite says what it says on a full disk."""
    with store.engine.connect() as connection:
        now = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.engine.dispose()
    create = store.engine.pool._creator

    def narrow(*given):
        made = create(*given)
        made.execute(f"PRAGMA max_page_count = {now + pages}")
        return made

    store.engine.pool._creator = narrow
    return lambda: (setattr(store.engine.pool, "_creator", create), store.engine.dispose())


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


def test_a_branch_without_room_takes_in_nothing_and_goes_on_later(world, north, north_too):
    for number in range(30):
        north.add_patient(f"P{number}", address="x" * 200)
    north.exchange()
    widen = limited(north_too.store, 2)
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        north_too.exchange()
    assert numbers(north_too) == [], "a piece is whole or not there"
    widen()
    north_too.exchange()
    assert len(numbers(north_too)) == 30
    assert world.differing(north_too) == []


def test_a_centre_without_room_decides_nothing_and_what_was_sent_comes_again(world, north):
    north.exchange()
    for number in range(30):
        north.add_patient(f"P{number}", address="x" * 200)
    widen = limited(world.centre.store, 2)
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        north.exchange()
    assert numbers(world.centre) == []
    assert world.centre.all(applied_txn) == []
    assert north.sync.outbox.unsent() == 30
    widen()
    north.exchange()
    assert len(numbers(world.centre)) == 30
    assert world.differing(north) == []


def test_a_bundle_that_cannot_be_written_leaves_nothing(world, north, tmp_path, monkeypatch):
    north.add_patient("P1")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sync.push.os.fsync", full)
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        north.exchange()
    assert north.all(outbound_bundle) == []
    assert not [path for path in (tmp_path / "branch1-bundles").iterdir() if path.is_file()]
    monkeypatch.undo()
    north.exchange()
    assert numbers(world.centre) == ["P1"]
