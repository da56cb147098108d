"""Citizen identity numbers, GB 11643-1999: check character, birth date, sex, and the older 15 digits.

The first six digits are the administrative division (GB/T 2260) valid when the number was issued; old and
abolished codes stay legal, so a number is never refused for its division.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Literal

import msgspec

from domain.kernel.errors import DomainError

Kind = Literal["citizen", "hong_kong", "macao", "taiwan", "permanent_resident"]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_EARLIEST = date(1880, 1, 1)
_KINDS: dict[str, Kind] = {"810000": "hong_kong", "820000": "macao", "830000": "taiwan"}
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_BLANKS = dict.fromkeys(map(ord, " -\t\r\n"))
_SHAPE = re.compile(r"[1-9]\d{16}[\dX]|[1-9]\d{14}", re.ASCII)


class IdNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A valid number and what it says.

    `number` always has 18 characters; `was_15` tells that the old form was read. `sex` is FHIR's.
    `known_province` is False where the first two digits are of no province: a warning, not a refusal.
    """

    number: str
    division: str
    birth_date: date
    sex: Literal["male", "female"]
    kind: Kind
    known_province: bool
    was_15: bool = False


def normalise(text: str) -> str:
    """Return a typed or scanned number without spaces and hyphens, narrow, and with a capital X."""
    return unicodedata.normalize("NFKC", text).translate(_BLANKS).upper()


def check_character(first_17: str) -> str:
    """Return the 18th character of 17 digits (MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return _CHECK[total % 11]


@lru_cache(maxsize=256)
def read_id(text: str, *, today: date, allow_15: bool = False) -> IdNumber:
    """Return a checked identity number.

    Args:
        text: As typed, scanned or read from a card; spaces, full-width digits and a small x are accepted.
        today: The clinic's date; a birth date after it is refused.
        allow_15: Also accept a 15-digit number (for finding old records) and return it with 18.

    Raises:
        DomainError: ``idcard.empty``, ``idcard.length``, ``idcard.characters``, ``idcard.check_digit``,
            ``idcard.old_number``, ``idcard.birth_date``, ``idcard.birth_in_future`` or
            ``idcard.birth_too_early``; the field is ``id_number``.
    """
    number = normalise(text)
    _refuse_shape(number, allow_15=allow_15)
    was_15 = len(number) == 15
    if was_15:
        number = f"{number[:6]}19{number[6:]}"
        number += check_character(number)
    elif (expected := check_character(number[:17])) != number[17]:
        raise DomainError("idcard.check_digit", "id_number", last=number[17], expected=expected)
    foreign = number[0] == "9"
    return IdNumber(
        number=number,
        division=number[:6],
        birth_date=_birth_date(number[6:14], today),
        sex="male" if int(number[16]) % 2 else "female",
        kind="permanent_resident" if foreign else _KINDS.get(number[:6], "citizen"),
        known_province=_PROVINCES.match(number, 1 if foreign else 0) is not None,
        was_15=was_15,
    )


def make_id(division: str, birth_date: date, sequence: int) -> str:
    """Return the valid number of a division (6 digits), a birth date and a sequence (odd for men)."""
    first_17 = f"{division}{birth_date:%Y%m%d}{sequence:03d}"
    if not re.fullmatch(r"[1-9]\d{16}", first_17):
        raise DomainError("idcard.characters", "id_number")
    return first_17 + check_character(first_17)


def _refuse_shape(number: str, *, allow_15: bool) -> None:
    if not number:
        raise DomainError("idcard.empty", "id_number")
    if len(number) not in (15, 18):
        raise DomainError("idcard.length", "id_number", length=len(number))
    if not _SHAPE.fullmatch(number):
        raise DomainError("idcard.characters", "id_number")
    if len(number) == 15 and not allow_15:
        raise DomainError("idcard.old_number", "id_number")


def _birth_date(digits: str, today: date) -> date:
    shown = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise DomainError("idcard.birth_date", "id_number", birth_date=shown) from error
    if born > today:
        raise DomainError("idcard.birth_in_future", "id_number", birth_date=shown)
    if born < _EARLIEST:
        raise DomainError("idcard.birth_too_early", "id_number", birth_date=shown)
    return born
