"""Passwords: Argon2id with the parameters of the security profile, and the policy for new ones.

Profile ``djbh3`` (multi-level protection, level three): 12 characters or more, three of four character classes,
90 days. Source: GB/T 22239-2019, 8.1.4.1 a); parameters after OWASP ASVS 5.0, 6.2 and 11.4.
"""

import functools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.kernel.errors import DomainError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_LENGTH = 12
MAX_LENGTH = 128
MAX_AGE = timedelta(days=90)
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 1
_COMMON = (
    "password",
    "aftercheck",
    "jianhoutong",
    "qwertyuiop",
    "1234567890",
    "admin",
    "iloveyou",
    "tijian",
    "yiyuan",
)


@functools.cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@functools.cache
def _decoy() -> str:
    return _hasher().hash("the decoy makes an unknown login take as long as a wrong password")


def hash_password(password: str) -> str:
    """Return the Argon2id hash (64 MiB, 3 passes) of a password, with a salt of its own."""
    return _hasher().hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Tell whether a password is right; takes as long for a login that does not exist (`stored` None)."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored or _decoy(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def expired(set_at: datetime, now: datetime) -> bool:
    """Tell whether a password is older than the policy allows."""
    return now - set_at > MAX_AGE


def check_password(password: str, *, login: str, name: str) -> None:
    """Refuse a password that the policy does not allow.

    Raises:
        DomainError: ``password.too_short``, ``password.too_long``, ``password.classes``, ``password.common`` or
            ``password.own_name``, all for the field `password`.
    """
    if len(password) < MIN_LENGTH:
        raise DomainError("password.too_short", field="password", least=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise DomainError("password.too_long", field="password", most=MAX_LENGTH)
    classes = sum(
        any(test(c) for c in password)
        for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    )
    if classes < 3:
        raise DomainError("password.classes", field="password")
    lowered = password.lower()
    if any(word in lowered for word in _COMMON) or len(set(lowered)) < 5:
        raise DomainError("password.common", field="password")
    if login.lower() in lowered or (len(name) > 1 and name in password):
        raise DomainError("password.own_name", field="password")
