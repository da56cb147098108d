"""HL7 v2 dates and times: ``YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]``."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from domain.kernel.errors import DomainError

_TIME = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6})\d*)?)?)?)?)?)?([+-]\d{4})?",
    re.ASCII,
)


def read_time(text: str, zone: tzinfo, location: str) -> datetime | None:
    """Return a time with its zone; parts left out are the earliest. None for an empty text.

    Args:
        text: The field's text.
        zone: For times without an offset.
        location: The field, as ERR-2 names it (``OBX^3^14``).

    Raises:
        DomainError: ``hl7.bad_time``: not of this form, or out of the calendar.
    """
    if not text:
        return None
    found = _read(text, zone)
    if found is None:
        raise DomainError("hl7.bad_time", location=location, given=text[:40])
    return found


def read_date(text: str, location: str) -> date | None:
    """Return a day; None for an empty text or one without month and day; errors as `read_time`."""
    found = read_time(text, UTC, location)
    return found.date() if found is not None and len(text) >= 8 else None


def write_time(moment: datetime) -> str:
    """Return a time with seconds and offset, ``20260314083000+0800``."""
    return f"{moment:%Y%m%d%H%M%S%z}"


@lru_cache(maxsize=4096)
def _read(text: str, zone: tzinfo) -> datetime | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()[:6]
    microsecond = int((match[7] or "0").ljust(6, "0"))
    try:
        offset = _offset(match[8]) if match[8] else zone
        day_of = date(int(year), int(month or 1), int(day or 1))
        clock = time(int(hour or 0), int(minute or 0), int(second or 0), microsecond, offset)
        return datetime.combine(day_of, clock)
    except ValueError:
        return None


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[3:])
    if minutes > 59:
        raise ValueError(text)
    gap = timedelta(hours=hours, minutes=minutes)
    return timezone(-gap if text[0] == "-" else gap)
