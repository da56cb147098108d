"""The process of one port: opens it, runs its session, tells the parent; may be killed at any instruction.

It holds no state worth keeping: what it had not yet told is lost with it like a frame on the line, and the
parent starts another. Reports leave through a thread of their own, so that a parent that does not fetch them
cannot delay the times given to bytes.
"""

import logging
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from devices.addresses import open_port
from devices.rawlog import RawLog
from devices.readings import Noise, Refusal
from devices.registry import profile
from devices.session import Arrived, PortState, Report, Session, State
from devices.transport import PortLostError, SerialSettings, Transport
from domain.kernel.errors import DomainError, UnavailableError

log = logging.getLogger(__name__)

READ_S = 0.05
REOPEN_S = 1.0
HEARTBEAT_S = 1.0
BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class PortConfig:
    """What a worker needs to know; everything in it can be sent to another process.

    `address` as in `devices.addresses`. `settings` None takes the driver's own. `options` go to the parser, such as
    ``validate`` or ``accept`` (functions of a module, not lambdas). `raw_log` None keeps no log.
    """

    port: str
    driver: str
    address: str
    settings: SerialSettings | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    raw_log: Path | None = None


class Worker:
    """The loop of one port; `connection` carries reports out and commands in."""

    def __init__(
        self, connection: Connection, config: PortConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._profile = profile(config.driver)
        self._config = config
        self._connection = connection
        self._clock = clock
        self._settings = config.settings or self._profile.settings
        self._session = Session(config.port, self._profile, self._profile.parser(**config.options))
        self._outbox: queue.Queue[Report | None] = queue.Queue(BACKLOG)
        self._raw_log = RawLog(config.raw_log, personal=self._profile.personal) if config.raw_log else None
        self._heartbeat_s = float("-inf")
        self._why = ""
        self._ended = False

    def run(self) -> None:
        """Serve the port until the parent says stop or is gone."""
        threading.Thread(target=self._send_all, name="reports", daemon=True).start()
        if self._raw_log:
            self._raw_log.forget(datetime.now(UTC))
        while self._alive(0):
            transport = self._open()
            if transport is None:
                if not self._alive(REOPEN_S):
                    return
                continue
            try:
                self._serve(transport)
            except PortLostError:
                self._tell(self._session.lost(self._clock()))
            finally:
                transport.close()

    def _open(self) -> Transport | None:
        try:
            transport = open_port(self._config.address, self._settings)
        except UnavailableError as error:
            if error.code != self._why:
                state = State.BUSY if error.code == "device.port_busy" else State.UNPLUGGED
                self._tell([PortState(self._config.port, state, error.code)])
            self._why = error.code
            return None
        self._why = ""
        self._tell(self._session.opened(self._clock()))
        return transport

    def _serve(self, transport: Transport) -> None:
        while self._alive(0, transport):
            chunk = transport.read(READ_S)
            now_s = self._clock()
            self._tell(self._session.received(chunk, now_s) if chunk else self._session.idle(now_s))
            data, reports = self._session.poll(now_s)
            self._tell(reports)
            if data:
                transport.write(data)

    def _alive(self, wait_s: float, transport: Transport | None = None) -> bool:
        """Obey what the parent sent, waiting for it at most `wait_s`; False when it is time to end."""
        self._beat()
        try:
            while not self._ended and self._connection.poll(wait_s):
                order = self._connection.recv()
                if order is None:
                    self._ended = True
                else:
                    self._obey(order, transport)
                wait_s = 0
        except (EOFError, OSError):
            self._ended = True
        return not self._ended

    def _obey(self, command: str, transport: Transport | None) -> None:
        try:
            data = self._session.command(command)
        except DomainError as error:
            self._tell_refusal(error.code, error.facts)
            return
        if transport is None:
            self._tell_refusal("device.not_ready", {"command": command})
        elif data:
            transport.write(data)

    def _tell_refusal(self, code: str, facts: Mapping[str, Any]) -> None:
        now_s = self._clock()
        refusal = Refusal(code, facts)
        self._tell([Arrived(self._config.port, self._profile.id, refusal, now_s, now_s, datetime.now(UTC))])

    def _tell(self, reports: list[Report]) -> None:
        for report in reports:
            self._log(report)
            try:
                self._outbox.put_nowait(report)
            except queue.Full:
                log.warning("port %s: parent does not fetch, report dropped", self._config.port)

    def _log(self, report: Report) -> None:
        if self._raw_log is None or not isinstance(report, Arrived):
            return
        if isinstance(report.event, Noise) and report.event.reason == "burst":
            return
        try:
            self._raw_log.write(report)
        except OSError:
            log.warning("port %s: raw log not written", self._config.port, exc_info=True)

    def _beat(self) -> None:
        now_s = self._clock()
        if now_s - self._heartbeat_s >= HEARTBEAT_S and self._outbox.empty():
            self._heartbeat_s = now_s
            self._outbox.put_nowait(None)

    def _send_all(self) -> None:
        try:
            while True:
                self._connection.send(self._outbox.get())
        except OSError:
            return  # the parent is gone; the main loop sees it too


def run(connection: Connection, config: PortConfig) -> None:
    """Be the process of one port (the target of `multiprocessing.Process`)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    try:
        Worker(connection, config).run()
    except Exception:
        log.exception("port %s: worker crashed", config.port)
        raise SystemExit(1) from None
