"""uvicorn's HTTP protocol, extended by what `sync.tus.direct` asks for: a large body straight from its socket."""

import asyncio
import socket
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sync.tus.direct import DIRECT_BODY, LEAST_BYTES, TakenBody

MOST_HEAD = 64 << 10
"""Bytes of a request's head; the parser itself knows no limit."""
READ_OVER = 4 << 20
FIRST_READ = 32 << 10
"""Bytes taken from a line at once: what comes of a large body with its head is copied, the rest is not."""
REFUSED_S = 1.0


class BodySocketProtocol(HttpToolsProtocol):
    """Offers the socket of every large body of known length on a plain connection; TLS is read as ever.

    While a body is away the parser knows nothing of it. Once the body is over, a new parser takes the connection up
    at the next request; what was not received of a refused body is passed over first.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._body_length = self._body_seen = self._pass_over = 0
        self._away = self._in_head = self._refused = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # asyncio's own plain transport
            transport.max_size = FIRST_READ

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._body_seen, self._body_length = 0, _content_length(self.headers)
        offer = _Offer(self) if self._body_length >= LEAST_BYTES and self.scheme == "http" else None
        if offer is None:
            super().on_headers_complete()
            return
        self.scope["extensions"] = {DIRECT_BODY: offer}  # type: ignore[dict-item]
        super().on_headers_complete()
        offer.cycle = self.cycle
        # What comes waits in the kernel, where a reset does not drop it; whoever reads the body by ASGI resumes.
        self.flow.pause_reading()

    def on_body(self, body: bytes) -> None:
        self._body_seen += len(body)
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        if self._pass_over:
            passed = min(self._pass_over, len(data))
            self._pass_over -= passed
            data = data[passed:]
            if not data:
                return
        if self._refused:
            self._head_bytes += len(data)
            if self._head_bytes > READ_OVER:
                self.transport.close()
            return
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD:
                self._refuse_head()

    def _refuse_head(self) -> None:
        """Answer 431, and read some more so that the answer is not lost with a reset."""
        self._refused = True
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        self.loop.call_later(REFUSED_S, self.transport.close)

    def take_body(self, cycle: RequestResponseCycle) -> TakenBody | None:
        """Stop reading and give the connection away, if `cycle` is the request whose body is being received."""
        raw = self.transport.get_extra_info("socket")
        if (
            cycle is not self.cycle
            or not cycle.more_body
            or cycle.disconnected
            or self.transport.is_closing()
        ):
            return None
        self.flow.pause_reading()
        begun, cycle.body = bytes(cycle.body), bytearray()
        if cycle.waiting_for_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        self._away = True
        line = socket.fromfd(raw.fileno(), raw.family, raw.type)
        return TakenBody(begun, line, self._body_length - self._body_seen)

    def body_returned(self, cycle: RequestResponseCycle, left: int) -> None:
        """Go on behind the body; reading resumes with the answer, as for every request."""
        if not self._away:
            return
        self._away, self._pass_over = False, left
        cycle.more_body = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        if self.transport.is_closing():
            return
        if left:
            self.flow.resume_reading()  # so that the end of a broken line is noticed


class _Offer:
    """`sync.tus.direct.DirectBody` of one request."""

    def __init__(self, protocol: BodySocketProtocol) -> None:
        self._protocol = protocol
        self.cycle: RequestResponseCycle | None = None

    def take(self) -> TakenBody | None:
        return self._protocol.take_body(self.cycle) if self.cycle is not None else None

    def give_back(self, left: int) -> None:
        if self.cycle is not None:
            self._protocol.body_returned(self.cycle, left)


def _content_length(headers: list[tuple[bytes, bytes]]) -> int:
    """Return the length of a body that is not chunked, 0 when there is none."""
    found = dict(headers)
    text = found.get(b"content-length", b"")
    return int(text) if text.isdigit() and b"transfer-encoding" not in found else 0
