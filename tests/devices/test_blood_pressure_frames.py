"""A&D and Omron monitors: the published bytes, the published refusals."""

from datetime import datetime
from decimal import Decimal

import pytest

from devices.monitors.and_tm2657 import ACKNOWLEDGEMENT, Tm2657, Tm2657Simulator, block
from devices.monitors.omron_hbp9030 import Hbp9030, Hbp9030Simulator
from devices.readings import Kind, Notice, ReadingSet, Refusal
from domain.kernel.errors import DomainError

# The known fields of a published TM-2657 capture; its last fields were not printed.
CAPTURED = [
    "TM2657",
    "2411121014",
    "RA",
    "M",
    "E00",
    "S127",
    "M 97",
    "D 76",
    "P 78",
    "I00",
    "L232",
    "p173",
    "i 0",
]
CAPTURED += ["m0", "r0", "t 35", "cN", "l  ", "d", ""]


def result(**changed):
    fields = list(CAPTURED)
    for position, text in changed.items():
        fields[int(position[1:])] = text
    return block("\x1e".join(fields).encode())


def only(events):
    (event,) = events
    return event


def test_the_published_control_blocks():
    assert Tm2657().command("start") == bytes.fromhex("16 16 01 30 30 02 53 54 03 07")
    assert Tm2657().command("stop") == bytes.fromhex("16 16 01 30 30 02 53 50 03 03")


def test_the_published_capture():
    event = only(Tm2657().feed(result()))
    assert isinstance(event, ReadingSet)
    told = {reading.kind: (reading.value, reading.unit) for reading in event.readings}
    assert told == {
        Kind.SYSTOLIC: (Decimal(127), "mm[Hg]"),
        Kind.DIASTOLIC: (Decimal(76), "mm[Hg]"),
        Kind.MEAN_PRESSURE: (Decimal(97), "mm[Hg]"),
        Kind.HEART_RATE: (Decimal(78), "/min"),
    }
    assert event.device_time == datetime(2024, 11, 12, 10, 14)  # noqa: DTZ001 - the device's clock
    assert event.readings[0].model == "A&D TM-2657"
    assert event.raw.endswith(b"\x03" + event.raw[-1:])
    assert event.value(Kind.BODY_WEIGHT) is None


def test_a_kiosk_capture_of_the_2655p():
    text = "\x1e".join(
        ["TM2655", "2606041532", "AB", "M", "E00", "S116", "M 86", "D 60", "P 89", "L100", "L143"]
    )
    event = only(Tm2657().feed(block(text.encode())))
    assert event.value(Kind.SYSTOLIC) == 116
    assert event.value(Kind.HEART_RATE) == 89


def test_an_acknowledgement_is_a_notice_and_the_result_follows():
    events = Tm2657().feed(ACKNOWLEDGEMENT + result())
    assert [type(event) for event in events] == [Notice, ReadingSet]
    assert events[0].code == "bp.measuring"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (result(_4="E03"), "bp.device_error"),
        (result(_5="S400"), "device.out_of_range"),
        (result(_5="S 76"), "bp.inconsistent"),
        (result(_6="M128"), "bp.inconsistent"),
        (result(_8="P  0"), "device.out_of_range"),
        (result(_8="Q 78"), "device.malformed"),
        (result(_8="P 7x"), "device.malformed"),
        (result(_8="P7  "), "device.malformed"),
        (result(_8="P+78"), "device.malformed"),
        (result(_5="S1_7"), "device.malformed"),
        (result(_13="m1"), "bp.movement"),
        (result(_1="2402301014"), "device.bad_time"),
        (result(_1="2411122400"), "device.bad_time"),
        (result(_1="0001010000"), "device.bad_time"),
        (result(_0="TM9999"), "device.malformed"),
        (block(b"TM2657\x1e2411121014\x1eRA\x1eM\x1eE00\x1eS127\x1eM 97"), "device.malformed"),
        (result()[:-1] + b"\x00", "device.bad_checksum"),
    ],
)
def test_the_and_monitor_is_refused(frame, code):
    event = Tm2657().feed(frame)[0]
    assert isinstance(event, Refusal)
    assert event.code == code


def test_a_check_byte_missing_before_the_next_block_costs_one_block_only():
    events = Tm2657().feed(result()[:-1] + result(_5="S130"))
    assert [event.code for event in events if isinstance(event, Refusal)] == ["device.bad_checksum"]
    assert [event.value(Kind.SYSTOLIC) for event in events if isinstance(event, ReadingSet)] == [130]


