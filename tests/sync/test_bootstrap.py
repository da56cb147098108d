"""A new workstation is filled from a snapshot: cut at any byte, killed in the middle, from the line or a stick."""

import shutil
import threading
from datetime import date, timedelta

import pytest

from domain.kernel.change_log import change_log, decode_body
from domain.kernel.errors import DomainError, UnavailableError
from sync import branch as branch_module
from sync.bootstrap import Bootstrap, FromCentre, Media, Stage, filling_of
from sync.local_tables import pull_cursor, pull_state, push_outcome, snapshot_part
from sync.snapshot_format import MANIFEST, key_of
from sync.snapshots import manifest_of
from tests.fixtures.patience import PATIENCE_S
from tests.sync.world import NORTH, SOUTH
from tests.sync_tus.seeded import seeded


def stick_of(key, folder):
    """Return a stick and the centre's answer to who asks for its key."""
    return Media(folder, lambda _manifest: key_of(key, manifest_of(folder).salt))


QUIET = (lambda _done, _total: None, threading.Event())
TODAY = date(2026, 11, 23)


def visit(world, patient, number, day):
    return world.centre.add(
        "visit", org_id=NORTH, patient_id=patient, number=number, visit_date=day, state="registered",
        state_since=world.clock(),
    )  # fmt: skip


@pytest.fixture
def full(world, south, monkeypatch):
    """A centre with clients of this year and of long ago, in small parts, and two branches."""
    south.exchange()
    monkeypatch.setattr(branch_module, "SNAPSHOT_FROM", 10)
    world.sync.snapshots._raw_part = 2000
    old_ids = iter(range(1, 1000))
    for number in range(40):
        long_ago = number % 2
        patient = world.centre.desk.ids() if not long_ago else south.org_id.__class__(int=next(old_ids))
        world.centre.add("patient", patient, org_id=NORTH, number=f"P{number}", name=f"甲{number}", sex="1")
        day = TODAY - timedelta(days=800 if long_ago else 30)
        visit(world, patient, f"V{number}", day)
    world.centre.add("patient", org_id=SOUTH, number="S1", name="南", sex="2")
    return world


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


def fill(world, station):
    """Exchange until the snapshot is made and loaded."""
    for _ in range(200):
        try:
            return station.exchange()
        except UnavailableError as error:
            if error.code != "snapshot.making":
                raise
            for thread in list(world.sync.snapshots._making.values()):
                thread.join(PATIENCE_S)
    raise AssertionError("the snapshot was never made")


def test_a_new_workstation_is_filled_and_goes_on_from_there(full):
    station = full.add_branch(NORTH)
    fill(full, station)
    assert len(numbers(station)) == 40
    assert full.differing(station) == []
    assert station.all(pull_state)[0].stage == Stage.DONE
    assert station.all(snapshot_part) == []
    commands = [decode_body(row.body).command for row in station.all(change_log)]
    assert commands.count("sync.filled") == 1
    assert len(commands) < 10, "the log was not read from its start"
    station.add_patient("N1")
    full.centre.add("patient", org_id=NORTH, number="C1", name="新", sex="1")
    full.settle()
    assert {"N1", "C1"} <= set(numbers(station)) & set(numbers(full.centre))
    assert full.differing(station) == []


def test_it_holds_what_the_workstation_may_see(full, south):
    folder = full.sync.snapshots.make([NORTH, SOUTH.__class__(int=0)])
    with pytest.raises(DomainError, match=r"snapshot\.unknown"):
        full.sync.part_path(south.device_id, folder.name, manifest_of(folder).parts[0].name)
    north = full.add_branch(NORTH)
    for name in ("../manifest", "manifest", "hot-99999.zst"):
        with pytest.raises(DomainError, match=r"snapshot\.unknown"):
            full.sync.part_path(north.device_id, folder.name, name)
    fill(full, north)
    assert "S1" not in numbers(north)


class Cut:
    """A line that breaks after so many bytes of parts."""

    def __init__(self, centre, rng):
        self._centre = centre
        self._rng = rng
        self.fetched = 0

    def __getattr__(self, name):
        return getattr(self._centre, name)

    def fetch_part(self, snapshot_id, name, target, progress, cancel):
        path = self._centre._centre.part_path(self._centre._device_id, snapshot_id, name)
        data = path.read_bytes()
        start = target.stat().st_size if target.exists() else 0
        some = data[start : start + self._rng.randrange(1, 400)]
        with target.open("ab") as file:
            file.write(some)
        self.fetched += len(some)
        if start + len(some) < len(data):
            raise UnavailableError("transfer.no_connection")


