"""Bytes to a printer and back: TCP port 9100, serial line, or a device file such as ``/dev/usb/lp0``."""

import os
import select
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import serial

from domain.kernel.errors import UnavailableError

_CHUNK = 512


class Connection(Protocol):
    """An open line to one printer."""

    def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            UnavailableError: ``printer.buffer_full`` (it takes no more bytes) or ``printer.connection_lost``; the
                fact ``sent`` is the number of bytes that were taken.
        """

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, ``b""`` after `timeout_s` of silence.

        Raises:
            UnavailableError: ``printer.connection_lost``.
        """

    def close(self) -> None:
        """Close the line; never raises."""


class Transport(Protocol):
    """Where a printer is."""

    def connect(self) -> Connection:
        """Open a line.

        Raises:
            UnavailableError: ``printer.unreachable`` with the ``address``.
        """


@dataclass(frozen=True)
class TcpTransport:
    """A network printer; many accept one connection at a time, so close it soon."""

    host: str
    port: int = 9100
    connect_timeout_s: float = 3.0
    stall_timeout_s: float = 10.0

    def connect(self) -> Connection:
        address = f"{self.host}:{self.port}"
        try:
            line = socket.create_connection((self.host, self.port), self.connect_timeout_s)
            line.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # short questions must not wait for more
        except OSError as error:
            raise UnavailableError("printer.unreachable", address=address) from error
        return _TcpConnection(line, self.stall_timeout_s)


class _TcpConnection:
    def __init__(self, line: socket.socket, stall_timeout_s: float) -> None:
        self._line, self._stall_timeout_s = line, stall_timeout_s

    def send(self, data: bytes) -> None:
        sent = 0
        self._line.settimeout(self._stall_timeout_s)
        try:
            while sent < len(data):
                sent += self._line.send(data[sent:])
        except TimeoutError as error:
            raise UnavailableError("printer.buffer_full", sent=sent) from error
        except OSError as error:
            raise UnavailableError("printer.connection_lost", sent=sent) from error

    def receive(self, timeout_s: float) -> bytes:
        self._line.settimeout(max(timeout_s, 0.001))
        try:
            answer = self._line.recv(4096)
        except TimeoutError:
            return b""
        except OSError as error:
            raise UnavailableError("printer.connection_lost") from error
        if not answer:
            raise UnavailableError("printer.connection_lost")
        return answer

    def close(self) -> None:
        self._line.close()


@dataclass(frozen=True)
class SerialTransport:
    """A printer on a serial line. Flow control is obligatory: without it a full buffer loses bytes.

    Prefer ``rtscts``: with ``xonxoff`` the TSPL status bytes 0x11 and 0x13 (head open and paused, with or without a
    jam) are taken for flow control and the printer seems mute, or stopped, instead.
    """

    port: str
    baudrate: int = 9600
    flow_control: Literal["rtscts", "xonxoff"] = "rtscts"
    stall_timeout_s: float = 10.0

    def connect(self) -> Connection:
        try:
            line = serial.serial_for_url(
                self.port,
                baudrate=self.baudrate,
                rtscts=self.flow_control == "rtscts",
                xonxoff=self.flow_control == "xonxoff",
                write_timeout=self.stall_timeout_s,
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise UnavailableError("printer.unreachable", address=self.port) from error
        return _SerialConnection(line)


class _SerialConnection:
    def __init__(self, line: serial.Serial) -> None:
        self._line = line

    def send(self, data: bytes) -> None:
        sent = 0
        try:
            for start in range(0, len(data), _CHUNK):
                sent += self._line.write(data[start : start + _CHUNK]) or 0
            self._line.flush()
        except serial.SerialTimeoutException as error:
            raise UnavailableError("printer.buffer_full", sent=sent) from error
        except (serial.SerialException, OSError) as error:
            raise UnavailableError("printer.connection_lost", sent=sent) from error

    def receive(self, timeout_s: float) -> bytes:
        try:
            self._line.timeout = max(timeout_s, 0.001)
            first = self._line.read(1)
            return bytes(first + self._line.read(self._line.in_waiting)) if first else b""
        except (serial.SerialException, OSError) as error:
            raise UnavailableError("printer.connection_lost") from error

    def close(self) -> None:
        self._line.close()


@dataclass(frozen=True)
class DeviceFileTransport:
    """A device file, or any path: a plain file takes the bytes and never answers.

    The file of a USB printer vanishes when the printer is switched off; it is opened anew for every connection.
    """

    path: Path
    stall_timeout_s: float = 10.0

    def connect(self) -> Connection:
        flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
        for mode in (os.O_RDWR, os.O_WRONLY):
            try:
                handle = os.open(self.path, mode | os.O_APPEND | flags)
            except PermissionError:
                continue
            except OSError as error:
                raise UnavailableError("printer.unreachable", address=str(self.path)) from error
            return _FileConnection(handle, mode == os.O_RDWR, self.stall_timeout_s)
        raise UnavailableError("printer.unreachable", address=str(self.path))


class _FileConnection:
    def __init__(self, handle: int, readable: bool, stall_timeout_s: float) -> None:
        self._handle, self._stall_timeout_s = handle, stall_timeout_s
        self._is_device = os.name == "posix" and stat.S_ISCHR(os.fstat(handle).st_mode)
        self._readable = readable and self._is_device

    def send(self, data: bytes) -> None:
        sent = 0
        try:
            while sent < len(data):
                if self._is_device and not select.select([], [self._handle], [], self._stall_timeout_s)[1]:
                    raise UnavailableError("printer.buffer_full", sent=sent)
                sent += os.write(self._handle, data[sent : sent + _CHUNK])
        except OSError as error:
            raise UnavailableError("printer.connection_lost", sent=sent) from error

    def receive(self, timeout_s: float) -> bytes:
        if not self._readable or not select.select([self._handle], [], [], max(timeout_s, 0.0))[0]:
            return b""
        try:
            return os.read(self._handle, 4096)
        except OSError as error:
            raise UnavailableError("printer.connection_lost") from error

    def close(self) -> None:
        os.close(self._handle)
