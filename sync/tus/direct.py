"""A body received straight from its socket into the receiver's memory, past the HTTP server.

An HTTP server hands a body on in many small pieces that are copied several times over; for hundreds of megabytes that
costs more than hashing and storing them. A server that can (`server.body_socket`) offers the connection in the
scope's extensions. Threads hold a line only while it delivers: they take turns, and a slow line waits in the event
loop.
"""

import asyncio
import contextlib
import contextvars
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeVar

from sync.tus.protocol import Response
from sync.tus.receiver import Receiver

T = TypeVar("T")
DIRECT_BODY = "aftercheck.direct_body"
LEAST_BYTES = 4 << 10
"""Smaller bodies come with the head of their request."""

_QUIET_S = 0.02
_SILENT_S = 0.1
_WAKE_BYTES = 256 << 10
_TURN_S = 0.25
_SLOW_BURST = 256 << 10
_BURSTS_AT_ONCE = 4
_GATHER_S = 0.05
_THREADS = 8


@dataclass
class TakenBody:
    """A body that has been taken from the HTTP server.

    Attributes:
        begun: What the server had received of it.
        line: The connection, this object's own to close; nobody else reads from it.
        left: Bytes of the body that are still to come.
    """

    begun: bytes
    line: socket.socket
    left: int


class DirectBody(Protocol):
    """The offer under `DIRECT_BODY` in the scope's extensions; both methods belong to the event loop."""

    def take(self) -> TakenBody | None:
        """Stop reading the connection and give it away; None when that is no longer possible."""

    def give_back(self, left: int) -> None:
        """Read the connection again; `left` bytes of the body have not been received."""


class _Pulled(Enum):
    QUIET = auto()
    TURN_OVER = auto()
    BROKEN = auto()


class DirectLines:
    """Takes bodies from their sockets, a few at a time."""

    def __init__(self, watch_s: float, idle_s: float) -> None:
        """See `TusApp` for the times, in seconds."""
        self._watch_s = watch_s
        self._idle_s = idle_s
        self._threads = ThreadPoolExecutor(_THREADS, "upload-line")

    async def store(
        self, offer: DirectBody, body: TakenBody, begin: Callable[[], Response | Receiver]
    ) -> Response:
        """Receive the whole body, or what comes of it, and return the answer.

        Args:
            offer: Where `body` was taken from.
            body: The body.
            begin: Gives what takes it, or at once the answer; called in the thread that then receives.
        """
        stopping = asyncio.Event()
        work = asyncio.ensure_future(self._receive(body, contextvars.copy_context(), begin, stopping))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stopping.set()
            await work
            raise
        finally:
            with contextlib.suppress(OSError):  # the connection is the server's again, as it was
                body.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            body.line.close()
            offer.give_back(body.left)

    async def _receive(
        self,
        body: TakenBody,
        context: contextvars.Context,
        begin: Callable[[], Response | Receiver],
        stopping: asyncio.Event,
    ) -> Response:
        before = body.left
        begun = await self._in_thread(context.run, _begin, body, begin)
        if isinstance(begun, Response):
            return begun
        receiver, found = begun
        try:
            return await self._go_on(body, receiver, found, before, stopping)
        finally:
            receiver.idle.set()

    async def _go_on(
        self,
        body: TakenBody,
        receiver: Receiver,
        found: "_Pulled | Response",
        before: int,
        stopping: asyncio.Event,
    ) -> Response:
        small_bursts = 0
        while True:
            if isinstance(found, Response):
                return found
            going = found is not _Pulled.BROKEN
            if found is _Pulled.QUIET:
                receiver.idle.set()
                small_bursts = small_bursts + 1 if before - body.left < _SLOW_BURST else 0
                if small_bursts > _BURSTS_AT_ONCE:  # a slow line: fewer and larger bursts
                    await asyncio.sleep(_GATHER_S)
                going = await self._speaks_again(body, receiver, stopping)
            if not going or stopping.is_set():
                return await self._in_thread(receiver.cut)
            before = body.left
            receiver.idle.clear()
            found = await self._in_thread(_pull, body, receiver)

    async def _speaks_again(self, body: TakenBody, receiver: Receiver, stopping: asyncio.Event) -> bool:
        """Wait for a silent line; False once it has been silent too long or the upload has been taken over."""
        if await _readable(body.line, _SILENT_S, stopping):
            return True
        await self._in_thread(receiver.flush)  # whoever takes the upload over finds all of it in the file
        silent_s = _SILENT_S
        while not await _readable(body.line, self._watch_s, stopping):
            silent_s += self._watch_s
            if stopping.is_set() or silent_s >= self._idle_s or await self._in_thread(receiver.superseded):
                return False
        return True

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _begin(
    body: TakenBody, begin: Callable[[], Response | Receiver]
) -> Response | tuple[Receiver, _Pulled | Response]:
    """Begin the request and take the first turn of its body: a thread less to wait for."""
    receiver = begin()
    if isinstance(receiver, Response):
        return receiver
    receiver.idle.clear()
    try:
        return receiver, _pull(body, receiver)
    except BaseException:
        receiver.idle.set()
        raise


def _pull(body: TakenBody, receiver: Receiver) -> _Pulled | Response:
    """Receive while the line delivers, for one turn; at the end of the body finish it."""
    begun, body.begun = body.begun, b""
    if refused := receiver.put(begun):
        return refused
    body.line.settimeout(_QUIET_S)
    end_s, wake = time.monotonic() + _TURN_S, 0
    while body.left:
        room = receiver.room()
        most = min(len(room), body.left)
        if (
            min(most, _WAKE_BYTES) != wake
        ):  # for a good piece only; what is smaller and has waited is taken too
            wake = min(most, _WAKE_BYTES)
            body.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wake)
        try:
            count = _received(body.line, room, most)
        except BlockingIOError:
            return _Pulled.QUIET
        except OSError:
            return _Pulled.BROKEN
        if not count:
            return _Pulled.BROKEN
        body.left -= count
        if refused := receiver.filled(count):
            return refused
        if time.monotonic() > end_s:
            return _Pulled.TURN_OVER
    return receiver.finish()


def _received(line: socket.socket, room: memoryview, most: int) -> int:
    try:
        return line.recv_into(room, most)
    except TimeoutError:
        line.settimeout(0.0)
        try:
            return line.recv_into(room, most)
        finally:
            line.settimeout(_QUIET_S)


async def _readable(line: socket.socket, timeout_s: float, stopping: asyncio.Event) -> bool:
    """Wait until the line has something to say (or has ended); False after `timeout_s` or when `stopping`."""
    loop = asyncio.get_running_loop()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    news = asyncio.Event()
    loop.add_reader(line, news.set)
    waits = {asyncio.ensure_future(news.wait()), asyncio.ensure_future(stopping.wait())}
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return news.is_set()
    finally:
        loop.remove_reader(line)
        for wait in waits:
            wait.cancel()