@pytest.mark.parametrize("seed", [1, 2])
def test_cuts_at_random_bytes_cost_nothing_twice(full, seed):
    cut = []
    station = full.add_branch(NORTH, wrap=lambda centre: cut.append(Cut(centre, seeded(seed))) or cut[0])
    stages = set()
    for _ in range(2000):
        try:
            fill(full, station)
            break
        except UnavailableError:
            with station.store.read() as connection:
                stages.add(filling_of(connection).stage)
    assert full.differing(station) == []
    assert len(numbers(station)) == 40
    folder = full.sync.snapshots.newest([NORTH, SOUTH.__class__(int=0)])
    assert cut[0].fetched == sum(part.size for part in manifest_of(folder).parts), "every byte came once"
    assert {Stage.LOADING, Stage.USABLE} <= stages


def test_it_is_usable_with_the_hot_parts_and_what_is_written_meanwhile_goes_up(full):
    station = full.add_branch(NORTH)
    seen = {}

    def between():
        if not seen:
            with station.store.read() as connection:
                seen["stage"] = filling_of(connection).stage
            seen["numbers"] = numbers(station)
            row = next(r for r in station.rows("patient") if r.number == "P0")
            station.set("patient", row.id, phone="typed meanwhile")
            station.add_patient("N1")
        station.sync._send(lambda *_: None, threading.Event())

    full.sync.snapshots.make([NORTH, SOUTH.__class__(int=0)])
    station.sync._greet()
    station.sync.bootstrap.run(FromCentre(station.sync.centre), *QUIET, between=between)
    assert seen["stage"] is Stage.USABLE
    assert set(seen["numbers"]) == {f"P{n}" for n in range(0, 40, 2)}, "clients of the last twelve months"
    fill(full, station)
    assert full.differing(station) == []
    assert next(r.phone for r in full.centre.rows("patient") if r.number == "P0") == "typed meanwhile"
    assert "N1" in numbers(full.centre)
    assert station.all(push_outcome) == []


def test_a_kill_in_the_middle_costs_one_part(full, tmp_path):
    station = full.add_branch(NORTH)
    full.sync.snapshots.make([NORTH, SOUTH.__class__(int=0)])
    station.sync._greet()
    loads = []

    class Killed(BaseException):
        pass

    def dying(self, part, data):
        loads.append(part.name)
        if len(loads) == 4:
            raise Killed
        original(self, part, data)

    original = Bootstrap._load
    Bootstrap._load = dying
    try:
        with pytest.raises(Killed):
            station.sync.bootstrap.run(FromCentre(station.sync.centre), *QUIET)
    finally:
        Bootstrap._load = original
    assert sum(row.state == "loaded" for row in station.all(snapshot_part)) == 3
    station.backup(tmp_path / "after.db")
    again = station.restored(tmp_path / "after.db", "again")
    fill(full, again)
    assert full.differing(again) == []
    again.store.close()


def test_from_a_stick(full, tmp_path):
    folder = full.sync.snapshots.make([NORTH, SOUTH.__class__(int=0)])
    stick = tmp_path / "stick"
    shutil.copytree(folder, stick)
    station = full.add_branch(NORTH)
    with station.store.write() as connection:
        from sync.identity import set_identity

        set_identity(connection, server_key=full.sync.server_key)
    station.sync.bootstrap.run(stick_of(full.sync._key, stick), *QUIET)
    assert len(numbers(station)) == 40
    full.centre.add("patient", org_id=NORTH, number="C1", name="新", sex="1")
    station.exchange()
    assert full.differing(station) == []
    assert "C1" in numbers(station)
    with pytest.raises(UnavailableError, match=r"snapshot\.not_on_media"):
        Media(tmp_path / "nowhere", None).manifest()


