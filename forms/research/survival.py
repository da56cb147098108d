"""Time to an event that a study defines: Kaplan-Meier with numbers at risk, and the log-rank test of two groups.

The event is a condition on a variable at a visit (``lab.fpg >= 7``). Its time is the day of the first visit that
fits, counted from enrolment; who never fits is censored on the day of the last visit that has the variable. Who fits
at enrolment already (day 0) was not at risk and is left out, and counted.

Estimate, Greenwood's intervals (log-log) and the test are scipy's.
"""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from forms.research.frame import Frame

OPERATORS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "="}
MARKS = 6
"""Moments at which it is told how many are still at risk."""


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """When something has happened: variable, comparison, and the number or code it is held against."""

    variable: str
    op: str
    value: str

    def fits(self, found: Any) -> bool:
        """Tell whether a value is the event; a value that is none is not."""
        if found is None or (isinstance(found, float) and np.isnan(found)):
            return False
        if isinstance(found, str):
            return self.op == "eq" and found == self.value
        limit = float(self.value)
        return bool(
            {"ge": found >= limit, "gt": found > limit, "le": found <= limit, "lt": found < limit}.get(
                self.op, found == limit
            )
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """One group.

    Attributes:
        name: Of the group; empty for the whole.
        n: People at risk at the start.
        events: How many had the event.
        days: Days at which the share changes, rising.
        share: Share without the event from each of those days on.
        low: Lower end of its 95 % interval.
        high: Upper end.
        at_risk: (day, people still at risk) at some round moments.
        median: Day from which half or fewer are without the event; None if that was not reached.
    """

    name: str
    n: int
    events: int
    days: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    at_risk: tuple[tuple[int, int], ...]
    median: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Survival:
    """Curves of the whole and of groups, p of the log-rank test of two groups, and who was left out."""

    event: Event
    curves: tuple[Curve, ...]
    p: float | None
    had_before: int
    without: int


def times_of(frame: Frame, event: Event) -> tuple[dict[str, tuple[float, bool]], int, int]:
    """Return by subject the day and whether it was the event; how many had it at the start, and lack the variable."""
    values: Any = frame.numbers.get(event.variable)
    if values is None:
        values = frame.codes.get(event.variable, [])
    last: dict[str, float] = {}
    first: dict[str, float] = {}
    for line, subject in enumerate(frame.subject):
        value, day = values[line] if len(values) else None, frame.day[line]
        if np.isnan(day) or value is None or (isinstance(value, float) and np.isnan(value)):
            continue
        last[subject] = max(last.get(subject, day), float(day))
        if event.fits(value):
            first[subject] = min(first.get(subject, day), float(day))
    before = {one for one, day in first.items() if day <= 0}
    found = {
        one: (first[one], True) if one in first else (day, False)
        for one, day in last.items()
        if one not in before and (one in first or day > 0)
    }
    return found, len(before), len(set(frame.subject)) - len(found) - len(before)


def survival_of(frame: Frame, event: Event, by: str = "arm") -> Survival:
    """Return the curves of an event, of the whole and, where there are two or more groups, of each."""
    from scipy import stats

    times, before, without = times_of(frame, event)
    told = frame.arm if by == "arm" else frame.codes.get(by, [])
    group_of = {subject: told[line] for line, subject in enumerate(frame.subject) if len(told)}
    names = sorted({str(group_of.get(one)) for one in times if group_of.get(one) is not None})
    groups = {
        name: [times[one] for one in times if str(group_of.get(one)) == name]
        for name in (names if len(names) > 1 else [])
    }
    whole = list(times.values())
    longest = max((day for day, _event in whole), default=0.0)
    curves = [curve("", whole, longest)] if whole else []
    curves += [curve(name, some, longest) for name, some in groups.items()]
    p = None
    if len(groups) == 2 and any(hit for _day, hit in whole):
        p = float(stats.logrank(*(_censored(some) for some in groups.values())).pvalue)
    return Survival(event, tuple(curves), p, before, without)


def curve(name: str, times: Sequence[tuple[float, bool]], longest: float = 0.0) -> Curve:
    """Return the Kaplan-Meier estimate of (day, whether it was the event)."""
    from scipy import stats

    sf = stats.ecdf(_censored(times)).sf
    with warnings.catch_warnings():  # where the formula has no interval is said by `_end`
        warnings.simplefilter("ignore", RuntimeWarning)
        bounds = sf.confidence_interval(0.95, method="log-log")
    days, share = [float(x) for x in sf.quantiles], [float(x) for x in sf.probabilities]
    low = [_end(x, y) for x, y in zip(bounds.low.probabilities, share, strict=True)]
    high = [_end(x, y) for x, y in zip(bounds.high.probabilities, share, strict=True)]
    marks = sorted({round(longest * at / (MARKS - 1)) for at in range(MARKS)})
    return Curve(
        name, len(times), sum(hit for _day, hit in times), tuple(days), tuple(share), tuple(low), tuple(high),
        tuple((mark, sum(day >= mark for day, _hit in times)) for mark in marks),
        next((day for day, part in zip(days, share, strict=True) if part <= 0.5), None),
    )  # fmt: skip


def _end(bound: Any, share: float) -> float:
    """Return an end of an interval; where Greenwood's formula has none (share 0 or 1), the share itself."""
    return share if np.isnan(bound) else float(bound)


def _censored(times: Sequence[tuple[float, bool]]) -> Any:
    from scipy import stats

    return stats.CensoredData(
        uncensored=[day for day, hit in times if hit], right=[day for day, hit in times if not hit]
    )
