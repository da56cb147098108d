"""Garbage is collected on the UI thread, and not by whoever happens to allocate."""

import gc
import threading
from typing import ClassVar

import pytest
from PySide6.QtCore import QObject

from client.collector import Collector

NOW = [100.0]


class Cycle(QObject):
    freed_by: ClassVar[list[int]] = []

    def __init__(self):
        super().__init__()
        self.me = self

    def __del__(self):
        self.freed_by.append(threading.get_ident())


def test_cycles_with_qt_objects_are_freed_on_the_ui_thread(qtbot):
    gc.enable()
    collector = Collector()
    assert not gc.isenabled()
    Cycle.freed_by.clear()
    Cycle()
    worker = threading.Thread(target=lambda: [[] for _ in range(200_000)] and [{} for _ in range(200_000)])
    worker.start()
    worker.join()
    assert Cycle.freed_by == []
    kept = [[] for _ in range(2_000)]
    collector.look()
    assert Cycle.freed_by == [threading.get_ident()]
    assert kept
    collector.stop()
    assert gc.isenabled()


@pytest.fixture
def collector(qtbot):
    made = Collector(clock=lambda: NOW[0])
    made._timer.stop()  # the tests look
    gc.collect()
    yield made
    made.stop()


def grown_old(collector, times):
    """Let the old generation's count rise, as it does by collecting the middle one."""
    for _ in range(times):
        gc.collect(1)
    return gc.get_count()[2]


def test_everything_is_collected_only_when_nobody_works(collector):
    limit = gc.get_threshold()[2]
    collector.touched()
    count = grown_old(collector, limit + 1)
    assert count > limit
    collector.look()
    assert gc.get_count()[2] >= count  # not while somebody types
    NOW[0] += 2
    collector.look()
    assert gc.get_count()[2] == 0


def test_everything_is_collected_while_a_job_runs_only_if_it_waited_long(qtbot):
    collector = Collector(busy=lambda: True)
    collector._timer.stop()
    gc.collect()
    limit = gc.get_threshold()[2]
    grown_old(collector, limit + 1)
    collector.look()
    assert gc.get_count()[2] > limit
    grown_old(collector, 6 * limit)
    collector.look()
    assert gc.get_count()[2] == 0
    assert collector.longest_ms[2] > 0
    collector.stop()


def test_what_is_loaded_later_is_set_aside_but_not_while_loading(qtbot):
    try:
        collector = Collector(loading=True)
        before = gc.get_freeze_count()
        collector.set_aside()
        assert gc.get_freeze_count() == before
        collector.settle()
        settled = gc.get_freeze_count()
        kept = [[] for _ in range(1_000)]
        collector.set_aside()
        assert gc.get_freeze_count() >= settled + len(kept)
    finally:
        collector.stop()
        gc.unfreeze()


def test_a_part_that_is_loaded_when_first_needed_is_set_aside(collector):
    try:
        before = gc.get_freeze_count()
        kept = [[] for _ in range(60_000)]
        collector.look()
        assert gc.get_freeze_count() - before >= len(kept)
        assert collector.longest_ms[2] == 0
    finally:
        gc.unfreeze()
