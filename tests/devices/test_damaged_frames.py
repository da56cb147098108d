"""A wrong number is never told: damaged frames by the thousand, seeded; a million of them in the deep run.

Damage is what a line does: a wrong byte, a burst of up to eight bits, three different bits anywhere, lost or
doubled bytes, noise, a frame that breaks off or runs into another. Two flips of the same bit in two bytes are what
an XOR cannot see: they are counted apart, so that what is left over is known.
"""

import os
import random
from decimal import Decimal

import pytest

from devices.faults import with_noise
from devices.idcard.samv import SamvReader
from devices.idcard.samv_frames import DONE, FOUND, READ, answer, frame
from devices.readings import CardRead, Refusal
from devices.registry import Check, profile
from devices.scanner.serial_scanner import SerialScanner
from domain.biobank.numbers import SpecimenNumberBlock, is_specimen_number, parse_specimen_number
from tests.devices.driver_suite import CASES, COUNT, values

DEEP = bool(os.environ.get("AFTERCHECK_DEEP"))
EXAMPLES = 340_000 if DEEP else 4_000
"""Of each format; the three that measure with a check come to a million in the deep run."""
TWO_FLIPS = 100_000 if DEEP else 4_000
NUMBERS = {Check.XOR, Check.SUM, Check.TWICE}
AT_MOST = {Check.XOR: 0.03, Check.SUM: 0.02, Check.TWICE: 0.0}
"""Share of frames with two flips of one bit that may give another legal number."""
HARMLESS = {"8302-2": 1, "29463-7": Decimal("0.4"), "39156-5": Decimal("0.2")}
"""By how much a height (cm), a weight (kg), an index may then be off: their own consistency sees the rest."""


def one_byte(data, _other, rng):
    data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    return data


def burst(data, _other, rng):
    width, begin = rng.randint(2, 8), rng.randrange(len(data) * 8 - 8)
    for bit in {begin, begin + width - 1, *(begin + n for n in range(1, width - 1) if rng.random() < 0.5)}:
        data[bit // 8] ^= 0x80 >> bit % 8
    return data


def three_bits(data, _other, rng):
    for bit in rng.sample(range(8), 3):
        data[rng.randrange(len(data))] ^= 1 << bit
    return data


def lost(data, _other, rng):
    begin = rng.randrange(len(data))
    del data[begin : begin + rng.randint(1, 3)]
    return data


def doubled(data, _other, rng):
    place = rng.randrange(len(data))
    data[place:place] = data[place : place + 1]
    return data


def noisy(data, _other, rng):
    return with_noise(bytes(data), 0.9, rng)


def broken_off(data, other, rng):
    return data[: rng.randrange(1, len(data))] + other


DAMAGES = (one_byte, burst, three_bits, lost, doubled, noisy, broken_off)


def same_bit_twice(data, rng):
    one, two = rng.sample(range(len(data)), 2)
    bit = 1 << rng.randrange(8)
    data[one] ^= bit
    data[two] ^= bit
    return bytes(data)


def odd_ones_out(case, count, seed):
    """Damage frames and return each value told that is not one of the frames', with the damage that made it."""
    rng = random.Random(seed)  # noqa: S311 - damage, not secrets
    found = []
    for n in range(count):
        mine, other = rng.sample(range(len(case.frames)), 2)
        damage = DAMAGES[n % len(DAMAGES)]
        data = bytes(damage(bytearray(case.frames[mine]), case.frames[other], rng))
        parser = case.make()
        told = values(parser.feed(data))
        truth = {case.meanings[mine], case.meanings[other]}
        found += [(damage.__name__, value, case.meanings[mine]) for value in told if value not in truth]
    return found


@pytest.mark.parametrize("case", [c for c in CASES if profile(c.driver).check in NUMBERS], ids=repr)
def test_no_damage_of_a_checked_format_gives_another_number(case):
    # The text is a fifth of a card's frame, and a card takes ten times as long as a line.
    assert odd_ones_out(case, EXAMPLES // 4 if case.driver == "idcard.samv" else EXAMPLES, 20261123) == []


def test_a_format_without_check_gives_only_a_legal_change_and_its_driver_says_so(capsys):
    (case,) = [c for c in CASES if not c.checked]
    assert profile(case.driver).check is Check.NONE
    found = odd_ones_out(case, EXAMPLES, 20261123)
    assert found, "a format without check: what escapes is listed, not denied"
    for damage, told, truth in found:
        assert damage in {"one_byte", "burst", "three_bits"}
        assert {kind for kind, _ in told} == {kind for kind, _ in truth}
    with capsys.disabled():
        print(f"\n{case.driver}: {len(found)} of {EXAMPLES} damaged frames gave another legal number")  # noqa: T201


@pytest.mark.parametrize(
    "case", [c for c in CASES if profile(c.driver).check in NUMBERS and c.driver != "idcard.samv"], ids=repr
)
def test_two_flips_of_one_bit_are_almost_always_seen_by_the_second_guard(case, capsys):
    rng = random.Random(7)  # noqa: S311 - damage, not secrets
    wrong = []
    for n in range(TWO_FLIPS):
        sent, meant = case.frames[n % COUNT], case.meanings[n % COUNT]
        told = values(case.make().feed(same_bit_twice(bytearray(sent), rng)))
        wrong += [(meant, value) for value in told if value != meant]
    with capsys.disabled():
        print(f"\n{case.driver}: {len(wrong)} of {TWO_FLIPS} frames with two flips of one bit told wrong")  # noqa: T201
    assert len(wrong) <= TWO_FLIPS * AT_MOST[profile(case.driver).check]
    for meant, told in wrong:
        before = dict(meant)  # a damaged tag may leave a value out, that is no wrong one
        for kind, after in told:
            assert abs(after - before[kind]) <= HARMLESS.get(str(kind), 1000), (meant, told)


def test_a_damaged_specimen_number_is_not_another_one():
    """A serial scanner's line has no check; the number's own sees every wrong character."""
    rng = random.Random(5)  # noqa: S311 - damage, not secrets
    block = SpecimenNumberBlock("101", 0, digits=True)
    for _ in range(EXAMPLES):
        number, block = block.allocate()
        damaged = bytes(one_byte(bytearray(f"]C0{number}\r\n".encode()), b"", rng))
        told = values(SerialScanner(is_specimen_number).feed(damaged))
        assert {parse_specimen_number(text.strip()) for text in told} <= {number}


def test_a_card_damaged_by_two_flips_is_told_by_the_second_reading():
    (case,) = [c for c in CASES if c.driver == "idcard.samv"]
    rng = random.Random(11)  # noqa: S311 - damage, not secrets
    differ = 0
    for n in range(2_000):
        reader = SamvReader()
        for now_s, said in ((0.0, answer(FOUND, bytes(4))), (0.1, answer(DONE, bytes(8)))):
            reader.poll(now_s)
            reader.feed(said)
        good, truth = case.frames[n % len(case.frames)], case.meanings[n % len(case.frames)]
        damaged = bytearray(good)
        for place in rng.sample(range(16, 271), 2):  # within the text, the same bit
            damaged[place] ^= 1 << n % 8
        assert reader.poll(0.2)[0] == frame(READ)
        events = reader.feed(bytes(damaged))
        assert reader.poll(0.3)[0] == frame(READ)
        events += reader.feed(good)
        assert [e for e in events if isinstance(e, CardRead)] == [], truth
        differ += [e.code for e in events if isinstance(e, Refusal)] == ["idcard.readings_differ"]
    assert differ == 2_000
