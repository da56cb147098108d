"""The words of tus 1.0.0: requests, answers, header values, refusals.

Headers are mappings with lower-case names. The engine knows nothing of the HTTP server in front of it.
"""

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from typing import Any, Protocol

from domain.kernel.errors import DomainError, KnownError, UnavailableError

TUS_VERSION = "1.0.0"
TUS_EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination"
CONTENT_SHA256 = "sha256-content"
"""Checksum of ours, see docs/tus.md: SHA-256 of the content from its first byte to the end of this body."""
TUS_CHECKSUM_ALGORITHMS = f"sha256,sha1,crc32,{CONTENT_SHA256}"
OFFSET_OCTET_STREAM = "application/offset+octet-stream"
MOST_METADATA = 16 << 10
UPLOAD_DEDUP = "upload-dedup"  # ours, see docs/tus.md: the client accepts "you need not send this"

_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(r"[0-9]{1,18}")  # bounded: a longer number cannot be a length of anything


class Hasher(Protocol):
    """What `hashlib` objects offer and the receiver uses."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...


class Crc32:
    """CRC-32 (ISO 3309, as in zlib) as a hasher; its digest is 4 bytes, the highest first."""

    def __init__(self, data: bytes = b"") -> None:
        self._value = zlib.crc32(data)

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_HASHERS: dict[str, Callable[[], Hasher]] = {
    "sha256": hashlib.sha256,
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
    "crc32": Crc32,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without its body.

    Attributes:
        method: HTTP method in capitals.
        upload_id: Last path segment of an upload's URL; None for the creation URL.
        headers: Header values by lower-case name.
        owner: Id of the device that was authenticated; an upload belongs to the device that created it.
        base: Public path of the creation URL without a trailing slash; `Location` starts with it.
    """

    method: str
    upload_id: str | None
    headers: Mapping[str, str]
    owner: str
    base: str = ""

    @property
    def effective_method(self) -> str:
        return self.headers.get("x-http-method-override", self.method).upper()

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        return parse_count(self.headers, "content-length")

    @property
    def has_body(self) -> bool:
        return bool(self.content_length) or "transfer-encoding" in self.headers


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; every answer carries `Tus-Resumable`."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class TusRefusal(DomainError):  # noqa: N818 (as the protocol speaks of it)
    """A request that tus answers with a certain status; nothing is stored beyond what was acknowledged."""

    def __init__(
        self, status: int, code: str, *, headers: Mapping[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(code, None, **facts)
        self.status = status
        self.headers = dict(headers or {})


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
    """Make a response of this protocol version."""
    return Response(status, {"Tus-Resumable": TUS_VERSION, **(headers or {})}, body)


def problem(error: KnownError, retry_after_s: int = 30) -> Response:
    """Give the RFC 9457 problem document of `error`."""
    status, headers = 422, {}
    if isinstance(error, TusRefusal):
        status, headers = error.status, error.headers
    elif isinstance(error, UnavailableError):
        status, headers = 503, {"Retry-After": str(retry_after_s)}
    return problem_answer(status, problem_document(error), headers)


def problem_document(error: KnownError) -> str:
    """Encode the members `code` and `facts`, from which the client words the message; ASCII only."""
    return json.dumps({"type": "about:blank", "code": error.code, "facts": error.facts}, default=str)


def problem_answer(status: int, document: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem document, also as the header `Problem`, since HEAD has no body."""
    told = {"Content-Type": "application/problem+json", "Problem": document, **(headers or {})}
    return answer(status, told, document.encode())


def parse_count(headers: Mapping[str, str], name: str) -> int | None:
    """Return the non-negative integer in header `name`, None when absent; 400 for anything else."""
    text = headers.get(name)
    if text is None:
        return None
    if not _DIGITS.fullmatch(text.strip()):
        raise TusRefusal(400, "transfer.bad_header", header=name)
    return int(text)


def parse_metadata(header: str) -> dict[str, str]:
    """Decode `Upload-Metadata`; values that are not UTF-8 are kept with replacement marks."""
    if len(header) > MOST_METADATA:
        raise TusRefusal(431, "transfer.metadata_too_long", limit=MOST_METADATA)
    fields: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            value = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise TusRefusal(400, "transfer.bad_header", header="upload-metadata") from error
        if key in fields or not key.isascii():
            raise TusRefusal(400, "transfer.bad_header", header="upload-metadata")
        fields[key] = value.decode("utf-8", "replace")
    return fields


def encode_metadata(fields: Mapping[str, str]) -> str:
    """Encode `fields` for `Upload-Metadata`; keys are ASCII without spaces and commas."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in fields.items())


def declared_sha256(fields: Mapping[str, str]) -> str:
    """Return the content hash the client promised (64 hexadecimal digits), or an empty string."""
    value = fields.get("sha256", "").lower()
    if value and not _HEX_SHA256.fullmatch(value):
        raise TusRefusal(400, "transfer.bad_header", header="upload-metadata")
    return value


@dataclass(frozen=True, slots=True)
class Checksum:
    """An `Upload-Checksum`: the digest to reach, and a fresh hasher for the body (None: `CONTENT_SHA256`)."""

    digest: bytes
    hasher: Hasher | None


def parse_checksum(header: str | None) -> Checksum | None:
    """Return what to check a body by, None when no `Upload-Checksum` was sent."""
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in _HASHERS and algorithm != CONTENT_SHA256:
        raise TusRefusal(400, "transfer.checksum_unsupported", algorithm=algorithm[:32])
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TusRefusal(400, "transfer.bad_header", header="upload-checksum") from error
    return Checksum(digest, None if algorithm == CONTENT_SHA256 else _HASHERS[algorithm]())


def http_date(epoch_s: float) -> str:
    """Format seconds since 1970 as RFC 9110 wants dates in headers."""
    return formatdate(epoch_s, usegmt=True)
