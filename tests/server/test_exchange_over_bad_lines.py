"""The record exchange over a line that breaks: whatever is lost or changed on the way, each thing is taken once.

The faults strike a chosen message of the exchange (greeting, upload, order to apply, pull), or any byte that goes up.
Only the request that is struck has a short time-out, and an answer later than that is a retry: a slow machine may
take as long as it likes.
"""

import contextlib
import threading
import uuid
from datetime import date

import pytest
from sqlalchemy import func, select

from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from sync.branch import BranchSync, enrolled_rows
from sync.digest import differing, store_digest
from sync.http_client import HttpCentre
from sync.local_tables import device_state, installation, parked_txn
from sync.tools.fault_proxy import FaultProxy
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import Surroundings
from tests.fixtures.lines import PATIENT, HurriedOnce
from tests.fixtures.patience import until
from tests.sync_tus.seeded import seeded

MESSAGES = ("/sync/v1/hello", "/sync/v1/uploads", "/sync/v1/bundles/", "/sync/v1/pull")
GIVE_UP_S = (0.5, 4, 32)
"""After how long a struck request is given up; the later ones if the machine was too slow for it to be struck."""


@pytest.fixture
def proxy(server):
    made = FaultProxy("127.0.0.1", int(server.api.url.rpartition(":")[2])).start()
    yield made
    made.stop()


@pytest.fixture
def branch(server, store, proxy, tmp_path):
    """A workstation of B01 in quiet contact, behind the proxy."""
    server._tokens.clear()
    station = server.enrol()
    row = enrolled_rows(
        device_id=station.device_id, org_id=server.orgs["B01"], epoch=1, name="前台一", server=server.api.url,
        number_prefix=station.told["number_prefix"],
    )  # fmt: skip
    with store.write() as connection:
        connection.execute(installation.insert(), {**row, "server_key": station.told["server_key"]})
    transfers = SqliteTransferState(tmp_path / "transfers.db")
    station.session = HurriedOnce()
    line = HttpCentre(
        f"http://127.0.0.1:{proxy.port}", station.device_id, station.key, transfers, session=station.session,
        settings=PATIENT, surroundings=Surroundings(wait=lambda event, _seconds: event.is_set()),
        now_us=server.centre.sync.now_us,
    )  # fmt: skip
    station.store, station.server = store, server
    station.sync = BranchSync(store, line, station.key, tmp_path / "bundles", clock=server.clock)
    station.desk = Dispatcher(
        store, clock=server.clock, content={"number_prefix": station.told["number_prefix"]}
    )
    station.actor = system_actor(server.orgs["B01"], station.device_id)
    settle(station)
    yield station
    line.close()
    transfers.close()


def settle(branch):
    for _ in range(2):
        branch.sync.exchange()


def register(branch, name):
    order = RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True)
    return branch.desk.run(order, branch.actor).receipt.patient_id


def at_message(proxy, message, fault):
    """Let a fault begin with the next request for a message, once, in the proxy's thread; return the event of it."""
    struck = threading.Event()

    def watch(line, data):
        if message.encode() in data:
            proxy.watch_up = quiet
            fault(line)
            struck.set()

    proxy.watch_up = watch
    return struck


def quiet(_line, _data):
    """Watch nothing."""


def all_arrived_once(branch, patients):
    """Both sides have the same rows, and each entry of the branch stands in the centre's log once."""
    scopes = [branch.server.orgs["B01"], uuid.UUID(int=0)]
    mine = change_log.c.device_id == branch.device_id

    def equal():
        """The centre's readers add to what has come: what they have written by now is pulled first."""
        branch.sync.exchange()
        with branch.store.read() as near, branch.server.centre.store.read() as far:
            return differing(store_digest(near, scopes), store_digest(far, scopes)) == []

    until(equal, "that both sides have the same rows")
    with branch.store.read() as near, branch.server.centre.store.read() as far:
        there = far.scalars(select(Patient.id).where(Patient.id.in_(patients))).all()
        assert sorted(there) == sorted(patients)
        sent = near.scalars(select(change_log.c.txn_id).where(mine, change_log.c.dev_seq > 0)).all()
        taken = far.scalars(select(change_log.c.txn_id).where(mine)).all()
        assert len(taken) == len(set(taken))
        assert set(sent) == set(taken)
        waiting = (
            select(func.count()).select_from(parked_txn).where(parked_txn.c.device_id == branch.device_id)
        )
        assert far.execute(waiting).scalar_one() == 0
        forks = select(device_state.c.forks).where(device_state.c.device_id == branch.device_id)
        assert far.execute(forks).scalar_one() == 0, "nobody was taken for a copy"


