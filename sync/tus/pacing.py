"""How fast a branch sends: pauses after failures, size of a PATCH, bandwidth cap."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MIN_PATCH = 256 << 10
MIN_BROKEN = 64 << 10
MAX_PATCH = 16 << 20
_STEP = 64 << 10
LEAST_PIECE = 16 << 10
MOST_PIECE = 1 << 20
_PIECES_PER_S = 16
_SHARE = 8
"""Where the line breaks, a PATCH is at most one part in so many of what passes between two breaks."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How patient and how bold; times in seconds, sizes in bytes.

    Attributes:
        connect_s: For a connection to come up.
        answer_s: For the answer to a message of the record exchange, which may make the centre work.
        stall_s: Without any sign that a byte was taken, the connection is given up.
        first_pause_s: Bound of the first pause; doubles with each failure.
        longest_pause_s: Bound of all pauses.
        attempts: Failures in a row without progress after which `upload` raises; None tries until cancelled.
        smallest_patch: Bounds of a PATCH.
        largest_patch: Bounds of a PATCH.
        broken_patch: The lower one on a line that breaks.
        patch_s: What a PATCH should take.
    """

    connect_s: float = 10.0
    answer_s: float = 120.0
    stall_s: float = 20.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 900.0
    attempts: int | None = 8
    smallest_patch: int = MIN_PATCH
    largest_patch: int = MAX_PATCH
    broken_patch: int = MIN_BROKEN
    patch_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Chance and time, for tests to replace.

    Attributes:
        rng: Gives numbers in [0, 1).
        monotonic: Seconds.
        wait: Waits the seconds or until the event, and tells whether the event is set.
    """

    rng: Callable[[], float] = field(default=random.random)
    monotonic: Callable[[], float] = field(default=time.monotonic)
    wait: Callable[[threading.Event, float], bool] = field(default=threading.Event.wait)


class Backoff:
    """Full-jitter exponential pauses; `failures` counts since the last progress.

    The first after progress is none: a line that broke once is mostly there again, and who is at work on it has to
    wait for nobody. A second try that comes to nothing waits as ever, so a centre that is down is not stormed.
    """

    def __init__(self, rng: Callable[[], float], first_s: float = 1.0, longest_s: float = 900.0) -> None:
        """Take `rng`, which gives numbers in [0, 1)."""
        self.failures = 0
        self._progressed = False
        self._rng = rng
        self._first_s = first_s
        self._longest_s = longest_s

    def next_s(self, at_least_s: float = 0.0) -> float:
        """Count a failure and return the pause: random up to a doubling bound, at least `at_least_s`."""
        bound = min(self._longest_s, self._first_s * 2.0 ** min(self.failures, 30))
        if self._progressed and self.failures == 0:
            bound = 0.0
        self.failures += 1
        return max(at_least_s, self._rng() * bound)

    def reset(self) -> None:
        """Note progress."""
        self.failures = 0
        self._progressed = True


class PatchSizer:
    """Chooses the bytes of the next PATCH so that it takes about `aim_s`.

    What is on its way when a line breaks is lost. So once it has broken, a PATCH is at most a share of what passed
    between the last two breaks, or has passed since the last: little is sent again on a line that breaks again and
    again, and one that is well by now is soon trusted. Its size is drawn, or breaks at equal distances (a limit of
    some box on the way) might hit the end of a PATCH every time.
    """

    def __init__(
        self,
        smallest: int = MIN_PATCH,
        largest: int = MAX_PATCH,
        aim_s: float = 10.0,
        *,
        broken: int = MIN_BROKEN,
    ) -> None:
        self.size = smallest
        self.rate = 0.0
        self._smallest = smallest
        self._broken = min(smallest, broken)
        self._largest = largest
        self._aim_s = aim_s
        self._passed = 0
        self._between: int | None = None

    def drawn(self, chance: float) -> int:
        """Return the size of the next PATCH, on a line that breaks from half of `size` on; `chance` is in [0, 1)."""
        if self._between is None:
            return self.size
        return max(self._broken, int(self.size * (1 + chance)) // 2)

    def passed(self, count: int) -> None:
        """Note that the centre has `count` bytes more."""
        self._passed += count

    def sent(self, count: int, took_s: float) -> None:
        """Learn from a PATCH of `count` bytes answered after `took_s`; a short piece teaches only if slow."""
        if count < (self.size if self._between is None else self.size // 2) and took_s < self._aim_s:
            return
        self.rate = count / max(took_s, 1e-3)
        self._set(min(int(self.rate * self._aim_s), max(self.size + _STEP, self.size * 4)))

    @property
    def piece(self) -> int:
        """Bytes to give to the socket at once: a sixteenth of a second, so that a pause or a stop takes no longer."""
        most = MOST_PIECE if self._between is None else max(LEAST_PIECE, self.size // 8)
        return max(LEAST_PIECE, min(most, int(self.rate / _PIECES_PER_S)))

    def failed(self) -> None:
        """Note that the line broke; again before anything has passed is the same break."""
        if self._passed or self._between is None:
            self._between, self._passed = self._passed, 0
        self._set(self.size // 2)

    def _set(self, wanted: int) -> None:
        smallest = self._smallest
        if self._between is not None:
            wanted = min(wanted, max(self._between, self._passed) // _SHARE)
            smallest = self._broken
        self.size = max(smallest, min(self._largest, wanted // _STEP * _STEP))


class DaytimeLimit:
    """A bandwidth limit in some hours of the day, for a line that people use too; outside them it is free."""

    def __init__(
        self, bytes_per_s: float, begins: int, ends: int, hour: Callable[[], int], clock: Callable[[], float]
    ) -> None:
        """Begin with the limit that `change` takes.

        `hour` gives the hour of the clinic's day, `clock` monotonic seconds.
        """
        self._hour, self._clock = hour, clock
        self.change(bytes_per_s, begins, ends)

    def change(self, bytes_per_s: float, begins: int, ends: int) -> None:
        """Limit from hour `begins` to hour `ends` (0 to 24, over midnight if it ends earlier); 0 B/s: never.

        What is on its way goes by it from its next piece.
        """
        limit = BandwidthLimit(bytes_per_s, self._clock) if bytes_per_s > 0 else None
        self._rule = (limit, begins, ends)  # one assignment: the thread that sends sees all of it or nothing

    def delay(self, count: int) -> float:
        """Return the seconds to wait before sending `count` bytes."""
        limit, begins, ends = self._rule
        if limit is None or not _within(self._hour(), begins, ends):
            return 0.0
        return limit.delay(count)


def _within(hour: int, begins: int, ends: int) -> bool:
    return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends


class BandwidthLimit:
    """A token bucket; `delay` is the hook the client asks before each piece it sends."""

    def __init__(self, bytes_per_s: float, clock: Callable[[], float]) -> None:
        """Allow `bytes_per_s`, and bursts of one second; `clock` is monotonic, in seconds."""
        self._lock = threading.Lock()
        self._rate = bytes_per_s
        self._clock = clock
        self._tokens = bytes_per_s
        self._filled_s = clock()

    def delay(self, count: int) -> float:
        """Take `count` bytes and return the seconds to wait before sending them."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._rate, self._tokens + (now - self._filled_s) * self._rate)
            self._filled_s = now
            self._tokens -= count
            return max(0.0, -self._tokens / self._rate)
