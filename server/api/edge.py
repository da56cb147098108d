"""The outermost layer of every request: its id, its limits, its headers, its line in the log, and its last resort."""

import logging
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.kernel.clock import Clock
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.logs import request_id
from domain.kernel.texts import Texts
from server.metrics import Metrics
from server.problems import crash_response, problem_response
from sync.device_auth import CLOCK_HEADER

log = logging.getLogger(__name__)

MOST_BODY_BYTES = 4 << 20
MOST_EXPORT_BYTES = 61 * 1024 * 1024
"""What a phone exports of a client's health data, in one file."""
MOST_FILE_BYTES = 21_000_000
"""Of a photo from a client's phone, which is told to be too large before this; see `server.pages.files`."""
UPLOADS = "/sync/v1/uploads"
"""Bodies under this path are streamed to the disk and have limits of their own."""

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_CLOCK = CLOCK_HEADER.lower().encode()
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, texts: Texts, metrics: Metrics, clock: Clock, tls: bool) -> None:
        self._app = app
        self._texts = texts
        self._metrics = metrics
        self._clock = clock
        self._headers = (*SECURITY_HEADERS, *((_HSTS,) if tls else ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._own_headers(scope), self._clock)
        token = request_id.set(scope["state"]["request_id"])
        started = time.perf_counter()
        try:
            await self._app(scope, _limited(scope, receive), answer.send)
        except KnownError as error:  # of a body while it is read, of an upload's signature
            scope["state"]["code"] = error.code
            await self._say(scope, receive, answer, problem_response(error, self._texts, request_id.get()))
        except (
            ClientDisconnect
        ):  # a cut line, a closed window: nobody is there to be answered, and nothing is wrong
            scope["state"]["code"] = "client.gone"
        except Exception:
            log.exception("request crashed", extra={"route": route_of(scope)})
            await self._say(scope, receive, answer, crash_response(self._texts, request_id.get()))
        finally:
            self._note(scope, answer.status, time.perf_counter() - started)
            request_id.reset(token)

    def _own_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number
        return [*self._headers, (b"x-request-id", number.encode())]

    async def _say(self, scope: Scope, receive: Receive, answer: "_Answer", response: ASGIApp) -> None:
        if not answer.status:
            await response(scope, receive, answer.send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        self._metrics.answered(scope["method"], route, status or 499, seconds)
        state = scope.get("state", {})
        facts = {name: state.get(name) for name in ("device", "sequence", "command", "code")}
        facts |= {
            "route": f"{scope['method']} {route}",
            "status": status or 499,
            "ms": round(seconds * 1000, 1),
        }
        log.info("request", extra=facts)


class _Answer:
    """Adds headers to the answer and remembers its status (0 until it begins)."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], clock: Clock) -> None:
        self._send = send
        self._headers = headers
        self._clock = clock
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", []))
            named = {name.lower() for name, _ in headers}
            headers += [pair for pair in self._headers if pair[0] not in named]
            # Told as late as possible: workstations set their signing clock by it.
            headers.append((_CLOCK, str(to_microseconds(self._clock())).encode()))
            if b"cache-control" not in named:
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)


def route_of(scope: MutableMapping[str, Any]) -> str:
    """Return the template of the route that serves a request, so that no id or name becomes a label."""
    if is_upload(scope.get("path", "")):
        return UPLOADS
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else "none"


def is_upload(path: str) -> bool:
    """Tell whether a request goes to the tus endpoint."""
    return path == UPLOADS or path.startswith(UPLOADS + "/")


def most_bytes(path: str) -> int:
    """Return how large the body of a request may be."""
    is_file = path.startswith("/p/") and path.endswith("/file") and path.count("/") == 3
    is_talk = path.startswith("/w/") and path.endswith("/consult") and path.count("/") == 3
    if path.startswith("/w/") and path.endswith("/devices/file") and path.count("/") == 4:
        return MOST_EXPORT_BYTES
    return MOST_FILE_BYTES if is_file or is_talk else MOST_BODY_BYTES


def _limited(scope: Scope, receive: Receive) -> Receive:
    if is_upload(scope["path"]):
        return receive
    taken, most = 0, most_bytes(scope["path"])

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise DomainError("http.too_large", limit=most)
        return message

    return limited
