"""TLS towards the centre: whose certificates are believed, and what is wrong with one that is not.

A centre with a certificate of its own authority is believed by that authority's certificate alone, kept beside the
store since enrolment; no other authority of the machine can then speak for the centre.
"""

import hashlib
import re
import ssl
from pathlib import Path
from typing import Any

import requests

from domain.kernel.errors import UnavailableError

_CODES = {
    9: "tls.not_yet_valid",
    10: "tls.expired",
    18: "tls.unknown",
    19: "tls.unknown",
    20: "tls.unknown",
    21: "tls.unknown",
    23: "tls.revoked",
    62: "tls.other_host",
    64: "tls.other_host",
}
"""OpenSSL's X509_V_ERR_* numbers and what they mean to a person."""

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class CentreSession(requests.Session):
    """A session that believes one authority, whatever the machine's environment names.

    Args:
        authority: PEM file of the centre's own authority; None for the authorities of the machine.
    """

    def __init__(self, authority: Path | None = None) -> None:
        super().__init__()
        self._own = str(authority) if authority is not None else None
        self.verify = self._own or True

    def merge_environment_settings(self, *args: Any, **options: Any) -> Any:
        """Keep the environment's proxies, but not its authorities when the centre has its own."""
        merged = super().merge_environment_settings(*args, **options)
        if self._own is not None:
            merged["verify"] = self._own
        return merged


def tls_failure(error: BaseException) -> UnavailableError | None:
    """Return what is wrong with the other side's certificate or TLS; None if `error` is about something else."""
    seen: set[int] = set()
    plain = None
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, ssl.SSLCertVerificationError):
            code = _CODES.get(one.verify_code, "tls.refused")
            return UnavailableError(code, reason=one.verify_message)
        if isinstance(one, ssl.SSLError):
            plain = one
        waiting += [*one.args, one.__cause__, one.__context__, getattr(one, "reason", None)]
    if plain is not None or isinstance(error, requests.exceptions.SSLError):
        return UnavailableError("tls.no_tls", reason=getattr(plain, "reason", None) or "")
    return None


def fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of the first certificate in a PEM text, as people compare it: ``AB:CD:…``.

    Raises:
        UnavailableError: ``tls.no_certificate``: there is none in it.
    """
    found = _PEM.search(pem)
    if found is None:
        raise UnavailableError("tls.no_certificate")
    try:
        der = ssl.PEM_cert_to_DER_cert(found.group().decode("ascii") + "\n")
    except (ValueError, UnicodeDecodeError) as error:
        raise UnavailableError("tls.no_certificate") from error
    return ":".join(f"{byte:02X}" for byte in hashlib.sha256(der).digest())


def same_fingerprint(one: str, other: str) -> bool:
    """Compare two fingerprints as typed: colons, spaces and case do not matter."""
    plain = [re.sub(r"[^0-9A-F]", "", text.upper()) for text in (one, other)]
    return plain[0] == plain[1] and len(plain[0]) == 64
