"""When a message may go: quiet hours, caps, back-off. Pure functions of times; clinic time decides the hour.

Source: ``interfaces/channels.md`` section 0.
"""

import enum
from collections.abc import Callable
from datetime import datetime, time, timedelta

from domain.kernel.clock import CLINIC_TIME, clinic
from domain.messaging.records import Category, Channel

QUIET_FROM, QUIET_TO = time(21), time(8)
AT_ANY_HOUR = frozenset({Category.CRITICAL, Category.STAFF, Category.CONVERSATION})
"""A critical message, an alert to staff, and the answer to somebody who has just written."""
UNCAPPED = AT_ANY_HOUR
DAILY_CAP = 3
"""Messages a person gets in a day, of those that have a cap."""
MOST_TRIES = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15 * 60.0
REMIND_AFTER = timedelta(hours=24)
"""An important message that nobody opened is sent once more after this (A-027)."""
KEPT_FOR = {
    Category.CRITICAL: timedelta(days=3), Category.STAFF: timedelta(hours=24),
    Category.CONVERSATION: timedelta(hours=24),
    Category.MARKETING: timedelta(days=2), Category.HEALTH_ADVICE: timedelta(days=7),
    Category.NOTICE: timedelta(days=7), Category.REMINDER: timedelta(days=3),
}  # fmt: skip
"""How long a message makes sense; after that it is told as expired and not sent."""
SHORT = frozenset({Channel.SMS, Channel.EMAIL, Channel.OFFICIAL_ACCOUNT, Channel.MINI_PROGRAM})
"""Channels whose text others may see: minimum data, the rest behind a link."""


class Retry(enum.StrEnum):
    """What may be done about a failure."""

    TOKEN = "A"  # noqa: S105  (a class of failures)
    TRANSIENT = "B"
    FINAL = "C"
    CONFIGURATION = "D"


def is_quiet(moment: datetime) -> bool:
    """Tell whether people are not to be disturbed at `moment` (aware)."""
    at = clinic(moment).time()
    return at >= QUIET_FROM or at < QUIET_TO


def morning_after(moment: datetime) -> datetime:
    """Return the next end of the quiet hours after `moment`."""
    local = clinic(moment)
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_TO else 0)
    return datetime.combine(day, QUIET_TO, CLINIC_TIME).astimezone(moment.tzinfo)


def day_start(moment: datetime) -> datetime:
    """Return the beginning of the clinic's day."""
    return datetime.combine(clinic(moment).date(), time(), CLINIC_TIME).astimezone(moment.tzinfo)


def pause_before(attempt: int, chance: Callable[[], float], at_least_s: float = 0.0) -> timedelta:
    """Return how long to wait after try number `attempt` (from 1): exponential with full jitter.

    Args:
        attempt: Tries so far.
        chance: Numbers from 0 up to 1.
        at_least_s: What the vendor asks for (a limit a minute, an hour or a day).
    """
    most = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**attempt)
    return timedelta(seconds=max(at_least_s, chance() * most))
