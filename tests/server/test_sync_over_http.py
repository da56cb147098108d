"""A workstation and the server over a real line: enrolment, signed requests, a whole exchange, news at once."""

import hashlib
import threading
import uuid
from datetime import date, timedelta

import pytest
import requests
from sqlalchemy import select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import head_position
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, UnavailableError
from domain.people.enrolment_commands import RevokeWorkstation
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from sync.blobs import Landing
from sync.branch import BranchSync, enrolled_rows
from sync.device_auth import EMPTY_DIGEST, new_key, signed_headers
from sync.digest import differing, store_digest
from sync.http_client import HttpCentre
from sync.local_tables import installation
from sync.protocol import Hello
from sync.tus.client_state import SqliteTransferState
from sync.tus.source import BytesSource
from tests.fixtures.patience import PATIENCE_S, until


@pytest.fixture
def line(any_server, tmp_path):
    """Return a function that connects a workstation to the server."""
    opened = []

    def connect(station, key=None, now_us=None):
        transfers = SqliteTransferState(tmp_path / f"{uuid.uuid4().hex}.db")
        made = HttpCentre(
            any_server.api.url, station.device_id, key or station.key, transfers,
            now_us=now_us or any_server.centre.sync.now_us,
        )  # fmt: skip
        opened.append((made, transfers))
        return made

    yield connect
    for made, transfers in opened:
        made.close()
        transfers.close()


def hello_of(station, at=0):
    return Hello(device_id=station.device_id, epoch=1, last_seq=0, acked_seq=0, nonce="", schema_ver=1, at=at)


def test_an_enrolled_workstation_is_greeted_with_its_scopes(any_server, line):
    station = any_server.enrol("B02")
    welcome = line(station).hello(hello_of(station))
    assert welcome.scopes == [any_server.orgs["B02"]]


def test_another_key_a_stranger_and_a_revoked_workstation_are_refused(any_server, line):
    station = any_server.enrol()
    with pytest.raises(DomainError, match=r"auth\.bad_signature"):
        line(station, key=new_key()).hello(hello_of(station))
    stranger = type(station)(key=station.key, device_id=uuid.UUID(int=99))
    with pytest.raises(DomainError, match=r"sync\.device_unknown"):
        line(stranger).hello(hello_of(stranger))
    any_server.as_system(RevokeWorkstation(workstation_id=station.device_id, reason="丢失"))
    with pytest.raises(DomainError, match=r"sync\.device_revoked"):
        line(station).hello(hello_of(station))


def test_a_wrong_clock_locks_nobody_out(any_server, line):
    station = any_server.enrol()
    ten_years = 10 * 365 * 86_400 * 1_000_000
    slow = line(station, now_us=lambda: any_server.centre.sync.now_us() - ten_years)
    assert slow.hello(hello_of(station)).scopes == [any_server.orgs["B01"]]


def test_a_request_shown_twice_or_changed_on_the_way_is_refused(any_server):
    station = any_server.enrol()
    url = f"{any_server.api.url}/sync/v1/wait?position=0&longest_s=0"
    target = "/sync/v1/wait?position=0&longest_s=0"
    now = any_server.centre.sync.now_us()
    headers = signed_headers(station.key, station.device_id, "GET", target, EMPTY_DIGEST, now)
    assert any_server.api.http.get(url, headers=headers, timeout=PATIENCE_S).status_code == 200
    again = any_server.api.http.get(url, headers=headers, timeout=PATIENCE_S)
    assert (again.status_code, again.json()["code"]) == (401, "auth.replayed")
    digest = hashlib.sha256(b"one").hexdigest()
    headers = signed_headers(station.key, station.device_id, "POST", "/sync/v1/pull", digest, now)
    changed = any_server.api.http.post(
        f"{any_server.api.url}/sync/v1/pull", data=b"two", headers=headers, timeout=PATIENCE_S
    )
    assert (changed.status_code, changed.json()["code"]) == (401, "auth.body_changed")
    unsigned = requests.post(
        f"{any_server.api.url}/sync/v1/uploads", timeout=PATIENCE_S, allow_redirects=False
    )
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "auth.unsigned")


@pytest.fixture
def branch(any_server, line, store, tmp_path):
    """A workstation of B01 with a store of its own."""
    station = any_server.enrol()
    row = enrolled_rows(
        device_id=station.device_id, org_id=any_server.orgs["B01"], epoch=1, name="前台一",
        server=any_server.api.url, number_prefix=station.told["number_prefix"],
    )  # fmt: skip
    with store.write() as connection:
        connection.execute(installation.insert(), {**row, "server_key": station.told["server_key"]})
    found = type(station)(station=station, store=store, line=line(station))
    found.sync = BranchSync(store, found.line, station.key, tmp_path / "bundles", clock=any_server.clock)
    content = {"number_prefix": station.told["number_prefix"]}
    found.desk = Dispatcher(store, clock=any_server.clock, content=content)
    found.actor = system_actor(any_server.orgs["B01"], station.device_id)
    return found