@pytest.mark.parametrize("message", MESSAGES)
def test_a_half_open_line_is_given_up_and_the_next_exchange_goes_on(branch, proxy, message):
    """The far side takes the request and its answer never comes, nor any end of the connection."""

    def die(line):
        line.frozen = True

    patients = []
    for give_up_s in GIVE_UP_S:
        patients.append(register(branch, f"王美{give_up_s}"))
        struck = at_message(proxy, message, die)
        branch.session.hurry(message, give_up_s)
        if message == "/sync/v1/uploads":  # tried again within the exchange
            branch.sync.exchange()
        else:
            with pytest.raises(UnavailableError, match="stalled"):
                branch.sync.exchange()
        proxy.watch_up = quiet
        settle(branch)
        all_arrived_once(branch, patients)
        if struck.is_set():
            return
    pytest.fail("the fault never struck")


@pytest.mark.parametrize("message", MESSAGES)
def test_a_lost_acknowledgement_lets_nothing_be_applied_twice(branch, proxy, message):
    """The centre has done it, the answer is lost, and the connection is reset."""
    patient = register(branch, "王美娜")

    def lose(_line):
        proxy._faults.lose_answers = 1

    struck = at_message(proxy, message, lose)
    try:
        branch.sync.exchange()
    except UnavailableError:
        assert message != "/sync/v1/uploads"
    else:
        assert message == "/sync/v1/uploads"
    assert struck.is_set()
    if message == "/sync/v1/bundles/":
        with branch.server.centre.store.read() as far:
            applied = far.scalars(select(Patient.id).where(Patient.id == patient)).all()
        assert applied == [patient], "the order had been carried out"
    second = register(branch, "李四光")
    settle(branch)
    all_arrived_once(branch, [patient, second])


@contextlib.contextmanager
def given_up_after_the_flip(proxy):
    """Close the line a while after a bit was flipped: a changed length lets both sides wait for each other."""
    over = threading.Event()

    def watch():
        while not over.wait(0.02):
            if proxy._faults.flip_after is None:
                if not over.wait(GIVE_UP_S[0]):
                    proxy.fin()
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def test_a_flipped_bit_anywhere_in_what_goes_up_is_never_taken_for_something_else(branch, proxy):
    """Over a plain line, where no TLS record would catch it first."""
    before = proxy.up_bytes
    patients = [register(branch, "量长短")]
    settle(branch)
    length = proxy.up_bytes - before
    rng, failed = seeded(5), 0
    for place in sorted(rng.sample(range(length), 24)):
        patients.append(register(branch, f"翻位{place}"))
        proxy.flip(place)
        try:
            with given_up_after_the_flip(proxy):
                branch.sync.exchange()
        except KnownError:
            failed += 1
        proxy.restore()
        settle(branch)
        all_arrived_once(branch, patients)
    assert failed > 5, "the flips did strike what matters"


def test_a_flipped_bit_in_a_message_is_told_by_its_digest_and_changes_nothing(branch, proxy):
    """Every byte of a greeting: its numbers and its nonce decide whether a store is taken for a copy."""
    sent = bytearray()
    proxy.watch_up = lambda _line, data: sent.extend(data)
    branch.sync.exchange()
    proxy.watch_up = quiet
    start = sent.index(b"\r\n\r\n") + 4
    assert sent.startswith(b"POST /sync/v1/hello ")
    for place in range(start, len(sent), 3):
        proxy.flip(place)
        with pytest.raises(DomainError, match=r"auth\.body_changed"):
            branch.sync.exchange()
        proxy.restore()
    patient = register(branch, "王美娜")
    settle(branch)
    all_arrived_once(branch, [patient])
