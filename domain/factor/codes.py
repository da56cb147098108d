"""The arithmetic of second factors: pure functions, no clock and no store.

Codes are those of RFC 6238 as every authenticator app makes them: SHA-1, six digits, steps of 30 seconds.
"""

import base64
import hmac
import os
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from domain.kernel.ids import Id

DIGITS, STEP_S, DRIFT = 6, 30, 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
_HALF = 5
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
_NONCE = 12


def new_secret() -> bytes:
    """Return a secret of 160 bits, the length RFC 4226 recommends."""
    return os.urandom(SECRET_BYTES)


def seal(key: bytes, staff_id: Id, secret: bytes) -> bytes:
    """Return a secret as it is kept: nonce and AES-256-GCM, bound to the account."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret, staff_id.bytes)


def unseal(key: bytes, staff_id: Id, sealed: bytes) -> bytes | None:
    """Return the secret; None if it was sealed under another key or for another account."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], staff_id.bytes)
    except InvalidTag:
        return None


def step_of(at: datetime) -> int:
    """Return the number of the 30 second step a moment lies in, since 1970 UTC."""
    return int(at.timestamp()) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    """Return the six digits of a step."""
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303  (what RFC 6238 and the apps use)


def matching_step(secret: bytes, code: str, at: datetime) -> int | None:
    """Return the step whose code this is, one step to either side of `at` allowed; None if it is none of them."""
    found = None
    for step in range(step_of(at) - DRIFT, step_of(at) + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def plain(code: str) -> str:
    """Return a code as typed without blanks and dashes, in small letters."""
    return "".join(code.split()).replace("-", "").lower()


def is_app_code(code: str) -> bool:
    """Tell whether a plain code looks like an app's rather than a recovery code."""
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def recovery_code() -> str:
    """Return a recovery code: two groups of five letters and digits (about 49 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_HALF)) for _ in range(2))


def recovery_digest(key: bytes, staff_id: Id, code: str) -> str:
    """Return what is kept of a recovery code: HMAC-SHA256 under a key that a copy of the store has not."""
    return hmac.digest(key, staff_id.bytes + plain(code).encode(), "sha256").hex()


def base32(secret: bytes) -> str:
    """Return a secret as apps take it typed in."""
    return base64.b32encode(secret).decode().rstrip("=")


def enrolment_uri(secret: bytes, login: str, issuer: str) -> str:
    """Return what the QR code says (the ``otpauth`` form that authenticator apps read)."""
    name, by = quote(f"{issuer}:{login}"), quote(issuer)
    return f"otpauth://totp/{name}?secret={base32(secret)}&issuer={by}&digits={DIGITS}&period={STEP_S}"
