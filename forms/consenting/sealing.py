"""Sealing a consent: PAdES (ETSI EN 319 142-1, level B-B) by the installation's own authority, behind what was shown.

The seal is an incremental update, so a sealed file begins with exactly the bytes that were on the screen: whoever
holds the file can cut it there and compare. The handwriting lies in the visible field of the seal. Each installation
has an authority of its own, whose certificate travels; no recognised authority vouches for it, and no time stamp
service: connecting one changes this module alone.
"""

import dataclasses
import hashlib
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import keys, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from domain.kernel.errors import DomainError

YEARS = timedelta(days=3650)
FIELD = "Consent"
_MM = 72 / 25.4
# The two boxes of resources/documents/consent/template.typ: 17 mm from the left, 30 mm high, on the last page.
BOX = (round(18 * _MM), round(78 * _MM), round(192 * _MM), round(106 * _MM))
GAP_MM, WIDE_MM, HIGH_MM = 10, 174, 28
_DOTS = 6


@dataclasses.dataclass(frozen=True)
class SealingKey:
    """PEM of one installation: authority, certificate, private key; `fingerprint` is the authority's SHA-256."""

    authority: str
    certificate: str
    private_key: bytes
    fingerprint: str


@dataclasses.dataclass(frozen=True)
class Verified:
    """What a check of a sealed file found; `faults` are codes of texts, none if all is well."""

    faults: tuple[str, ...]
    sealed_by: str = ""
    sealed_at: datetime | None = None
    reason: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


def make_key(name: str, now: datetime) -> SealingKey:
    """Make an authority and a certificate to seal with; the authority's own key is thrown away: it signs one."""
    authority_key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} 知情同意签章颁发者"[:64])])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} 知情同意签章"[:64])])
    authority = _certificate(issuer, issuer, authority_key, authority_key, now, signs=True)
    certificate = _certificate(subject, issuer, own, authority_key, now, signs=False)
    text = serialization.Encoding.PEM
    secret = own.private_bytes(text, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SealingKey(
        authority.public_bytes(text).decode(), certificate.public_bytes(text).decode(), secret,
        authority.fingerprint(hashes.SHA256()).hex(),
    )  # fmt: skip


def seal(
    shown: bytes, key: SealingKey, *, signed: bytes, witnessed: bytes, who: str, reason: str, now: datetime
) -> bytes:
    """Return the sealed file: `shown`, and behind it the handwriting and the seal.

    Args:
        shown: The PDF as it was on the screen.
        key: From `make_key`.
        signed: PNG of the signer's hand.
        witnessed: PNG of the witness's; empty where the witness signs by being signed in.
        who: Name of the signer, kept in the seal.
        reason: What the seal says it is for; names the digest of the evidence.
        now: Time of the seal; the installation's own clock.

    Raises:
        DomainError: ``consent.not_sealed`` where the file cannot be sealed.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(shown), strict=False)
        meta = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=reason,
            name=who,
        )
        place = fields.SigFieldSpec(FIELD, on_page=-1, box=BOX)
        picture = PdfImage(_pictures(signed, witnessed), writer=writer)
        whole = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, Margins(0, 0, 0, 0))
        style = StaticStampStyle(
            background=picture, background_opacity=1.0, border_width=0, background_layout=whole
        )
        signer = signers.SimpleSigner(
            signing_cert=_asn1(key.certificate),
            signing_key=_private(key.private_key),
            cert_registry=_store(key.authority),
        )
        sealed = io.BytesIO()
        signers.PdfSigner(meta, signer, stamp_style=style, new_field_spec=place).sign_pdf(
            writer, output=sealed
        )
    except (PdfError, SigningError, OSError, ValueError) as error:
        raise DomainError("consent.not_sealed", field="content") from error
    return sealed.getvalue()


def verify(
    content: bytes, roots: Sequence[str], *, shown_sha256: str = "", shown_bytes: int = 0, evidence: str = ""
) -> Verified:
    """Check a sealed file against the authorities (PEM) that are trusted, with nothing but this module.

    Faults: ``consent.seal_missing``, ``consent.seal_broken`` (bytes changed), ``consent.seal_untrusted`` (no
    authority we know), ``consent.seal_added`` (something was put behind the seal), ``consent.shown_differs`` (the
    beginning is not what was shown), ``consent.evidence_differs``.

    Args:
        content: The file.
        roots: Certificates of trusted authorities.
        shown_sha256: Digest of what was shown, with `shown_bytes`, its length; not compared without.
        shown_bytes: See there.
        evidence: Digest of the evidence that the seal must name.
    """
    faults: list[str] = []
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        found = next((one for one in reader.embedded_signatures if one.field_name == FIELD), None)
        if found is None:
            return Verified(("consent.seal_missing",))
        context = ValidationContext(trust_roots=[_asn1(root) for root in roots], allow_fetching=False)
        status: Any = validate_pdf_signature(found, context)
    except (PdfError, SignatureValidationError, ValueError, TypeError, IndexError, KeyError):
        return Verified(("consent.seal_broken",))
    if not (status.intact and status.valid):
        faults.append("consent.seal_broken")
    elif not status.trusted:
        faults.append("consent.seal_untrusted")
    if status.modification_level not in (None, ModificationLevel.NONE):
        faults.append("consent.seal_added")
    if shown_bytes and hashlib.sha256(content[:shown_bytes]).hexdigest() != shown_sha256:
        faults.append("consent.shown_differs")
    reason = str(found.sig_object.get("/Reason", ""))
    if evidence and evidence not in reason:
        faults.append("consent.evidence_differs")
    by = status.signing_cert.subject.native.get("common_name", "")
    return Verified(tuple(faults), str(by), status.signer_reported_dt, reason)


def _pictures(signed: bytes, witnessed: bytes) -> Image.Image:
    """Return both hands on one strip as wide as the two boxes."""
    strip = Image.new("RGB", (WIDE_MM * _DOTS, HIGH_MM * _DOTS), "white")
    half = (WIDE_MM - GAP_MM) // 2
    for left, png in ((0, signed), (half + GAP_MM, witnessed)):
        if png:
            hand = Image.open(io.BytesIO(png)).convert("RGB")
            hand.thumbnail(((half - 4) * _DOTS, (HIGH_MM - 4) * _DOTS))
            strip.paste(hand, ((left + 2) * _DOTS, 2 * _DOTS))
    return strip


def _certificate(
    subject: x509.Name, issuer: x509.Name, own: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey,
    now: datetime, *, signs: bool,
) -> x509.Certificate:  # fmt: skip
    usage = x509.KeyUsage(
        digital_signature=not signs, content_commitment=not signs, key_cert_sign=signs, crl_sign=signs,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=signs, path_length=0 if signs else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
    )


def _asn1(text: str) -> asn1_x509.Certificate:
    _, _, der = pem.unarmor(text.encode())
    return asn1_x509.Certificate.load(der)


def _private(text: bytes) -> keys.PrivateKeyInfo:
    _, _, der = pem.unarmor(text)
    return keys.PrivateKeyInfo.load(der)


def _store(authority: str) -> SimpleCertificateStore:
    store: SimpleCertificateStore = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(_asn1(authority))
    return store
