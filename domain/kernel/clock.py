"""Time as an argument: UTC everywhere in storage, clinic time only where a person reads it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]

CLINIC_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one offset without daylight saving since 1991, so a fixed offset is exact for our records."""


def utc_now() -> datetime:
    """Return the machine's time as an aware datetime in UTC."""
    return datetime.now(UTC)


def clinic(moment: datetime) -> datetime:
    """Return `moment` (aware) in the clinic's time."""
    return moment.astimezone(CLINIC_TIME)


class ManualClock:
    """A clock that stands still until it is told to move; for tests, training and the demo."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


class OffsetClock:
    """The machine's clock moved by an offset that can grow: lets a demonstration run through a day."""

    def __init__(self, base: Clock = utc_now, offset: timedelta = timedelta()) -> None:
        self._base = base
        self.offset = offset

    def __call__(self) -> datetime:
        return self._base() + self.offset

    def advance(self, by: timedelta) -> None:
        self.offset += by
