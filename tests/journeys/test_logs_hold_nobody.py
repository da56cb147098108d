"""No log of any process names a person: data put in by every door, the good and the bad, is in no line afterwards."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
import requests

from server.interfaces.hl7.mllp import frame
from tests.fixtures.patience import PATIENCE_S
from tests.journeys.day.processes import Pilot, ProcessError, wait_until
from tests.server.conftest import PASSWORD, prepared  # noqa: F401  (a fixture)
from tests.server.conftest import home as server_home  # noqa: F401  (a fixture)
from tests.server.test_server_process import environment

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.journey

NAME, PINYIN, PHONE = "欧阳䶮明", "ouyangyanming", "13987651234"
ID_NUMBER, ADDRESS, TEXT = "32010219750823062X", "青云巷十七号", "镜下见异型细胞团"
WRONG = "Geheim-Falsch-99"
MARKS = (NAME, PINYIN, PHONE, ID_NUMBER, ADDRESS, TEXT, WRONG, "欧阳", "异型")


@pytest.fixture
def processes(server_home):  # noqa: F811
    """The server and the listener on one home, both logging everything they would ever log."""
    started = []

    def start(*arguments):
        log = (server_home / f"{len(started)}.log").open("ab")
        settings = {"AFTERCHECK_LOG_LEVEL": "DEBUG", "AFTERCHECK_PASSWORD_DAYS": "0"}
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments, "--home", str(server_home)] if arguments[0] != "server"
            else [sys.executable, "-m", "server", "--home", str(server_home), *arguments[1:]],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment(**settings),
        )  # fmt: skip
        started.append((process, log))
        return json.loads(process.stdout.readline())

    yield start
    for process, log in started:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        process.stdout.close()
        log.close()


class Door:
    """The API with one session."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.http = requests.Session()
        self.http.trust_env = False

    def call(self, method, path, **options):
        return self.http.request(method, self.url + path, timeout=PATIENCE_S, **options)

    def sign_in(self, login):
        token = self.call("POST", "/api/session", json={"login": login, "password": PASSWORD}).json()["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def command(self, name, /, **data):
        return self.call("POST", f"/api/commands/{name}", json=data)


def through_the_api(door):
    """Signing in, registering, searching, and every way to be refused with personal data in hand."""
    for login in (NAME, PHONE, ID_NUMBER):
        assert door.call("POST", "/api/session", json={"login": login, "password": WRONG}).status_code == 401
    door.sign_in("nurse")
    person = {
        "name": NAME, "sex": "2", "birth_date": "1975-08-23", "id_number": ID_NUMBER, "phone": PHONE,
        "address": ADDRESS,
    }  # fmt: skip
    assert door.command("people.register", **person).status_code == 200
    assert door.command("people.register", **person).status_code == 409, "twice the same"
    door.command("people.register", **(person | {"id_number": ID_NUMBER[:-1] + "1"}))
    door.command("people.register", **(person | {"birth_date": NAME}))
    door.command("people.register", **(person | {NAME: PHONE}))
    door.command(NAME, name=NAME)
    door.call("POST", "/api/search", json={"text": NAME})
    door.call("POST", "/api/search", json={"text": NAME, "limit": PHONE})
    quoted = urllib.parse.quote(NAME)
    for path in (
        f"/api/worklists/people.clients?filter=name:eq:{quoted}&order={PHONE}", f"/api/{quoted}/{ID_NUMBER}",
        f"/api/worklists/{quoted}", f"/{ID_NUMBER}?q={PHONE}",
    ):  # fmt: skip
        door.call("GET", path, headers={"User-Agent": PINYIN, "Referer": f"http://x/{ID_NUMBER}"})
    for body in (f'{{"name": "{NAME}"', NAME.encode("gb18030"), b"\x00" + PHONE.encode()):
        door.call("POST", "/api/commands/people.register", data=body)
    door.call("POST", "/api/enrol", json={"code": ID_NUMBER, "name": NAME, "public_key": PINYIN})


def through_sync(door):
    """Unsigned and garbled requests of a workstation that is none."""
    body = f"{NAME} {ID_NUMBER} {PHONE}".encode()
    for path in ("hello", "pull", "push", f"blobs/{ID_NUMBER}", "uploads", f"bundles/{PINYIN}"):
        door.call("POST", f"/sync/v1/{path}", data=body, headers={"X-Aftercheck-Device": PINYIN})
        door.call("GET", f"/sync/v1/{path}?name={PHONE}")
    metadata = "filename " + base64.b64encode(NAME.encode()).decode()
    door.call("POST", "/sync/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Metadata": metadata})


