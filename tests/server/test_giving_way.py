"""Readers of the log give way to bundles being applied, but never for ever."""

import threading

import pytest

from domain.kernel.readers import Follower, ReaderThread
from server.giving_way import LOOK_EVERY_S, QUIET_S, GivingWay
from sync.http_client import HttpCentre
from sync.protocol import Receipt
from sync.tus.client_state import SqliteTransferState


class Clock:
    """Moves when somebody waits for it."""

    def __init__(self):
        self.now = 100.0
        self.waits = 0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.waits += 1
        self.now += seconds
        return False

    def is_set(self):
        return False


@pytest.fixture
def clock():
    return Clock()


def test_nobody_waits_where_nothing_is_applied(clock):
    GivingWay(clock).turns(2)(clock)
    assert clock.waits == 0


def test_who_gives_way_goes_on_once_it_has_been_quiet(clock):
    giving = GivingWay(clock)
    with giving.first():
        assert giving.is_busy()
    begun = clock.now
    giving.turns(2)(clock)
    assert QUIET_S <= clock.now - begun < QUIET_S + 2 * LOOK_EVERY_S


def test_two_at_once_are_busy_until_both_have_ended(clock):
    giving = GivingWay(clock)
    with giving.first():
        with giving.first():
            pass
        clock.now += 10
        assert giving.is_busy()
    clock.now += QUIET_S
    assert not giving.is_busy()


def test_after_its_longest_wait_it_works_as_long_without_waiting(clock):
    giving = GivingWay(clock)
    turn = giving.turns(2)
    with giving.first():
        turn(clock)
        assert 2 <= clock.now - 100 < 2 + 2 * LOOK_EVERY_S
        waited = clock.waits
        clock.now += 1.9
        turn(clock)
        assert clock.waits == waited
        clock.now += 0.2
        turn(clock)
        assert clock.waits > waited


def test_stopping_ends_the_wait():
    giving, stopping = GivingWay(), threading.Event()
    stopping.set()
    with giving.first():
        giving.turns(3600)(stopping)  # would wait for an hour


class Noting:
    name = "noting"

    def act(self, entries):
        raise AssertionError("there is nothing in the log")


def test_a_reader_asks_before_each_batch(store):
    asked = threading.Event()
    thread = ReaderThread(store, [Follower(store, Noting())], give_way=lambda _stopping: asked.set())
    thread.start()
    assert asked.wait(10)
    assert thread.stop()
    assert thread.failing() == {}


def test_applying_a_bundle_is_what_they_give_way_to(server, monkeypatch, tmp_path):
    receipt = Receipt(bundle_id="0" * 64, ack_seq=7, position=1, outcomes=[])
    seen = []

    def apply_bundle(*_given):
        seen.append(server.centre.giving_way._going)
        return receipt

    monkeypatch.setattr(server.centre.sync, "apply_bundle", apply_bundle)
    station, transfers = server.enrol(), SqliteTransferState(tmp_path / "transfers.db")
    line = HttpCentre(
        server.api.url, station.device_id, station.key, transfers, now_us=server.centre.sync.now_us
    )
    assert line._ask(f"/bundles/{receipt.bundle_id}", None, Receipt) == receipt
    assert (seen, server.centre.giving_way._going) == ([1], 0)
    line.close()
    transfers.close()
