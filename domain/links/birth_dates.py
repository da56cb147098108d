"""The birth date by which a client shows that a link or a sheet is his."""

from datetime import date

DIGITS = 8


def read_birth_date(typed: str) -> date | None:
    """Return the date of eight digits (``19800501``), whatever stands between them; None for what is no date."""
    digits = "".join(mark for mark in typed if mark.isdecimal())
    if len(digits) != DIGITS:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
