"""An authority of one's own for a centre that no public authority vouches for.

``python -m server tls --host NAME`` makes the authority once and a certificate for the server, and makes the
certificate anew before it ends; workstations know the authority since enrolment, so they notice nothing.
"""

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sync.tls import fingerprint

CA_DAYS, SERVER_DAYS = 3650, 398


@dataclass(frozen=True, slots=True)
class MadeCertificates:
    """Where the PEM files lie, and what people compare when a workstation joins."""

    authority: Path
    certificate: Path
    key: Path
    fingerprint: str
    valid_until: datetime.datetime


def make_certificates(folder: Path, hosts: Sequence[str], now: datetime.datetime) -> MadeCertificates:
    """Make a server certificate for `hosts` (names or addresses); the authority too, if there is none yet.

    Args:
        folder: Where they are kept; keys are readable to their owner only.
        hosts: What workstations call the server.
        now: Present time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ca_path, ca_key_path = folder / "ca.pem", folder / "ca.key"
    if not ca_key_path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("检后通 机构内部证书颁发者")
        authority = (
            _certificate(name, name, key.public_key(), now, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _keep_key(ca_key_path, key)
        ca_path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    ca = x509.load_pem_x509_certificate(ca_path.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_path.read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)  # noqa: S101  (we made it)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _certificate(_name(hosts[0]), ca.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "server.key").unlink(missing_ok=True)
    _keep_key(folder / "server.key", key)
    (folder / "server.pem").write_bytes(made.public_bytes(pem) + ca.public_bytes(pem))
    return MadeCertificates(
        ca_path, folder / "server.pem", folder / "server.key", fingerprint(ca_path.read_bytes()),
        made.not_valid_after_utc,
    )  # fmt: skip


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks of workstations differ a little
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _keep_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file.flush()
        os.fsync(file.fileno())
