"""A time stamp authority and a provider of electronic seals that answer on this machine, to try everything with.

``/tsa`` speaks RFC 3161, ``/seal`` what `server.attesting.providers.SealService` says. `mode` makes them fail:
``slow`` answers too late, ``refuse`` says no, ``odd`` answers rubbish, ``other`` attests other bytes.
"""

import asyncio
import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import DummyTimeStamper

from domain.kernel.clock import Clock, utc_now
from forms.consenting.sealing import YEARS, certificate_of, make_key, private_of, store_of
from server.attesting.providers import signature


class AttestSimulator:
    """Both services on one port of this machine, for as long as it is entered; `stamps` and `seals` count answers."""

    def __init__(
        self, app: str = "clinic", secret: bytes = b"simulated secret", clock: Clock = utc_now
    ) -> None:
        self.app, self.secret, self.mode = app, secret, "good"
        self.stamps = self.seals = 0
        self.let_go = threading.Event()
        now = clock()
        self._clock = clock
        self._seal_key = make_key("模拟电子签章", now)
        self.seal_root = self._seal_key.authority
        self.tsa_root, self._tsa_cert, self._tsa_key = _time_stamp_key(now)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def stamp(self, body: bytes) -> bytes:
        """Return the reply to a time stamp query."""
        asked = tsp.TimeStampReq.load(body)
        if self.mode == "other":
            asked["message_imprint"]["hashed_message"] = hashlib.sha256(b"other").digest()
        stamper = DummyTimeStamper(
            certificate_of(self._tsa_cert),
            private_of(self._tsa_key),
            store_of(self.tsa_root),
            fixed_dt=self._clock(),
        )
        self.stamps += 1
        return bytes(asyncio.run(stamper.async_request_tsa_response(asked)).dump())

    def seal(self, body: bytes) -> bytes:
        """Return the answer to a request for a seal."""
        digest = bytes.fromhex(json.loads(body)["digest"])
        signer = SimpleSigner(
            signing_cert=certificate_of(self._seal_key.certificate),
            signing_key=private_of(self._seal_key.private_key),
            cert_registry=store_of(self._seal_key.authority),
        )
        about = hashlib.sha256(digest if self.mode != "other" else b"other").digest()
        said = PdfCMSSignedAttributes(signing_time=self._clock())
        made = asyncio.run(signer.async_sign(about, "sha256", signed_attr_settings=said, is_pdf_sig=False))
        self.seals += 1
        return json.dumps({"signature": base64.b64encode(made.dump()).decode()}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if simulator.mode == "slow":
                    simulator.let_go.wait()
                    return
                if simulator.mode == "refuse" or not self._is_ours(body):
                    self._answer(403, "text/plain", b"no")
                elif simulator.mode == "odd":
                    self._answer(200, "application/json", b"rubbish")
                elif self.path == "/tsa":
                    self._answer(200, "application/timestamp-reply", simulator.stamp(body))
                else:
                    self._answer(200, "application/json", simulator.seal(body))

            def _is_ours(self, body: bytes) -> bool:
                if self.path == "/tsa":
                    return True
                said = self.headers.get("x-signature", "")
                at = said.partition(",")[0].removeprefix("t=")
                return (
                    said == signature(simulator.secret, at, body) and json.loads(body)["app"] == simulator.app
                )

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        return Handler


def _time_stamp_key(now: Any) -> tuple[str, str, bytes]:
    """Return root and certificate (PEM) of a time stamp authority, and its private key."""
    issuer_key, own = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "模拟时间戳颁发者")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "模拟时间戳服务")])

    def made(name: x509.Name, key: rsa.RSAPrivateKey, *, authority: bool) -> x509.Certificate:
        build = (
            x509.CertificateBuilder()
            .subject_name(name).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - YEARS / 10)
            .not_valid_after(now + YEARS)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )  # fmt: skip
        if not authority:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            build = build.add_extension(usage, critical=True)
        return build.sign(issuer_key, hashes.SHA256())

    text = serialization.Encoding.PEM
    secret = own.private_bytes(text, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    root, certificate = made(issuer, issuer_key, authority=True), made(subject, own, authority=False)
    return root.public_bytes(text).decode(), certificate.public_bytes(text).decode(), secret
