"""The pilot drives the real program: as a process of its own on its standard input, and inside one."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from client.pilot import Pilot
from tests.client import seeding
from tests.client.conftest import KEY
from tests.fixtures.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pilot(workstation):
    return Pilot(workstation, io.StringIO(), io.StringIO())


def ask(pilot, **request):
    return pilot.answer(json.dumps(request))


@pytest.fixture
def signed_in(pilot, workstation, monkeypatch):
    for place in ("client.navigation", "client.shell.viewmodel", "client.views.pages"):
        monkeypatch.setattr(f"{place}.stations", dict)
    reply = ask(pilot, do="sign_in", login="tech1", password=seeding.PASSWORD)
    assert reply["ok"], reply
    assert ask(pilot, do="wait", until={"idle": True})["ok"]
    return pilot


def test_it_signs_in_by_keys(signed_in):
    state = ask(signed_in, do="state")
    assert (state["signed_in"], state["person"], state["role"]) == (True, "周技师", "biobank_technician")


def test_a_wrong_password_is_an_error_with_the_reason(pilot):
    reply = ask(pilot, do="sign_in", login="tech1", password="nonsense", id=7)
    assert reply["ok"] is False
    assert "口令" in reply["error"]
    assert reply["id"] == 7


def test_it_opens_filters_and_reads_a_list(signed_in, seeded):
    assert ask(signed_in, do="open", page="worklist:specimen.waiting")["ok"]
    ask(signed_in, do="wait", until={"idle": True})
    ask(signed_in, do="keys", key="F3")
    ask(signed_in, do="fill", name="filter_text", text=seeded[0][2][0])
    ask(signed_in, do="keys", key="Return")
    assert ask(signed_in, do="wait", until={"name": "worklist_count", "text": "共 1 条"})["ok"]
    assert ask(signed_in, do="text", name="worklist_table")["text"].startswith(seeded[0][2][0])
    assert ask(signed_in, do="wait", until={"idle": True})["ok"]


def test_it_types_chinese_as_an_input_method_does(signed_in):
    ask(signed_in, do="fill", name="search", text="张伟abc123456")
    assert ask(signed_in, do="text", name="search")["text"] == "张伟abc123456"


def test_it_scans_as_a_scanner_does(signed_in):
    assert ask(signed_in, do="scan", text="6901234567892")["ok"]
    assert ask(signed_in, do="wait", until={"toast": "条码"})["ok"]


def test_it_takes_pictures(signed_in, tmp_path):
    path = tmp_path / "deep" / "shell.png"
    reply = ask(signed_in, do="screenshot", path=str(path), size=[1366, 768])
    assert reply == {"ok": True, "path": str(path)}
    assert QImage(str(path)).size().toTuple() == (1366, 768)


def test_it_locks_and_tells_slow_calls(signed_in):
    assert ask(signed_in, do="call", method="slow_calls") == {"ok": True, "result": []}
    assert ask(signed_in, do="call", method="lock")["ok"]
    assert ask(signed_in, do="state")["locked"] is True


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"do": "fly"}', '{"do": "click", "name": "nobody"}', '{"do": "open", "page": "x"}',
             '{"do": "call", "method": "eval"}', '{"do": "keys", "key": "NoSuchKey"}', '{"do": "wait"}'],
)  # fmt: skip
def test_what_cannot_be_done_is_answered_and_breaks_nothing(signed_in, line):
    reply = signed_in.answer(line)
    assert reply["ok"] is False
    assert reply["error"]
    assert ask(signed_in, do="state")["ok"]


def test_waiting_in_vain_ends_with_the_state(signed_in):
    reply = ask(signed_in, do="wait", until={"toast": "never"}, timeout=0.1)
    assert reply["ok"] is False
    assert "in vain" in reply["error"]


def test_a_process_is_driven_by_lines_and_ends_with_its_input(home, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY.hex())
    key.chmod(0o600)
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen", "AFTERCHECK_KEY_FILE": str(key)}
    with subprocess.Popen(
        [sys.executable, "-m", "client", "--home", str(home.folder), "--pilot"],
        cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        request = {"do": "sign_in", "login": "it1", "password": seeding.PASSWORD, "timeout": PATIENCE_S}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        reply = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert reply["ok"], reply
        assert reply["person"] == "陈信息"


def test_without_the_switch_nobody_listens():
    from client.main import read_options

    assert read_options(["--home", "/x"]).pilot is False
    assert read_options(["--home", "/x", "--pilot"]).pilot is True
