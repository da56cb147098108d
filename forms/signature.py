"""Electronic signatures that bind a reviewer to exact content and, later, to the exact file that was issued.

Two steps, both Ed25519. `sign_content` signs a statement: the SHA-256 of the report's content as canonical
JSON, which document and version it is, who signs, with which licence, when. The digest is then printed on the
page. `seal_pdf` signs the SHA-256 of the finished PDF together with that statement, so that neither the
record nor the file can be exchanged for another. This signature stands beside the file; the one inside it (PAdES,
ETSI EN 319 142) is the seal of the installation's own authority, see `forms.final_versions`.

Canonical JSON: UTF-8, keys sorted, no spaces, no floats (numbers with decimals travel as text, so that a
store or another language cannot change 5.60 into 5.6 and break a digest).
"""

import base64
import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.kernel.canonical import canonical, content_digest
from domain.kernel.errors import DomainError


@dataclass(frozen=True)
class Signer:
    """The physician who signs: as printed in the signature block."""

    name: str
    title: str
    licence_number: str


@dataclass(frozen=True)
class Statement:
    """What the signature is over; `signed_at` is ISO 8601 in UTC."""

    document: str
    content_sha256: str
    signer: Signer
    signed_at: str


@dataclass(frozen=True)
class ContentSignature:
    """A signed statement. `public_key` (32 bytes) and `value` (64 bytes) are base64."""

    statement: Statement
    public_key: str
    value: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, hexadecimal, as the register of staff keys lists it."""
        return hashlib.sha256(_bytes(self.public_key)).hexdigest()


@dataclass(frozen=True)
class ReportRecord:
    """What is stored beside an issued PDF; `seal` is base64 over `pdf_sha256` and the signature."""

    signature: ContentSignature
    pdf_sha256: str
    seal: str


def sign_content(
    content: Any, document: str, signer: Signer, key: Ed25519PrivateKey, signed_at: datetime
) -> ContentSignature:
    """Sign `content` in the name of `signer`.

    Args:
        content: The report's data, all of it that is printed, without the signature block.
        document: Template and version, e.g. ``final_report@1.0.0``.
        signer: Who signs.
        key: The signer's private key; stays with the caller.
        signed_at: Aware; kept in UTC, to the second.
    """
    moment = signed_at.astimezone(UTC).replace(microsecond=0).isoformat()
    statement = Statement(document, content_digest(content), signer, moment)
    value = key.sign(canonical(asdict(statement)))
    return ContentSignature(statement, _text(key.public_key().public_bytes_raw()), _text(value))


def seal_pdf(pdf: bytes, signature: ContentSignature, key: Ed25519PrivateKey) -> ReportRecord:
    """Bind the finished file to the signature, with the same key.

    Raises:
        DomainError: ``signature.other_key`` if `key` is not the one that signed the content.
    """
    if _text(key.public_key().public_bytes_raw()) != signature.public_key:
        raise DomainError("signature.other_key", "key", fingerprint=signature.fingerprint)
    digest = hashlib.sha256(pdf).hexdigest()
    return ReportRecord(signature, digest, _text(key.sign(_sealed(digest, signature))))


def verify_content(content: Any, signature: ContentSignature, trusted: Collection[str]) -> None:
    """Check that `content` is what was signed, by a key we trust.

    Args:
        content: As given to `sign_content`.
        signature: As it returned.
        trusted: Fingerprints of staff keys; a key inside a record proves nothing about whose it is.

    Raises:
        DomainError: ``signature.untrusted_key``, ``signature.invalid`` or ``signature.content_changed``.
    """
    _verify_statement(signature, trusted)
    if content_digest(content) != signature.statement.content_sha256:
        raise DomainError("signature.content_changed", "content", **_facts(signature))


def seals(record: ReportRecord) -> bool:
    """Tell whether a record's seal is by its own key over that file; whose key it is is not asked."""
    try:
        _verify(record.signature, record.seal, _sealed(record.pdf_sha256, record.signature))
    except DomainError:
        return False
    return True


def verify_report(pdf: bytes, record: ReportRecord, trusted: Collection[str]) -> Statement:
    """Check a PDF against the record stored beside it and return what was signed.

    Raises:
        DomainError: ``signature.untrusted_key``, ``signature.invalid`` (record tampered with) or
            ``signature.pdf_changed`` (the file is not the one that was issued).
    """
    signature = record.signature
    _verify_statement(signature, trusted)
    _verify(signature, record.seal, _sealed(record.pdf_sha256, signature))
    if hashlib.sha256(pdf).hexdigest() != record.pdf_sha256:
        raise DomainError("signature.pdf_changed", "pdf", **_facts(signature))
    return signature.statement


def _verify_statement(signature: ContentSignature, trusted: Collection[str]) -> None:
    if signature.fingerprint not in trusted:
        raise DomainError("signature.untrusted_key", "public_key", **_facts(signature))
    _verify(signature, signature.value, canonical(asdict(signature.statement)))


def _verify(signature: ContentSignature, value: str, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(signature.public_key)).verify(_bytes(value), message)
    except (InvalidSignature, ValueError) as error:
        raise DomainError("signature.invalid", "signature", **_facts(signature)) from error


def _sealed(pdf_sha256: str, signature: ContentSignature) -> bytes:
    return canonical({"pdf_sha256": pdf_sha256, "signature": asdict(signature)})


def _facts(signature: ContentSignature) -> dict[str, str]:
    signer = signature.statement.signer
    return {"signer": signer.name, "fingerprint": signature.fingerprint[:16]}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(text: str) -> bytes:
    """Decode base64; damaged text gives bytes that no check accepts."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
