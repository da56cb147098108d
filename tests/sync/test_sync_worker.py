"""The worker exchanges in the background, says how it goes, and makes nobody wait."""

import threading

import pytest

from domain.kernel.errors import DomainError, UnavailableError
from sync.files import FileExchange
from sync.worker import Pace, Phase, SyncWorker
from tests.fixtures.patience import PATIENCE_S

NEVER = Pace(
    interval_s=3600, refused_s=3600, gather_s=0, first_pause_s=3600, longest_pause_s=3600, silent_s=3600
)  # fmt: skip


class Watcher:
    """Sees every state and lets a test wait for one."""

    def __init__(self, worker):
        self.seen = []
        self._changed = threading.Condition()
        worker.listen(self._note)

    def _note(self, state):
        with self._changed:
            self.seen.append(state)
            self._changed.notify_all()

    def wait_for(self, condition):
        with self._changed:
            found = self._changed.wait_for(lambda: any(map(condition, self.seen)), PATIENCE_S)
        assert found, [state.phase for state in self.seen]
        return next(state for state in reversed(self.seen) if condition(state))


class Line:
    """A centre that can be out of reach, refuse, break or be slow."""

    def __init__(self, centre):
        self._centre = centre
        self.error = None
        self.gate = threading.Event()
        self.gate.set()

    def __getattr__(self, name):
        return getattr(self._centre, name)

    def hello(self, hello):
        self.gate.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        return self._centre.hello(hello)


@pytest.fixture
def line(north):
    made = Line(north.centre)
    north.sync.centre = made
    return made


@pytest.fixture
def worker(north, line):
    made = SyncWorker(north.sync, pace=NEVER, clock=north.clock, rng=lambda: 1.0)
    yield made
    line.gate.set()
    made.stop()


def test_it_exchanges_at_the_start_and_says_so(world, north, worker):
    patient = north.add_patient("P1")
    watcher = Watcher(worker)
    worker.start()
    state = watcher.wait_for(lambda s: s.phase is Phase.DONE)
    assert world.centre.row("patient", patient) is not None
    assert state.last_success_at == north.clock()
    assert (state.unsent, state.code) == (0, "")
    phases = [s.phase for s in watcher.seen]
    assert phases.index(Phase.CONNECTING) < phases.index(Phase.SENDING) < phases.index(Phase.DONE)
    sending = [s for s in watcher.seen if s.phase is Phase.SENDING]
    assert sending[-1].done == sending[-1].total > 0


def test_a_command_wakes_it(world, north, worker):
    watcher = Watcher(worker)
    worker.start()
    watcher.wait_for(lambda s: s.phase is Phase.DONE)
    watcher.seen.clear()
    patient = north.add_patient("P1")
    watcher.wait_for(lambda s: s.phase is Phase.DONE)
    assert world.centre.row("patient", patient) is not None


def test_without_a_line_it_says_why_and_when_it_tries_again(north, line, worker):
    line.error = UnavailableError("transfer.no_connection")
    north.add_patient("P1")
    watcher = Watcher(worker)
    worker.start()
    state = watcher.wait_for(lambda s: s.phase is Phase.OFFLINE)
    assert (state.code, state.unsent) == ("transfer.no_connection", 1)
    assert (state.retry_at - north.clock()).total_seconds() == 3600
    line.error = None
    worker.wake()
    assert watcher.wait_for(lambda s: s.phase is Phase.DONE).unsent == 0


def test_it_waits_as_long_as_the_centre_asks(north, line):
    line.error = UnavailableError("transfer.centre_busy", retry_after_s=77.0)
    worker = SyncWorker(north.sync, pace=Pace(first_pause_s=1.0), clock=north.clock, rng=lambda: 0.0)
    watcher = Watcher(worker)
    worker.start()
    state = watcher.wait_for(lambda s: s.phase is Phase.OFFLINE)
    worker.stop()
    assert (state.retry_at - north.clock()).total_seconds() == 77


