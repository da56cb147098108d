"""Several bundles at once: packed and uploaded ahead, applied and settled in order, safe wherever it ends."""

import threading

import pytest

from domain.kernel.change_log import change_log
from domain.kernel.errors import UnavailableError
from sync import push
from sync.branch import BranchSync
from sync.local_tables import applied_txn, outbound_bundle, push_outcome, refused_record
from sync.sending import AHEAD
from tests.fixtures.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def _small_bundles(monkeypatch):
    monkeypatch.setattr(push, "MAX_COUNT", 2)


class Watched:
    """The centre, with what was asked of it noted; `before` is called with each step and may fail it."""

    def __init__(self, centre, before=lambda _step, _name: None):
        self._centre = centre
        self.steps = []
        self.before = before

    def __getattr__(self, name):
        return getattr(self._centre, name)

    def send_bundle(self, data, bundle_id, progress, cancel):
        self.before("upload", bundle_id)
        self._centre.send_bundle(data, bundle_id, progress, cancel)
        self.steps.append(("upload", bundle_id))

    def push(self, data, bundle_id, progress, cancel):
        self.before("ask", bundle_id)
        receipt = self._centre.push(data, bundle_id, progress, cancel)
        self.steps.append(("receipt", bundle_id))
        self.before("answer", bundle_id)
        return receipt

    def names(self, step):
        return [name for what, name in self.steps if what == step]


@pytest.fixture
def watched(north):
    north.exchange()
    north.sync.centre = Watched(north.centre)
    return north.sync.centre


def patients(branch, count, start=0):
    return [branch.add_patient(f"P{number}") for number in range(start, start + count)]


def test_the_next_bundles_are_uploaded_while_one_is_applied(world, north, watched):
    """The first receipt is held back until the bundles behind it have arrived."""
    patients(north, 10)
    arrived = threading.Event()

    def before(step, _name):
        if step == "upload" and len(watched.names("upload")) == AHEAD:
            arrived.set()
        if step == "ask" and not watched.names("receipt"):
            assert arrived.wait(PATIENCE_S)

    watched.before = before
    assert north.exchange().sent == 10
    assert watched.names("upload") == watched.names("receipt") == list(dict.fromkeys(watched.names("upload")))
    assert len(world.centre.rows("patient")) == 10
    assert world.differing(north) == []


def test_no_more_is_packed_than_a_few_bundles_beyond_the_receipts(north, watched):
    patients(north, 16)
    most = []

    def before(step, _name):
        most.append(len([row for row in north.all(outbound_bundle) if row.state == "packed"]))

    watched.before = before
    north.exchange()
    assert max(most) <= AHEAD + 2, "those ahead, the one that is applied, and the one on its way"
    assert len(watched.names("receipt")) == 8


def test_an_edit_packed_before_its_record_was_refused_is_sent_whole(world, north, watched):
    world.centre.add_patient("P1", org_id=north.org_id)
    _, refused, *_ = patients(north, 4)
    north.set("patient", refused, number="P9")
    north.exchange()
    assert world.centre.row("patient", refused).number == "P9"
    outcomes = [row.outcome for row in north.all(push_outcome)]
    assert outcomes == ["rejected"], "the edit was not sent to a record that is not there"
    assert north.all(refused_record) == []
    north.exchange()
    assert world.differing(north) == []


def test_what_a_refusal_does_not_concern_is_not_packed_again(world, north, watched):
    world.centre.add_patient("P1", org_id=north.org_id)
    patients(north, 8)
    north.exchange()
    assert len(set(watched.names("upload"))) == len(watched.names("receipt")) == 4
    assert len(world.centre.rows("patient")) == 8


def test_nothing_behind_a_refusal_is_asked_for_before_it_is_settled(world, north, watched):
    """What the centre has decided beyond could not be packed otherwise any more."""
    world.centre.add_patient("P1", org_id=north.org_id)
    patients(north, 8)
    settled = []
    settle = north.sync.outbox.settle
    north.sync.outbox.settle = lambda packed, receipt: (
        settle(packed, receipt),
        settled.append(packed.bundle_id),
    )

    def before(step, _name):
        if step == "ask" and watched.names("receipt"):
            assert settled, "the refusal is in the first bundle"

    watched.before = before
    north.exchange()
    assert len(settled) == 4


def test_receipts_from_before_a_cut_line_are_kept(world, north, watched):
    patients(north, 8)

    def before(step, _name):
        if step == "upload" and len(watched.names("upload")) == 2:
            raise UnavailableError("transfer.no_connection")

    watched.before = before
    with pytest.raises(UnavailableError):
        north.exchange()
    assert north.sync.outbox.unsent() == 8 - 2 * len(watched.names("receipt"))
    assert north.sync.failures == 1
    watched.before = lambda *_: None
    north.exchange()
    assert north.sync.failures == 0
    assert world.differing(north) == []


def test_a_receipt_that_cannot_be_kept_lets_none_behind_it_be_kept(north, watched):
    patients(north, 8)
    settle, calls = north.sync.outbox.settle, []

    def failing(packed, receipt):
        calls.append(packed.first_seq)
        if packed.first_seq == 1:
            raise UnavailableError("store.disk_full")
        settle(packed, receipt)

    north.sync.outbox.settle = failing
    with pytest.raises(UnavailableError, match=r"disk_full"):
        north.exchange()
    assert set(calls) == {1}
    assert north.sync.outbox.unsent() == 8


class Killed(BaseException):
    """The program ends here."""


@pytest.mark.parametrize("place", ["upload", "ask", "answer", "settle", "settled"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_wherever_it_ends_everything_is_applied_once(world, north, watched, place, number):
    """One refused record, an edit of it, and others: ended at a place, begun again with what is on the disk."""
    world.centre.add_patient("P2", org_id=north.org_id)
    made = patients(north, 7)
    north.set("patient", made[2], phone="1")
    north.set("patient", made[0], name="李")
    left = [number]

    def before(step, _name):
        if step == place:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

    watched.before = before
    settle = north.sync.outbox.settle

    def settled(packed, receipt):
        before("settle", "")
        settle(packed, receipt)
        before("settled", "")

    north.sync.outbox.settle = settled
    with pytest.raises(Killed):
        north.exchange()
    folder = north.path.parent / f"{north.path.stem}-bundles"
    north.sync = BranchSync(north.store, north.centre, north.key, folder, clock=north.clock)
    north.exchange()
    north.set("patient", made[2], number="P22")
    for _ in range(2):
        north.exchange()
    assert world.differing(north) == []
    assert {row.number for row in world.centre.rows("patient")} == {
        "P0",
        "P1",
        "P2",
        "P22",
        "P3",
        "P4",
        "P5",
        "P6",
    }
    assert world.centre.row("patient", made[2]).phone == "1"
    positions = sorted(row.position for row in world.centre.all(change_log))
    assert positions == list(range(1, len(positions) + 1))
    own = [row for row in world.centre.all(applied_txn) if row.device_id == north.device_id]
    assert sorted(row.dev_seq for row in own) == list(range(1, 11))
    assert not any(folder.glob("*.csb"))


def test_a_stop_between_bundles_leaves_the_rest_for_next_time(world, north, watched):
    patients(north, 8)
    stop = threading.Event()
    watched.before = lambda step, _name: stop.set() if len(watched.names("upload")) == 2 else None
    with pytest.raises(UnavailableError, match=r"cancelled"):
        north.sync.exchange(cancel=stop)
    assert len(watched.names("upload")) <= 3
    north.exchange()
    assert len(world.centre.rows("patient")) == 8
