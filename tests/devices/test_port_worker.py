"""Ports in processes of their own, on real pseudo-terminals: killed, unplugged, replugged, hung up on."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devices.faults import Faults
from devices.port import PortWorker
from devices.readings import CardRead, Kind, ReadingSet, Refusal, Scan
from devices.session import Arrived, State
from devices.simulator import SimulatedPort
from devices.worker import PortConfig
from domain.kernel.errors import DomainError, UnavailableError
from tests.fixtures.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")


class Client:
    """What a Qt client does, without Qt: waits on the file number, polls, remembers."""

    def __init__(self, config, **settings):
        self.worker = PortWorker(config, **settings)
        self.states = []
        self.arrived = []

    def __enter__(self):
        self.worker.start()
        return self

    def __exit__(self, *failure):
        self.worker.stop()

    def until(self, holds):
        """Take reports until `holds(self)`; fail when it does not come."""
        end = time.monotonic() + PATIENCE_S
        while not holds(self):
            left = end - time.monotonic()
            assert left > 0, (self.states, self.arrived)
            if select.select([self.worker.fileno()], [], [], left)[0]:
                self.take()
        return self

    def take(self):
        for report in self.worker.poll():
            if isinstance(report, Arrived):
                self.arrived.append(report)
            else:
                self.states.append(report.state)

    def events(self, kind):
        return [report.event for report in self.arrived if isinstance(report.event, kind)]

    def last_state(self, state):
        return bool(self.states) and self.states[-1] is state


def ready(client):
    return client.last_state(State.READY)


@pytest.fixture
def link(tmp_path):
    return tmp_path / "port"


def test_a_measurement_started_by_the_host_arrives_with_its_time(link):
    with (
        SimulatedPort("bp.and.tm2657", link=link, measure_s=0.3) as port,
        Client(PortConfig("nibp", "bp.and.tm2657", port.path)) as client,
    ):
        client.until(ready)
        before = time.monotonic()
        client.worker.command("start")
        client.until(lambda c: c.events(ReadingSet))
        (arrived,) = [report for report in client.arrived if isinstance(report.event, ReadingSet)]
        assert before < arrived.first_byte_s <= arrived.last_byte_s < time.monotonic()
        assert arrived.event.value(Kind.SYSTOLIC) > arrived.event.value(Kind.DIASTOLIC)


def test_a_killed_worker_is_replaced_and_the_port_goes_on(link):
    with (
        SimulatedPort("scale.tanita.wb3000", link=link) as port,
        Client(PortConfig("scale", "scale.tanita.wb3000", port.path)) as client,
    ):
        client.until(ready)
        first, number = client.worker.pid, client.worker.fileno()
        port.obey('measure {"weight": 65.3, "height": 170}')
        client.until(lambda c: c.events(ReadingSet))
        os.kill(first, signal.SIGKILL)
        client.until(lambda c: State.CRASHED in c.states and ready(c))
        assert client.worker.pid not in (first, None)
        assert client.worker.fileno() == number
        port.obey('measure {"weight": 71.2, "height": 170}')
        client.until(lambda c: len(c.events(ReadingSet)) == 2)
        assert [str(e.value(Kind.BODY_WEIGHT)) for e in client.events(ReadingSet)] == ["65.3", "71.2"]


def test_a_worker_killed_in_the_middle_of_a_frame_tells_no_half_of_it(link):
    with (
        SimulatedPort("bp.omron.hbp9030", link=link, faults=Faults(truncate=45)) as port,
        Client(PortConfig("nibp", "bp.omron.hbp9030", port.path)) as client,
    ):
        client.until(ready)
        port.obey('measure {"systolic": 128}')
        os.kill(client.worker.pid, signal.SIGKILL)
        client.until(lambda c: State.CRASHED in c.states and ready(c))
        port.obey("fault")
        port.obey('measure {"systolic": 133}')
        client.until(lambda c: c.events(ReadingSet))
        assert [e.value(Kind.SYSTOLIC) for e in client.events(ReadingSet)] == [133]


def test_unplugged_in_the_middle_of_a_frame_and_plugged_in_again(link):
    with (
        SimulatedPort("bp.and.tm2657", link=link, faults=Faults(unplug_after=70)) as port,
        Client(PortConfig("nibp", "bp.and.tm2657", port.path)) as client,
    ):
        client.until(ready)
        port.obey('measure {"systolic": 127}')
        client.until(lambda c: c.last_state(State.UNPLUGGED))
        assert client.events(ReadingSet) == []
        port.obey("fault")
        port.obey("replug")
        client.until(ready)
        port.obey('measure {"systolic": 130}')
        client.until(lambda c: c.events(ReadingSet))
        assert [e.value(Kind.SYSTOLIC) for e in client.events(ReadingSet)] == [130]


def test_a_port_that_is_not_there_is_waited_for(link):
    with Client(PortConfig("scanner", "scanner.serial", str(link))) as client:
        client.until(lambda c: c.last_state(State.UNPLUGGED))
        with SimulatedPort("scanner.serial", link=link) as port:
            client.until(ready)
            port.obey("scan T0001")
            client.until(lambda c: c.events(Scan))
            assert client.events(Scan) == [Scan("T0001", "code128")]


def test_a_port_is_ours_alone(link):
    with (
        SimulatedPort("scanner.serial", link=link) as port,
        Client(PortConfig("one", "scanner.serial", port.path)) as one,
    ):
        one.until(ready)
        with Client(PortConfig("two", "scanner.serial", port.path)) as two:
            two.until(lambda c: c.last_state(State.BUSY))


def test_a_card_is_read_by_the_dialogue_at_any_speed(link):
    with (
        SimulatedPort("idcard.samv", link=link, faults=Faults(chunk=7)) as port,
        Client(PortConfig("card", "idcard.samv", port.path)) as client,
    ):
        client.until(ready)
        port.obey('card {"name": "王美娜"}')
        client.until(lambda c: c.events(CardRead))
        assert client.events(CardRead)[0].name == "王美娜"
        port.obey("lift")
        port.obey('card {"kind": "hk_mo_tw"}')
        client.until(lambda c: c.events(Refusal))
        assert client.events(Refusal)[-1].code == "idcard.hk_mo_tw_unconfirmed"


def refuse_every_number(number):
    raise DomainError("idcard.check_digit", field="number")


def test_a_validator_travels_to_the_worker(link):
    options = {"validate": refuse_every_number}
    with (
        SimulatedPort("idcard.samv", link=link) as port,
        Client(PortConfig("card", "idcard.samv", port.path, options=options)) as client,
    ):
        client.until(ready)
        port.obey("card {}")
        client.until(lambda c: c.events(Refusal))
        assert client.events(Refusal)[0].code == "idcard.check_digit"


def test_a_device_that_falls_silent_is_named(link):
    with (
        SimulatedPort("idcard.samv", link=link, faults=Faults(late_s=3600)) as port,
        Client(PortConfig("card", "idcard.samv", port.path)) as client,
    ):
        client.until(lambda c: c.last_state(State.SILENT))
        assert client.events(CardRead) == []


def test_a_simulator_on_a_socket_is_a_port_too():
    with (
        SimulatedPort("scale.generic.indicator", tcp=0) as port,
        Client(PortConfig("scale", "scale.generic.indicator", port.path)) as client,
    ):
        client.until(ready)
        port.obey("line ST,GS,+,65.400,kg")
        client.until(lambda c: c.events(ReadingSet))
        port.obey("unplug")
        client.until(lambda c: c.last_state(State.UNPLUGGED))
        port.obey("replug")
        client.until(ready)


def test_a_command_the_device_does_not_know_is_refused_by_a_report(link):
    with (
        SimulatedPort("scanner.serial", link=link) as port,
        Client(PortConfig("scanner", "scanner.serial", port.path)) as client,
    ):
        client.until(ready)
        client.worker.command("start")
        client.until(lambda c: c.events(Refusal))
        assert client.events(Refusal)[0].code == "device.no_such_command"


def test_a_worker_with_a_wrong_driver_dies_and_is_tried_again_later(link, capfd):
    with Client(PortConfig("x", "bp.nothing", str(link))) as client:
        client.until(lambda c: c.states.count(State.CRASHED) == 2)
    assert "device.unknown_driver" in capfd.readouterr().err


def test_a_hung_worker_is_replaced(link):
    with (
        SimulatedPort("scanner.serial", link=link) as port,
        Client(PortConfig("scanner", "scanner.serial", port.path), hung_s=2.5) as client,
    ):
        client.until(ready)
        hung = client.worker.pid
        os.kill(hung, signal.SIGSTOP)
        client.until(lambda c: State.CRASHED in c.states and ready(c))
        assert client.worker.pid != hung


def test_stop_ends_the_process_and_gives_the_port_back(link, caplog):
    with SimulatedPort("scanner.serial", link=link) as port:
        client = Client(PortConfig("scanner", "scanner.serial", port.path))
        with client:
            client.until(ready)
            pid = client.worker.pid
            descriptor = os.pidfd_open(pid)
        assert select.select([descriptor], [], [], PATIENCE_S)[0]
        assert caplog.messages == []
        os.close(descriptor)
        with Client(PortConfig("scanner", "scanner.serial", port.path)) as again:
            again.until(ready)


def test_a_command_before_the_start_is_refused_at_once(link):
    worker = PortWorker(PortConfig("scanner", "scanner.serial", str(link)))
    with pytest.raises(UnavailableError) as caught:
        worker.command("zero")
    assert caught.value.code == "device.not_ready"
    worker.stop()


PARENT = """
import sys
from devices.port import PortWorker
from devices.worker import PortConfig
if __name__ == "__main__":
    worker = PortWorker(PortConfig("scanner", "scanner.serial", sys.argv[1]))
    worker.start()
    while worker.pid is None:
        worker.poll()
    print(worker.pid, flush=True)
    sys.stdin.read()
"""


def test_a_killed_client_leaves_no_worker_behind(link, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT, "utf-8")
    with SimulatedPort("scanner.serial", link=link) as port:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        parent = subprocess.Popen(
            [sys.executable, str(script), port.path],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        descriptor = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        parent.communicate()
        assert select.select([descriptor], [], [], PATIENCE_S)[0]
        os.close(descriptor)


def test_the_file_number_is_quiet_when_there_is_nothing_to_poll(link):
    worker = PortWorker(PortConfig("scanner", "scanner.serial", str(link)))
    assert select.select([worker.fileno()], [], [], 0)[0] == []
    assert worker.poll() == []
    worker.stop()
