"""A session: whose reading it is, what silence means, what is said twice, when the settings look wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.faults import at_wrong_baud
from devices.monitors.and_tm2657 import Tm2657Simulator
from devices.rawlog import RawLog
from devices.readings import CardRead, Noise, ReadingSet, Refusal, Scan
from devices.registry import profile
from devices.scales.tanita_wb3000 import Wb3000Simulator
from devices.session import Arrived, PortState, Session, State
from devices.simulated import local_time
from domain.kernel.errors import DomainError
from tests.devices.driver_suite import CASES, code

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def session(driver, utc_now=lambda: NOW):
    chosen = profile(driver)
    return Session("p1", chosen, chosen.parser(), utc_now=utc_now)


def pressure(**told):
    return Tm2657Simulator(seed=1).result(told)


def events(reports, kind=ReadingSet | Refusal | Scan):
    return [
        report.event for report in reports if isinstance(report, Arrived) and isinstance(report.event, kind)
    ]


def states(reports):
    return [report.state for report in reports if isinstance(report, PortState)]


def test_a_reading_belongs_to_the_time_of_its_first_byte():
    port = session("bp.and.tm2657")
    port.opened(0)
    frame = pressure()
    port.received(pressure(systolic=120), 1.0)
    port.received(frame[:1], 5.0)
    port.received(frame[1:60], 5.2)
    (arrived,) = port.received(frame[60:], 5.6)
    assert isinstance(arrived.event, ReadingSet)
    assert (arrived.first_byte_s, arrived.last_byte_s) == (5.2, 5.6)  # the first of two SYN carries nothing
    assert (arrived.port, arrived.driver, arrived.received_at) == ("p1", "bp.and.tm2657", NOW)


def test_two_frames_in_one_read_share_its_time():
    port = session("scanner.serial")
    reports = port.received(b"T000", 1.0) + port.received(b"1\r\nT0002", 2.0) + port.received(b"\r\n", 3.0)
    assert [(r.event.text, r.first_byte_s, r.last_byte_s) for r in reports] == [
        ("T0001", 1.0, 2.0),
        ("T0002", 2.0, 3.0),
    ]


def test_a_partial_frame_is_dropped_only_after_silence():
    port = session("bp.and.tm2657")
    frame = pressure()
    port.received(frame[:40], 1.0)
    assert port.idle(1.4) == []
    (dropped,) = port.idle(1.6)
    assert (dropped.event, dropped.event.reason) == (Noise(39, "silence"), "silence")
    assert events(port.received(frame[40:], 1.7)) == []
    assert events(port.idle(3)) == []
    assert len(events(port.received(frame, 4.0), ReadingSet)) == 1


def test_the_same_measurement_is_not_taken_twice():
    port = session("bp.and.tm2657")
    frame, other = pressure(), pressure(time="2611230906")
    assert [type(e) for e in events(port.received(frame * 2, 1.0))] == [ReadingSet, Refusal]
    (again,) = events(port.received(frame, 900.0))
    assert again.code == "device.duplicate"
    assert len(events(port.received(other, 901.0), ReadingSet)) == 1


def test_a_scale_without_a_clock_may_say_the_same_weight_later():
    port = session("scale.tanita.wb3000")
    frame = Wb3000Simulator(seed=1).line({"weight": 65.3, "height": 170.5})
    told = [events(port.received(frame, at))[0] for at in (1.0, 2.0, 60.0)]
    assert [getattr(event, "code", "") for event in told] == ["", "device.duplicate", ""]


def test_repeated_and_glued_scans():
    port = session("scanner.serial")
    told = []
    for text, at in (("T0001", 1.0), ("T0001", 1.2), ("T0002", 1.25), ("T0003", 2.0)):
        told += events(port.received(f"]C0{text}\r\n".encode(), at))
    assert [getattr(event, "text", getattr(event, "code", "")) for event in told] == [
        "T0001",
        "scan.too_close",
        "T0003",
    ]


def test_the_device_clock_is_compared_with_ours():
    now = local_time()
    port = session("bp.and.tm2657", utc_now=lambda: datetime.now(UTC))
    (arrived,) = port.received(pressure(time=f"{now + timedelta(days=2):%y%m%d%H%M}"), 1.0)
    assert 2 * 86400 - 130 < arrived.clock_skew_s < 2 * 86400 + 10


@pytest.mark.parametrize("driver", [case.driver for case in CASES])
def test_wrong_line_settings_are_named_after_three_seconds(driver):
    port = session(driver)
    port.opened(0)
    baud = port._profile.settings.baud
    frames = next(case.frames for case in CASES if case.driver == driver)
    reports, now = [], 0.0
    for frame in frames:
        reports += port.received(at_wrong_baud(frame, baud, baud // 2), now)
        reports += port.idle(now + port._profile.gap_s + 0.01)
        now += port._profile.gap_s + 0.3
    assert states(reports) == [State.WRONG_SETTINGS]
    assert events(reports, ReadingSet | Scan | CardRead) == []


def test_settings_that_turn_out_right_are_ready_again():
    port = session("bp.and.tm2657")
    port.opened(0)
    port.received(b"\xff" * 100, 1.0)
    assert states(port.idle(3.9)) == []
    assert states(port.idle(4.1)) == [State.WRONG_SETTINGS]
    assert states(port.received(pressure(), 5.0)) == [State.READY]


def test_a_little_noise_is_not_wrong_settings():
    port = session("bp.and.tm2657")
    port.opened(0)
    reports = []
    for minute in range(20):
        reports += port.received(b"\xff" * 20, minute * 60.0) + port.idle(minute * 60.0 + 5)
    assert states(reports) == []


def test_a_device_that_should_speak_is_silent_after_a_while_and_back_with_its_first_byte():
    port = session("idcard.samv")
    assert states(port.opened(10)) == [State.READY]
    assert states(port.idle(12.9)) == []
    assert states(port.idle(13.1)) == [State.SILENT]
    assert states(port.idle(14)) == []
    assert states(port.received(b"\xaa", 15)) == [State.READY]
    blood_pressure = session("bp.and.tm2657")
    blood_pressure.opened(0)
    assert states(blood_pressure.idle(9999)) == []


def test_a_lost_port_drops_the_partial_frame_and_never_shows_the_last_value_again():
    port = session("bp.and.tm2657")
    port.opened(0)
    port.received(pressure(), 1.0)
    port.received(pressure(systolic=150)[:100], 2.0)
    lost = port.lost(2.1)
    assert events(lost) == []
    assert states(lost) == [State.UNPLUGGED]
    assert states(port.opened(5.0)) == [State.READY]
    assert events(port.received(pressure(systolic=150)[100:], 5.1)) == []


def test_commands_and_questions_pass_through():
    port = session("idcard.samv")
    assert port.poll(0.0)[0].startswith(b"\xaa\xaa\xaa\x96\x69")
    assert session("scale.generic.indicator").command("zero") == b"MZ\r\n"
    with pytest.raises(DomainError):
        session("scanner.serial").command("zero")


def test_the_raw_log_is_a_ring_and_forgets(tmp_path):
    path = tmp_path / "raw" / "p1.log"
    log = RawLog(path, personal=False, half_bytes=2000)
    port = session("bp.and.tm2657")
    for n in range(30):
        for arrived in port.received(pressure(systolic=100 + n, subject="998877"), float(n)):
            log.write(arrived)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["p1.log", "p1.log.1"]
    assert all(file.stat().st_size <= 2000 for file in files)
    text = path.read_text("ascii")
    assert " accepted " in text
    assert b"998877".hex() not in text
    log.forget(datetime.now(UTC) + timedelta(days=31))
    assert list(path.parent.iterdir()) == []


def test_the_raw_log_keeps_no_scan_and_no_personal_frame(tmp_path):
    path = tmp_path / "p1.log"
    for driver, data in (
        ("scanner.serial", f"{code(7)}\r\n".encode()),
        ("bp.omron.hbp9030", CASES[1].frames[0]),
    ):
        log = RawLog(path, personal=profile(driver).personal)
        for arrived in session(driver).received(data, 1.0):
            log.write(arrived)
    lines = path.read_text("ascii").splitlines()
    assert [line.split(" ")[2:] for line in lines] == [["read", "10", ""], ["accepted", "55", ""]]
