"""Signed requests: a workstation proves each request with the key that never leaves it.

The signature covers method, target, time, nonce and the digest of the body. A streamed upload names its digest
by tus (``Upload-Checksum``), which the engine verifies; any other body's digest the route must compare with
`Signed.digest` after reading it. Times are the centre's: a workstation whose clock is wrong learns the
difference from the ``Device-Clock`` header of the answer and signs with it, so a wrong clock locks nobody out.
"""

import base64
import binascii
import hashlib
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.kernel.errors import DomainError
from domain.kernel.ids import Id

CONTEXT = b"aftercheck request 1\n"
WINDOW_US = 300 * 1_000_000
REMEMBERED_US = 2 * WINDOW_US
"""A request of the far end of the window is good for that long after it was first seen."""
ID_HEADER = "Device-Id"
TIME_HEADER = "Device-Time"
NONCE_HEADER = "Device-Nonce"
DIGEST_HEADER = "Device-Digest"
SIGNATURE_HEADER = "Device-Signature"
CLOCK_HEADER = "Device-Clock"
"""Sent by the centre with every answer: its clock in microseconds UTC."""

EMPTY_DIGEST = hashlib.sha256(b"").hexdigest()
_NONCES_KEPT = 100_000


class Signer(Protocol):
    """Signs with a key that it does not show."""

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is right: who sent it, and the body it was signed for."""

    device_id: Id
    digest: str

    def check_body(self, body: bytes) -> None:
        """Refuse a body that is not the one signed."""
        if hashlib.sha256(body).hexdigest() != self.digest:
            raise DomainError("auth.body_changed")


def new_key() -> Ed25519PrivateKey:
    """Make the key of a workstation."""
    return Ed25519PrivateKey.generate()


def key_from(seed: bytes) -> Ed25519PrivateKey:
    """Return the key of 32 stored bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public key as text (base64 of 32 bytes), as `Workstation.public_key` holds it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signature_fits(public_key: str, message: bytes, signature: bytes) -> bool:
    """Tell whether the key of `public_key` (base64) signed `message`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(signature, message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def signed_headers(
    signer: Signer, device_id: Id, method: str, target: str, digest: str, now_us: int
) -> dict[str, str]:
    """Return the headers that prove a request.

    Args:
        signer: The workstation's key.
        device_id: Installation.
        method: HTTP method.
        target: Path with query, as sent.
        digest: SHA-256 of the body in hexadecimal, or the value of ``Upload-Checksum``.
        now_us: Microseconds UTC by the centre's clock.
    """
    nonce = secrets.token_hex(16)
    message = _message(device_id, method, target, str(now_us), nonce, digest)
    return {
        ID_HEADER: str(device_id),
        TIME_HEADER: str(now_us),
        NONCE_HEADER: nonce,
        DIGEST_HEADER: digest,
        SIGNATURE_HEADER: base64.b64encode(signer.sign(message)).decode(),
    }


class Nonces(Protocol):
    """Remembers for `REMEMBERED_US` which requests were seen; every thread may ask."""

    def spend(self, device_id: Id, nonce: str, now_us: int) -> bool:
        """Note a nonce of a device; tells whether it was new."""


class MemoryNonces:
    """Of one process, as long as it lives."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Id, str], int] = {}
        self._lock = threading.Lock()

    def spend(self, device_id: Id, nonce: str, now_us: int) -> bool:
        with self._lock:
            if (device_id, nonce) in self._seen:
                return False
            if len(self._seen) >= _NONCES_KEPT:
                self._seen = {k: at for k, at in self._seen.items() if now_us - at <= REMEMBERED_US}
            self._seen[device_id, nonce] = now_us
        return True


class RequestVerifier:
    """Checks signed requests; refuses a request shown twice within the window.

    Args:
        public_key: Gives the key (base64) of a device; raises DomainError ``sync.device_unknown`` or
            ``sync.device_revoked``.
        now_us: Microseconds UTC.
        nonces: Shared by all processes that serve; by default of this one alone.
    """

    def __init__(
        self, public_key: Callable[[Id], str], now_us: Callable[[], int], nonces: Nonces | None = None
    ) -> None:
        self._public_key = public_key
        self._now_us = now_us
        self._nonces = nonces or MemoryNonces()

    def verify(self, method: str, target: str, headers: Mapping[str, str]) -> Signed:
        """Return who sent a request.

        Args:
            method: HTTP method.
            target: Path with query, as received.
            headers: Names in any case.

        Raises:
            DomainError: ``auth.unsigned``, ``auth.clock`` (fact `now`: the centre's clock in microseconds),
                ``auth.bad_signature``, ``auth.replayed``, ``sync.device_unknown``, ``sync.device_revoked``.
        """
        found = {name.lower(): value for name, value in headers.items()}
        try:
            device_id = uuid.UUID(found[ID_HEADER.lower()])
            time_text = found[TIME_HEADER.lower()]
            nonce, digest = found[NONCE_HEADER.lower()], found[DIGEST_HEADER.lower()]
            signature = base64.b64decode(found[SIGNATURE_HEADER.lower()], validate=True)
            at = int(time_text)
        except (KeyError, ValueError, binascii.Error) as error:
            raise DomainError("auth.unsigned") from error
        checksum = found.get("upload-checksum")
        if checksum is not None and checksum != digest:
            raise DomainError("auth.body_changed")
        message = _message(device_id, method, target, time_text, nonce, digest)
        if not signature_fits(self._public_key(device_id), message, signature):
            raise DomainError("auth.bad_signature")
        now = self._now_us()
        if abs(now - at) > WINDOW_US:
            raise DomainError("auth.clock", now=now)
        if not self._nonces.spend(device_id, nonce, now):
            raise DomainError("auth.replayed")
        return Signed(device_id, digest)


def _message(device_id: Id, method: str, target: str, time_text: str, nonce: str, digest: str) -> bytes:
    return CONTEXT + "\n".join([str(device_id), method.upper(), target, time_text, nonce, digest]).encode()
