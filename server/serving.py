"""Running the application behind uvicorn: TLS, the announced port, and an end that keeps nobody waiting."""

import contextlib
import json
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn

from server.app import build_centre, create_app
from server.body_socket import BodySocketProtocol
from server.centre import Centre
from server.garbage import settle
from server.settings import Settings

TLS_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class GracefulServer(uvicorn.Server):
    """Lets those who wait for news go home as soon as the end is asked for."""

    def __init__(self, config: uvicorn.Config, centre: Centre) -> None:
        super().__init__(config)
        self._centre = centre

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        notice_s = self._centre.settings.notice_s
        if notice_s and not self._centre.readiness.ending:
            # Whoever asks ``/ready`` sends nobody here any more, and only then the door is shut.
            self._centre.readiness.ending = True
            timer = threading.Timer(notice_s, self._end, (sig, frame))
            timer.daemon = True
            timer.start()
        else:
            self._end(sig, frame)

    def _end(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._centre.news.release_from_thread()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, and end with status 0: a stop that was asked for is no failure."""
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        settle()
        if self.started and self.servers:
            port = self.servers[0].sockets[0].getsockname()[1]
            sys.stdout.write(json.dumps({"port": port}) + "\n")
            sys.stdout.flush()


def run_server(settings: Settings, shared: socket.socket | None = None) -> None:
    """Serve until a signal; the port is told on standard output as one line of JSON.

    Args:
        settings: The server's settings.
        shared: A listening socket that other processes serve as well (`server.many`).
    """
    centre = build_centre(settings)
    try:
        GracefulServer(server_config(settings, centre), centre).run(None if shared is None else [shared])
    finally:
        centre.close()


def server_config(settings: Settings, centre: Centre) -> uvicorn.Config:
    """Return uvicorn's configuration; TLS 1.2 or newer where certificate and key are set."""
    config = uvicorn.Config(
        create_app(centre),
        host=settings.host,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        http=BodySocketProtocol,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.drain_s,  # asyncio may hold idle TLS connections for that long
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        ssl_ciphers=TLS_CIPHERS,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config
