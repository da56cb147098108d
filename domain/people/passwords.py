"""Passwords as they are kept: Argon2id, with parameters after OWASP ASVS 5.0, 11.4. Policy: `password_policy`."""

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 1
DECOY = "$argon2id$v=19$m=65536,t=3,p=1$mXwsRxapZJAuL5Wbi1nL0g$WsjoQvFBZLYPogiuz0m+yIUy5TXEEBx85IFkr/SmCo4"
"""Hash of a password nobody knows, with today's parameters: what an unknown login is compared with."""

_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look alike


@functools.cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """Return the Argon2id hash (64 MiB, 3 passes) of a password, with a salt of its own."""
    return _hasher().hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Tell whether a password is right; takes as long for a login that does not exist (`stored` None)."""
    return _verified(stored or DECOY, password) and stored is not None


def has_todays_parameters(stored: str) -> bool:
    """Tell whether a hash was made with today's parameters: `needs_rehash` without loading the hasher."""
    return stored.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def one_time_password() -> str:
    """Return a password for one sign-in: four groups of five letters and digits (about 116 bits)."""
    import secrets

    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def _verified(stored: str, password: str) -> bool:
    """Compare by libsodium, whose vector code needs half the time for the same 64 MiB and passes.

    Every start of a workstation waits for it. Both libraries read the same string; argon2-cffi stands in where
    libsodium is missing.
    """
    kept, given = stored.encode(), password.encode()
    sodium = _sodium()
    if sodium is not None and len(kept) < sodium.crypto_pwhash_strbytes():
        return bool(sodium.crypto_pwhash_str_verify(kept, given, len(given)) == 0)
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _sodium() -> Any:
    try:
        # The library itself: the package's own bindings of everything else take 20 ms to load.
        from nacl._sodium import lib
    except ImportError:
        return None
    return lib if lib.sodium_init() >= 0 else None
