"""The parent's side of a port: starts its process, starts it again when it dies, hands out its reports.

Nothing here blocks: a thread waits for the process, reports gather in a list, and `fileno` becomes readable when
there are any. In a Qt client::

    worker = PortWorker(PortConfig("nibp", "bp.and.tm2657", "usb:0403:6001:A50285BI"))
    worker.start()
    notifier = QSocketNotifier(worker.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: show(worker.poll()))

`fileno` stays the same for the life of the object, whatever happens to the process.
"""

import contextlib
import logging
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from devices import worker
from devices.session import PortState, Report, State
from devices.worker import PortConfig
from domain.kernel.errors import UnavailableError

log = logging.getLogger(__name__)

HUNG_S = 10.0
STARTING_S = 30.0
RESTART_S = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_S = 10.0
END_S = 2.0


class PortWorker:
    """One port in a process of its own."""

    def __init__(
        self, config: PortConfig, *, hung_s: float = HUNG_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare a worker; `hung_s` is the silence after which its process counts as hung and is replaced."""
        self.config = config
        self._hung_s = hung_s
        self._clock = clock
        self._context = multiprocessing.get_context("spawn")
        self._wake_here, self._wake_there = socket.socketpair()
        self._stop_here, self._stop_there = socket.socketpair()
        for end in (self._wake_here, self._wake_there):
            end.setblocking(False)
        self._lock = threading.Lock()
        self._reports: list[Report] = []
        self._connection: Connection | None = None
        self._process: SpawnProcess | None = None
        self._thread: threading.Thread | None = None
        self._pid: int | None = None
        self._heard_s = 0.0

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._pid

    def start(self) -> None:
        """Start the process; returns at once, `poll` tells how it went."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._supervise, name=f"port-{self.config.port}", daemon=True
            )
            self._thread.start()

    def fileno(self) -> int:
        """Return a socket that is readable while there are reports to `poll`."""
        return self._wake_here.fileno()

    def poll(self) -> list[Report]:
        """Return the reports since the last call, oldest first; never waits."""
        with contextlib.suppress(BlockingIOError):
            while self._wake_here.recv(4096):
                pass
        with self._lock:
            reports, self._reports = self._reports, []
        return reports

    def command(self, name: str) -> None:
        """Ask the device for something (start, stop, zero, pause …); a refusal comes by `poll`.

        Raises:
            UnavailableError: ``device.not_ready``; the process is just being started.
        """
        connection = self._connection
        try:
            if connection is None:
                raise UnavailableError("device.not_ready", command=name)
            connection.send(name)
        except OSError as error:
            raise UnavailableError("device.not_ready", command=name) from error

    def stop(self) -> None:
        """End the process, at the latest after two seconds, and give the port back; the last call on the object."""
        self._stop_there.send(b"x")
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for end in (self._wake_here, self._wake_there, self._stop_here, self._stop_there):
            end.close()

    def _supervise(self) -> None:
        failures = 0
        while True:
            begun_s = self._clock()
            self._tell(PortState(self.config.port, State.STARTING))
            self._spawn()
            stopping = self._follow()
            self._end(gently=stopping)
            if stopping:
                self._tell(PortState(self.config.port, State.STOPPED))
                return
            failures = 0 if self._clock() - begun_s > STEADY_S else failures + 1
            self._tell(PortState(self.config.port, State.CRASHED, "device.worker_died"))
            pause_s = RESTART_S[min(failures, len(RESTART_S)) - 1] if failures else RESTART_S[0]
            if wait([self._stop_here], pause_s):
                self._tell(PortState(self.config.port, State.STOPPED))
                return

    def _spawn(self) -> None:
        here, there = self._context.Pipe(duplex=True)
        process = self._context.Process(target=worker.run, args=(there, self.config), daemon=True)
        process.start()
        there.close()
        self._connection, self._process, self._pid = here, process, process.pid
        self._heard_s = self._clock() + STARTING_S

    def _follow(self) -> bool:
        """Hand on what the process says until it dies or hangs (False) or is to stop (True)."""
        connection, process = self._connection, self._process
        if connection is None or process is None:
            return False
        while True:
            ready = wait([connection, process.sentinel, self._stop_here], 1.0)
            if self._stop_here in ready:
                return True
            if connection in ready and not self._receive(connection):
                return False
            if process.sentinel in ready and connection not in ready:
                return False
            if self._clock() - self._heard_s > self._hung_s:
                log.warning("port %s: worker hangs, killed", self.config.port)
                return False

    def _receive(self, connection: Connection) -> bool:
        try:
            report = connection.recv()
        except (EOFError, OSError):
            return False
        self._heard_s = self._clock()
        if report is not None:
            self._tell(report)
        return True

    def _end(self, *, gently: bool) -> None:
        connection, process = self._connection, self._process
        self._connection = self._pid = None
        if connection is None or process is None:
            return
        if gently:
            with contextlib.suppress(OSError):
                connection.send(None)
            process.join(END_S)
        if process.is_alive():
            if gently:
                log.warning("port %s: worker did not end by itself, killed", self.config.port)
            process.kill()
        process.join()
        connection.close()
        process.close()
        self._process = None

    def _tell(self, report: Report) -> None:
        with self._lock:
            self._reports.append(report)
        with contextlib.suppress(BlockingIOError):
            self._wake_there.send(b"x")
