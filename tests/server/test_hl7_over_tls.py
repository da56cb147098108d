"""R3.1.6: results come over an encrypted line, from systems that show who they are; nothing is read in the clear."""

import contextlib
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.kernel.errors import DomainError
from server.interfaces.hl7.mllp import frame
from server.settings import Settings
from tests.fixtures import certificates
from tests.fixtures.patience import PATIENCE_S
from tests.server.test_hl7_listener_process import Connection, Process, code, message, wait_until_applied


@pytest.fixture
def made(tmp_path):
    return certificates.good(tmp_path)


def started(home, monkeypatch, made, *, clients):
    monkeypatch.setenv("AFTERCHECK_MLLP_TLS_CERT", str(made.certificate))
    monkeypatch.setenv("AFTERCHECK_MLLP_TLS_KEY", str(made.key))
    if clients:
        monkeypatch.setenv("AFTERCHECK_MLLP_TLS_CLIENTS", str(made.authority))
    return Process(home)


class Encrypted(Connection):
    """A sender that believes the centre's authority alone."""

    def __init__(self, port, made, *, shows=False):
        super().__init__(port)
        context = ssl.create_default_context(cafile=made.authority)
        if shows:
            context.load_cert_chain(*of_a_system(made))
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname="127.0.0.1")
        except (ssl.SSLError, ConnectionError):
            self.close()
            raise


def heard(port, made):
    """Tell whether a sender that shows nothing gets an answer; with TLS 1.3 it learns so only when it reads."""
    with contextlib.ExitStack() as opened:
        try:
            line = Encrypted(port, made)
            opened.callback(line.close)
            return bool(line.ask(message("T1", "V1")))
        except (ssl.SSLError, ConnectionError):
            return False


def of_a_system(made):
    """Return certificate and key of a laboratory's system, given out by the same authority."""
    folder = made.authority.parent
    ca = x509.load_pem_x509_certificate(made.authority.read_bytes())
    ca_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "LIS")])
    signed = (
        x509.CertificateBuilder(ca.subject, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem, paths = serialization.Encoding.PEM, (folder / "lis.pem", folder / "lis.key")
    paths[0].write_bytes(signed.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return paths


def test_results_come_over_tls_and_nothing_in_the_clear(home, monkeypatch, made):
    listener = started(home, monkeypatch, made, clients=False)
    line = Encrypted(listener.port, made)
    assert code(line.ask(message("T1", "V1"))) == "AA"
    assert line._socket.version() in {"TLSv1.2", "TLSv1.3"}
    line.close()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=PATIENCE_S) as plain:
        plain.sendall(frame(message("T2", "V2")))
        try:
            answer = plain.recv(65536)
        except ConnectionError:
            answer = b""
        assert b"MSA" not in answer
    wait_until_applied(home, 1)
    assert listener.end() == 0


def test_a_system_without_a_certificate_of_the_authority_is_not_heard(home, monkeypatch, made):
    listener = started(home, monkeypatch, made, clients=True)
    assert not heard(listener.port, made)
    line = Encrypted(listener.port, made, shows=True)
    assert code(line.ask(message("T2", "V2"))) == "AA"
    line.close()
    wait_until_applied(home, 1)
    assert listener.end() == 0


def test_a_network_is_not_listened_to_in_the_clear(tmp_path):
    for options in ({}, {"mllp_senders": ()}):
        with pytest.raises(DomainError, match=r"settings\.mllp_in_clear") as error:
            Settings(data_dir=tmp_path, mllp_host="192.0.2.1", **options)
        assert error.value.field == "mllp_tls_cert"
    Settings(data_dir=tmp_path, mllp_host="192.0.2.1", mllp_senders=("192.0.2.7",))
