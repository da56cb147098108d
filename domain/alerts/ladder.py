"""The escalation ladder of an alert as a function of time: where it stands now, and when it has to move next.

Every time is counted from the opening of the alert, so branch and centre reach the same step at the same minute,
and a store that was off for days goes straight to the right one.
"""

import dataclasses
from datetime import datetime, timedelta

from domain.alerts.records import Severity
from domain.alerts.rules import highest

UNLADDERED = timedelta(days=3)
"""Time to act on an alert that nobody else is told of."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rung:
    """One step: time after opening, who is told as well, how severe it is then, and which rules say so."""

    after: timedelta
    to: tuple[str, ...]
    severity: Severity
    rules: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Ladder:
    """How an alert rises; `rungs` in order of time, `every` the interval of reminders named by `reminder`."""

    severity: Severity
    receivers: tuple[str, ...]
    rungs: tuple[Rung, ...] = ()
    every: timedelta | None = None
    reminder: str = ""

    @property
    def act_within(self) -> timedelta:
        """How long the first who are told have: until others are told as well."""
        return self.rungs[0].after if self.rungs else UNLADDERED

    def standing(self, opened_at: datetime, now: datetime) -> "Standing":
        """Return how an alert opened at `opened_at` stands at `now`."""
        passed = now - opened_at
        reached = [rung for rung in self.rungs if rung.after <= passed]
        to_come = [rung.after for rung in self.rungs[len(reached) :]]
        reminders = 0
        if self.every is not None:
            reminders = max(0, passed // self.every)
            to_come.append((reminders + 1) * self.every)
        receivers = dict.fromkeys([*self.receivers, *(role for rung in reached for role in rung.to)])
        return Standing(
            step=len(reached),
            severity=highest(self.severity, *(rung.severity for rung in reached)),
            receivers=tuple(receivers),
            due_at=opened_at + min(to_come) if to_come else None,
            reminders=reminders,
            rules=reached[-1].rules if reached else (),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands: steps taken, severity, all who are told, next move, reminders due so far."""

    step: int
    severity: Severity
    receivers: tuple[str, ...]
    due_at: datetime | None
    reminders: int
    rules: tuple[str, ...]


def joined(rungs: list[Rung]) -> tuple[Rung, ...]:
    """Return rungs in order of time; those of the same time become one."""
    found: dict[timedelta, Rung] = {}
    for rung in sorted(rungs, key=lambda r: r.after):
        there = found.get(rung.after)
        if there is None:
            found[rung.after] = rung
        else:
            to = tuple(dict.fromkeys([*there.to, *rung.to]))
            rules = tuple(dict.fromkeys([*there.rules, *rung.rules]))
            found[rung.after] = Rung(rung.after, to, highest(there.severity, rung.severity), rules)
    return tuple(found.values())
