"""How often an address may be wrong: for enrolment codes, which must not be guessed, and for passwords."""

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Protocol

from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError

_ADDRESSES_KEPT = 10_000


class KeptFailures(Protocol):
    """Counts failures by address within a sliding window."""

    def check(self, address: str) -> None:
        """Refuse an address that failed too often."""

    def note(self, address: str) -> None:
        """Count one failure."""


class Failures:
    """Counts failures by address within a sliding window; of this process.

    Args:
        code: Of the refusal, with the fact `seconds` until the next try.
        most: Failures allowed within the window.
        window: Its length.
        clock: Time.
    """

    def __init__(self, code: str, most: int, window: timedelta, clock: Clock) -> None:
        self._code = code
        self._most = most
        self._window = window
        self._clock = clock
        self._failed: dict[str, deque[datetime]] = {}
        self._lock = threading.Lock()

    def check(self, address: str) -> None:
        """Refuse an address that failed too often."""
        now = self._clock()
        with self._lock:
            times = self._recent(address, now)
            if len(times) >= self._most:
                wait = self._window - (now - times[0])
                raise DomainError(self._code, seconds=max(1, int(wait.total_seconds())))

    def note(self, address: str) -> None:
        """Count one failure."""
        now = self._clock()
        with self._lock:
            if len(self._failed) >= _ADDRESSES_KEPT:
                self._failed = {a: t for a, t in self._failed.items() if now - t[-1] <= self._window}
            self._failed.setdefault(address, deque(maxlen=self._most)).append(now)

    def _recent(self, address: str, now: datetime) -> deque[datetime]:
        times = self._failed.get(address) or deque()
        while times and abs(now - times[0]) > self._window:
            times.popleft()
        return times
