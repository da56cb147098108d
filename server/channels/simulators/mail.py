"""A simulated mail server: keeps what it accepts, answers as it is told, loses its answer if it is told so."""

import asyncio
import email
import email.policy
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(slots=True)
class MailSimulator:
    """Listens on this machine; `replies` are given one a mail; ``"lost"`` accepts and hangs up."""

    inbox: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _transports: list[Any] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd)
        """Keep a mail or answer what was set."""
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith("250") or reply == "lost":
            content = envelope.content or b""
            raw = content if isinstance(content, bytes) else content.encode()
            self.inbox.append(email.message_from_bytes(raw, policy=email.policy.default))
        if reply == "lost":
            transport: Any = server.transport
            transport.abort()
        return reply

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for transport in self._transports:
            transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _connected(self) -> SMTP:
        simulator = self

        class Line(SMTP):
            def connection_made(self, transport: Any) -> None:
                simulator._transports.append(transport)
                super().connection_made(transport)

        return Line(self, enable_SMTPUTF8=True)

    def start(self, port: int = 0) -> int:
        """Listen; returns the port."""
        ready = threading.Event()
        self._loop = loop = asyncio.new_event_loop()

        async def listen() -> None:
            self._server = await loop.create_server(self._connected, "127.0.0.1", port)
            self.port = int(self._server.sockets[0].getsockname()[1])
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(listen())
            loop.run_forever()
            loop.run_until_complete(self._end())
            loop.close()

        self._thread = threading.Thread(target=run, name="mail-simulator", daemon=True)
        self._thread.start()
        ready.wait()
        return self.port

    def stop(self) -> None:
        """End listening."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop = self._thread = None
