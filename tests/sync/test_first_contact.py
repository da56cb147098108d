"""A workstation that was never seen greets twice at once, through two processes: one makes its row, both go on."""

import threading

import pytest

from sync.local_tables import device_state, log_life
from sync.protocol import Hello
from tests.sync.world import NORTH


@pytest.fixture(params=["world", pytest.param("mariadb_world", marks=pytest.mark.mariadb)])
def any_world(request):
    return request.getfixturevalue(request.param)


def test_two_first_greetings_at_once(any_world):
    stations = [any_world.add_branch(NORTH) for _ in range(3)]
    welcomes, failures, together = [], [], threading.Barrier(6)

    def greet(station):
        hello = Hello(
            device_id=station.device_id, epoch=1, last_seq=0, acked_seq=0, nonce="", schema_ver=1, at=0
        )
        together.wait()
        try:
            welcomes.append(any_world.sync.hello(station.device_id, hello))
        except Exception as error:  # noqa: BLE001 (told to the test)
            failures.append(error)

    threads = [threading.Thread(target=greet, args=[station]) for station in stations for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len({welcome.life for welcome in welcomes}) == 1, "and one life of the log"
    assert len(any_world.centre.all(device_state)) == 3
    assert len(any_world.centre.all(log_life)) == 1
    for station in stations:
        station.add_patient(f"P{station.device_id.int}")
        station.exchange()
    assert len(any_world.centre.rows("patient")) == 3
