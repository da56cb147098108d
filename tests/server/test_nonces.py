"""A signed request is good once for all server processes of a centre, and after a restart too."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock, utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from server.app import build_centre
from server.nonces import FileNonces, nonces_of
from server.settings import Settings
from sync.device_auth import EMPTY_DIGEST, REMEMBERED_US, new_key, public_text, signed_headers
from sync.schema import prepare_store
from sync.stores import open_centre_store
from tests.fixtures.patience import PATIENCE_S
from tests.server.conftest import START, prepare

ROOT = Path(__file__).parents[2]
DEVICE, OTHER = uuid.UUID(int=7), uuid.UUID(int=8)
TARGET = "/sync/v1/wait?position=0"


@pytest.fixture
def processes(home, monkeypatch):
    """Return a function that builds one more server process over the same folder."""
    made, key = [], new_key()
    monkeypatch.setattr("sync.centre.CentreSync.public_key", lambda _self, _device: public_text(key))

    def build():
        made.append(build_centre(Settings(data_dir=home, least_free_bytes=0), ManualClock(START)))
        return made[-1]

    build.key = key
    yield build
    for centre in made:
        centre.close()


def test_a_request_that_one_process_has_seen_no_other_takes(processes):
    first, second = processes(), processes()
    made = signed_headers(processes.key, DEVICE, "GET", TARGET, EMPTY_DIGEST, first.sync.now_us())
    assert first.verifier.verify("GET", TARGET, made).device_id == DEVICE
    for centre in (first, second, processes()):
        with pytest.raises(DomainError, match=r"auth\.replayed"):
            centre.verifier.verify("GET", TARGET, made)
    made = signed_headers(processes.key, DEVICE, "GET", TARGET, EMPTY_DIGEST, first.sync.now_us())
    assert second.verifier.verify("GET", TARGET, made).device_id == DEVICE


def test_a_nonce_is_one_devices_and_kept_as_long_as_it_could_be_shown(tmp_path):
    nonces = FileNonces(tmp_path / "n.db")
    assert nonces.spend(DEVICE, "a", 1)
    assert nonces.spend(OTHER, "a", 1)
    assert nonces.spend(DEVICE, "b" * 100_000, 2)
    assert not nonces.spend(DEVICE, "a", 2)
    assert nonces.sweep(1 + REMEMBERED_US) == 0
    assert nonces.sweep(2 + REMEMBERED_US) == 2
    assert not nonces.spend(DEVICE, "b" * 100_000, 3)
    nonces.close()


@pytest.fixture
def machines(mariadb, tmp_path):
    """Two server processes, each with a folder of its own as on two machines, over one database server."""
    address, first, second = mariadb(), tmp_path / "one", tmp_path / "two"
    first.mkdir()
    settings = Settings(data_dir=first, store=address, least_free_bytes=0)
    facts = prepare(settings, utc_now)
    centre, key = build_centre(settings), new_key()
    head = system_actor(facts.first.org_id, centre.identity.device_id)
    code = centre.dispatcher.run(IssueEnrolmentCode(org_id=facts.orgs["B01"]), head).receipt.code
    order = EnrolWorkstation(code=code, name="前台一", public_key=public_text(key))
    station = centre.dispatcher.run(order, head).receipt
    centre.close()
    shutil.copytree(first, second)
    with contextlib.ExitStack() as running:
        ports = [running.enter_context(served(home, address)) for home in (first, second)]
        yield [f"http://127.0.0.1:{port}" for port in ports], key, station.device_id


@contextlib.contextmanager
def served(home, address):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
    environment |= {"PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0", "AFTERCHECK_STORE": address}
    command = [sys.executable, "-m", "server", "--home", str(home), "serve", "--port", "0"]
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment)
        try:
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
            process.stdout.close()


@pytest.mark.mariadb
def test_a_request_that_one_machine_has_seen_no_other_machine_takes(machines):
    urls, key, device = machines
    target = "/sync/v1/wait?position=0&longest_s=0"
    http = requests.Session()
    http.trust_env = False

    def ask(url, headers):
        answer = http.get(url + target, headers=headers, timeout=PATIENCE_S)
        return answer.status_code, answer.json().get("code", "") if answer.status_code >= 400 else ""

    for first, second in (urls, reversed(urls)):
        made = signed_headers(key, device, "GET", target, EMPTY_DIGEST, to_microseconds(utc_now()))
        assert ask(first, made)[0] in {200, 204}
        assert ask(second, made) == (401, "auth.replayed")
        assert ask(first, made) == (401, "auth.replayed")


@pytest.mark.mariadb
def test_nonces_of_a_database_server_are_swept_as_those_of_a_file(mariadb):
    store = open_centre_store(mariadb())
    prepare_store(store)
    nonces = nonces_of(store, Path("nowhere"))
    assert nonces.spend(DEVICE, "a", 1)
    assert nonces.spend(OTHER, "a", 1)
    assert nonces.spend(DEVICE, "b" * 100_000, 2)
    assert not nonces.spend(DEVICE, "a", 2)
    assert nonces.sweep(1 + REMEMBERED_US) == 0
    assert nonces.sweep(2 + REMEMBERED_US) == 2
    assert not nonces.spend(DEVICE, "b" * 100_000, 3)
    nonces.close()
    store.close()
