"""A centre put back to an older copy: everybody notices, whatever the log has grown to, and nothing is lost."""

import shutil

import pytest

from domain.kernel.change_log import change_log
from domain.kernel.errors import DomainError
from sync.centre import CentreSync
from sync.device_auth import new_key, public_text
from sync.local_centre import LocalCentre
from sync.local_tables import device_state, log_life, pull_mark, pull_state
from sync.marks import MOST, marks_of, thinned
from sync.protocol import Cursor, Mark, PullRequest
from sync.stores import open_embedded_store
from tests.sync.world import NORTH


def numbers(place):
    return sorted(row.number for row in place.rows("patient"))


class Backup:
    """Copies of the centre's store: taken in the night, put back in the morning."""

    def __init__(self, world, folder):
        self.world = world
        self.folder = folder
        self.path = folder / "centre.db"
        self.restored = 0

    def take(self):
        with self.world.centre.store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.path, self.folder / "night.db")

    def put_back(self):
        self.world.centre.store.close()
        self.restored += 1
        self.path = self.folder / f"centre-again{self.restored}.db"
        shutil.copyfile(self.folder / "night.db", self.path)
        store = self.world.centre.store = open_embedded_store(self.path)
        self.world.centre.desk.store = store
        before = self.world.sync
        self.world.sync = CentreSync(
            store, device_id=before.device_id, key=before._key, blobs=before.blobs, clock=self.world.clock
        )
        for station in self.world.branches:
            station.sync.centre = LocalCentre(self.world.sync, station.device_id)


@pytest.fixture
def backup(world, tmp_path):
    return Backup(world, tmp_path)


def lives(world):
    return [row.reason for row in world.centre.all(log_life)]


def test_what_the_centre_lost_is_sent_again(world, north, north_too, south, backup):
    north.add_patient("P1")
    world.settle()
    backup.take()
    north.add_patient("P2")
    south.add_patient("S1")
    world.settle()
    backup.put_back()
    assert numbers(world.centre) == ["P1"]
    world.settle()
    assert numbers(world.centre) == ["P1", "P2", "S1"]
    assert numbers(north_too) == ["P1", "P2"]
    assert lives(world) == ["made", "noticed"], "the first branch noticed, the others believed it"
    assert [world.differing(station) for station in world.branches] == [[], [], []]
    assert [row.forks for row in world.centre.all(device_state)] == [0, 0, 0], "nobody is taken for a copy"


def test_a_log_that_has_grown_past_a_reader_is_noticed(world, north, north_too, backup):
    """One that had not read the lost part comes first and sends more than was lost."""
    north.add_patient("P1")
    world.settle()
    backup.take()
    north.add_patient("P2")
    north.exchange()
    north_too.exchange()
    lost = max(row.position for row in world.centre.all(change_log))
    newcomer = world.add_branch(NORTH)
    backup.put_back()
    world.centre.add(
        "workstation", newcomer.device_id, org_id=NORTH, name="新站", public_key=public_text(newcomer.key),
        epoch=1, enrolled_at=world.clock(), number_prefix="977",
    )  # fmt: skip
    for number in range(5):
        newcomer.add_patient(f"N{number}")
    newcomer.exchange()
    assert max(row.position for row in world.centre.all(change_log)) > lost
    assert lives(world) == ["made"], "so far nobody could know"
    north_too.exchange()  # it has sent nothing; only what it has read tells
    assert lives(world) == ["made", "noticed"]
    world.settle()
    expected = ["N0", "N1", "N2", "N3", "N4", "P1", "P2"]
    assert [numbers(p) for p in (world.centre, north, north_too, newcomer)] == [expected] * 4
    assert [world.differing(station) for station in world.branches] == [[], [], []]


def test_nothing_is_done_twice(world, north, north_too, backup):
    patient = north.add_patient("P1")
    backup.take()
    north.exchange()
    north.set("patient", patient, phone="1")
    world.settle()
    backup.put_back()
    world.settle()
    entries = [row.txn_id for row in world.centre.all(change_log)]
    assert len(entries) == len(set(entries))
    assert world.centre.row("patient", patient).phone == "1"
    here = [row.txn_id for row in north_too.all(change_log)]
    assert len(here) == len(set(here))


def test_an_administrator_may_say_so(world, north, backup):
    north.add_patient("P1")
    world.settle()
    life = north.all(pull_state)[0].life
    world.sync.renew_life()
    done = north.exchange()
    assert done.received == 0, "what both have is not read again"
    assert north.all(pull_state)[0].life != life
    assert lives(world) == ["made", "restored"]


def test_a_puller_of_an_earlier_life_is_sent_to_greet_again(world, north):
    north.exchange()
    with pytest.raises(DomainError, match=r"sync\.other_life"):
        world.sync.pull(north.device_id, PullRequest(cursors=[Cursor(NORTH, 0)], life="of yesterday"))


def test_a_life_that_ends_in_the_middle_of_an_exchange(world, north, north_too):
    north.add_patient("P1")
    north.exchange()
    hello = north_too.sync.centre.hello

    def then_renewed(asked):
        welcome = hello(asked)
        north_too.sync.centre.hello = hello
        world.sync.renew_life()
        return welcome

    north_too.sync.centre.hello = then_renewed
    north_too.exchange()
    assert numbers(north_too) == ["P1"]


def test_twice_restored(world, north, north_too, backup):
    north.add_patient("P1")
    world.settle()
    backup.take()
    for number in ("P2", "P3"):
        north.add_patient(number)
        world.settle()
        backup.put_back()
        world.settle()
    assert numbers(world.centre) == numbers(north_too) == ["P1", "P2", "P3"]
    assert lives(world) == ["made", "lost", "noticed"], "a life the copy never had is written down"


def test_marks_reach_from_now_to_long_ago(world, north):
    for number in range(12):
        north.add_patient(f"P{number}")
        north.exchange()
    with north.store.read() as connection:
        kept = marks_of(connection)
    assert len(kept) == MOST == len(north.all(pull_mark))
    head = max(row.position for row in world.centre.all(change_log))
    assert kept[0].position == head
    assert kept == sorted(kept, key=lambda m: -m.position)
    many = [Mark(position, bytes(16)) for position in range(100_000, 0, -1)][:2000]
    left = thinned(many)
    assert (left[0].position, left[-1].position) == (100_000, 98_001)


def test_keys_are_of_the_centre_not_of_its_life(world, north, backup):
    """A backup put back at another centre's key is another centre, and is refused."""
    north.exchange()
    world.sync._key = new_key()
    del world.sync.__dict__["server_key"]
    with pytest.raises(DomainError, match=r"sync\.other_centre"):
        north.exchange()


def test_a_comparison_with_a_centre_that_went_back_since_the_greeting_overwrites_nothing(
    world, north, backup
):
    """Positions are the same again, what stands at them is not: that is for the greeting to settle."""
    world.centre.add("patient", org_id=NORTH, number="C1", name="甲", sex="1")
    north.exchange()
    backup.take()
    world.centre.add("patient", org_id=NORTH, number="C2", name="乙", sex="1")
    north.exchange()
    backup.put_back()
    world.centre.add("patient", org_id=NORTH, number="C3", name="丙", sex="1")
    assert north.sync.position() == len(world.centre.all(change_log)), "nothing to tell the two logs by"
    assert north.sync.mend() is None
    assert numbers(north) == ["C1", "C2"]
    for _ in range(3):
        world.settle(north)
        north.sync.mend()
    assert numbers(north) == numbers(world.centre) == ["C1", "C2", "C3"]
    assert world.differing(north) == []
