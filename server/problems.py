"""Known errors as problem documents (RFC 9457): the code, the field, the facts, and the sentence in Chinese."""

from typing import Any

import msgspec
from starlette.responses import Response

from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts
from sync.tus.protocol import TusRefusal

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 30

_BY_CODE = {
    "permission.denied": 403,
    "password.must_change": 403,
    "factor.must_bind": 403,
    "sign_in.refused": 401,
    "sign_in.locked": 401,
    "sign_in.code_needed": 401,
    "sign_in.code_wrong": 401,
    "sign_in.code_used": 401,
    "sign_in.too_many": 429,
    "enrolment.too_many": 429,
    "sync.device_unknown": 403,
    "sync.device_revoked": 403,
    "sync.epoch_fork": 409,
    "sync.gap": 409,
    "sync.other_life": 409,
    "sync.cursor_expired": 410,
    "snapshot.unknown": 404,
    "store.duplicate": 409,
    "blob.missing": 404,
    "blob.disk_full": 507,
    "blob.little_room": 507,
    "store.disk_full": 507,
    "http.not_found": 404,
    "http.method": 405,
    "http.too_large": 413,
}
_BY_AREA = {"session": 401, "auth": 401}
_BY_ENDING = {"wrong_state": 409, "exists": 409, "likely_same": 409, "own_work": 409, "same_hands": 409}


def status_of(error: KnownError) -> int:
    """Return the HTTP status of an error.

    401 nobody has signed in or signed, 403 not allowed, 404 no such thing, 409 its state or another's value is
    against it, 429 too often, 507 no room on the disk, 503 something is missing (try again), 422 anything else in the
    input.
    """
    if isinstance(error, TusRefusal):
        return error.status
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    area, _, ending = error.code.partition(".")
    if not isinstance(error, DomainError):
        return 503
    if area in _BY_AREA:
        return _BY_AREA[area]
    if ending == "unknown" and error.field is None:
        return 404
    return _BY_ENDING.get(ending, 422)


def problem_response(error: KnownError, texts: Texts, request_id: str) -> Response:
    """Return the answer to a request that a known error ended."""
    status = status_of(error)
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer" if not error.code.startswith("auth.") else "Device-Signature"
    if status in {429, 503}:
        headers["Retry-After"] = str(error.facts.get("seconds", RETRY_AFTER_S))
    document = {
        "type": "about:blank",
        "title": error.code,
        "status": status,
        "detail": texts.explain(error),
        "code": error.code,
        "field": error.field,
        "facts": error.facts,
        "instance": f"urn:request:{request_id}",
    }
    return Response(encoded(document), status, headers, MEDIA_TYPE)


def crash_response(texts: Texts, request_id: str) -> Response:
    """Return the answer to a request that met a bug: a number to report, and nothing of its inside."""
    document = {
        "type": "about:blank",
        "title": "server.bug",
        "status": 500,
        "detail": texts.say("server.bug", report=request_id),
        "code": "server.bug",
        "facts": {"report": request_id},
        "instance": f"urn:request:{request_id}",
    }
    return Response(encoded(document), 500, {"Cache-Control": "no-store"}, MEDIA_TYPE)


def encoded(value: Any) -> bytes:
    """Return the JSON of an answer: ids and times as text."""
    return msgspec.json.encode(value, enc_hook=str)
