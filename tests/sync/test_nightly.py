"""Snapshots are made at night, each group's for itself, and not when its last one is as good."""

import os
from datetime import timedelta

import pytest

from domain.kernel.clock import clinic
from domain.kernel.errors import UnavailableError
from sync import snapshots as snapshots_module
from sync.snapshot_format import BLOCKS
from sync.snapshots import manifest_of
from tests.fixtures.patience import PATIENCE_S
from tests.sync.world import NORTH, SOUTH

ROOT = SOUTH.__class__(int=0)


@pytest.fixture
def followed(world, north, south):
    """A centre with two branches, at two o'clock of the clinic's night."""
    north.exchange()
    south.exchange()
    hours = (26 - clinic(world.clock()).hour) % 24
    world.clock.advance(timedelta(hours=hours))
    assert clinic(world.clock()).hour == 2
    return world


def newest(world, org):
    return world.sync.snapshots.newest([org, ROOT])


def write(world, count, org=NORTH):
    for _ in range(count):
        world.centre.add("patient", org_id=org, number=f"N{world.centre.desk.ids().hex}", name="新", sex="1")


def test_each_group_has_its_snapshot_after_a_night_and_only_one(followed):
    assert followed.sync.nightly.run() == 0
    first = newest(followed, NORTH), newest(followed, SOUTH)
    assert None not in first
    made = followed.sync.nightly.made
    followed.clock.advance(timedelta(minutes=10))
    followed.sync.nightly.run()
    assert (followed.sync.nightly.made, newest(followed, NORTH)) == (made, first[0])


def test_nothing_is_made_by_day(followed):
    followed.clock.advance(timedelta(hours=8))
    followed.sync.nightly.run()
    assert followed.sync.nightly.made == 0
    assert followed.sync.nightly.kept() == {}


def test_a_log_that_hardly_moved_keeps_its_snapshot_and_serves_a_new_workstation_with_it(
    followed, monkeypatch
):
    monkeypatch.setattr(snapshots_module, "HARDLY", 5)
    followed.sync.nightly.run()
    first, made = newest(followed, NORTH), followed.sync.nightly.made
    write(followed, 4)
    followed.clock.advance(timedelta(days=3))
    followed.sync.nightly.run()
    assert (newest(followed, NORTH), followed.sync.nightly.made) == (first, made)
    asked = followed.sync.snapshots.ask([NORTH, ROOT], followed.sync.now_us() - 86_400_000_000)
    assert asked == (first / "manifest").read_bytes(), "it is not made anew by whoever asks, either"
    write(followed, 1)
    with pytest.raises(UnavailableError, match=r"snapshot\.making"):
        followed.sync.snapshots.ask([NORTH, ROOT], followed.sync.now_us() - 86_400_000_000)
    for thread in followed.sync.snapshots._making.values():
        thread.join(PATIENCE_S)
    followed.clock.advance(timedelta(days=1))
    write(followed, 5)
    followed.sync.nightly.run()
    assert newest(followed, NORTH) != first
    assert followed.sync.nightly.made > made


def test_one_for_older_programs_stays_for_a_month(followed):
    made = followed.sync.snapshots.make([NORTH, ROOT], BLOCKS)
    for days, there in ((10, True), (25, False)):
        followed.clock.advance(timedelta(days=days))
        followed.sync.nightly.run()
        assert made.exists() is there
    assert newest(followed, NORTH) is not None


def test_two_of_a_group_are_kept_and_those_of_nobody_go(followed, monkeypatch):
    monkeypatch.setattr(snapshots_module, "HARDLY", 1)
    gone = followed.sync.snapshots.make([NORTH, SOUTH])
    half = followed.sync.snapshots.folder / "making-left"
    half.mkdir()
    (half / "hot-00000.zst").write_bytes(b"half")
    removed = []
    for _ in range(4):
        removed.append(followed.sync.nightly.run())
        write(followed, 2)
        followed.clock.advance(timedelta(days=1, minutes=1))
        long_ago = followed.sync.now_us() / 1e6 - 2 * 86_400
        if half.exists():
            os.utime(half, (long_ago, long_ago))
    assert (gone.exists(), half.exists()) == (False, False)
    assert {kept.count for kept in followed.sync.nightly.kept().values()} == {2}
    assert removed[:2] == [0, 2]
    assert removed[2] == removed[3] == followed.sync.nightly.made // 4


def test_a_group_that_fails_is_told_and_keeps_no_other_from_its_snapshot(followed, monkeypatch):
    make = followed.sync.snapshots.make

    def full_for_north(orgs):
        if orgs == frozenset({NORTH, ROOT}):
            raise UnavailableError("store.disk_full")
        return make(orgs)

    monkeypatch.setattr(followed.sync.snapshots, "make", full_for_north)
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        followed.sync.nightly.run()
    assert newest(followed, NORTH) is None
    assert manifest_of(newest(followed, SOUTH)).orgs == sorted([SOUTH, ROOT])
