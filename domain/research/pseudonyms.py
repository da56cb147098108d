"""What stands in an export for who somebody is: their study number, moved days, an age.

Days of a subject are moved by one number of days, drawn by HMAC-SHA-256 from the study's secret and the subject, so
that the time between two of their events is true and no calendar day is. Ages above 89 are one group.

Source: HIPAA Privacy Rule, 45 CFR 164.514(b)(2)(i)(C), for dates and for ages over 89; the size of the shift is ours.
"""

import hashlib
import hmac
from datetime import date, timedelta

from domain.kernel.ids import Id

MOST_DAYS = 182
OLDEST = 90


def shift_of(secret: bytes, subject_id: Id) -> int:
    """Return the days a subject's events are moved by, from 1 to `MOST_DAYS` back or forth, never 0."""
    drawn = int.from_bytes(hmac.new(secret, subject_id.bytes, hashlib.sha256).digest()[:8], "big")
    step = drawn % (2 * MOST_DAYS)
    return step - MOST_DAYS if step < MOST_DAYS else step - MOST_DAYS + 1


def moved(day: date, days: int) -> str:
    """Return a day moved by so many days, as ISO text."""
    return (day + timedelta(days=days)).isoformat()


def age_on(born: date | None, day: date | None) -> int | None:
    """Return completed years, 90 for all above 89; None where either day is not known."""
    if born is None or day is None:
        return None
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return min(years, OLDEST)
