"""Sealing a consent: PAdES (ETSI EN 319 142-1, level B-B) by the installation's own authority, behind what was shown.

The seal is an incremental update, so a sealed file begins with exactly the bytes that were on the screen: whoever
holds the file can cut it there and compare. The handwriting lies in the visible field of the seal. Each installation
has an authority of its own, whose certificate travels; no recognised authority vouches for it. What others attest
of a sealed file (time stamps, an institution's electronic seal) is about its digest and lies beside it, see
`forms.consenting.attesting`. The evidence is a file inside the PDF, under the same seal: the file proves itself.
Whoever witnesses afterwards puts a second seal behind the first. What a check finds: `forms.consenting.verifying`.
"""

import dataclasses
import io
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import keys, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from domain.kernel.errors import DomainError

YEARS = timedelta(days=3650)
FIELD, WITNESS = "Consent", "Witness"
EVIDENCE = "evidence.json"
"""Name of the evidence inside a sealed file."""
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


def make_key(name: str, now: datetime) -> SealingKey:
    """Make an authority and a certificate to seal with; the authority's own key is thrown away: it signs one."""
    authority_key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} 文件签章颁发者"[:64])])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} 文件签章"[:64])])
    authority = _certificate(issuer, issuer, authority_key, authority_key, now, signs=True)
    certificate = _certificate(subject, issuer, own, authority_key, now, signs=False)
    text = serialization.Encoding.PEM
    secret = own.private_bytes(text, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SealingKey(
        authority.public_bytes(text).decode(), certificate.public_bytes(text).decode(), secret,
        authority.fingerprint(hashes.SHA256()).hex(),
    )  # fmt: skip


def seal(
    shown: bytes, key: SealingKey, *, signed: bytes, witnessed: bytes, who: str, reason: str, now: datetime,
    evidence: bytes = b"",
) -> bytes:  # fmt: skip
    """Return the sealed file: `shown`, and behind it the handwriting and the seal.

    Args:
        shown: The PDF as it was on the screen.
        key: From `make_key`.
        signed: PNG of the signer's hand.
        witnessed: PNG of the witness's; empty where the witness signs by being signed in.
        who: Name of the signer, kept in the seal.
        reason: What the seal says it is for; names the digest of the evidence.
        now: Time of the seal; the installation's own clock.
        evidence: JSON that is put into the file, under the seal.

    Raises:
        DomainError: ``consent.not_sealed`` where the file cannot be sealed.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(shown), strict=False)
        if evidence:
            inside = EmbeddedFileObject.from_file_data(writer, data=evidence, mime_type="application/json")
            embed_file(writer, FileSpec(EVIDENCE, file_name=EVIDENCE, embedded_data=inside))
        place = fields.SigFieldSpec(FIELD, on_page=-1, box=BOX)
        picture = PdfImage(_pictures(signed, witnessed), writer=writer)
        whole = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, Margins(0, 0, 0, 0))
        style = StaticStampStyle(
            background=picture, background_opacity=1.0, border_width=0, background_layout=whole
        )
        return _signed(writer, key, place, who, reason, now, style)
    except (PdfError, SigningError, OSError, ValueError) as error:
        raise DomainError("consent.not_sealed", field="content") from error


def seal_document(
    shown: bytes, key: SealingKey, *, field: str, who: str, reason: str, now: datetime, evidence: bytes
) -> bytes:  # fmt: skip
    """Return any document sealed without a visible field, `evidence` (JSON) inside it under the seal.

    Args:
        shown: The PDF; the sealed file begins with exactly these bytes.
        key: From `make_key`.
        field: Name of the seal's field, which says what kind of document it is.
        who: In whose name.
        reason: What the seal says it is for; names the digest of the evidence.
        now: Time of the seal; the installation's own clock.
        evidence: See above.

    Raises:
        DomainError: ``consent.not_sealed`` where the file cannot be sealed.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(shown), strict=False)
        inside = EmbeddedFileObject.from_file_data(writer, data=evidence, mime_type="application/json")
        embed_file(writer, FileSpec(EVIDENCE, file_name=EVIDENCE, embedded_data=inside))
        return _signed(writer, key, fields.SigFieldSpec(field), who, reason, now, None)
    except (PdfError, SigningError, OSError, ValueError) as error:
        raise DomainError("consent.not_sealed", field="content") from error


def countersign(sealed: bytes, key: SealingKey, *, who: str, reason: str, now: datetime) -> bytes:
    """Return a sealed file with a second seal behind it: who witnessed, by the seal of where they are.

    Raises:
        DomainError: ``consent.not_sealed``.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(sealed), strict=False)
        return _signed(writer, key, fields.SigFieldSpec(WITNESS), who, reason, now, None)
    except (PdfError, SigningError, OSError, ValueError) as error:
        raise DomainError("consent.not_sealed", field="content") from error


class _At(signers.PdfSigner):
    """Signs at the time of the installation's own clock, as everything else that is kept of the act."""

    def __init__(self, *options: Any, now: datetime, **more: Any) -> None:
        super().__init__(*options, **more)
        self._now = now

    def init_signing_session(self, *options: Any, **more: Any) -> Any:
        session = super().init_signing_session(*options, **more)
        session.system_time = self._now
        return session


def _signed(
    writer: IncrementalPdfFileWriter, key: SealingKey, place: fields.SigFieldSpec, who: str, reason: str,
    now: datetime, style: StaticStampStyle | None,
) -> bytes:  # fmt: skip
    meta = signers.PdfSignatureMetadata(
        field_name=place.sig_field_name, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason, name=who,
    )  # fmt: skip
    signer = signers.SimpleSigner(
        signing_cert=certificate_of(key.certificate),
        signing_key=private_of(key.private_key),
        cert_registry=store_of(key.authority),
    )
    sealed = io.BytesIO()
    _At(meta, signer, stamp_style=style, new_field_spec=place, now=now).sign_pdf(writer, output=sealed)
    return sealed.getvalue()


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


def certificate_of(text: str) -> asn1_x509.Certificate:
    """Return the certificate of a PEM text; ValueError for what is none."""
    _, _, der = pem.unarmor(text.encode())
    return asn1_x509.Certificate.load(der)


def private_of(text: bytes) -> keys.PrivateKeyInfo:
    """Return the private key of a PEM text."""
    _, _, der = pem.unarmor(text)
    return keys.PrivateKeyInfo.load(der)


def store_of(authority: str) -> SimpleCertificateStore:
    """Return the certificate of an authority as what goes along with a signature."""
    store: SimpleCertificateStore = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(certificate_of(authority))
    return store
