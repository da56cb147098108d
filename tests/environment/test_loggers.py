"""Loggers on a serial line, on a socket, by a real MQTT broker and as files; damaged answers are no readings."""

import json
import shutil
import socket
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from client.environment_watch import EnvironmentWatch, read_settings
from devices.environment.files import read_log
from devices.environment.modbus import ModbusLine, read_logger
from devices.environment.modbus_simulator import Logger, RtuSimulator, TcpSimulator, crc16
from devices.environment.models import load_models
from devices.environment.mqtt import Broker, Decoder, Listener
from domain.environment.reading_commands import LookAtProbes
from domain.kernel.errors import DomainError, UnavailableError
from tests.fixtures.patience import PATIENCE_S

MODELS = load_models(resources.folder("environment"))
WALL, ULT = MODELS["rs485_wall"], MODELS["ult_freezer"]


def wall(**facts):
    made = Logger(**facts)
    made.set_tenths(0, 65.8)
    made.set_tenths(1, -10.1)
    return made


def test_published_frames_have_this_crc():
    assert crc16(bytes.fromhex("010300000002")) == bytes.fromhex("C40B")
    assert crc16(bytes.fromhex("01030402 92FF9B".replace(" ", ""))) == bytes.fromhex("5A3D")
    assert crc16(bytes.fromhex("010400010002")) == bytes.fromhex("200B")


def test_a_wall_sensor_on_a_serial_line():
    with RtuSimulator(wall()) as line:
        values = read_logger(ModbusLine(line.path, 1), WALL, ["temperature", "humidity"])
    assert values == {"temperature": -10.1, "humidity": 65.8}


def test_a_freezer_behind_a_gateway():
    logger = Logger(unit=7)
    logger.set_tenths(0, -80.0)
    assert logger.holding[0] == 0xFCE0
    with TcpSimulator(logger) as line:
        assert read_logger(ModbusLine(line.address, 7), ULT, ["temperature"]) == {"temperature": -80.0}


def failing(line, unit=1, model=WALL):
    with pytest.raises(UnavailableError) as told:
        read_logger(ModbusLine(line, unit, timeout_s=0.3), model, ["temperature"])
    return told.value.code


@pytest.mark.parametrize("fault", ["crc", "silent", "short", "other"])
def test_what_is_not_whole_and_right_is_no_reading(fault):
    with RtuSimulator(wall(fault=fault)) as line:
        assert failing(line.path) == "environment.no_answer"
        line.logger.fault = ""
        assert read_logger(ModbusLine(line.path, 1), WALL, ["temperature"]) == {"temperature": -10.1}


def test_a_frame_damaged_once_is_asked_for_again():
    with RtuSimulator(wall(fault="crc_once")) as line:
        answer = read_logger(ModbusLine(line.path, 1, timeout_s=0.3), WALL, ["temperature"])
        assert answer == {"temperature": -10.1}
        assert line.logger.asked == 2


@pytest.mark.parametrize("fault", ["short", "other", "silent"])
def test_a_gateway_that_answers_for_another_is_not_believed(fault):
    with TcpSimulator(wall(fault=fault)) as line:
        assert failing(line.address) == "environment.no_answer"


def test_a_logger_that_refuses_says_its_code():
    with RtuSimulator(wall(fault="busy")) as line, pytest.raises(UnavailableError) as told:
        read_logger(ModbusLine(line.path, 1, timeout_s=0.3), WALL, ["temperature"])
    assert (told.value.code, told.value.facts["number"]) == ("environment.exception", 6)


def test_an_absent_line_is_told():
    assert failing("/dev/no-such-port") == "environment.no_line"
    assert failing("tcp:127.0.0.1:9") == "environment.no_line"


def test_an_open_probe_is_no_temperature():
    assert ULT.channels["temperature"].value(0x7FFF) is None
    assert ULT.channels["temperature"].value(0xF831) is None
    assert WALL.channels["humidity"].value(0xFF00) == pytest.approx(6528.0), "unsigned"


def test_the_watch_reads_keeps_and_tells_what_it_cannot_read(desk, freezer, technician):
    logger = Logger(unit=3)
    logger.set_tenths(0, -79.5)
    with TcpSimulator(logger) as line:
        path = desk_settings(line.address)
        watch = EnvironmentWatch(desk, technician, path, MODELS, clock=freezer.clock)
        assert watch.round() == 1
        freezer.clock.advance(timedelta(minutes=1))
        logger.holding[0] = 0x7FFF
        assert watch.round() == 1
        logger.fault = "silent"
        for _ in range(5):
            freezer.clock.advance(timedelta(minutes=1))
            assert watch.round() == 0
        assert [e.cause for e in freezer.excursions()] == ["lost"]
        assert watch.troubles[f"{line.address}#3"].code == "environment.no_answer"
        logger.fault = ""
        logger.set_tenths(0, -79.5)
        for _ in range(2):
            freezer.clock.advance(timedelta(minutes=1))
            watch.round()
        assert freezer.excursions()[0].state == "recovered"
        assert freezer.excursions()[0].tubes == 0, "listed without anybody asking"
        assert watch.troubles == {}


def desk_settings(address):
    import msgspec

    from client.environment_watch import EnvironmentSettings

    plain = {
        "loggers": [{"model": "ult_freezer", "address": address, "unit": 3, "probes": {"temperature": "P1"}}]
    }
    return msgspec.convert(plain, EnvironmentSettings)


