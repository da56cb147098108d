"""An exchange with nothing to do: one request, under 2 kB on the wire, whatever is stored."""

from datetime import date

import pytest

from domain.kernel.authority import system_actor
from domain.kernel.change_log import head_position
from domain.kernel.dispatcher import Dispatcher
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from sync.branch import BranchSync, enrolled_rows
from sync.http_client import HttpCentre
from sync.local_tables import installation
from sync.tools.fault_proxy import FaultProxy
from sync.tus.client_state import SqliteTransferState

LIMIT = 2000


@pytest.fixture
def proxy(any_server):
    running = FaultProxy("127.0.0.1", int(any_server.api.url.rpartition(":")[2])).start()
    yield running
    running.stop()


@pytest.fixture
def branch(any_server, proxy, store, tmp_path):
    """A workstation whose line goes through the counting proxy."""
    station = any_server.enrol()
    transfers = SqliteTransferState(tmp_path / "transfers.db")
    line = HttpCentre(
        f"http://127.0.0.1:{proxy.port}", station.device_id, station.key, transfers,
        now_us=any_server.centre.sync.now_us,
    )  # fmt: skip
    row = enrolled_rows(
        device_id=station.device_id, org_id=any_server.orgs["B01"], epoch=1, name="前台一", server=line._base,
        number_prefix=station.told["number_prefix"],
    )  # fmt: skip
    with store.write() as connection:
        connection.execute(installation.insert(), row)
    station.asked = []
    line._session.hooks["response"].append(lambda response, **_: station.asked.append(response.url))
    station.sync = BranchSync(store, line, station.key, tmp_path / "bundles", clock=any_server.clock)
    station.desk = Dispatcher(
        store, clock=any_server.clock, content={"number_prefix": station.told["number_prefix"]}
    )
    station.actor = system_actor(any_server.orgs["B01"], station.device_id)
    yield station
    line.close()
    transfers.close()


def head(server):
    with server.centre.store.read() as connection:
        return head_position(connection)


def cost(server, branch, proxy, what=lambda: None):
    """Return requests and bytes of one exchange after `what`, in which the centre had nothing to tell.

    The centre writes by itself as well: once a minute how its workstations fare. An exchange that fell into such a
    moment had something to do; it is made again, and with it `what`.
    """
    for _ in range(5):
        branch.sync.exchange()
        was = head(server)
        wrote = what()
        branch.asked.clear()
        before = proxy.up_bytes + proxy.down_bytes
        done = branch.sync.exchange()
        spent = len(branch.asked), proxy.up_bytes + proxy.down_bytes - before
        if head(server) == was + (wrote is not None):
            assert (done.sent, done.received) == (0, 0)
            return spent
    raise AssertionError("the centre never rests")


def register(branch, count):
    for number in range(count):
        order = RegisterPatient(
            name=f"甲{number}", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True
        )
        branch.desk.run(order, branch.actor)
    branch.sync.exchange()


def test_it_costs_one_small_request_whatever_is_stored(any_server, branch, proxy):
    found = []
    for more in (1, 9, 90):
        register(branch, more)
        found.append(cost(any_server, branch, proxy))
    assert [requests for requests, _ in found] == [1, 1, 1]
    assert all(size < LIMIT for _, size in found), found
    assert found[-1][1] - found[0][1] < 250, "marks are few; nothing else grows"


def test_the_cursor_moves_with_what_concerns_others(any_server, branch, proxy):
    register(branch, 1)
    cost(any_server, branch, proxy)
    before = branch.sync.position()
    elsewhere = RegisterPatient(name="别院人", sex=Sex.MALE, birth_date=date(1971, 1, 1), another_person=True)
    requests, size = cost(any_server, branch, proxy, lambda: any_server.as_system(elsewhere, "B02"))
    assert (requests, size < LIMIT) == (1, True)
    assert branch.sync.position() > before
