"""Counting the days a workstation is without the centre; imports nothing that the early desk has not."""

from datetime import datetime

from domain.kernel.facts import from_microseconds


def alone(heard: int, newest: int | None, now: datetime) -> int:
    """Return the whole days from `heard` (microseconds) to now, or to the `newest` entry of the log if later."""
    latest = max(now, from_microseconds(newest)) if newest is not None else now
    return (latest - from_microseconds(heard)).days
