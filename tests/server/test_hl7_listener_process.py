"""The listener as a process: over a real socket, split and joined, killed and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.checkup.records import Observation, Visit
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.mllp import Framer, frame
from server.interfaces.inbox import Inbox
from server.settings import Settings
from server.storage_key import open_store, queue_key
from tests.fixtures.patience import PATIENCE_S, until

ROOT = Path(__file__).parents[2]


def message(control_id, visit):
    return (
        f"MSH|^~\\&|LIS|B01|AFTERCHECK|HQ|20261123083000||ORU^R01^ORU_R01|{control_id}|P|2.5.1||||||UNICODE UTF-8\r"
        f"PID|1||||王^小明||19851212|F\rORC|RE|{visit}\rOBR|1|{visit}|L1|TJ|||20261123080000\r"
        "OBX|1|NM|718-7^血红蛋白^LN||128|g/L||N|||F|||20261123082000\r"
    ).encode()


class Process:
    """A running listener."""

    def __init__(self, home, *options):
        command = [
            sys.executable,
            "-m",
            "server.interfaces.listener",
            "--port",
            "0",
            "--home",
            str(home),
            *options,
        ]
        self.log = (home / "listener.log").open("ab")
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self.port = json.loads(self._process.stdout.readline())["mllp_port"]

    def connect(self):
        return Connection(self.port)

    def end(self, number=signal.SIGTERM):
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()
        self.log.close()
        return self._process.returncode


class Connection:
    """One MLLP connection of a sender."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._framer = Framer()
        self._answers = []

    def send(self, *pieces):
        for piece in pieces:
            self._socket.sendall(piece)

    def answer(self):
        while not self._answers:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError
            self._answers += self._framer.feed(data)
        return self._answers.pop(0)

    def ask(self, data):
        self.send(frame(data))
        return self.answer()

    def close(self):
        self._socket.close()


def code(answer):
    return parse_message(answer).first("MSA").text(1)


@pytest.fixture
def start(home):
    running = []

    def begin(*options):
        running.append(Process(home, *options))
        return running[-1]

    yield begin
    for process in running:
        if process._process.poll() is None:
            process.end()


def counts(home):
    store = open_store(Settings(data_dir=home))
    with store.read() as connection:
        found = tuple(
            connection.execute(select(func.count()).select_from(kind.__table__)).scalar()
            for kind in (Visit, Observation)
        )
    store.close()
    return found


def wait_until_applied(home, count):
    inbox = Inbox(Settings(data_dir=home).inbox_path, queue_key(Settings(data_dir=home)))
    until(lambda: inbox.status(0).by_state.get("done", 0) >= count, f"the work on {count} messages")
    found = inbox.status(0)
    inbox.close()
    return found


def test_messages_in_any_pieces_are_answered_and_applied_once(start, home):
    process = start()
    line = process.connect()
    first = frame(message("M1", "V1"))
    line.send(b"garbage", first[:1], first[1:90], first[90:-1], first[-1:])
    answered = line.answer()
    assert code(answered) == "AA"
    line.send(frame(message("M2", "V2")) + frame(message("M3", "V3")))
    assert [code(line.answer()), code(line.answer())] == ["AA", "AA"]
    assert line.ask(message("M1", "V1")) == answered
    assert code(line.ask(b"MSH|^~\\&|LIS|B01|A|HQ|2026||ORU^R01|M9|P|2.5.1\r")) == "AE"
    assert code(line.ask(message("M4", "V4").replace(b"ORU^R01^ORU_R01", b"SIU^S12"))) == "AR"
    line.close()
    status = wait_until_applied(home, 3)
    assert counts(home) == (3, 3)
    assert process.end() == 0
    inbox = Inbox(Settings(data_dir=home).inbox_path, queue_key(Settings(data_dir=home)))
    status = inbox.status(0)
    inbox.close()
    assert (status.received, dict(status.by_state)) == (6, {"done": 3})
    assert status.refused == {"hl7.segment_missing": 1, "hl7.type_unsupported": 1}
    assert "王" not in (home / "listener.log").read_text("utf-8")


def test_killed_after_the_acknowledgment_nothing_is_lost_and_nothing_twice(start, home):
    process = start("--store-only")
    line = process.connect()
    answer = line.ask(message("M1", "V1"))
    assert code(answer) == "AA"
    process.end(signal.SIGKILL)
    line.close()
    assert counts(home) == (0, 0)
    again = start()
    line = again.connect()
    assert line.ask(message("M1", "V1")) == answer
    line.close()
    wait_until_applied(home, 1)
    assert counts(home) == (1, 1)


def test_killed_in_the_middle_every_acknowledged_message_is_applied_exactly_once(start, home):
    process = start()
    lines = [process.connect() for _ in range(3)]
    answered, sent = set(), 60

    def send(line, mine):
        for number in mine:
            try:
                if code(line.ask(message(f"M{number}", f"V{number}"))) == "AA":
                    answered.add(number)
            except OSError:
                return

    senders = [threading.Thread(target=send, args=(lines[i], range(i, sent, 3))) for i in range(3)]
    for sender in senders:
        sender.start()
    until(lambda: len(answered) > sent // 3, "the first answers", pause_s=0.002)
    process.end(signal.SIGKILL)
    for sender in senders:
        sender.join(PATIENCE_S)
    for line in lines:
        line.close()
    again = start()
    line = again.connect()
    for number in range(sent):  # the sender sends again what was not answered, and some that was
        assert code(line.ask(message(f"M{number}", f"V{number}"))) == "AA"
    line.close()
    wait_until_applied(home, sent)
    assert len(answered) > sent // 3
    assert counts(home) == (sent, sent)