def test_settings_that_are_none_are_told(tmp_path):
    assert read_settings(tmp_path / "absent.json").loggers == ()
    (tmp_path / "e.json").write_text('{"loggers": [{"model": 3}]}', "utf-8")
    with pytest.raises(DomainError, match=r"environment\.settings"):
        read_settings(tmp_path / "e.json")


NOW = datetime(2026, 11, 23, 1, 5, tzinfo=UTC)


def message(**facts):
    return json.dumps({"t": "2026-11-23T01:05:00Z", **facts}).encode()


def test_messages_are_decoded_or_refused():
    decoder = Decoder()
    topic = "site/b1/env/P1/state"
    told = decoder.decode(topic, message(temp_c=-79.4, batt=97, seq=10))
    assert (told.probe, told.at, told.value) == ("P1", NOW, -79.4)
    assert decoder.decode(topic, b"") is None
    assert decoder.decode(topic, message(fault=True, seq=11)).value is None
    for payload in (b"nonsense", message(), message(temp_c=1, rh=2), message(temp_c=5000), b'{"temp_c": 1}',
                    b'{"t": "2026-11-23T01:05:00", "temp_c": 1}', message(temp_c="1")):  # fmt: skip
        with pytest.raises(DomainError, match=r"environment\.bad_message"):
            decoder.decode(topic, payload)
    with pytest.raises(DomainError, match=r"environment\.went_back"):
        decoder.decode(topic, message(temp_c=-79, seq=3))
    assert decoder.decode(topic, message(temp_c=-79, seq=3, boot=True)).value == -79
    with pytest.raises(DomainError, match=r"environment\.bad_topic"):
        decoder.decode("state", message(temp_c=1))


@given(st.binary(max_size=200))
def test_any_message_is_a_reading_or_refused(payload):
    try:
        told = Decoder().decode("a/P/state", payload)
    except DomainError:
        return
    assert told is None or told.probe == "P"


@pytest.fixture
def broker(tmp_path):
    """A real broker, or a skip that says so."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    if not shutil.which(program):
        pytest.skip("no mosquitto on this machine: MQTT was tried without a broker only")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n", "utf-8")
    with subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        try:
            yield port
        finally:
            run.terminate()


def test_a_real_broker_carries_readings_the_last_one_kept(broker):
    came = threading.Event()
    refused = []
    made = paho.Client(paho.CallbackAPIVersion.VERSION2)
    until = datetime.now(UTC) + timedelta(seconds=PATIENCE_S)
    while datetime.now(UTC) < until:
        try:
            made.connect("127.0.0.1", broker)
            break
        except OSError:
            came.wait(0.05)
    made.loop_start()
    sent = made.publish("site/b1/env/P1/state", message(temp_c=-79.4, seq=1), qos=1, retain=True)
    sent.wait_for_publish(PATIENCE_S)
    listener = Listener(Broker("127.0.0.1", broker, "site/+/env/+/state"), refused.append)
    listener.start()
    found = []
    while not found and datetime.now(UTC) < until:
        found = listener.take()
        came.wait(0.02)
    assert [(p.probe, p.value) for p in found] == [("P1", -79.4)], "who listens later is given the kept one"
    made.publish("site/b1/env/P1/state", b"rubbish", qos=1).wait_for_publish(PATIENCE_S)
    made.publish("site/b1/env/P2/state", message(rh=45.5, seq=1), qos=1).wait_for_publish(PATIENCE_S)
    found = []
    while not found and datetime.now(UTC) < until:
        found = listener.take()
        came.wait(0.02)
    assert [(p.probe, p.value) for p in found] == [("P2", 45.5)]
    assert [e.code for e in refused] == ["environment.bad_message"]
    listener.stop()
    made.disconnect()
    made.loop_stop()


def test_a_broker_that_is_not_there_is_told():
    with pytest.raises(UnavailableError, match=r"environment\.no_broker"):
        Listener(Broker("127.0.0.1", 9, "x/+/state")).start()


def test_a_memory_file_is_read_wholly():
    data = (
        "时间,P1,P2\n2026-11-23 09:05:00,-79.4,45\n2026/11/23 09:06,断线,\n2026-11-23T01:07:00+00:00,-79,46\n"
    )
    assert read_log(data.encode("gb18030")) == [
        ("P1", NOW, -79.4), ("P2", NOW, 45.0), ("P1", NOW + timedelta(minutes=1), None),
        ("P1", NOW + timedelta(minutes=2), -79.0), ("P2", NOW + timedelta(minutes=2), 46.0),
    ]  # fmt: skip
    assert read_log(b"time;P1\n2026-11-23 09:05;-79.4\n") == [("P1", NOW, -79.4)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("P1,P2\n1,2\n", "environment.file_head", None),
        ("time\n", "environment.file_head", None),
        ("time,P1\n2026-11-23 09:05,-79.4\nyesterday,-79\n", "environment.file_line", 3),
        ("time,P1\n2026-11-23 09:05,-79.4.1\n", "environment.file_line", 2),
        ("time,P1\n2026-11-23 09:05,１２\n", "environment.file_line", 2),
        ("time,P1\n2026-11-23 09:05,1,2\n", "environment.file_line", 2),
        ("time,P1\n2026-11-23 09:05,nan\n", "environment.file_line", 2),
    ],
)
def test_a_line_nobody_understands_is_named(text, code, line):
    with pytest.raises(DomainError) as told:
        read_log(text.encode())
    assert (told.value.code, told.value.facts.get("line")) == (code, line)


def test_looking_is_a_command_of_its_own(desk, freezer, technician):
    assert desk.run(LookAtProbes(codes=["P1"]), technician).receipt.begun == 0
