"""Four server processes on one store take uploads and serve pulls at once; one is killed, and nothing is missed."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log, decode_body
from domain.kernel.clock import utc_now
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from server.app import build_centre
from server.settings import Settings
from server.storage_key import open_store
from sync.branch import BranchSync, enrolled_rows
from sync.device_auth import new_key, public_text
from sync.digest import differing, store_digest
from sync.http_client import HttpCentre
from sync.local_tables import installation
from sync.protocol import Cursor, PullRequest
from sync.schema import prepare_store
from sync.stores import open_branch_store
from sync.tus.client_state import SqliteTransferState
from tests.fixtures.patience import PATIENCE_S, until
from tests.server.conftest import prepare

ROOT = Path(__file__).parents[2]
PROCESSES, BRANCHES, ROUNDS, EACH = 4, 3, 4, 2


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.deep),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def address(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "home" / "centre.db")
    return request.getfixturevalue("mariadb")()


@pytest.fixture
def family(address, tmp_path):
    """A prepared centre with enrolled branches, served by several processes."""
    home = tmp_path / "home"
    home.mkdir()
    settings = Settings(data_dir=home, store=address, least_free_bytes=0)
    facts = prepare(settings, utc_now)
    centre = build_centre(settings)
    stations = []
    head = system_actor(facts.first.org_id, centre.identity.device_id)
    for number in range(BRANCHES + 1):
        org = facts.orgs["B01"] if number < BRANCHES else facts.first.org_id
        key = new_key()
        code = centre.dispatcher.run(IssueEnrolmentCode(org_id=org), head).receipt.code
        order = EnrolWorkstation(code=code, name=f"站{number}", public_key=public_text(key))
        stations.append((key, org, centre.dispatcher.run(order, head).receipt, centre.sync.server_key))
    centre.close()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
    environment |= {"PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0", "AFTERCHECK_STORE": address}
    command = [
        sys.executable, "-m", "server", "--home", str(home), "serve", "--port", "0", "--processes", str(PROCESSES),
    ]  # fmt: skip
    with (tmp_path / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment)
        told = json.loads(process.stdout.readline())
        yield process, told, stations, settings
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        process.stdout.close()


class Station:
    """A branch with a store of its own and a line to the family."""

    def __init__(self, folder, port, facts):
        key, org, told, server_key = facts
        folder.mkdir()
        self.store = open_branch_store(folder / "b.db", bytes(range(32)))
        prepare_store(self.store)
        row = enrolled_rows(
            device_id=told.device_id, org_id=org, epoch=told.epoch, name="站", server="http://centre",
            number_prefix=told.number_prefix,
        )  # fmt: skip
        with self.store.write() as connection:
            connection.execute(installation.insert(), {**row, "server_key": server_key})
        self.transfers = SqliteTransferState(folder / "t.db")
        self.line = HttpCentre(f"http://127.0.0.1:{port}", told.device_id, key, self.transfers)
        self.sync = BranchSync(self.store, self.line, key, folder / "bundles")
        self.desk = Dispatcher(self.store, content={"number_prefix": told.number_prefix})
        self.actor = system_actor(org, told.device_id)
        self.org = org

    def register(self, name):
        order = RegisterPatient(
            name=name, sex=Sex.FEMALE, birth_date=utc_now().date().replace(year=1980), another_person=True
        )
        self.desk.run(order, self.actor)

    def exchange(self):
        """Exchange until it went through: a killed process cuts the requests it had."""

        def gone_through():
            try:
                return self.sync.exchange()
            except DomainError:
                raise
            except KnownError:
                return None

        return until(gone_through, "an answer of the family", pause_s=0.2)

    def close(self):
        self.line.close()
        self.transfers.close()
        self.store.close()


def pulled_until(station, running):
    """Pull the log over the line at full speed, and return the transactions in the order they came."""
    found, org_ids = [], None
    while True:
        last = not running.is_set()
        try:
            request = PullRequest(cursors=org_ids or [Cursor(uuid.UUID(int=0), 0)], limit=3)
            reply = station.line.pull(request)
        except DomainError:
            raise
        except KnownError:
            continue
        if reply.bundle is not None:
            from sync.pull import _entries

            with station.store.read() as connection:
                key = connection.execute(select(installation.c.server_key)).scalar()
            found += _entries(reply.bundle, key)
        org_ids = reply.cursors
        if last and not reply.more and reply.bundle is None:
            return found


def test_uploads_and_pulls_through_all_of_them_while_one_is_killed(family, tmp_path):
    process, told, facts, settings = family
    assert len(set(told["processes"])) == PROCESSES
    stations = [Station(tmp_path / f"s{n}", told["port"], one) for n, one in enumerate(facts)]
    writers, office = stations[:BRANCHES], stations[BRANCHES]
    running, failures, pulled = threading.Event(), [], []
    running.set()

    def write(number):
        try:
            for turn in range(ROUNDS):
                for one in range(EACH):
                    writers[number].register(f"甲{number}-{turn}-{one}")
                writers[number].exchange()
        except Exception as error:  # noqa: BLE001 (told to the test)
            failures.append(error)

    def read():
        try:
            pulled.extend(pulled_until(office, running))
        except Exception as error:  # noqa: BLE001 (told to the test)
            failures.append(error)

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=write, args=[n]) for n in range(BRANCHES)]
    for thread in [reader, *threads]:
        thread.start()
    os.kill(told["processes"][2], signal.SIGKILL)
    again = json.loads(process.stdout.readline())
    assert len(set(again["processes"]) - set(told["processes"])) == 1, "the dead one was replaced"
    for thread in threads:
        thread.join(3 * PATIENCE_S)
    running.clear()
    reader.join(PATIENCE_S)
    assert failures == []
    for station in stations:
        station.exchange()
    check(settings, [uuid.UUID(bytes=entry.txn_id) for entry in pulled])
    until(
        lambda: agree(settings, writers), "every branch to hold what the centre holds, which goes on writing"
    )
    for station in stations:
        station.close()


def check(settings, seen):
    """The log is dense, and the puller has seen all of it once."""
    store = open_store(settings)
    with store.read() as connection:
        count, last = connection.execute(select(func.count(), func.max(change_log.c.position))).one()
        rows = connection.execute(select(change_log.c.txn_id, change_log.c.body)).all()
    store.close()
    assert count == last, "dense"
    sent = {row.txn_id for row in rows if decode_body(row.body).command == "people.register"}
    assert len(sent) == BRANCHES * ROUNDS * EACH
    assert sent <= set(seen), "the puller missed nothing"
    assert len(seen) == len(set(seen)), "and saw nothing twice"


def agree(settings, writers):
    """Tell whether every branch holds what the centre holds, once each has read to its head."""
    scopes = [writers[0].org, uuid.UUID(int=0)]
    for station in writers:
        station.exchange()
    store = open_store(settings)
    try:
        with store.read() as connection:
            there = store_digest(connection, scopes)
    finally:
        store.close()
    found = []
    for station in writers:
        with station.store.read() as connection:
            found += differing(store_digest(connection, scopes), there)
    return found == []


@pytest.mark.deep
def test_a_rolling_restart_refuses_no_upload_and_counts_go_on(family, tmp_path):
    process, told, facts, settings = family
    station = Station(tmp_path / "s", told["port"], facts[0])
    refused, rounds, running = [], [], threading.Event()
    running.set()

    def write():
        number = 0
        while running.is_set() or number < ROUNDS:
            station.register(f"乙{number}")
            try:
                station.sync.exchange()
                rounds.append(number)
            except KnownError as error:  # a kept-alive line that ends the moment it is used is no refusal
                if error.code != "transfer.no_connection":
                    refused.append(error)
            except Exception as error:  # noqa: BLE001 (told to the test)
                refused.append(error)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    until(lambda: len(rounds) > 1, "work to go on")
    process.send_signal(signal.SIGHUP)
    before = len(rounds)
    for _ in range(PROCESSES):
        now = json.loads(process.stdout.readline())
    assert set(now["processes"]).isdisjoint(told["processes"]), "each was replaced"
    until(lambda: len(rounds) > before + 1, "work to go on")
    running.clear()
    writer.join(PATIENCE_S)
    assert refused == []
    url = f"http://127.0.0.1:{told['port']}/metrics"
    counted = {
        requests.get(url, timeout=PATIENCE_S).text.count("aftercheck_requests_total{") for _ in range(4)
    }
    assert min(counted) > 3, "whichever process answers, it tells of all"
    station.exchange()
    store = open_store(settings)
    with store.read() as connection:
        bodies = [
            decode_body(body).command for body in connection.execute(select(change_log.c.body)).scalars()
        ]
    store.close()
    assert bodies.count("people.register") >= len(rounds)
    station.close()


def test_children_end_with_a_parent_that_was_killed_and_leave_the_port(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    settings = Settings(data_dir=home, least_free_bytes=0)
    prepare(settings, utc_now)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
    environment |= {"PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0"}
    command = [sys.executable, "-m", "server", "--home", str(home), "serve", "--processes", "2", "--port"]
    with (tmp_path / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "0"], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment
        )
        told = json.loads(process.stdout.readline())
        assert requests.get(f"http://127.0.0.1:{told['port']}/health", timeout=PATIENCE_S).ok
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()
        until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in told["processes"]),
            "the orphans to end", pause_s=0.1,
        )  # fmt: skip
        again = subprocess.Popen(
            [*command, str(told["port"])], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment
        )
        assert json.loads(again.stdout.readline())["port"] == told["port"]
        again.terminate()
        assert again.wait(PATIENCE_S) == 0
        again.stdout.close()


def test_a_family_that_cannot_start_says_so(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
    done = subprocess.run(
        [sys.executable, "-m", "server", "--home", str(tmp_path), "serve", "--port", "0", "--processes", "2"],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env=environment | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "server.not_initialised" in done.stderr
