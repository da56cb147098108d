"""How one item stands: worked out from its course and what was noted of its occasions. Pure.

Only the last `LOOK_BACK` days are looked at, so the work does not grow with how long a plan has run.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from domain.care.records import CareOutcome
from domain.care.schedules import Course, Occasion
from domain.kernel.clock import clinic

LOOK_BACK = timedelta(days=35)
"""The longest run of misses that is counted; a week is always inside."""
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Noted:
    """The last word on one occasion; `share` is how much of its target was done (0 to 1)."""

    outcome: CareOutcome
    share: float
    at: datetime

    @property
    def counts(self) -> bool:
        """Whether the occasion is one of those that had to be done."""
        return self.outcome is not CareOutcome.EXCUSED

    @property
    def done(self) -> bool:
        """Whether anything of it was done."""
        return self.outcome in (CareOutcome.DONE, CareOutcome.PART)


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What `CareStanding` keeps; `due_at` is the end of the next occasion; while it is behind, a day on at most.

    `latest` is the last occasion that is over.
    """

    due_at: datetime | None
    missed_run: int
    missed_days: int
    missed_since: datetime | None
    late_days: int
    silent_days: int
    last_done_at: datetime | None
    week_due: int
    week_done: int
    week_rate: float | None
    latest: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Week:
    """What `CareWeek` keeps of one week."""

    due: int
    done: int
    part: int
    missed: int
    excused: int
    rate: float | None


def share_of(outcome: CareOutcome, value: float | None, target: float | None) -> float:
    """Return how much of an occasion was done (0 to 1): a part by its value against the target, else a half."""
    if outcome is CareOutcome.DONE:
        return 1.0
    if outcome is not CareOutcome.PART:
        return 0.0
    if value is None or not target or target <= 0:
        return 0.5
    return min(max(value / target, 0.0), 1.0)


def standing_of(
    course: Course, noted: Mapping[datetime, Noted], began_at: datetime, now: datetime, *, whole: bool = True
) -> Standing:
    """Return how an item stands now.

    Args:
        course: When it is to be done.
        noted: The last word on each occasion of the last `LOOK_BACK`, by the moment it begins.
        began_at: When it was put into force; what was over before then was never asked for.
        now: The moment looked from.
        whole: Whether a rate is told only when a whole week has been asked for.
    """
    over = course.over_between(max(began_at, now - LOOK_BACK), now)
    run, following = _run(over, noted), course.at(now)
    week = [o for o in over if o.ends_at > now - WEEK]
    asked = [o for o in week if o.begins_at not in noted or noted[o.begins_at].counts]
    shares = [noted[o.begins_at].share for o in asked if o.begins_at in noted]
    rate = round(100 * sum(shares) / len(asked), 1) if asked else None
    last = max((one.at for one in noted.values() if one.done), default=None)
    due = None if following is None else following.ends_at
    return Standing(
        due_at=min(due, now + DAY) if due is not None and run else due, missed_run=len(run),
        missed_days=len({clinic(o.begins_at).date() for o in run}),
        missed_since=run[-1].begins_at if run else None, late_days=(now - run[-1].ends_at) // DAY if run else 0,
        silent_days=(now - max(began_at, last or began_at)) // DAY if run else 0, last_done_at=last,
        week_due=len(asked), week_done=sum(o.begins_at in noted and noted[o.begins_at].done for o in asked),
        latest=over[-1].begins_at if over else None, week_rate=None if whole and now - began_at < WEEK else rate,
    )  # fmt: skip


def _run(over: Sequence[Occasion], noted: Mapping[datetime, Noted]) -> list[Occasion]:
    """Return the occasions missed since the last that was done, be it one that is still open; the latest first."""
    run: list[Occasion] = []
    done = max((begins for begins, known in noted.items() if known.done), default=None)
    for occasion in reversed(over):
        known = noted.get(occasion.begins_at)
        if done is not None and occasion.begins_at <= done:
            break
        if known is None or known.counts:
            run.append(occasion)
    return run


def week_of(
    course: Course, noted: Mapping[datetime, Noted], began_at: datetime, monday: datetime, now: datetime
) -> Week:
    """Return what became of the occasions that ended in the week from `monday` (its first moment) until now."""
    over = course.over_between(max(began_at, monday), min(now, monday + WEEK))
    known = [noted.get(o.begins_at) for o in over]
    excused = sum(k is not None and not k.counts for k in known)
    asked = [k for k in known if k is None or k.counts]
    return Week(
        due=len(asked), done=sum(k is not None and k.outcome is CareOutcome.DONE for k in asked),
        part=sum(k is not None and k.outcome is CareOutcome.PART for k in asked),
        missed=sum(k is None or not k.done for k in asked), excused=excused,
        rate=round(100 * sum(k.share for k in asked if k is not None) / len(asked), 1) if asked else None,
    )  # fmt: skip


def monday_of(moment: datetime) -> date:
    """Return the Monday of a moment's week in clinic time."""
    day = clinic(moment).date()
    return day - timedelta(days=day.isoweekday() - 1)