def message(control, *segments, name=NAME, visit="V9"):
    head = f"MSH|^~\\&|LIS|B01|AFTERCHECK|HQ|20261123083000||ORU^R01^ORU_R01|{control}|P|2.5.1||||||UNICODE UTF-8"
    person = f"PID|1||{ID_NUMBER}^^^^NI||{name}||19750823|F|||{ADDRESS}||{PHONE}"
    return (
        "\r".join([head, person, f"ORC|RE|{visit}", f"OBR|1|{visit}|L1|TJ|||20261123080000", *segments])
        + "\r"
    ).encode()


def through_hl7(port):
    """Messages that are applied, parked, refused and no messages at all."""
    good = "OBX|1|NM|718-7^血红蛋白^LN||128|g/L||N|||F|||20261123082000"
    frames = [
        message("1", good), message("2", f"OBX|1|ST|X1^病理||{TEXT}||||||F"),
        message("3", f"OBX|1|NM|718-7||{TEXT}|g/L"),
        message(NAME, good), message("5", good, visit=ID_NUMBER), message("6", f"ZZZ|{NAME}|{PHONE}"),
        message("7", good).replace(b"UTF-8", NAME.encode()), message("8", good)[:120],
        f"{NAME}|{ID_NUMBER}".encode(),
        message("9", good).replace("王".encode(), b"\xff").replace(NAME.encode(), NAME.encode("gb18030")),
    ]  # fmt: skip
    for content in frames:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
            line.sendall(frame(content))
            line.recv(4096)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(f"GET /{NAME} HTTP/1.1\r\n\r\n{ID_NUMBER}".encode())


def through_a_client(door, folder):
    """A workstation joins, syncs, is signed in at wrongly and rightly, and is typed into."""
    door.sign_in("it")
    orgs = door.call("GET", "/api/session").json()["org_id"]
    code = door.command("workstation.issue_code", org_id=orgs).json()["receipt"]["code"]
    keys = {
        "AFTERCHECK_KEY_FILE": str(folder / "key"),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
    }
    station = folder / "station"
    join = [
        sys.executable,
        "-m",
        "client.enrol",
        "--home",
        str(station),
        "--server",
        door.url,
        "--name",
        "一",
    ]
    for given, status in ((ID_NUMBER, 1), (code, 0)):
        done = subprocess.run(
            [*join, "--code", given], env={**os.environ, **keys}, cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == status, done.stderr
    arguments = ["-m", "client", "--home", str(station), "--pilot"]
    pilot = Pilot("station", arguments, folder, keys)
    pilot.start()
    try:
        wait_until(lambda: signed_in(pilot), "the accounts have come and the nurse signs in", 90)
        pilot.do("fill", name="search", text=NAME)
        pilot.do("wait", until={"idle": True}, timeout=20)
        pilot.do("scan", text=ID_NUMBER)
        pilot.do("wait", until={"idle": True}, timeout=20)
    finally:
        pilot.stop()
    return station


def signed_in(pilot):
    for login, password in ((NAME, WRONG), ("nurse", PASSWORD)):
        try:
            pilot.do("sign_in", login=login, password=password, timeout=20)
        except ProcessError:
            continue
        return True
    return False


def logs_of(*folders):
    found = [p for folder in folders for p in folder.rglob("*.log*") if p.is_file()]
    return {path: path.read_bytes() for path in found}


def test_no_log_of_server_listener_and_client_names_a_person(processes, server_home, tmp_path):  # noqa: F811
    door = Door(processes("server", "serve", "--port", "0")["port"])
    through_the_api(door)
    through_sync(door)
    through_hl7(processes("server.interfaces.listener", "--port", "0")["mllp_port"])
    station = through_a_client(door, tmp_path)
    metrics = door.call("GET", "/metrics").content
    logs = logs_of(server_home, tmp_path, station)
    written = [line for content in logs.values() for line in content.splitlines()]
    assert len(logs) >= 3
    assert len(written) > 40, "the logs say what happened"
    assert any(b"people.register" in line for line in written)
    for mark in MARKS:
        forms = {mark.encode(), mark.encode("gb18030"), urllib.parse.quote(mark).encode()}
        forms |= {json.dumps(mark)[1:-1].encode(), repr(mark.encode())[2:-1].encode()}
        for path, content in [*logs.items(), ("metrics", metrics)]:
            for form in forms:
                lines = [line for line in content.splitlines() if form in line]
                assert not lines, f"{path}: {lines[0][:400]!r}"
    for path, content in logs.items():
        if path.name == "station.log":
            continue  # what Qt itself says on the standard error
        for line in content.splitlines():
            assert line.startswith(b"{"), f"{path}: not structured: {line[:300]!r}"
            assert json.loads(line).keys() >= {"at", "level", "logger", "message"}