def test_a_patient_number_in_the_frame_is_told_apart_and_blanked():
    event = only(Tm2657().feed(result(_3="M1234567")))
    assert event.subject == "1234567"
    assert b"1234567" not in event.raw
    assert "1234567" not in repr(event)


def test_the_leap_day_and_the_irregular_pulse():
    event = only(Tm2657().feed(result(_1="2402291014", _12="i 2")))
    assert event.device_time == datetime(2024, 2, 29, 10, 14)  # noqa: DTZ001 - the device's clock
    assert event.readings[0].flags == {"irregular_pulse"}


def test_an_unknown_command_is_refused():
    with pytest.raises(DomainError) as caught:
        Tm2657().command("explode")
    assert caught.value.code == "device.no_such_command"


def test_the_and_simulator_answers_as_the_monitor_does():
    sim = Tm2657Simulator(seed=3)
    acknowledged, measured = sim.heard(Tm2657().command("start"))
    assert (acknowledged.data, acknowledged.after_s) == (ACKNOWLEDGEMENT, 0.1)
    assert measured.after_s == 30
    assert isinstance(only(Tm2657().feed(measured.data)), ReadingSet)
    (stopped,) = sim.heard(Tm2657().command("stop"))
    assert stopped.cancels


def omron(
    time="2026,11,23,09,05", who=" " * 20, error="0", systolic="128", diastolic="079", pulse="072", moved="0"
):
    return f"{time},{who},{error},{systolic},{diastolic},{pulse},{moved}\r\n".encode()


def test_the_omron_line():
    event = only(Hbp9030().feed(omron()))
    assert len(omron()) == 55
    assert (event.value(Kind.SYSTOLIC), event.value(Kind.DIASTOLIC), event.value(Kind.HEART_RATE)) == (
        128,
        79,
        72,
    )
    assert event.value(Kind.MEAN_PRESSURE) is None
    assert event.device_time == datetime(2026, 11, 23, 9, 5)  # noqa: DTZ001 - the device's clock


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (omron(error="2", systolic="   ", diastolic="   ", pulse="   "), "bp.device_error"),
        (omron(systolic="   "), "device.malformed"),
        (omron(systolic="400"), "device.out_of_range"),
        (omron(systolic="059", diastolic="040"), "device.out_of_range"),
        (omron(diastolic="029"), "device.out_of_range"),
        (omron(pulse="181"), "device.out_of_range"),
        (omron(pulse="000"), "device.out_of_range"),
        (omron(systolic="079"), "bp.inconsistent"),
        (omron(pulse=" 72"), "device.malformed"),
        (omron(moved="1"), "bp.movement"),
        (omron(time="2026,02,30,09,05"), "device.bad_time"),
        (omron(time="2026,11,23,24,00"), "device.bad_time"),
        (omron(systolic="1280"), "device.malformed"),
        (b"bp,99999999999999999999,2023/04/27,15:06,140,098,077,068,3\r\n", "bp.omron_format"),
        (b"MMBP203N 128 79\r\n", "bp.omron_format"),
        (b"ID00012\r\n", "bp.omron_format"),
        (omron().replace(b"128", "１２".encode()[:3]), "device.malformed"),
    ],
)
def test_the_omron_monitor_is_refused(line, code):
    event = only(Hbp9030().feed(line))
    assert isinstance(event, Refusal)
    assert event.code == code


@pytest.mark.parametrize(("systolic", "accepted"), [("060", True), ("260", True), ("261", False)])
def test_the_limits_of_the_omron_belong_to_it(systolic, accepted):
    event = only(Hbp9030().feed(omron(systolic=systolic, diastolic="040")))
    assert isinstance(event, ReadingSet) is accepted


def test_the_omron_identifier_is_never_in_the_raw_frame():
    event = only(Hbp9030().feed(omron(who="110105199001011234  ")))
    assert event.subject == "110105199001011234"
    assert b"110105" not in event.raw


def test_simulated_errors_are_refused():
    (said,) = Hbp9030Simulator(seed=1).act("measure", '{"error": "2"}')
    assert only(Hbp9030().feed(said.data)).code == "bp.device_error"
    with pytest.raises(DomainError) as caught:
        Hbp9030Simulator().act("measure", "[1]")
    assert caught.value.code == "device.bad_argument"
    with pytest.raises(DomainError) as caught:
        Hbp9030Simulator().act("weigh", "")
    assert caught.value.code == "device.no_such_action"
