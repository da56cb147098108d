"""Several server processes behind one socket: the parent binds, children serve, and a child that dies is replaced.

All share one store, one data folder and one listening socket; the kernel hands each connection to whoever is free.
One of the children follows the log (alerts, audit, housekeeping), the others only serve. What a process remembers
between requests is little: wrong passwords (each process counts its own); requests that were seen lately stand in a
file of the data folder. A death costs the requests under way, and those are sent again.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence

from domain.kernel.errors import UnavailableError
from server.settings import Settings

MOST = 32
STARTS_WITHIN_S = 60.0
PAUSE_S = 1.0
"""Before a child that died is replaced, so that one that cannot start does not spin."""
ENDS_WITHIN_S = 15.0


class Family:
    """The parent of the serving processes.

    Args:
        settings: Where to listen.
        count: How many children.
        arguments: The command line before ``serve``, which each child is given too.
    """

    def __init__(self, settings: Settings, count: int, arguments: Sequence[str]) -> None:
        self._arguments = list(arguments)
        self._children: list[subprocess.Popen[bytes] | None] = [None] * count
        self._ending = threading.Event()
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((settings.host, settings.port))
        self._socket.listen(2048)

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_end)
        try:
            for at in range(len(self._children)):
                self._begin(at)
            self._tell()
            while not self._ending.wait(0.1):
                self._look()
        finally:
            self._end()
        return 0

    def _begin(self, at: int) -> None:
        command = [
            sys.executable, "-m", "server", *self._arguments, "serve", "--socket", str(self._socket.fileno()),
        ]  # fmt: skip
        if at:
            command.append("--only-serve")
        child = subprocess.Popen(  # noqa: S603 (our own command line)
            command, stdout=subprocess.PIPE, pass_fds=[self._socket.fileno()]
        )
        self._children[at] = child
        line = child.stdout.readline() if child.stdout is not None else b""
        if not line and not self._ending.is_set() and child.wait(STARTS_WITHIN_S) != 0:
            raise UnavailableError("server.child_died")

    def _look(self) -> None:
        """Replace children that have died."""
        for at, child in enumerate(self._children):
            if child is not None and child.poll() is not None and not self._ending.is_set():
                sys.stderr.write(json.dumps({"event": "child died", "pid": child.pid}) + "\n")
                if not self._ending.wait(PAUSE_S):
                    self._begin(at)
                    self._tell()

    def _tell(self) -> None:
        pids = [child.pid for child in self._children if child is not None]
        sys.stdout.write(json.dumps({"port": self._socket.getsockname()[1], "processes": pids}) + "\n")
        sys.stdout.flush()

    def _asked_to_end(self, *_: object) -> None:
        self._ending.set()

    def _end(self) -> None:
        self._ending.set()
        running = [child for child in self._children if child is not None and child.poll() is None]
        for child in running:
            child.send_signal(signal.SIGTERM)
        for child in running:
            try:
                child.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._socket.close()


def inherited(descriptor: int) -> socket.socket:
    """Return the listening socket that the parent passed."""
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)
