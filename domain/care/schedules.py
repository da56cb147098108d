"""When something is to be done: a schedule as data, and its occasions. Pure, no clock, no database.

An occasion is named by the moment it begins (clinic time). The moment it is over tells it from the next: any moment
belongs to the first occasion that ends after it. What was not noted by its end was missed.
"""

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated

import msgspec

from domain.kernel.clock import CLINIC_TIME, clinic

DAY = timedelta(days=1)
Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]
ClockTime = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which days, what times, and for how long after each it may still be done.

    Attributes:
        at: Times of the day in clinic time, rising.
        window_h: Hours after each time until it counts as missed.
        weekdays: 1 Monday to 7 Sunday; every day where there are none.
        every_days: Every so many days from the first day on; only without `weekdays`.
    """

    at: Annotated[tuple[ClockTime, ...], msgspec.Meta(min_length=1, max_length=8)]
    window_h: Annotated[int, msgspec.Meta(ge=1, le=720)]
    weekdays: tuple[Weekday, ...] = ()
    every_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 1

    @property
    def window(self) -> timedelta:
        """How long after its time an occasion is open."""
        return timedelta(hours=self.window_h)


@dataclasses.dataclass(frozen=True, slots=True)
class Occasion:
    """One time something is to be done; `begins_at` names it, at `ends_at` it is over."""

    begins_at: datetime
    ends_at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """A schedule from one day to another, both included; without a last day it has no end."""

    schedule: Schedule
    from_on: date
    to_on: date | None = None

    def occasions(self, after: datetime) -> Iterator[Occasion]:
        """Yield the occasions that end after a moment, in order; endless where the course is."""
        window = self.schedule.window
        day = clinic(after - window).date()
        day = self._day_from(max(day, self.from_on))
        while day is not None and (self.to_on is None or day <= self.to_on):
            for at in self.schedule.at:
                begins = datetime.combine(day, time.fromisoformat(at), CLINIC_TIME)
                if begins + window > after:
                    yield Occasion(begins, begins + window)
            day = self._day_from(day + DAY)

    def at(self, moment: datetime) -> Occasion | None:
        """Return the occasion a moment belongs to: the first that ends after it; None when the course is over."""
        return next(self.occasions(moment), None)

    def over_between(self, after: datetime, until: datetime) -> list[Occasion]:
        """Return the occasions that ended after `after` and not later than `until`."""
        found = []
        for occasion in self.occasions(after):
            if occasion.ends_at > until:
                break
            found.append(occasion)
        return found

    def begins(self, moment: datetime) -> bool:
        """Tell whether an occasion begins at this very moment."""
        at = self.at(moment)
        while at is not None and at.begins_at < moment:
            at = self.at(at.ends_at)
        return at is not None and at.begins_at == moment

    def _day_from(self, day: date) -> date:
        """Return the first day of the schedule that is not before `day`."""
        schedule = self.schedule
        if schedule.weekdays:
            while day.isoweekday() not in schedule.weekdays:
                day += DAY
            return day
        gone = (day - self.from_on).days % schedule.every_days
        return day if gone == 0 else day + timedelta(days=schedule.every_days - gone)


def schedule_of(data: dict[str, object]) -> Schedule:
    """Return a schedule as it is stored.

    Raises:
        ValueError: It does not fit, or its times do not rise.
    """
    try:
        schedule = msgspec.convert(data, Schedule)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    if list(schedule.at) != sorted(set(schedule.at)):
        raise ValueError("times must rise")
    if schedule.weekdays and schedule.every_days != 1:
        raise ValueError("either weekdays or every so many days")
    return schedule


def end_of(day: date) -> datetime:
    """Return the end of a day in the clinic's time."""
    return datetime.combine(day + timedelta(days=1), time(), CLINIC_TIME)
