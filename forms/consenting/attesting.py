"""Checking what others attest of a digest: RFC 3161 time stamps, and detached CMS signatures of electronic seals.

Pure: the token, the digest it must be about, and the certificates one trusts. Requests are made elsewhere.
"""

import asyncio
import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import StandardCMSSignatureStatus, TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from domain.consent.attest_records import AttestKind
from forms.consenting.sealing import certificate_of

_BROKEN = (SignatureValidationError, ValueError, TypeError, KeyError, IndexError, AttributeError)


@dataclasses.dataclass(frozen=True, slots=True)
class Attested:
    """Who attested it and when; `fault` is the code of a text, empty if it holds."""

    by: str = ""
    at: datetime | None = None
    fault: str = ""


def check_token(kind: AttestKind, token: bytes, sha256: str, roots: Sequence[str]) -> Attested:
    """Check a token about a digest.

    Faults: ``consent.attest_broken`` (no token, or changed), ``consent.attest_other`` (about other bytes),
    ``consent.attest_untrusted`` (no certificate we know).

    Args:
        kind: What it is.
        token: DER: a TimeStampToken, or a detached CMS SignedData over the 32 bytes of the digest.
        sha256: Digest of the sealed file, hexadecimal.
        roots: PEM.
    """
    digest = bytes.fromhex(sha256)
    try:
        content = cms.ContentInfo.load(token, strict=True)
        context = ValidationContext(
            trust_roots=[certificate_of(root) for root in roots], allow_fetching=False
        )
        return (_stamp if kind is AttestKind.TIME_STAMP else _seal)(content["content"], digest, context)
    except _BROKEN:
        return Attested(fault="consent.attest_broken")


def _stamp(signed: Any, digest: bytes, context: ValidationContext) -> Attested:
    def expected(algorithm: str) -> bytes:
        return digest if algorithm == "sha256" else b""

    info = signed["encap_content_info"]["content"].parsed
    about = bytes(info["message_imprint"]["hashed_message"].native)
    algorithm = info["message_imprint"]["hash_algorithm"]["algorithm"].native
    facts = asyncio.run(validate_tst_signed_data(signed, context, expected))
    status = TimestampSignatureStatus(**facts)
    by = str(status.signing_cert.subject.native.get("common_name", ""))
    if about != digest or algorithm != "sha256":
        return Attested(by, status.timestamp, "consent.attest_other")
    return Attested(by, status.timestamp, _fault(status))


def _seal(signed: Any, digest: bytes, context: ValidationContext) -> Attested:
    checking = async_validate_detached_cms(digest, signed, signer_validation_context=context)
    status: StandardCMSSignatureStatus = asyncio.run(checking)
    by = str(status.signing_cert.subject.native.get("common_name", ""))
    signer = signed["signer_infos"][0]
    attributes = signer["signed_attrs"]
    said = next(one["values"][0].native for one in attributes if one["type"].native == "message_digest")
    fault = _fault(status)
    if fault == "consent.attest_broken" and bytes(said) != hashlib.sha256(digest).digest():
        fault = "consent.attest_other"
    at = status.signer_reported_dt
    return Attested(by, None if at is None else at.astimezone(UTC), fault)


def _fault(status: Any) -> str:
    if not (status.intact and status.valid):
        return "consent.attest_broken"
    return "" if status.trusted else "consent.attest_untrusted"
