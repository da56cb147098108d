"""The proxy that breaks lines does what its table says."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sync.tools.fault_proxy import FaultProxy, obey
from tests.fixtures.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


@pytest.fixture
def echo():
    """A server that sends back what it gets; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(line,), daemon=True).start()

    def talk(line):
        with line:
            try:
                while data := line.recv(65536):
                    line.sendall(data)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(PATIENCE_S)


@pytest.fixture
def broken(echo):
    proxy = FaultProxy("127.0.0.1", echo).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def connect(broken):
    lines = []

    def open_line():
        lines.append(socket.create_connection(("127.0.0.1", broken.port), timeout=PATIENCE_S))
        return lines[-1]

    yield open_line
    for line in lines:
        line.close()


def all_of(line, count):
    data = b""
    while len(data) < count and (piece := line.recv(65536)):
        data += piece
    return data


def talk_on(line):
    while True:
        line.sendall(b"y" * 1000)
        line.recv(65536)


def test_a_whole_line_passes_everything(connect, broken):
    line = connect()
    line.sendall(b"x" * 200_000)
    assert all_of(line, 200_000) == b"x" * 200_000
    assert broken.up_bytes == 200_000


def test_cut_resets_old_and_new_connections_until_restored(connect, broken):
    line = connect()
    line.sendall(b"a")
    assert line.recv(1) == b"a"
    broken.cut()
    with pytest.raises(ConnectionResetError):
        line.recv(1)
    with pytest.raises(ConnectionResetError):
        connect().recv(1)
    broken.restore()
    line = connect()
    line.sendall(b"b")
    assert line.recv(1) == b"b"


def test_fin_ends_politely(connect, broken):
    line = connect()
    line.sendall(b"a")
    line.recv(1)
    broken.fin()
    assert line.recv(1) == b""


@pytest.mark.parametrize("count", [1, 700, 70_000])
def test_cut_after_lets_exactly_so_many_bytes_through(connect, broken, count):
    broken.cut_after(count)
    line = connect()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        talk_on(line)
    assert broken.up_bytes == count


def test_reset_every_resets_again_and_again_and_serves_the_next(connect, broken):
    broken.reset_every(1000)
    for number in (1, 2, 3):
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            talk_on(connect())
        assert (broken.resets, broken.up_bytes) == (number, number * 1000)


@pytest.mark.parametrize(("fault", "arrived"), [("reset_every", 1000), ("drop_every", 999)])
def test_a_reset_lets_what_has_passed_arrive_or_drops_it(fault, arrived):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_S)
        proxy = FaultProxy("127.0.0.1", listener.getsockname()[1], narrow=False).start()
        getattr(proxy, fault)(1000)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S) as line:
            line.sendall(b"y" * 999)
            far, _ = listener.accept()
            with far:
                far.settimeout(PATIENCE_S)
                assert len(all_of(far, 999)) == 999
                line.sendall(b"y")
                with pytest.raises((ConnectionResetError, BrokenPipeError)):
                    talk_on(line)
                rest = 0
                with contextlib.suppress(ConnectionResetError):
                    rest = len(all_of(far, 1))
        assert (999 + rest, proxy.resets) == (arrived, 1)
        proxy.stop()


def test_a_frozen_line_says_nothing_and_a_new_one_is_served(connect, broken):
    old = connect()
    old.sendall(b"a")
    assert old.recv(1) == b"a"
    broken.freeze()
    old.sendall(b"b")
    new = connect()
    new.sendall(b"c")
    assert new.recv(1) == b"c"
    old.settimeout(0.05)
    with pytest.raises(TimeoutError):
        old.recv(1)


def test_fin_after_truncates_and_serves_the_next(connect, broken):
    broken.fin_after(5)
    line = connect()
    line.sendall(b"0123456789")
    assert all_of(line, 10) in (b"01234", b"")
    assert broken.up_bytes == 5
    line = connect()
    line.sendall(b"next")
    assert all_of(line, 4) == b"next"


def test_stall_is_silence_and_restore_delivers(connect, broken):
    line = connect()
    broken.stall()
    line.sendall(b"held")
    line.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.recv(4)
    broken.restore()
    line.settimeout(PATIENCE_S)
    assert all_of(line, 4) == b"held"


def test_flip_changes_one_bit_of_one_byte(connect, broken):
    broken.flip(3)
    line = connect()
    line.sendall(b"aaaaaa")
    assert all_of(line, 6) == b"aaa`aa"


def test_a_lost_answer_has_reached_the_server(connect, broken):
    broken.lose_answers(1)
    line = connect()
    line.sendall(b"ask")
    with pytest.raises(ConnectionResetError):
        line.recv(3)
    assert broken.up_bytes == 3


def test_throttle_limits_the_rate(connect, broken):
    broken.throttle(1_600_000)
    line = connect()
    started = time.monotonic()
    line.sendall(b"z" * 100_000)
    all_of(line, 100_000)
    assert time.monotonic() - started > 0.3


def test_commands_that_are_not_understood_change_nothing(broken):
    assert [obey(broken, text) for text in ("explode", "cut-after", "cut-after x", "cut 3", "")] == [
        False
    ] * 5
    assert obey(broken, "throttle 8000\n")


def test_as_a_program_it_tells_its_port_and_obeys(echo):
    command = [sys.executable, "-m", "sync.tools.fault_proxy", "--to", f"127.0.0.1:{echo}"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        port = json.loads(process.stdout.readline())["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
            line.sendall(b"hi")
            assert all_of(line, 2) == b"hi"
            process.stdin.write("cut\nnonsense\n")
            told = {"command": "cut", "ok": True, "up_bytes": 2, "resets": 0}
            assert json.loads(process.stdout.readline()) == told
            assert json.loads(process.stdout.readline())["ok"] is False
            with pytest.raises(ConnectionResetError):
                line.recv(1)
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
