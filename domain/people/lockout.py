"""When a login is locked: five failures within 15 minutes, then 15 minutes, doubling up to a day."""

import dataclasses
from datetime import datetime, timedelta

FAILURES = 5
WINDOW = timedelta(minutes=15)
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)


@dataclasses.dataclass(frozen=True, slots=True)
class Attempts:
    """What is known of failed sign-ins of one login on one store."""

    failures: int = 0
    locks: int = 0
    last_failure_at: datetime | None = None
    locked_until: datetime | None = None

    def locked_for(self, now: datetime) -> timedelta | None:
        """Return how long it stays locked, None if it is open.

        A clock set back does not open it: before the last failure, the whole lock is still to come.
        """
        if self.locked_until is None or now >= self.locked_until:
            return None
        if self.last_failure_at is not None and now < self.last_failure_at:
            return self.locked_until - self.last_failure_at
        return self.locked_until - now

    def failed(self, now: datetime) -> "Attempts":
        """Return the state after one more failure."""
        recent = self.last_failure_at is not None and abs(now - self.last_failure_at) <= WINDOW
        failures = self.failures + 1 if recent else 1
        if failures < FAILURES:
            return dataclasses.replace(self, failures=failures, last_failure_at=now)
        length = min(FIRST_LOCK * 2**self.locks, LONGEST_LOCK)
        return Attempts(0, self.locks + 1, now, now + length)
