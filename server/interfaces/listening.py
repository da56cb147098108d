"""Starting the HL7 listener: its command line, its wiring and its end."""

import argparse
import asyncio
import contextlib
import json
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from domain import features
from domain.kernel.clock import Clock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.kernel.logs import set_up_logging
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.signoff.signs import Signs
from server.clock import clock_of
from server.content import centre_content
from server.garbage import settle
from server.identity import Identity, read_identity
from server.interfaces.consumer import Consumer, only_consumer
from server.interfaces.facilities import Facilities
from server.interfaces.inbox import Inbox
from server.interfaces.listener import Listener
from server.interfaces.partner_book import PartnerBook
from server.interfaces.reception import Reception
from server.settings import Settings, read_settings
from server.storage_key import centre_blobs, open_store, queue_key
from sync.schema import prepare_store


class Ear:
    """The parts of one listener process."""

    def __init__(self, settings: Settings, *, consume: bool) -> None:
        features.load()
        self.settings = settings
        self.clock: Clock = clock_of(settings)
        self.store: Store = open_store(settings)
        prepare_store(self.store)
        self.identity: Identity = read_identity(self.store, settings.data_dir)
        content = centre_content(self.identity, settings)
        self.texts: Texts = content["texts"]
        self.inbox = Inbox(settings.inbox_path, queue_key(settings))
        dispatcher = Dispatcher(self.store, clock=self.clock, content=content)
        self.signs = Signs(dispatcher)
        self.signs.watch()
        self._lock = only_consumer(settings.inbox_path) if consume else -1
        self.consumer = (
            Consumer(self.inbox, dispatcher, self.identity.device_id, self.identity.org_id, self.texts)
            if consume
            else None
        )
        self.reception = Reception(
            inbox=self.inbox,
            facilities=Facilities(self.store),
            catalog=content["catalog"],
            texts=self.texts,
            blobs=centre_blobs(settings),
            clock=self.clock,
            production=settings.mllp_production,
            charset=settings.mllp_charset,
            partners=PartnerBook(self.store),
        )
        self.listener = Listener(
            self.reception,
            self.inbox,
            self.clock,
            kept=self.consumer.wake if self.consumer else lambda: None,
            senders=settings.mllp_senders,
        )

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; the port is told on standard output as one line of JSON."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, stopping.set)
        if self.consumer:
            self.consumer.start()
        self.signs.start()
        settle()
        await self.listener.serve(
            self.settings.mllp_host, self.settings.mllp_port, stopping, _announce, mllp_tls(self.settings)
        )

    def close(self) -> None:
        """Stop applying and close the files."""
        if self.consumer:
            self.consumer.stop()
        self.signs.stop()
        self.inbox.close()
        self.store.close()


def mllp_tls(settings: Settings) -> ssl.SSLContext | None:
    """Return how the listener's line is encrypted (TLS 1.2 on), None where no certificate is set."""
    if settings.mllp_tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=settings.mllp_tls_clients)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.mllp_tls_cert, settings.mllp_tls_key)
    if settings.mllp_tls_clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the listener, or let parked messages be tried again."""
    parser = argparse.ArgumentParser(prog="server.interfaces.listener", description="HL7 v2 接收端（MLLP）")
    parser.add_argument("--port", type=int, help="监听端口，0 为任意空闲端口")
    parser.add_argument("--home", type=Path, help="服务器数据目录")
    parser.add_argument("--config", type=Path, help="TOML 配置文件")
    parser.add_argument("--store-only", action="store_true", help="只接收入队，由 worker 处理")
    parser.add_argument("--retry-parked", action="store_true", help="重新处理已搁置的消息后退出")
    options = parser.parse_args(arguments)
    settings = read_settings(options.config, data_dir=options.home, mllp_port=options.port)
    set_up_logging(settings.log_level)
    if options.retry_parked:
        _say({"released": Inbox(settings.inbox_path, queue_key(settings)).release_parked()})
        return
    try:
        ear = Ear(settings, consume=not options.store_only)
    except KnownError as error:
        sys.exit(f"{error.code}: {error.facts}")
    try:
        asyncio.run(ear.run())
    finally:
        ear.close()


def _announce(port: int) -> None:
    _say({"mllp_port": port})


def _say(facts: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
