"""Which passwords are allowed, how long they hold, and when a login is locked.

Profile ``djbh3`` (multi-level protection, level three): 12 characters or more, three of four character classes,
not easy to guess, 90 days, the last five not used again. Source: GB/T 22239-2019, 8.1.4.1 a) and b).
"""

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.kernel.errors import DomainError
from domain.people.names import search_keys

MAX_LENGTH = 128
LEAST_BESIDE = 8
"""Characters that must be left of a password when all that is easy to guess has been taken out."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """What a site demands.

    Attributes:
        min_length: Characters, at least.
        classes: Of capitals, small letters, digits and signs, how many at least.
        max_age: How long a password holds; None for ever.
        remembered: How many of the last passwords, the present one included, are not used again.
        one_time: How long a first or reset password waits for its first sign-in.
    """

    min_length: int = 12
    classes: int = 3
    max_age: timedelta | None = timedelta(days=90)
    remembered: int = 5
    one_time: timedelta = timedelta(hours=72)

    def expired(self, set_at: datetime, now: datetime) -> bool:
        """Tell whether a password is older than allowed: it must be changed at the next sign-in."""
        return self.max_age is not None and now - set_at > self.max_age

    def waited_too_long(self, set_at: datetime, now: datetime) -> bool:
        """Tell whether a one-time password was left unused for too long."""
        return now - set_at > self.one_time


POLICY, COMMON_WORDS = "password_policy", "common_passwords"
"""Names of the contents: the `PasswordPolicy` in force, and the words of `read_words`."""


def policy_of(content: Mapping[str, Any]) -> PasswordPolicy:
    """Return the policy a handler works under."""
    try:
        policy: PasswordPolicy = content[POLICY]
    except KeyError:
        return PasswordPolicy()
    return policy


def words_of(content: Mapping[str, Any]) -> frozenset[str]:
    """Return the words a handler holds to be easy to guess."""
    try:
        words: frozenset[str] = content[COMMON_WORDS]
    except KeyError:
        return frozenset()
    return words


def policy_for(max_age_days: int) -> PasswordPolicy:
    """Return the policy with the one thing a site may set: days a password holds, 0 for ever."""
    return PasswordPolicy(max_age=timedelta(days=max_age_days) if max_age_days else None)


def read_words(path: Path) -> frozenset[str]:
    """Read the words that make a password easy to guess: several a line, lines with ``#`` are remarks."""
    lines = path.read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def check_password(
    password: str,
    *,
    login: str,
    name: str,
    policy: PasswordPolicy | None = None,
    words: Iterable[str] = (),
) -> None:
    """Refuse a password that the policy does not allow.

    Args:
        password: As typed; nothing is cut off or folded.
        login: Login name of its owner, and
        name: the owner's name: neither they nor the name's pinyin may be part of it.
        policy: What is demanded.
        words: What is easy to guess, small letters.

    Raises:
        DomainError: ``password.too_short``, ``password.too_long``, ``password.classes``, ``password.common`` or
            ``password.own_name``, all for the field `password`.
    """
    policy = policy or PasswordPolicy()
    if len(password) < policy.min_length:
        raise DomainError(
            "password.too_short", field="password", least=policy.min_length, length=len(password)
        )
    if len(password) > MAX_LENGTH:
        raise DomainError("password.too_long", field="password", most=MAX_LENGTH)
    if _classes(password) < policy.classes:
        raise DomainError("password.classes", field="password")
    if _is_own(password, login, name):
        raise DomainError("password.own_name", field="password")
    if len(beside_common(password, words)) < LEAST_BESIDE:
        raise DomainError("password.common", field="password", least=LEAST_BESIDE)


def beside_common(password: str, words: Iterable[str]) -> str:
    """Return what is left of a password without common words, rows of keys, years, repetition and signs."""
    plain = _folded(password)
    for kind in (plain, plain.translate(_LEET)):
        found = [word for word in words if len(word) > 2 and word in kind]
        for word in sorted(found, key=len, reverse=True):
            # Taken out of the spelling it stands in; both spellings have the same length.
            while (at := kind.find(word)) >= 0:
                kind = kind[:at] + " " * len(word) + kind[at + len(word) :]
        plain = "".join(" " if there == " " else mark for mark, there in zip(plain, kind, strict=True))
    plain = _YEAR.sub(" ", _without_rows(plain))
    kept = ""
    for mark in plain:
        if mark.isalnum() and not kept.endswith(mark * 2):
            kept += mark
    return kept if len(set(kept)) > 3 else ""


_SIGNS = "@$!|+"
_LEET = str.maketrans("0134578@$!|+", "oieastbasilt")
_YEAR = re.compile(r"(?:19|20)\d\d(?:0?\d|1[0-2])?(?:[0-2]?\d|3[01])?")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujm",
)


def _folded(text: str) -> str:
    """Return small letters, digits and the signs that stand for letters; others part nothing."""
    return "".join(c.lower() for c in text if c.isalnum() or c in _SIGNS)


def _classes(password: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return sum(any(test(c) for c in password) for test in tests)


def _is_own(password: str, login: str, name: str) -> bool:
    lowered = "".join(c for c in password.lower() if c.isalnum())
    own = [login.lower(), *search_keys(name).pinyin, unicodedata.normalize("NFKC", name).lower()]
    marks = ["".join(c for c in text if c.isalnum()) for text in own]
    return any(len(text) > 2 and text in lowered for text in marks) or (len(name) > 1 and name in password)


def _without_rows(text: str) -> str:
    """Blank out three or more neighbours of the keyboard, the alphabet or the digits, in either direction."""
    marks, start = list(text), 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _in_a_row(text[start : end + 1]):
            end += 1
        if end - start >= 3:
            marks[start:end] = " " * (end - start)
        start = end if end - start >= 3 else start + 1
    return "".join(marks)


def _in_a_row(text: str) -> bool:
    return any(text in row or text[::-1] in row for row in _ROWS)
