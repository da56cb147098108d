"""Simulated devices as programs, their faults, and the texts of everything a device can say."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import devices
from devices.addresses import open_port
from devices.faults import Faults, at_wrong_baud, damaged, flip_bits
from devices.readings import Kind, ReadingSet
from devices.registry import drivers, profile, simulator_of
from devices.session import State
from devices.simulator import SimulatedPort, parse_faults, run
from domain.kernel.errors import DomainError
from tests.devices.driver_suite import CASES, seeded, values
from tests.fixtures.patience import PATIENCE_S

posix = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
ROOT = Path(__file__).parents[2]


def read_until(host, parser, count=1):
    """Feed a parser from a port until it has told `count` values."""
    events = []
    for _ in range(200):
        events += parser.feed(host.read(0.1))
        if len(values(events)) >= count:
            return events
    raise AssertionError(events)


@posix
def test_the_program_obeys_lines(tmp_path):
    answers = io.StringIO()
    orders = (
        'measure {"systolic": 131}\nmeasure nonsense\ndance\nfault noise=x\nunplug\nreplug\n\nquit\nmeasure\n'
    )
    assert run(["bp.and.tm2657", "--link", str(tmp_path / "bp")], io.StringIO(orders), answers) == 0
    assert answers.getvalue().splitlines() == [
        str(tmp_path / "bp"), "ok", "error device.bad_argument", "error device.no_such_action",
        "error device.bad_argument", "ok", "ok",
    ]  # fmt: skip


@posix
def test_the_program_is_a_process_a_demo_can_drive(tmp_path):
    command = [sys.executable, "-m", "devices.simulator", "scanner.serial", "--link", str(tmp_path / "scan")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as program:
        host = open_port(program.stdout.readline().strip(), profile("scanner.serial").settings)
        program.stdin.write("scan T0001\n")
        program.stdin.flush()
        assert program.stdout.readline() == "ok\n"
        events = read_until(host, profile("scanner.serial").parser())
        assert values(events) == ["T0001"]
        host.close()
        program.stdin.close()
        assert program.wait(PATIENCE_S) == 0


@posix
@pytest.mark.parametrize("chunk", [1, 2, 7, 16, 4096])
def test_bytes_come_in_chunks_of_any_size(tmp_path, chunk):
    with SimulatedPort("bp.omron.hbp9030", link=tmp_path / "bp", faults=Faults(chunk=chunk)) as port:
        host = open_port(port.path, profile("bp.omron.hbp9030").settings)
        port.obey('measure {"systolic": 128}')
        events = read_until(host, profile("bp.omron.hbp9030").parser())
        assert next(e for e in events if isinstance(e, ReadingSet)).value(Kind.SYSTOLIC) == 128
        host.close()


@posix
def test_pace_is_the_speed_of_the_line(tmp_path):
    with SimulatedPort("scanner.serial", link=tmp_path / "scan", faults=Faults(pace=True, chunk=1)) as port:
        waited = []
        port.player._ended.wait = lambda seconds: waited.append(seconds)
        host = open_port(port.path, profile("scanner.serial").settings)
        port.obey("scan T0001")
        read_until(host, profile("scanner.serial").parser())
        host.close()
    # The host may have read the last byte before the simulator waits behind it: count when it has stopped.
    assert waited.count(pytest.approx(10 / 9600)) == len("]C0T0001\r\n")


def test_faults_are_parsed_and_refused():
    assert parse_faults("noise=0.5 chunk=7 pace=1") == Faults(noise=0.5, chunk=7, pace=True)
    assert parse_faults("") == Faults()
    for text in ("noise", "noise=x", "colour=1", "chunk=0", "late_s=-1", "chunk=nan"):
        with pytest.raises(DomainError):
            parse_faults(text)


def test_each_fault_does_what_it_says():
    rng, frame = seeded(1), bytes(range(64))
    assert damaged(frame, Faults(), rng, baud=9600) == frame
    assert damaged(frame, Faults(truncate=5), rng, baud=9600) == frame[:5]
    assert damaged(frame, Faults(copies=3), rng, baud=9600) == frame * 3
    assert len(damaged(frame, Faults(noise=1), rng, baud=9600)) > len(frame)
    flipped = int.from_bytes(flip_bits(frame, 4, rng), "big") ^ int.from_bytes(frame, "big")
    assert flipped.bit_count() == 4
    assert at_wrong_baud(frame, 9600, 9600) == frame
    assert at_wrong_baud(frame, 9600, 4800) != frame
    assert damaged(frame, Faults(wrong_baud=2400), rng, baud=9600) == at_wrong_baud(frame, 9600, 2400)


def test_the_same_seed_says_the_same():
    for name in drivers():
        if name.startswith("bp.") or name == "scale.tanita.wb3000":
            one, other = (simulator_of(name)(seed=4).act("measure", '{"time": "1"}') for _ in range(2))
            assert one == other


@posix
@pytest.mark.parametrize("case", [case for case in CASES if case.listens], ids=repr)
def test_faults_on_a_real_line_never_make_another_value(case, tmp_path):
    """Noise, flipped bits and copies at once; only formats without a checksum are spared the flips."""
    flips = 1 if case.checked else 0
    actions = {
        "bp": 'measure {"systolic": 128, "diastolic": 79, "mean": 97, "pulse": 72}',
        "scanner": f"scan {case.meanings[0]}",
    }
    action = actions.get(profile(case.driver).kind, 'measure {"weight": 65.3, "height": 170.5}')
    parser, found = case.make(), []
    with SimulatedPort(case.driver, link=tmp_path / "port", seed=5) as port:
        host = open_port(port.path, profile(case.driver).settings)
        port.obey(action)
        truth = set(values(read_until(host, parser)))
        port.player.faults = Faults(noise=0.5, bitflips=flips, copies=2, chunk=16)
        for _ in range(30):
            port.obey(action)
        while chunk := host.read(0.3):
            found += values(parser.feed(chunk))
        host.close()
    assert set(found) <= truth


def codes_in_sources():
    pattern = re.compile(r'"((?:device|bp|scale|idcard|scan)\.[a-z0-9_]+)"')
    folder = Path(devices.__path__[0])
    files = [path for path in folder.rglob("*.py") if "labels" not in path.parts]
    return {code for path in files for code in pattern.findall(path.read_text("utf-8"))} - set(drivers())


def test_everything_a_device_can_say_has_its_chinese_sentence():
    texts = yaml.safe_load((ROOT / "resources/texts/zh/devices.yaml").read_text("utf-8"))
    expected = codes_in_sources() | {f"device.state.{state.value}" for state in State}
    assert set(texts) == expected
    assert all(re.search("[一-鿿]", text) and text.endswith(("。", "……")) for text in texts.values())
