"""One interface for whoever attests a digest, and the two that are spoken to.

A provider sees a digest and never a document: no name, no text leaves the house for a seal or a stamp. A service that
does not answer in time is tried again later; nothing at a desk waits for it.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Protocol

import requests
from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from domain.consent.attest_records import AttestKind
from domain.kernel.errors import UnavailableError

TIMEOUT_S = 10.0
_REPLY = "application/timestamp-reply"


class Attestor(Protocol):
    """Whoever attests digests; `root` is the certificate (PEM) that its tokens are checked against."""

    kind: AttestKind
    root: str

    def attest(self, sha256: str) -> bytes:
        """Return the token (DER) about a digest in hexadecimal; UnavailableError ``attest.*`` if none came."""


class TimeStamps:
    """A time stamp authority by HTTP (RFC 3161 section 3.4); the answer's nonce is compared."""

    kind = AttestKind.TIME_STAMP

    def __init__(self, url: str, root: str, timeout_s: float = TIMEOUT_S) -> None:
        self.root = root
        self._stamper = _Asking(url, timeout_s)

    def attest(self, sha256: str) -> bytes:
        """See `Attestor`."""
        try:
            token: cms.ContentInfo = asyncio.run(
                self._stamper.async_timestamp(bytes.fromhex(sha256), "sha256")
            )
            return bytes(token.dump())
        except (TimestampRequestError, OSError) as error:
            raise UnavailableError("attest.silent", service="时间戳") from error
        except (ValueError, TypeError, KeyError) as error:
            raise UnavailableError("attest.odd", service="时间戳") from error


class _Asking(TimeStamper):
    def __init__(self, url: str, timeout_s: float) -> None:
        super().__init__()
        self._url, self._timeout_s = url, timeout_s

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        answer = _post(
            self._url, req.dump(), {"content-type": "application/timestamp-query"}, self._timeout_s
        )
        if answer.headers.get("content-type") != _REPLY:
            raise ValueError("no time stamp reply")
        return tsp.TimeStampResp.load(answer.content, strict=True)


class SealService:
    """A provider of electronic seals (电子签章): a digest goes out signed by HMAC-SHA256, a detached CMS comes back.

    Request ``POST {url}``, JSON ``{"app", "digest" (hex), "algorithm": "sha256", "once"}``, header ``x-signature``:
    ``t=<unix>,v=<hex hmac of "t.body">``. Answer 200 ``{"signature": base64 of DER CMS SignedData}``.
    """

    kind = AttestKind.E_SEAL

    def __init__(self, url: str, app: str, secret: bytes, root: str, timeout_s: float = TIMEOUT_S) -> None:
        self.root = root
        self._url, self._app, self._secret, self._timeout_s = url, app, secret, timeout_s

    def attest(self, sha256: str) -> bytes:
        """See `Attestor`."""
        asked = {"app": self._app, "digest": sha256, "algorithm": "sha256", "once": secrets.token_hex(8)}
        body = json.dumps(asked).encode()
        at = str(int(time.time()))
        head = {"content-type": "application/json", "x-signature": signature(self._secret, at, body)}
        try:
            answer = _post(self._url, body, head, self._timeout_s)
            if answer.status_code != 200:
                raise UnavailableError("attest.refused", service="电子签章", status=answer.status_code)
            return base64.b64decode(answer.json()["signature"], validate=True)
        except requests.RequestException as error:
            raise UnavailableError("attest.silent", service="电子签章") from error
        except (ValueError, TypeError, KeyError) as error:
            raise UnavailableError("attest.odd", service="电子签章") from error


def signature(secret: bytes, at: str, body: bytes) -> str:
    """Return the header by which a request to a seal service proves who sends it."""
    made = hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v={made}"


def _post(url: str, body: bytes, head: dict[str, str], timeout_s: float) -> requests.Response:
    with requests.Session() as http:
        return http.post(url, data=body, headers=head, timeout=timeout_s, allow_redirects=False)
