"""What the readings of a probe say: in order, out, rising, at fault, silent; and what was beyond the limit. Pure.

Nothing is remembered between two looks: the same readings always say the same, also when they come late from a
logger's memory.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.environment.records import ExcursionCause

BACK = 2
"""Readings in a row within the limits after which a value counts as back."""


@dataclass(frozen=True, slots=True)
class Point:
    """One reading; a value of None says the probe is at fault."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a probe may read; times in minutes, `rise` in the probe's unit over `rise_min`, None for no such limit."""

    low: float
    high: float
    delay_min: int
    rise: float | None
    rise_min: int
    lost_min: int

    def side(self, value: float | None) -> ExcursionCause | None:
        """Return on which side of the limits a value lies, None within."""
        if value is None:
            return ExcursionCause.FAULT
        if value > self.high:
            return ExcursionCause.HIGH
        return ExcursionCause.LOW if value < self.low else None

    def beyond(self, value: float | None) -> float:
        """Return how far a value is beyond the limits."""
        if value is None:
            return 0.0
        return max(value - self.high, self.low - value, 0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a probe stands; `cause` is None where all is in order, `since` is when that began."""

    cause: ExcursionCause | None
    since: datetime | None
    value: float | None


def judge(points: Sequence[Point], limits: Limits, now: datetime) -> Verdict:
    """Return how a probe stands now.

    Args:
        points: Its readings in order of time, reaching back at least over the delay and the time of the rise.
        limits: What it may read.
        now: The time.
    """
    if not points:
        return Verdict(None, None, None)
    last = points[-1]
    silent = timedelta(minutes=limits.lost_min)
    if now - last.at >= silent:
        return Verdict(ExcursionCause.LOST, last.at, last.value)
    side = limits.side(last.value)
    if side is not None:
        begun = _since(points, limits, side)
        if last.at - begun >= timedelta(minutes=limits.delay_min):
            return Verdict(side, begun, last.value)
        return Verdict(None, begun, last.value)
    rising = _rising(points, limits)
    return Verdict(ExcursionCause.RISE if rising else None, rising, last.value)


def is_back(points: Sequence[Point], limits: Limits, cause: ExcursionCause, now: datetime) -> datetime | None:
    """Return since when an excursion is over, None while it goes on."""
    tail = points[-BACK:]
    if len(tail) < BACK or now - tail[-1].at >= timedelta(minutes=limits.lost_min):
        return None
    if any(limits.side(point.value) is not None for point in tail):
        return None
    if cause is ExcursionCause.RISE and _rising(points, limits):
        return None
    return tail[0].at


def exposure(points: Sequence[Point], limits: Limits, start: datetime, end: datetime) -> float:
    """Return the integral of what was beyond the limits, in degrees (or per cent) times minutes.

    Between two readings the value is taken to change evenly; where a probe was silent or at fault nothing is known
    and nothing is added, which the cause of the excursion says.
    """
    total = 0.0
    known = [point for point in points if point.value is not None]
    for left, right in itertools.pairwise(known):
        if (right.at - left.at) > timedelta(minutes=limits.lost_min) or right.at <= start or left.at >= end:
            continue
        first, second = _at(left, right, max(left.at, start)), _at(left, right, min(right.at, end))
        minutes = (min(right.at, end) - max(left.at, start)).total_seconds() / 60
        total += _area(limits, first, second) * minutes
    return total


def _area(limits: Limits, first: float, second: float) -> float:
    """Return the mean of what is beyond the limits along a straight line between two values."""
    if first == second:
        return limits.beyond(first)
    low, high = sorted((first, second))
    above = max(high - limits.high, 0.0) ** 2 - max(low - limits.high, 0.0) ** 2
    below = max(limits.low - low, 0.0) ** 2 - max(limits.low - high, 0.0) ** 2
    return (above + below) / (2 * (high - low))


def _at(left: Point, right: Point, at: datetime) -> float:
    span = (right.at - left.at).total_seconds()
    first, second = left.value or 0.0, right.value or 0.0
    return first if span <= 0 else first + (second - first) * ((at - left.at).total_seconds() / span)


def _since(points: Sequence[Point], limits: Limits, side: ExcursionCause) -> datetime:
    """Return when a run of readings on one side began; a gap in the signal begins it anew."""
    begun = points[-1].at
    for point, after in zip(points[-2::-1], points[:0:-1], strict=True):
        if limits.side(point.value) is not side or after.at - point.at > timedelta(minutes=limits.lost_min):
            break
        begun = point.at
    return begun


def _rising(points: Sequence[Point], limits: Limits) -> datetime | None:
    """Return since when a value rises faster than allowed, None if it does not."""
    last = points[-1]
    if limits.rise is None or last.value is None:
        return None
    window = [
        p
        for p in points
        if p.value is not None and last.at - p.at <= timedelta(minutes=limits.rise_min) and p.at < last.at
    ]
    if not window:
        return None
    lowest = min(window, key=lambda p: (p.value or 0.0, p.at))
    return lowest.at if last.value - (lowest.value or 0.0) >= limits.rise else None
