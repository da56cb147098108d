"""What can happen to the bytes of a device on their way, for simulators: pure, seeded, one switch each."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """Fault switches of a simulator; the default is a perfect line.

    `pace`: real line speed. `chunk`: bytes a write. `noise`: chance of random bytes before, inside and after a frame.
    `bitflips`: flipped bits a frame. `truncate`: bytes after which a frame stops. `unplug_after`: bytes of a frame
    after which the port is lost. `wrong_baud`: rate the host listens at, 0 for the right one. `copies`: how often a
    frame is sent, back to back. `late_s`: delay of each answer.
    """

    pace: bool = False
    chunk: int = 4096
    noise: float = 0.0
    bitflips: int = 0
    truncate: int | None = None
    unplug_after: int | None = None
    wrong_baud: int = 0
    copies: int = 1
    late_s: float = 0.0


def damaged(frame: bytes, faults: Faults, rng: random.Random, *, baud: int) -> bytes:
    """Return what the host gets to see of a frame sent at `baud`."""
    data = b"".join(_copy(frame, faults, rng) for _ in range(faults.copies))
    if faults.noise:
        data = with_noise(data, faults.noise, rng)
    if faults.wrong_baud:
        data = at_wrong_baud(data, baud, faults.wrong_baud)
    return data


def _copy(frame: bytes, faults: Faults, rng: random.Random) -> bytes:
    """Return one copy of a frame: each is damaged on its own way."""
    data = flip_bits(frame, faults.bitflips, rng) if faults.bitflips else frame
    return data if faults.truncate is None else data[: faults.truncate]


def flip_bits(frame: bytes, count: int, rng: random.Random) -> bytes:
    """Return the frame with `count` different bits flipped."""
    data = bytearray(frame)
    for position in rng.sample(range(len(data) * 8), min(count, len(data) * 8)):
        data[position // 8] ^= 1 << position % 8
    return bytes(data)


def with_noise(frame: bytes, chance: float, rng: random.Random) -> bytes:
    """Return the frame with random bytes or a run of 00 or FF before, inside and after it."""
    cut = rng.randrange(len(frame) + 1)
    parts = [b"", frame[:cut], frame[cut:]]
    return b"".join(part + (_burst(rng) if rng.random() < chance else b"") for part in parts)


def at_wrong_baud(frame: bytes, sent: int, heard: int) -> bytes:
    """Return what a receiver at `heard` baud makes of bytes sent 8N1 at `sent` baud: bits sampled at its own pace."""
    line = "".join("0" + f"{byte:08b}"[::-1] + "1" for byte in frame) + "1" * 40
    step = sent / heard
    received = bytearray()
    at = 0.0
    while (start := line.find("0", int(at))) >= 0 and start + 10 * step < len(line):
        begin = max(at, float(start))
        bits = [line[int(begin + (i + 1.5) * step)] for i in range(8)]
        received.append(int("".join(reversed(bits)), 2))
        at = begin + 9.5 * step
    return bytes(received)


def _burst(rng: random.Random) -> bytes:
    size = rng.randint(1, 12)
    return rng.choice((rng.randbytes(size), b"\x00" * size, b"\xff" * size))
