"""Several server processes behind one socket: the parent binds, children serve, and a child that dies is replaced.

All share one store, one data folder and one listening socket; the kernel hands each connection to whoever is free.
One of the children follows the log (alerts, audit, housekeeping), the others only serve. What a process remembers
between requests is little: wrong passwords (each process counts its own, unless Redis is set); requests that were
seen lately stand in a file of the data folder. A death costs the requests under way, and those are sent again.

SIGHUP replaces the children one after the other, by what the program and its settings are now: the new one serves
before the old one is asked to end, and the old one ends what it has begun. The socket is open all the while.

A parent that is killed outright says nothing to anybody: each child holds the reading end of a pipe whose other end
is the parent's alone, and ends in order when it closes. Otherwise the orphans would go on, and keep the port.
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
from server.metrics import together
from server.settings import Settings

MOST = 32
STARTS_WITHIN_S = 60.0
PAUSE_S = 1.0
"""Before a child that died is replaced, so that one that cannot start does not spin."""
ENDS_WITHIN_S = 15.0
"""Beyond the time its requests are given."""


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
        self._renewing = threading.Event()
        self._alive, self._mine = os.pipe()
        """Read by the children, never written: the end of it is the end of this process."""
        self._ends_within_s = ENDS_WITHIN_S + settings.drain_s + settings.notice_s
        self._environment = os.environ | together(settings.data_dir / "metrics")
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((settings.host, settings.port))
        self._socket.listen(2048)

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_end)
        signal.signal(signal.SIGHUP, lambda *_: self._renewing.set())
        try:
            for at in range(len(self._children)):
                self._begin(at)
            self._tell()
            while not self._ending.wait(0.1):
                self._look()
                if self._renewing.is_set():
                    self._renewing.clear()
                    self._renew()
        finally:
            self._end()
        return 0

    def _renew(self) -> None:
        """Replace the children one by one; one that cannot start leaves those that serve as they are."""
        for at, old in enumerate(self._children):
            if self._ending.is_set() or old is None:
                return
            try:
                self._begin(at)
            except UnavailableError:
                self._children[at] = old
                sys.stderr.write(json.dumps({"event": "not renewed: the new process does not start"}) + "\n")
                return
            old.send_signal(signal.SIGTERM)
            self._wait_for(old)
            self._tell()
        sys.stderr.write(json.dumps({"event": "renewed"}) + "\n")

    def _begin(self, at: int) -> None:
        command = [
            sys.executable, "-m", "server", *self._arguments, "serve", "--socket", str(self._socket.fileno()),
            "--parent", str(self._alive),
        ]  # fmt: skip
        if at:
            command.append("--only-serve")
        child = subprocess.Popen(  # noqa: S603 (our own command line)
            command,
            stdout=subprocess.PIPE,
            pass_fds=[self._socket.fileno(), self._alive],
            env=self._environment,
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
            self._wait_for(child)
        self._socket.close()
        os.close(self._alive)
        os.close(self._mine)

    def _wait_for(self, child: subprocess.Popen[bytes]) -> None:
        try:
            child.wait(self._ends_within_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def inherited(descriptor: int) -> socket.socket:
    """Return the listening socket that the parent passed."""
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)


def end_with(parent: int) -> None:
    """End this process in order as soon as the parent is gone.

    Args:
        parent: Reading end of the pipe that the parent keeps open.
    """
    os.set_inheritable(parent, False)

    def watch() -> None:
        while os.read(parent, 1):
            pass
        sys.stderr.write(json.dumps({"event": "the parent is gone"}) + "\n")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
