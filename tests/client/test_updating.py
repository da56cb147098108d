"""The real program on trial: it says when it has started, ends when it cannot, begins anew when nobody is there."""

import os
import subprocess
import sys

import pytest

from client.updating import trial
from client.updating.idling import IDLE_S, Idling
from client.updating.lane import UpdateLane
from domain.kernel.errors import DomainError
from tests.client.conftest import KEY
from tests.fixtures.product_source import ROOT


class Nothing:
    """Brings nothing: what is ready is told by hand."""

    def __init__(self):
        import threading

        self.cancel = threading.Event()


@pytest.fixture
def idle(workstation, sign_in):
    """A signed-in program with a lane of updates, and hands on its clock."""
    lane = UpdateLane(None, lambda: "", Nothing(), "1.0.0")
    workstation.desk.workers.append(lane)
    now, begun = [0.0], []
    watch = Idling(workstation, begin=lambda: begun.append(now[0]), now=lambda: now[0])
    sign_in("nurse")
    return watch, lane, now, begun


@pytest.fixture
def on_trial(monkeypatch, tmp_path):
    """The mark by which the boot script learns that the program has started; asked for before the program is made."""
    monkeypatch.setenv(trial.TRIAL, str(tmp_path / "started"))
    return tmp_path / "started"


def test_a_trial_is_marked_once_the_desk_is_there(on_trial, workstation):
    assert workstation.desk.is_complete
    assert on_trial.exists()
    assert trial.TRIAL not in os.environ, "processes that the program starts are no trials"


def test_a_crash_while_opening_ends_a_trial_and_nothing_else(monkeypatch, tmp_path):
    ended = []
    monkeypatch.setattr(trial.os, "_exit", ended.append)
    trial.give_up("crash")
    assert ended == []
    monkeypatch.setenv(trial.TRIAL, str(tmp_path / "started"))
    trial.give_up("crash")
    assert ended == [trial.GAVE_UP]


def test_a_version_that_is_ready_begins_when_nobody_has_been_there_for_ten_minutes(idle, workstation):
    watch, lane, now, begun = idle
    lane.ready = "1.1.0"
    now[0] += 10 * IDLE_S
    watch.look()
    assert begun == [], "somebody is signed in"
    workstation.session.lock()
    now[0] += 10 * IDLE_S
    watch.look()
    assert begun == [], "a locked desk has its person"
    workstation.session.sign_out()
    watch.look()
    now[0] += IDLE_S - 1
    watch.look()
    assert begun == []
    now[0] += 1
    watch.look()
    assert len(begun) == 1


def test_why_a_version_does_not_come_is_said_once(idle, workstation):
    watch, lane, _now, _begun = idle
    told = []
    workstation.window.tell = told.append
    lane.trouble = DomainError("update.check_failed", version="1.1.0")
    watch._say()
    watch._say()
    assert told == ["新版本 1.1.0 在本机数据副本上试运行未通过，没有更换，继续使用现有版本。请联系信息员。"]


def test_the_check_of_a_version_reads_a_copy_of_the_store_and_leaves_the_store_alone(home, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text(KEY.hex())
    key_file.chmod(0o600)
    before = home.store.read_bytes()
    command = [sys.executable, "-m", "client.updating.check", "--home", home.folder]
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "ours.py").write_text("x = 1\n")
    environment = {
        **os.environ, "AFTERCHECK_KEY_FILE": str(key_file), "PYTHONPATH": str(ROOT),
        "AFTERCHECK_RUNS": str(tmp_path / "app"),
    }  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "app").rglob("*.pyc")), "a frozen program writes none when it runs"
    assert home.store.read_bytes() == before
    assert not (home.folder / "program" / "check").exists()
    key_file.write_text("00" * 32)
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "store.wrong_key" in done.stderr