def register(branch, name):
    order = RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True)
    return branch.desk.run(order, branch.actor).receipt.patient_id


def test_what_a_branch_did_reaches_the_centre_and_the_other_way(any_server, branch):
    here = register(branch, "王美娜")
    there = any_server.as_system(RegisterPatient(name="李四光", sex=Sex.MALE, birth_date=date(1970, 1, 1)))
    first = branch.sync.exchange()
    assert first.sent == 1
    branch.sync.exchange()
    scopes = [any_server.orgs["B01"], uuid.UUID(int=0)]

    def equal():
        """The centre's readers add to what has come: what they have written by now is pulled first."""
        branch.sync.exchange()
        with branch.store.read() as near, any_server.centre.store.read() as far:
            return differing(store_digest(near, scopes), store_digest(far, scopes)) == []

    until(equal, "that both sides have the same rows")
    with branch.store.read() as near, any_server.centre.store.read() as far:
        names = near.execute(select(Patient.__table__.c.name)).scalars().all()
        assert {"王美娜", "李四光"} <= set(names)
        found = far.execute(select(Patient.__table__.c.name).where(Patient.__table__.c.id == here)).scalar()
        assert found == "王美娜"
    assert there.patient_id != here


def test_a_waiting_branch_is_told_at_once_of_what_concerns_it_and_of_nothing_else(any_server, branch):

    def rests():
        """What the centre takes in by itself after its start is pulled first."""
        branch.sync.exchange()
        return branch.line.wait_for_news(branch.sync.position(), 0.2) == 0

    until(rests, "that the centre has nothing new")
    head = branch.sync.position()
    told, begun = [], threading.Event()

    def wait():
        begun.set()
        told.append(branch.line.wait_for_news(head, 25.0))

    waiting = threading.Thread(target=wait)
    waiting.start()
    begun.wait(PATIENCE_S)
    any_server.as_system(
        RegisterPatient(name="别院人", sex=Sex.MALE, birth_date=date(1971, 1, 1), another_person=True), "B02"
    )
    waiting.join(0.3)
    assert told == []
    any_server.as_system(
        RegisterPatient(name="本院人", sex=Sex.MALE, birth_date=date(1972, 1, 1), another_person=True)
    )
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    assert told[0] > head


def test_files_travel_by_content_and_only_to_those_they_concern(any_server, branch, tmp_path):
    data = b"ECG " * 500_000
    name = hashlib.sha256(data).hexdigest()
    assert branch.line.lacking_blobs([name]) == [name]
    branch.line.send_blob(BytesSource(data), lambda _done, _total: None, threading.Event())
    assert branch.line.lacking_blobs([name]) == []
    assert any_server.centre.blobs.get(name) == data
    landing = Landing(tmp_path / "back.bin", None)
    with pytest.raises(DomainError, match=r"blob\.not_visible"):
        branch.line.fetch_blob(name, landing, lambda _done, _total: None, threading.Event())


def test_a_bundle_that_was_never_uploaded_is_missing(any_server, branch):
    with pytest.raises(UnavailableError, match=r"blob\.missing"):
        branch.line._ask(f"/bundles/{'0' * 64}", None, Hello)


def test_the_clock_header_of_a_long_wait_is_of_the_answer_not_of_the_question(any_server):
    station = any_server.enrol()
    with any_server.centre.store.read() as connection:
        target = f"/sync/v1/wait?position={head_position(connection)}"
    now = any_server.centre.sync.now_us()
    headers = signed_headers(station.key, station.device_id, "GET", target, EMPTY_DIGEST, now)
    answers = []
    url = any_server.api.url + target
    asking = threading.Thread(
        target=lambda: answers.append(requests.get(url, headers=headers, timeout=PATIENCE_S))
    )
    asking.start()
    until(lambda: any_server.centre.news._waiting.get(any_server.orgs["B01"]), "that it waits")
    any_server.clock.advance(timedelta(seconds=5))
    any_server.as_system(
        RegisterPatient(name="本院人", sex=Sex.MALE, birth_date=date(1973, 1, 1), another_person=True)
    )
    asking.join(PATIENCE_S)
    assert answers[0].status_code == 200
    assert int(answers[0].headers["Device-Clock"]) == now + 5_000_000
