"""What every driver must stand, whatever it reads: one class of tests, one case a driver.

To add a driver: add its case to `CASES` (frames of its simulator and what they mean). A driver without a case
fails `test_every_driver_has_a_case`.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.faults import at_wrong_baud, with_noise
from devices.idcard.samv import SamvReader
from devices.idcard.samv_frames import DONE, FOUND, answer, read_answer
from devices.idcard.samv_simulator import card_text, check_character
from devices.monitors.and_tm2657 import Tm2657, Tm2657Simulator
from devices.monitors.omron_hbp9030 import Hbp9030, Hbp9030Simulator
from devices.parser import PENDING_LIMIT, Parser
from devices.readings import CardRead, Noise, ReadingSet, Scan
from devices.registry import profile
from devices.scales import indicator
from devices.scales.tanita_wb3000 import Wb3000, Wb3000Simulator
from devices.scanner.serial_scanner import SerialScanner

COUNT = 50
CARD = {
    "nation": "01",
    "birth": "19900101",
    "address": "北京市朝阳区1号",
    "issuer": "某局",
    "valid_from": "20150601",
    "valid_until": "长期",
}


@dataclass(frozen=True)
class Case:
    """Frames of a driver and the meaning of each.

    `checked`: the format has a check that sees every damage of one byte. `listens`: takes frames nobody asked for.
    `synchronises`: reads a frame that follows a broken one without a pause.
    """

    driver: str
    make: Callable[[], Parser]
    frames: tuple[bytes, ...]
    meanings: tuple[object, ...]
    checked: bool = True
    listens: bool = True
    synchronises: bool = True

    def __repr__(self):
        return self.driver


def meaning(event):
    """What of an event a person would act on; None when it is no value."""
    match event:
        case ReadingSet():
            return tuple((reading.kind, reading.value) for reading in event.readings)
        case CardRead():
            return (event.number, event.name, event.birth_date, event.sex, event.address)
        case Scan():
            return event.text
    return None


def seeded(seed):
    return random.Random(seed)  # noqa: S311 - damage, not secrets


def values(events):
    return [found for found in map(meaning, events) if found is not None]


def facts(events):
    return [event for event in events if not isinstance(event, Noise)]


def accept(code):
    """A code of ours: T, seven digits, and the check digit that makes their sum divisible by 10."""
    return len(code) == 9 and code[0] == "T" and code[1:].isdigit() and sum(map(int, code[1:])) % 10 == 0


def code(n):
    digits = f"{n:07d}"
    return f"T{digits}{-sum(map(int, digits)) % 10}"


def reader_that_asked_to_read():
    reader = SamvReader(twice=False)
    reader.poll(0.0)
    reader.feed(answer(FOUND, bytes(4)))
    reader.poll(0.1)
    reader.feed(answer(DONE, bytes(8)))
    reader.poll(0.2)
    return reader


def case(driver, make, pairs, **traits):
    frames = tuple(frame for frame, _ in pairs)
    meanings = []
    for frame, expected in pairs:
        assert [expected] == values(make().feed(frame)), (driver, frame)
        meanings.append(expected)
    return Case(driver, make, frames, tuple(meanings), **traits)


def pressure(systolic, diastolic, pulse, mean=None):
    told = [("8480-6", systolic), ("8462-4", diastolic), ("8867-4", pulse)] + (
        [("8478-0", mean)] if mean else []
    )
    return tuple((kind, Decimal(value)) for kind, value in told)


def and_case():
    sim = Tm2657Simulator(seed=1, clock=lambda: datetime(2026, 11, 23, 9, 5))  # noqa: DTZ001 - a device's clock
    told = [
        {"systolic": 100 + n, "diastolic": 70, "mean": 70 + (30 + n) * 2 // 5, "pulse": 60 + n}
        for n in range(COUNT)
    ]
    return case(
        "bp.and.tm2657",
        Tm2657,
        [(sim.result(t), pressure(t["systolic"], 70, t["pulse"], t["mean"])) for t in told],
    )


def omron_case():
    sim = Hbp9030Simulator(seed=1, clock=lambda: datetime(2026, 11, 23, 9, 5))  # noqa: DTZ001 - a device's clock
    return case("bp.omron.hbp9030", Hbp9030, [
        (sim.line({"systolic": 100 + n, "diastolic": 70, "pulse": 60 + n}), pressure(100 + n, 70, 60 + n))
        for n in range(COUNT)
    ], checked=False)  # fmt: skip


def tanita_case():
    sim = Wb3000Simulator(seed=1)
    pairs = []
    for n in range(COUNT):
        weight, height = Decimal(500 + n) / 10, Decimal("170.5")
        bmi = (weight / (height / 100) ** 2).quantize(Decimal("0.1"), "ROUND_HALF_UP")
        frame = sim.line({"weight": str(weight), "height": str(height)})
        pairs.append((frame, (("8302-2", height), ("29463-7", weight), ("39156-5", bmi))))
    return case("scale.tanita.wb3000", Wb3000, pairs)


def indicator_case():
    # A weight is three lines that say the same.
    return case("scale.generic.indicator", indicator.Indicator, [
        (indicator.line("ST", "GS", "+", f"{50 + n}.400", "kg") * 3, (("29463-7", Decimal(f"{50 + n}.400")),))
        for n in range(COUNT)
    ])  # fmt: skip


def card_case():
    pairs = []
    for n in range(COUNT):
        number = f"11010519900101{n:03d}"
        number += check_character(number)
        sex = "1" if int(number[16]) % 2 else "2"
        fields = CARD | {"name": f"王美{'娜' * (n % 3 + 1)}", "number": number, "sex": sex}
        frame = read_answer(card_text(fields), seeded(n).randbytes(1024))
        pairs.append((frame, (number, fields["name"], datetime(1990, 1, 1).date(), sex, fields["address"])))  # noqa: DTZ001
    return case("idcard.samv", reader_that_asked_to_read, pairs, listens=False, synchronises=False)


def scanner_case():
    pairs = [(f"]C0{code(n)}\r\n".encode(), code(n)) for n in range(COUNT)]
    return case("scanner.serial", lambda: SerialScanner(accept), pairs, synchronises=False)


CASES = [and_case(), omron_case(), tanita_case(), indicator_case(), card_case(), scanner_case()]


@pytest.mark.parametrize("case", CASES, ids=repr)
class DriverSuite:
    """Split bytes, noise, damage, unplugging mid-frame, double frames, silence, bursts."""

    @given(cuts=st.lists(st.integers(0, 4000), max_size=12))
    def test_how_the_bytes_are_split_does_not_matter(self, case, cuts):
        stream = b"\x00junk" + case.frames[0] + case.frames[1]
        whole, split = case.make(), case.make()
        edges = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
        events = [event for a, b in itertools.pairwise(edges) for event in split.feed(stream[a:b])]
        assert facts(events) == facts(whole.feed(stream))
        assert split.consumed == whole.consumed

    def test_byte_by_byte_gives_the_frame_and_its_place(self, case):
        parser = case.make()
        before = parser.consumed
        events = [event for byte in case.frames[0] for event in parser.feed(bytes([byte]))]
        assert values(events) == [case.meanings[0]]
        found = next(event for event in events if meaning(event) is not None)
        assert before <= found.start <= before + 1
        assert len(case.frames[0]) - 1 <= found.end - before <= len(case.frames[0])

    @given(noise=st.binary(max_size=60), seed=st.integers(0, 9999))
    def test_noise_before_a_frame_costs_at_most_that_frame(self, case, noise, seed):
        parser = case.make()
        found = values(parser.feed(noise + case.frames[0]))
        assert found in ([case.meanings[0]], []), seed
        if not found and not case.listens:
            return  # a reader that was answered with rubbish asks again
        parser.drop("silence")
        assert values(parser.feed(case.frames[1]))[-1:] in ([case.meanings[1]], [])
        parser.drop("silence")
        if case.listens:
            assert values(parser.feed(case.frames[2])) == [case.meanings[2]]

    @settings(max_examples=300)
    @given(seed=st.integers(0, 10**9))
    def test_noise_anywhere_never_makes_another_value(self, case, seed):
        rng = seeded(seed)
        noisy = with_noise(case.frames[0], 0.8, rng)
        assert set(values(case.make().feed(noisy))) <= {case.meanings[0]}

    def test_any_single_flipped_bit_is_refused_or_harmless(self, case):
        for position in range(len(case.frames[0]) * 8):
            frame = bytearray(case.frames[0])
            frame[position // 8] ^= 1 << position % 8
            found = values(case.make().feed(bytes(frame)))
            assert all(self.tolerable(case, value) for value in found), position

    @settings(max_examples=300)
    @given(position=st.integers(0, 5000), flip=st.integers(1, 255))
    def test_any_damaged_byte_is_refused_or_harmless(self, case, position, flip):
        frame = bytearray(case.frames[0])
        frame[position % len(frame)] ^= flip
        assert all(self.tolerable(case, value) for value in values(case.make().feed(bytes(frame))))

    @staticmethod
    def tolerable(case, value):
        """The true value, or where the format has no checksum, one that differs in a single number."""
        truth = case.meanings[0]
        if value == truth:
            return True
        return not case.checked and sum(a != b for a, b in zip(value, truth, strict=True)) == 1

    def test_a_frame_cut_off_anywhere_gives_nothing_and_the_next_is_read(self, case):
        frame, following = case.frames[0], case.frames[1]
        complete = next(k for k in range(len(frame) + 1) if values(case.make().feed(frame[:k])))
        for k in range(complete):
            parser = case.make()
            assert values(parser.feed(frame[:k])) == [], k
            dropped = parser.drop("silence")
            assert values(dropped) == []
            assert parser.pending == 0
            if case.listens:
                assert values(parser.feed(following)) == [case.meanings[1]], k

    def test_a_frame_cut_off_anywhere_does_not_spoil_the_one_right_behind_it(self, case):
        frame, following = case.frames[0], case.frames[1]
        complete = next(k for k in range(len(frame) + 1) if values(case.make().feed(frame[:k])))
        for k in range(complete):
            found = values(case.make().feed(frame[:k] + following))
            if case.synchronises:
                assert found == [case.meanings[1]], k
            else:
                # A card's text may be whole when the photo is cut and the XOR of both frames agrees by chance.
                assert found in ([case.meanings[1]], [], [case.meanings[0]] if k > 275 else []), k

    def test_every_splice_of_two_frames_gives_no_third_value(self, case):
        one, other = case.frames[0], case.frames[7]
        for k in range(1, min(len(one), 400)):
            spliced = one[:k] + other[k:]
            found = values(case.make().feed(spliced))
            if case.checked and case.driver != "scale.tanita.wb3000":
                assert set(found) <= {case.meanings[0], case.meanings[7]}, k

    def test_a_lost_port_leaves_nothing_behind(self, case):
        frame = case.frames[0]
        for k in range(0, len(frame) - 3, 5):
            parser = case.make()
            parser.feed(frame[:k])
            assert values(parser.drop("lost")) == []
            assert values(parser.feed(frame[k:])) == [] or k == 0 or case.synchronises

    def test_a_frame_sent_twice_is_told_as_the_same_value(self, case):
        found = values(case.make().feed(case.frames[0] * 2))
        assert set(found) == {case.meanings[0]}
        assert len(found) <= 2

    def test_a_burst_of_frames_is_told_in_order(self, case):
        found = values(case.make().feed(b"".join(case.frames)))
        assert found == list(case.meanings if case.listens else case.meanings[:1])

    def test_silence_says_nothing(self, case):
        parser = case.make()
        assert parser.feed(b"") == []
        assert parser.drop("silence") == []

    def test_another_device_on_the_port_is_never_a_value(self, case):
        for stranger in CASES:
            if stranger.driver != case.driver:
                parser = case.make()
                assert values(parser.feed(b"".join(stranger.frames[:3]))) == [], stranger.driver
                parser.drop("silence")

    @given(rubbish=st.binary(max_size=3000))
    def test_rubbish_neither_breaks_nor_means_anything(self, case, rubbish):
        parser = case.make()
        assert values(parser.feed(rubbish)) == []

    def test_a_flood_of_rubbish_does_not_grow(self, case):
        parser = case.make()
        for chunk in (
            b"\x16\x16\x0100\x02" * 40_000,
            b"\xaa\xaa\xaa\x96\x69\x05\x08" * 40_000,
            b"]" * 300_000,
        ):
            assert values(parser.feed(chunk)) == []
            assert parser.pending <= PENDING_LIMIT

    def test_the_wrong_line_speed_gives_no_value(self, case):
        sent = profile(case.driver).settings.baud
        for heard in (1200, 2400, 4800, 9600, 19200, 38400, 115200):
            if heard != sent:
                garbled = at_wrong_baud(b"".join(case.frames[:3]), sent, heard)
                assert values(case.make().feed(garbled)) == [], heard
