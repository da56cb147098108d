"""A slow or writing store call on the UI thread is found with its stack; one in the background is not."""

import pytest
from sqlalchemy import text

from client.watchdog import Findings, LoopWatch, StoreWatch


@pytest.fixture
def findings():
    return Findings()


@pytest.fixture
def ticking():
    """A clock that moves only when it is told to."""
    now = [0.0]
    return now, lambda: now[0]


@pytest.fixture
def watch(store, findings, ticking):
    made = StoreWatch(store, findings, 0.05, ticking[1])
    yield made
    made.stop()


@pytest.mark.parametrize(("seconds", "found"), [(0.049, 0), (0.051, 1)])
def test_a_connection_held_too_long_on_the_ui_thread_is_found(
    store, findings, watch, ticking, seconds, found
):
    with store.read() as connection:
        connection.execute(text("SELECT 1"))
        ticking[0][0] += seconds
    assert len(findings.calls("store")) == found
    if found:
        assert "test_watchdog" in findings.calls("store")[0].stack
        assert findings.calls()[0].ms == pytest.approx(51)


def test_a_write_on_the_ui_thread_is_found_however_fast_it_is(store, findings, watch):
    with store.write() as connection:
        connection.execute(text("SELECT 1"))
    assert [c.kind for c in findings.calls()] == ["write"]


def test_the_same_work_in_the_background_is_not_found(store, findings, watch, ticking, jobs, qtbot):
    def work(_job):
        with store.write() as connection:
            connection.execute(text("SELECT 1"))
            ticking[0][0] += 1.0

    with qtbot.waitSignal(jobs.write(work).finished):
        pass
    assert findings.calls() == []


def test_a_loop_that_stands_still_is_found_with_the_line_that_held_it(qtbot, findings):
    import time

    watch = LoopWatch(findings, 0.05)
    qtbot.wait(30)
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        sum(range(1000))
    held = lambda: [c for c in findings.calls("loop") if "test_watchdog" in c.stack]  # noqa: E731
    qtbot.waitUntil(lambda: held() != [])
    watch.stop()
    assert max(call.ms for call in held()) > 100
