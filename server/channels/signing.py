"""Signatures of the SMS vendors. Pure functions; the vendors' own examples are the tests.

Sources: Aliyun RPC (V1) and ACS3-HMAC-SHA256 (V3), Tencent Cloud TC3-HMAC-SHA256, as in
``interfaces/channels.md`` section 4.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote


def enc(text: str) -> str:
    """Percent-encode as RFC 3986 says: space is %20, the asterisk %2A, the tilde stays."""
    return quote(text, safe="~-._").replace("*", "%2A")


def canonical_query(params: Mapping[str, str]) -> str:
    """Return parameters sorted by name and encoded."""
    return "&".join(f"{enc(name)}={enc(params[name])}" for name in sorted(params))


def aliyun_v1(params: Mapping[str, str], secret: str, method: str = "GET") -> str:
    """Return the signature of an RPC call (HMAC-SHA1, base64)."""
    to_sign = f"{method}&%2F&{enc(canonical_query(params))}"
    digest = hmac.new(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def aliyun_v3(
    method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes, secret: str
) -> tuple[str, str, str]:
    """Return signature (hex), signed headers and the hash of the canonical request.

    Args:
        method: GET or POST.
        path: Of the call, ``/`` for RPC.
        params: Query parameters.
        headers: Those sent; ``host``, ``content-type`` and ``x-acs-*`` are signed.
        body: What is sent.
        secret: The access key's secret.
    """
    signed = {
        name.lower(): value.strip()
        for name, value in headers.items()
        if name.lower() in {"host", "content-type"} or name.lower().startswith("x-acs-")
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join(
        [method, path, canonical_query(params), lines, names, hashlib.sha256(body).hexdigest()]
    )
    hashed = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"ACS3-HMAC-SHA256\n{hashed}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest(), names, hashed


def tencent_tc3(
    secret: str, service: str, timestamp: int, headers: Mapping[str, str], body: bytes
) -> tuple[str, str, str]:
    """Return signature (hex), credential scope and the hash of the canonical request of a POST to ``/``.

    The date of the scope is that of UTC, whatever the clinic's day is.
    """
    date = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    names = ";".join(sorted(name.lower() for name in headers))
    lines = "".join(f"{n.lower()}:{headers[n].strip().lower()}\n" for n in sorted(headers, key=str.lower))
    request = "\n".join(["POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()])
    hashed = hashlib.sha256(request.encode()).hexdigest()
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashed}"
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest(), scope, hashed
