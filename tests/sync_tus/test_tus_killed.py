"""SIGKILL of centre and branch in mid-upload, as real processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sync.tools.fault_proxy import FaultProxy
from sync.tus.client_state import SqliteTransferState
from sync.tus.source import BytesSource
from tests.fixtures.patience import PATIENCE_S
from tests.sync_tus.centre import blobs_of
from tests.sync_tus.seeded import seeded

ROOT = Path(__file__).parents[2]
CHUNK = 256 << 10
CONTENT = seeded(5).randbytes(3_000_001)


class Process:
    def __init__(self, module, *arguments, **environment):
        command = [sys.executable, "-m", module, *map(str, arguments)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )

    def line(self):
        text = self._process.stdout.readline()
        assert text, "the process ended early"
        return json.loads(text)

    def kill(self):
        self._process.kill()
        self.end()

    def end(self):
        """Read what it still says and return its exit status."""
        if not self._process.stdout.closed:
            self._process.stdout.read()
            self._process.stdout.close()
        return self._process.wait(PATIENCE_S)


@pytest.fixture
def start():
    """Start processes that do not outlive the test."""
    started = []

    def start_process(module, *arguments, **environment):
        started.append(Process(module, *arguments, **environment))
        return started[-1]

    yield start_process
    for process in started:
        process.kill()


@pytest.fixture
def start_centre(start, tmp_path, port):
    def start_it():
        process = start("tests.sync_tus.centre", tmp_path / "centre", "--port", port)
        assert process.line() == {"port": port}
        return process

    return start_it


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def proxy(port):
    proxy = FaultProxy("127.0.0.1", port).start()
    proxy.throttle(24_000_000)
    yield proxy
    proxy.stop()


@pytest.fixture
def branch_arguments(tmp_path, proxy):
    path = tmp_path / "scan.dcm"
    path.write_bytes(CONTENT)
    return f"http://127.0.0.1:{proxy.port}/", tmp_path / "transfers.db", path


def acknowledged(state_path):
    state = SqliteTransferState(state_path)
    try:
        return state.get(BytesSource(CONTENT).sha256).offset
    finally:
        state.close()


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_killed_branch_resumes_at_the_last_acknowledged_byte(
    tmp_path, start, start_centre, proxy, branch_arguments, after
):
    centre = start_centre()
    branch = start("tests.sync_tus.branch_process", *branch_arguments)
    told = [branch.line()["done"] for _ in range(after)]
    branch.kill()
    assert acknowledged(branch_arguments[1]) >= told[-1]
    again = start("tests.sync_tus.branch_process", *branch_arguments)
    first = again.line()["done"]
    assert first >= told[-1]
    assert again.end() == 0
    assert proxy.up_bytes <= len(CONTENT) + CHUNK + 40_000
    centre.kill()
    assert blobs_of(tmp_path / "centre").get(BytesSource(CONTENT).sha256) == CONTENT


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_centre_never_takes_an_acknowledgement_back(
    tmp_path, start, start_centre, proxy, branch_arguments, seed
):
    chance = seeded(seed)
    centre = start_centre()
    branch = start("tests.sync_tus.branch_process", *branch_arguments)
    done, kills = 0, 0
    while done < len(CONTENT):
        for _ in range(chance.randrange(1, 4)):
            told = branch.line()["done"]
            assert told >= done
            done = told
            if done == len(CONTENT):
                break
        if kills < 3:
            kills += 1
            centre.kill()
            centre = start_centre()
    assert branch.end() == 0
    assert proxy.up_bytes <= len(CONTENT) + kills * CHUNK + 60_000
    centre.kill()
    assert blobs_of(tmp_path / "centre").get(BytesSource(CONTENT).sha256) == CONTENT
    assert list((tmp_path / "centre/uploads").iterdir()) == []
