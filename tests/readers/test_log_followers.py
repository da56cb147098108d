import threading

import pytest

from domain.kernel.change_log import cursor_of, head_position, move_cursor
from domain.kernel.errors import UnavailableError
from domain.kernel.readers import Follower, ReaderThread
from tests.fixtures.patience import PATIENCE_S
from tests.readers.plans import plans_of, walked


class Counting:
    """Notes the positions it was given; fails as often as it is told to."""

    def __init__(self, name="counting", failures=0, error=RuntimeError):
        self.name = name
        self.seen = []
        self.failures = failures
        self.error = error
        self.caught_up = threading.Event()
        self.wanted = 0

    def read(self, entries, connection):
        if self.failures:
            self.failures -= 1
            raise self.error("store.busy")
        self.seen += [e.position for e in entries]
        if self.wanted and len(self.seen) >= self.wanted:
            self.caught_up.set()


class Acting(Counting):
    def __init__(self, **kwargs):
        super().__init__(name="acting", **kwargs)

    read = None

    def act(self, entries):
        Counting.read(self, entries, None)


def test_a_reader_gets_each_entry_once_in_order(day, new_client):
    for _ in range(7):
        new_client()
    reader = Counting()
    follower = Follower(day.store, reader, batch=3)
    assert follower.behind() == 7
    assert follower.catch_up() == 7
    assert follower.catch_up() == 0
    new_client()
    assert Follower(day.store, reader).catch_up() == 1
    assert reader.seen == list(range(1, 9))
    assert follower.behind() == 0


def test_a_batch_that_fails_moves_no_cursor_and_comes_again(day, new_client):
    for _ in range(3):
        new_client()
    reader = Counting(failures=1)
    follower = Follower(day.store, reader)
    with pytest.raises(RuntimeError):
        follower.catch_up()
    with day.store.read() as connection:
        assert cursor_of(connection, reader.name) == 0
    follower.catch_up()
    assert reader.seen == [1, 2, 3]


def test_an_acting_reader_may_run_commands_and_gets_its_entries_again_after_a_crash(day, new_client):
    new_client()
    reader = Acting(failures=1)
    follower = Follower(day.store, reader)
    with pytest.raises(RuntimeError):
        follower.step()
    reader.act = lambda entries: new_client("李娜") and None
    assert follower.step() == 1  # it wrote to the log while it read: no lock was held
    assert follower.behind() == 1


def test_what_an_acting_reader_leaves_is_written_with_its_cursor_or_not_at_all(day, new_client):
    new_client()
    reader, wrong = Acting(), [True]

    def rest(connection):
        move_cursor(connection, "beside", 7)
        if wrong.pop():
            raise RuntimeError("crash")

    reader.act = lambda entries: rest
    follower = Follower(day.store, reader)
    with pytest.raises(RuntimeError):
        follower.step()

    def cursors():
        with day.store.read() as connection:
            return cursor_of(connection, "beside"), cursor_of(connection, "acting")

    assert cursors() == (0, 0)
    wrong.append(False)
    assert follower.step() == 1
    assert cursors() == (7, 1)


def test_the_work_is_that_of_the_new_entries(day, new_client):
    """Every statement of a follower with clients stored uses an index; none walks a table."""
    for number in range(30):
        new_client(name=f"王{number}")
    follower = Follower(day.store, Counting())
    follower.catch_up()
    new_client()
    plans = plans_of(day.store, follower.catch_up)
    assert plans
    assert not walked(plans), plans


def test_the_thread_reads_what_is_committed_while_it_runs_and_stops_fast(day, new_client):
    reader = Counting()
    reader.wanted = 2
    thread = ReaderThread(day.store, [Follower(day.store, reader)], interval_s=3600)
    thread.start()
    try:
        new_client()
        new_client()
        assert reader.caught_up.wait(PATIENCE_S)
    finally:
        assert thread.stop()
    new_client()
    assert reader.seen == [1, 2]
    assert thread.stop()


def test_a_failing_reader_does_not_stop_the_others(day, new_client, caplog):
    broken, waiting, good = (
        Counting("broken", failures=99),
        Counting("waiting", 99, UnavailableError),
        Counting(),
    )
    good.wanted = 1
    ticked = threading.Event()
    followers = [Follower(day.store, r) for r in (broken, waiting, good)]
    thread = ReaderThread(day.store, followers, ticks=[ticked.set], interval_s=3600)
    new_client()
    thread.start()
    assert good.caught_up.wait(PATIENCE_S)
    assert ticked.wait(PATIENCE_S)
    assert thread.stop()
    assert thread.failing() == {"broken": "RuntimeError", "waiting": "store.busy"}
    assert "reader broken failed" in caplog.text
    with day.store.read() as connection:
        assert cursor_of(connection, "broken") == 0
        assert cursor_of(connection, "counting") == head_position(connection)


def test_a_reader_that_failed_is_tried_again_and_is_well(day, new_client):
    reader = Counting(failures=1)
    reader.wanted = 1
    thread = ReaderThread(day.store, [Follower(day.store, reader)], interval_s=0.05)
    new_client()
    thread.start()
    try:
        assert reader.caught_up.wait(PATIENCE_S)
    finally:
        thread.stop()
    assert thread.failing() == {}
