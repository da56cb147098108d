"""The transport layer: bytes in and out of a serial port, a socket or memory, and the loss of it.

Every transport raises `PortLostError` once the other side is gone and nothing is left to read; a quiet line is
not a lost one and reads as ``b""``. Settings that a pseudo-terminal cannot take (parity) are dropped there.
"""

import select
import socket
import threading
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import serial

from domain.kernel.errors import UnavailableError

READ_SIZE = 4096
WRITE_TIMEOUT_S = 1.0


class PortLostError(UnavailableError):
    """The port went away while it was in use."""

    def __init__(self, port: str) -> None:
        super().__init__("device.unplugged", port=port)


class Transport(Protocol):
    """Bytes to and from one device."""

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, ``b""`` when nothing came in time. Raises `PortLostError`."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises `PortLostError`."""
        ...

    def close(self) -> None:
        """Give the port back; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """Line settings of a serial port, as printed in a device's manual (9600 8N1)."""

    baud: int = 9600
    data_bits: int = 8
    parity: str = "N"
    stop_bits: float = 1

    @property
    def bits_per_byte(self) -> float:
        """Start, data, parity and stop bits: what a byte costs on the line."""
        return 1 + self.data_bits + (self.parity != "N") + self.stop_bits

    def on(self, path: str) -> "SerialSettings":
        """Return the settings a path can take: pseudo-terminals know neither parity nor seven bits."""
        if Path(path).resolve().is_relative_to("/dev/pts"):
            return replace(self, data_bits=8, parity="N", stop_bits=1)
        return self


class SerialTransport:
    """A serial port or a pseudo-terminal, opened for us alone."""

    def __init__(self, path: str, settings: SerialSettings) -> None:
        """Open the port.

        Raises:
            UnavailableError: ``device.port_absent`` when there is no such port, ``device.port_busy`` when another
                program holds it or the rights to it are missing.
        """
        self._path = path
        line = settings.on(path)
        try:
            self._port = serial.Serial(
                path, line.baud, line.data_bits, line.parity, line.stop_bits, exclusive=True,
                write_timeout=WRITE_TIMEOUT_S,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise UnavailableError("device.port_absent", port=path) from error
        except OSError as error:
            absent = error.errno in {2, 5, 6, 19} or "FileNotFoundError" in str(error)
            raise UnavailableError(
                "device.port_absent" if absent else "device.port_busy", port=path
            ) from error

    def read(self, timeout_s: float) -> bytes:
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            return first + self._port.read(min(self._port.in_waiting, READ_SIZE)) if first else b""
        except (OSError, TypeError) as error:  # pyserial: TypeError where the handle vanished under it
            raise PortLostError(self._path) from error

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError as error:
            raise PortLostError(self._path) from error

    def close(self) -> None:
        self._port.close()


class TcpTransport:
    """A serial-to-network converter, or a simulator on a socket."""

    def __init__(self, host: str, port: int) -> None:
        """Connect; raises `UnavailableError` ``device.port_absent`` when nobody answers within two seconds."""
        self._name = f"tcp:{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout=2.0)
        except OSError as error:
            raise UnavailableError("device.port_absent", port=self._name) from error
        self._socket.settimeout(WRITE_TIMEOUT_S)

    def read(self, timeout_s: float) -> bytes:
        try:
            if not select.select([self._socket], [], [], timeout_s)[0]:
                return b""
            chunk = self._socket.recv(READ_SIZE)
        except (OSError, ValueError) as error:
            raise PortLostError(self._name) from error
        if not chunk:
            raise PortLostError(self._name)
        return chunk

    def write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise PortLostError(self._name) from error

    def close(self) -> None:
        self._socket.close()


class MemoryTransport:
    """One end of a line in memory, for tests and for a demo without ports; made in pairs by `memory_pair`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._arrived: deque[bytes] = deque()
        self._open = True
        self._peer: MemoryTransport | None = None

    def read(self, timeout_s: float) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._arrived or not self._open, timeout_s)
            if self._arrived:
                return self._arrived.popleft()
            if not self._open:
                raise PortLostError("memory")
            return b""

    def write(self, data: bytes) -> None:
        if self._peer is None or not self._open:
            raise PortLostError("memory")
        self._peer.deliver(data)

    def close(self) -> None:
        """Unplug: both ends read what is on the way, then are lost."""
        for end in (self, self._peer):
            if end is not None:
                end.lose()

    def deliver(self, data: bytes) -> None:
        """Put bytes where this end reads them."""
        with self._changed:
            self._arrived.append(data)
            self._changed.notify_all()

    def lose(self) -> None:
        """Mark this end as unplugged."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def join(self, peer: "MemoryTransport") -> None:
        """Make `peer` the end our bytes go to."""
        self._peer = peer


def memory_pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Return the two ends of a line in memory: host and device."""
    host, device = MemoryTransport(), MemoryTransport()
    host.join(device)
    device.join(host)
    return host, device