def test_a_forged_or_damaged_stick_is_refused(full, tmp_path):
    folder = full.sync.snapshots.make([NORTH, SOUTH.__class__(int=0)])
    station = full.add_branch(NORTH)
    station.sync._greet()
    data = bytearray((folder / MANIFEST).read_bytes())
    data[40] ^= 1
    stick = tmp_path / "stick"
    shutil.copytree(folder, stick)
    (stick / MANIFEST).write_bytes(data)
    with pytest.raises(DomainError, match=r"snapshot\.(bad_signature|damaged)"):
        station.sync.bootstrap.run(stick_of(full.sync._key, stick), *QUIET)
    shutil.copyfile(folder / MANIFEST, stick / MANIFEST)
    part = stick / manifest_of(folder).parts[1].name
    flipped = bytearray(part.read_bytes())
    flipped[-1] ^= 1
    part.write_bytes(flipped)
    with pytest.raises(DomainError, match=r"snapshot\.damaged"):
        station.sync.bootstrap.run(stick_of(full.sync._key, stick), *QUIET)
    assert len(numbers(station)) < 40
    shutil.copyfile(folder / part.name, part)
    station.sync.bootstrap.run(stick_of(full.sync._key, stick), *QUIET)
    assert len(numbers(station)) == 40


def test_a_snapshot_that_is_gone_is_replaced_by_a_newer_one(full):
    orgs = [NORTH, SOUTH.__class__(int=0)]
    folder = full.sync.snapshots.make(orgs)
    station = full.add_branch(NORTH)
    station.sync._greet()
    stop = threading.Event()

    def after_two(done, _total):
        if sum(row.state == "loaded" for row in station.all(snapshot_part)) >= 2:
            stop.set()

    with pytest.raises(UnavailableError, match=r"snapshot\.stopped"):
        station.sync.bootstrap.run(FromCentre(station.sync.centre), after_two, stop)
    shutil.rmtree(folder)
    row = next(r for r in full.centre.rows("patient") if r.number == "P0")
    full.centre.set("patient", row.id, phone="newer")
    fill(full, station)
    assert full.differing(station) == []
    assert next(r.phone for r in station.rows("patient") if r.number == "P0") == "newer"


def test_a_short_log_is_simply_read(world, north):
    world.centre.add("patient", org_id=NORTH, number="C1", name="新", sex="1")
    north.exchange()
    assert numbers(north) == ["C1"]
    assert north.all(pull_state)[0].stage == ""
    assert len(north.all(pull_cursor)) == 2


def test_old_snapshots_go(full):
    orgs = [NORTH, SOUTH.__class__(int=0)]
    for _ in range(4):
        full.clock.advance(timedelta(minutes=1))
        full.sync.snapshots.make(orgs)
    assert len(list(full.sync.snapshots._folder.iterdir())) == 2
    assert full.sync.make_snapshots() >= 1


def test_rows_that_are_here_already_and_numbers_that_are_taken(full):
    """A snapshot is loaded over what an earlier one left, and around a number that something unsent here has."""
    orgs = [NORTH, SOUTH.__class__(int=0)]
    full.sync.snapshots.make(orgs)
    station = full.add_branch(NORTH)
    mine = station.add_patient("P4", name="本地")
    station.sync._greet()
    stop = threading.Event()
    with pytest.raises(UnavailableError, match=r"snapshot\.stopped"):
        station.sync.bootstrap.run(
            FromCentre(station.sync.centre), lambda done, total: done * 2 > total and stop.set(), stop
        )
    assert 0 < len(numbers(station)) < 40
    station.sync.bootstrap.forget()
    station.sync.bootstrap.run(FromCentre(station.sync.centre), *QUIET)
    assert numbers(station) == sorted(f"P{n}" for n in range(40)), (
        "all but the one whose number is taken, and mine"
    )
    assert station.row("patient", mine).name == "本地"
    full.settle(station)
    station.set("patient", mine, number="P99")
    full.settle(station)
    station.sync.mend()
    full.settle(station)
    assert full.differing(station) == []
    assert len(numbers(station)) == 41


def test_the_next_part_comes_while_one_is_loaded(full, monkeypatch):
    """A line of some megabits is never idle, and what is told only grows."""
    station = full.add_branch(NORTH)
    full.sync.snapshots.make([NORTH, SOUTH.__class__(int=0)])
    station.sync._greet()
    asked, seen, told = [], [], []
    second = threading.Event()

    class Line(FromCentre):
        def fetch(self, manifest, part, target, progress, cancel):
            asked.append(part.name)
            super().fetch(manifest, part, target, progress, cancel)
            if len(asked) == 2:
                second.set()

    load = Bootstrap._load

    def loading(self, part, data):
        if not seen:
            assert second.wait(30), "the second part was not asked for"
        seen.append(part.name)
        load(self, part, data)

    monkeypatch.setattr(Bootstrap, "_load", loading)
    station.sync.bootstrap.run(
        Line(station.sync.centre), lambda done, total: told.append((done, total)), threading.Event()
    )
    assert seen == asked
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert len(numbers(station)) == 40
