"""The device's end of a line a simulator plays on: a pseudo-terminal (Linux), or a socket (everywhere)."""

import contextlib
import os
import select
import socket
from pathlib import Path

from devices.transport import READ_SIZE, PortLostError
from domain.kernel.errors import UnavailableError

if os.name == "posix":
    import tty


class PtyDevice:
    """A pseudo-terminal, plugged in when made; `link` is a path that stays the same when it is plugged in again."""

    def __init__(self, link: Path | None = None) -> None:
        """Make the terminal; raises `UnavailableError` ``device.no_pseudo_terminal`` where there are none."""
        self._link = link
        self._ends: tuple[int, int] | None = None
        self._path = ""
        self.plug()

    @property
    def path(self) -> str:
        """Where the host opens it: the link where there is one."""
        return str(self._link) if self._link else self._path

    def plug(self) -> None:
        """Plug in (again)."""
        if self._ends is not None:
            return
        if os.name != "posix":
            raise UnavailableError("device.no_pseudo_terminal")
        # Our own handle on the host's end keeps the line up while no host has it open.
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._ends = (master, slave)
        self._path = os.ttyname(slave)
        if self._link:
            fresh = self._link.with_name(f"{self._link.name}.{master}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self._path)
            fresh.replace(self._link)

    def unplug(self) -> None:
        """Pull the plug: a host that has the port open loses it."""
        if self._ends is None:
            return
        if self._link:
            with contextlib.suppress(FileNotFoundError):
                self._link.unlink()
        ends, self._ends = self._ends, None
        for end in ends:
            os.close(end)

    def read(self, timeout_s: float) -> bytes:
        master = self._master()
        if not select.select([master], [], [], timeout_s)[0]:
            return b""
        try:
            return os.read(master, READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortLostError(self.path) from error

    def write(self, data: bytes) -> None:
        """Send to the host; what a host does not fetch within a second is lost, as on a real line."""
        master = self._master()
        while data:
            if not select.select([], [master], [], 1.0)[1]:
                return
            try:
                data = data[os.write(master, data) :]
            except OSError as error:
                raise PortLostError(self.path) from error

    def close(self) -> None:
        self.unplug()

    def _master(self) -> int:
        if self._ends is None:
            raise PortLostError(self.path)
        return self._ends[0]


class TcpDevice:
    """A listening socket of this machine, one host at a time, like a serial-to-network converter."""

    def __init__(self, port: int = 0) -> None:
        """Listen; port 0 takes any free one and keeps it when plugged in again."""
        self._port = port
        self._server: socket.socket | None = None
        self._host: socket.socket | None = None
        self.plug()

    @property
    def path(self) -> str:
        """The address for the host."""
        return f"tcp:127.0.0.1:{self._port}"

    def plug(self) -> None:
        """Listen (again)."""
        if self._server is None:
            self._server = socket.create_server(("127.0.0.1", self._port))
            self._port = self._server.getsockname()[1]

    def unplug(self) -> None:
        """Hang up and stop listening."""
        self._hang_up()
        if self._server is not None:
            self._server.close()
            self._server = None

    def read(self, timeout_s: float) -> bytes:
        host = self._connected(timeout_s)
        if host is None or not select.select([host], [], [], timeout_s)[0]:
            return b""
        try:
            chunk = host.recv(READ_SIZE)
        except OSError:
            chunk = b""
        if not chunk:
            self._hang_up()
        return chunk

    def write(self, data: bytes) -> None:
        """Send to the host; nobody connected: said into the void."""
        host = self._connected(0)
        if host is not None:
            try:
                host.sendall(data)
            except OSError:
                self._hang_up()

    def close(self) -> None:
        self.unplug()

    def _connected(self, timeout_s: float) -> socket.socket | None:
        """Return the host's end, taking a host that waits to be let in."""
        if self._server is None:
            raise PortLostError(self.path)
        if self._host is None and select.select([self._server], [], [], timeout_s)[0]:
            self._host = self._server.accept()[0]
        return self._host

    def _hang_up(self) -> None:
        if self._host is not None:
            self._host.close()
            self._host = None
