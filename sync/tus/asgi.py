"""The engine as a raw ASGI application, to be mounted at the creation URL.

Where the HTTP server offers it, a large body comes straight from its socket (`sync.tus.direct`). Any other body is
read ahead of the disk into a bounded buffer, so that what the line delivered before it broke is stored although
HTTP servers drop their own buffer on a disconnect. No thread waits for the network.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from sync.tus.direct import DIRECT_BODY, DirectLines
from sync.tus.engine import TusEngine
from sync.tus.protocol import Request, Response, TusRefusal, problem
from sync.tus.receiver import Receiver

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

AHEAD_BYTES = 2 << 20
WRITE_BYTES = 256 << 10
WRITE_S = 1.0


class TusApp:
    """ASGI 3 application for the scope type `http`."""

    def __init__(
        self,
        engine: TusEngine,
        authorise: Callable[[Scope], str | None],
        *,
        idle_s: float = 60.0,
        watch_s: float = 2.0,
    ) -> None:
        """Wrap `engine`.

        Args:
            engine: Serves the requests.
            authorise: Gives the id of the device that sent the request, None to refuse it with 401. Called
                in a thread.
            idle_s: A body that brings nothing for so long is cut; what came is kept.
            watch_s: How often a silent body looks whether another request has taken its upload over.
        """
        self._engine = engine
        self._authorise = authorise
        self._idle_s = idle_s
        self._watch_s = watch_s
        self._direct = DirectLines(watch_s, idle_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"unsupported scope {scope['type']}")
        await _send(send, await self._serve(scope, receive))

    async def _serve(self, scope: Scope, receive: Receive) -> Response:
        offer = scope.get("extensions", {}).get(DIRECT_BODY)
        if offer and not any(name == b"expect" for name, _ in scope["headers"]):
            taken = offer.take()
            if taken:
                return await self._direct.store(offer, taken, partial(self._begin, scope))
        begun = await asyncio.to_thread(self._begin, scope)
        if isinstance(begun, Response):
            return begun
        taken = offer.take() if offer else None
        if taken:
            return await self._direct.store(offer, taken, lambda: begun)
        body = _Body(receive)
        pump = asyncio.create_task(body.pump())
        try:
            return await self._store(body, begun)
        finally:
            pump.cancel()

    def _begin(self, scope: Scope) -> Response | Receiver:
        owner = self._authorise(scope)
        if owner is None and scope["method"] != "OPTIONS":
            return problem(TusRefusal(401, "transfer.not_authorised"))
        return self._engine.begin(_request(scope, owner or ""))

    async def _store(self, body: "_Body", receiver: Receiver) -> Response:
        silent_s = 0.0
        try:
            while not body.over:
                data = await body.take(self._watch_s)
                silent_s = 0.0 if data else silent_s + self._watch_s
                if data:
                    refused = await asyncio.to_thread(receiver.feed, data)
                    if refused:
                        return refused
                elif not body.over and await self._given_up(receiver, silent_s):
                    return await asyncio.to_thread(receiver.cut)
            return await asyncio.to_thread(receiver.cut if body.broken else receiver.finish)
        except asyncio.CancelledError:
            await asyncio.to_thread(receiver.cut)
            raise

    async def _given_up(self, receiver: Receiver, silent_s: float) -> bool:
        return silent_s >= self._idle_s or await asyncio.to_thread(receiver.superseded)


class _Body:
    """A request body between the HTTP server and the disk."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False
        self.broken = False

    @property
    def over(self) -> bool:
        """Nothing is buffered and nothing more will come."""
        return self._ended and not self._buffer

    async def pump(self) -> None:
        """Read until the body ends or breaks, at most `AHEAD_BYTES` ahead."""
        while not self._ended:
            message = await self._receive()
            self.broken = message["type"] == "http.disconnect"
            self._buffer += message.get("body", b"")
            self._ended = self.broken or not message.get("more_body", False)
            self._news.set()
            while len(self._buffer) >= AHEAD_BYTES:
                self._room.clear()
                await self._room.wait()

    async def take(self, timeout_s: float) -> bytes:
        """Return what came, once it is worth a write or has waited `WRITE_S`; empty after silence."""
        await self._wait_for(1, timeout_s)
        if self._buffer:
            await self._wait_for(WRITE_BYTES, WRITE_S)
        data = bytes(self._buffer)
        self._buffer.clear()
        self._room.set()
        return data

    async def _wait_for(self, enough: int, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not self._ended and len(self._buffer) < enough:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return


def _request(scope: Scope, owner: str) -> Request:
    base = scope.get("root_path", "").rstrip("/")
    path = scope["path"]
    rest = path[len(base) :] if path.startswith(base) else path
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], rest.strip("/") or None, headers, owner, base)


async def _send(send: Send, response: Response) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
