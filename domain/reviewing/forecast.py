"""Which report will be late: by what its reviewer has before it, and by how quick they were. Pure.

A report that waits for somebody is expected when they have dealt with it and all before it, at the pace of the hours
in which they worked, in the hours of the day in which they use to work. One that waits for nobody by name is expected
after the mean time of its level. Nothing is foretold of who has acted too little to know.
"""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from domain.kernel.clock import clinic

LEAST_ACTS = 5
MOST_DAYS = 14


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """How a person worked lately: acts, clock hours in which there were any, which hours of the day these were."""

    acts: int = 0
    active_hours: int = 0
    day_hours: frozenset[int] = frozenset()

    @property
    def known(self) -> bool:
        return self.acts >= LEAST_ACTS and bool(self.day_hours)

    @property
    def per_hour(self) -> float:
        return self.acts / max(1, self.active_hours)


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """A report that is not out; `owner` is None where nobody has it by name."""

    number: str
    state: str
    since: datetime
    due: datetime
    urgency: int = 0
    owner: str | None = None
    owner_name: str = ""
    branch: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Late:
    """A report expected after its time; `ahead` of it its reviewer has so many, None for the mean of its level."""

    number: str
    branch: str
    state: str
    owner_name: str
    due: datetime
    expected: datetime
    ahead: int | None


def work_through(now: datetime, count: int, pace: Pace) -> datetime:
    """Return when `count` reports are done, counting only the hours of the day in which the person works."""
    left, at = count / pace.per_hour, now
    for _ in range(MOST_DAYS * 24):
        if left <= 0:
            return at
        end = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if clinic(at).hour in pace.day_hours:
            share = (end - at).total_seconds() / 3600
            if share >= left:
                return at + timedelta(hours=left)
            left -= share
        at = end
    return at


def late_ones(
    waiting: Collection[Waiting], paces: dict[str, Pace], level_hours: dict[str, float], now: datetime
) -> list[Late]:
    """Return what is not late yet and will be, the nearest promise first."""
    found = []
    by_owner: dict[str, list[Waiting]] = {}
    for one in waiting:
        if one.owner is not None and paces.get(one.owner, Pace()).known:
            by_owner.setdefault(one.owner, []).append(one)
        elif one.due > now and one.state in level_hours:
            expected = max(now, one.since + timedelta(hours=level_hours[one.state]))
            found.append(_late(one, expected, None))
    for owner, mine in by_owner.items():
        queue: Sequence[Waiting] = sorted(mine, key=lambda w: (-w.urgency, w.due, w.number))
        for ahead, one in enumerate(queue):
            if one.due > now:
                found.append(_late(one, work_through(now, ahead + 1, paces[owner]), ahead))
    return sorted((o for o in found if o.expected > o.due), key=lambda o: (o.due, o.number))


def _late(one: Waiting, expected: datetime, ahead: int | None) -> Late:
    return Late(one.number, one.branch, one.state, one.owner_name, one.due, expected, ahead)
