"""What no one foresaw is logged by its class and its place in the code, wherever it happens; never by its message."""

import asyncio
import gc
import json
import logging
import sys
import threading
import warnings

import pytest

from domain.kernel.logs import JsonLines, catch_the_rest

NAME = "欧阳䶮明"


@pytest.fixture
def lines(monkeypatch):
    """The lines a process would log, with every hook in place."""
    seen = []

    class Keep(logging.Handler):
        def emit(self, record):
            seen.append(JsonLines().format(record))

    handler = Keep()
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    logging.getLogger().addHandler(handler)
    catch_the_rest()
    yield seen
    logging.getLogger().removeHandler(handler)


def checked(seen):
    assert seen
    assert not any(NAME in line for line in seen)
    return json.loads(seen[-1])


def crash():
    raise ValueError(NAME)


def test_a_thread_that_ends_by_a_bug(lines):
    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()
    found = checked(lines)
    assert (found["error"], found["message"]) == ("ValueError", "a thread ended by a bug")
    assert any("crash" in frame for frame in found["stack"])


def test_a_process_that_ends_by_a_bug(lines):
    try:
        crash()
    except ValueError:
        sys.excepthook(*sys.exc_info())
    assert checked(lines)["level"] == "CRITICAL"


def test_a_task_nobody_waited_for(lines):
    async def failing():
        crash()

    async def main():
        task = asyncio.get_running_loop().create_task(failing())
        await asyncio.wait([task])
        del task

    asyncio.run(main())
    gc.collect()
    assert checked(lines)["message"] == "Task exception was never retrieved"


def test_a_warning_that_quotes_what_it_met(lines):
    logging.captureWarnings(capture=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning(f"odd\n{NAME}", UserWarning, "x.py", 1)
    finally:
        logging.captureWarnings(capture=False)
    assert "odd" in checked(lines)["message"]