@pytest.mark.parametrize(("code", "longest_s"), [("transfer.no_connection", 15.0), ("server.busy", 900.0)])
def test_after_a_long_silence_it_still_looks_every_quarter_of_a_minute(north, line, code, longest_s):
    """A centre that answers is left alone for longer and longer; where nobody answers there is nobody to spare."""
    line.error = UnavailableError(code)
    pauses, over = [], threading.Event()

    def wait(event, seconds):
        pauses.append(seconds)
        if len(pauses) == 30:
            over.set()
        return event.wait(PATIENCE_S) if over.is_set() else False

    made = SyncWorker(north.sync, clock=north.clock, wait=wait, rng=lambda: 1.0)
    made.start()
    assert over.wait(PATIENCE_S)
    made.stop()
    assert max(pauses[:30]) == longest_s


def test_a_refusal_is_shown_with_its_code(north, line, worker):
    line.error = DomainError("sync.device_revoked", name="站")
    watcher = Watcher(worker)
    worker.start()
    state = watcher.wait_for(lambda s: s.phase is Phase.REFUSED)
    assert (state.code, state.facts) == ("sync.device_revoked", {"name": "站"})


def test_a_bug_is_logged_and_the_worker_lives_on(north, line, worker, caplog):
    line.error = RuntimeError("a bug")
    watcher = Watcher(worker)
    worker.start()
    assert watcher.wait_for(lambda s: s.phase is Phase.OFFLINE).code == "sync.crashed"
    assert "an exchange crashed" in caplog.text
    line.error = None
    worker.wake()
    watcher.wait_for(lambda s: s.phase is Phase.DONE)


def test_commands_go_on_while_the_line_hangs(north, line, worker):
    line.gate.clear()
    watcher = Watcher(worker)
    worker.start()
    watcher.wait_for(lambda s: s.phase is Phase.CONNECTING)
    for number in range(5):
        north.add_patient(f"P{number}")
    assert len(north.rows("patient")) == 5


def test_it_counts_what_needs_attention(world, north, north_too):
    north.add_patient("P1")
    world.settle(north)
    north_too.add_patient("P1")
    worker = SyncWorker(north_too.sync, pace=NEVER, clock=north_too.clock)
    watcher = Watcher(worker)
    worker.start()
    assert watcher.wait_for(lambda s: s.phase is Phase.DONE).attention == 1
    worker.stop()


def test_news_from_the_centre_wake_it(world, north, north_too):
    told = threading.Event()
    asked = []

    def news(position, _longest_s):
        asked.append(position)
        if len(asked) > 1:
            told.wait(PATIENCE_S)
        return position + 1 if len(asked) == 2 else 0

    worker = SyncWorker(north_too.sync, news=news, pace=NEVER, clock=north_too.clock)
    watcher = Watcher(worker)
    worker.start()
    watcher.wait_for(lambda s: s.phase is Phase.DONE)
    patient = north.add_patient("P1")
    north.exchange()
    watcher.seen.clear()
    told.set()
    watcher.wait_for(lambda s: s.phase is Phase.DONE)
    assert north_too.row("patient", patient) is not None
    worker.stop()


def test_files_follow_the_records(world, north, tmp_path):
    from sync.blobs import BlobStore

    blobs = BlobStore(tmp_path / "north-blobs")
    name = blobs.put([b"picture" * 1000])
    files = FileExchange(north.store, north.centre, blobs, tmp_path / "coming")
    worker = SyncWorker(north.sync, files, pace=NEVER, clock=north.clock)
    watcher = Watcher(worker)
    worker.start()
    watcher.wait_for(lambda s: s.phase is Phase.DONE)
    arrived = threading.Event()
    adopt = world.sync.blobs.put
    world.sync.blobs.put = lambda pieces, expected=None: (
        adopt(pieces, expected),
        expected == name and arrived.set(),
    )
    north.add(
        "attachment", subject="visit", subject_id=north.desk.ids(), sha256=name, size=7000, media_type="image/png",
        name="甲.png", lane=3, added_at=north.clock(),
    )  # fmt: skip
    assert arrived.wait(PATIENCE_S)
    worker.stop()
    assert world.sync.blobs.has(name)
