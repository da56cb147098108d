"""A Modbus logger made by hand from the published protocol, on a pseudo-terminal or a socket, with its faults.

It shares no line with the library that reads it: frames and CRC are its own (Modbus over Serial Line V1.02).
"""

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.pseudo import PtyDevice
from devices.transport import PortLostError

POLY, START = 0xA001, 0xFFFF
REQUEST = 8
HEAD = 7
READ_S = 0.05


def crc16(data: bytes) -> bytes:
    """Return the CRC of a frame, low byte first."""
    crc = START
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ POLY if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


@dataclass
class Logger:
    """What the logger holds and what is wrong with it; may be changed while it runs.

    `fault` is ``""``, ``crc`` (a damaged frame each time), ``crc_once`` (the next one only), ``silent``, ``other`` (a
    gateway answers for another address), ``short`` (stops in the middle), ``busy`` (exception 6).
    """

    unit: int = 1
    holding: dict[int, int] = field(default_factory=dict)
    inputs: dict[int, int] = field(default_factory=dict)
    fault: str = ""
    asked: int = 0

    def set_tenths(self, register: int, value: float, *, inputs: bool = False) -> None:
        """Put a value into a register as the loggers do: ten times, two's complement."""
        (self.inputs if inputs else self.holding)[register] = round(value * 10) & 0xFFFF

    def answer(self, unit: int, function: int, first: int, count: int) -> bytes | None:
        """Return the answer without its CRC or header, None for silence."""
        self.asked += 1
        if unit != self.unit or self.fault == "silent":
            return None
        if self.fault == "busy":
            return bytes([unit, function | 0x80, 6])
        table = {3: self.holding, 4: self.inputs}.get(function)
        if table is None:
            return bytes([unit, function | 0x80, 1])
        if any(register not in table for register in range(first, first + count)):
            return bytes([unit, function | 0x80, 2])
        who = unit + 1 if self.fault == "other" else unit
        data = b"".join(struct.pack(">H", table[r]) for r in range(first, first + count))
        return bytes([who, function, len(data)]) + data

    def damaged(self, frame: bytes) -> bytes:
        """Return a frame as its fault makes it."""
        if self.fault in ("crc", "crc_once"):
            if self.fault == "crc_once":
                self.fault = ""
            return frame[:3] + bytes([frame[3] ^ 0x10]) + frame[4:]
        return frame[: len(frame) // 2] if self.fault == "short" else frame


class RtuSimulator:
    """A logger at the end of a serial line."""

    def __init__(self, logger: Logger) -> None:
        self.logger = logger
        self._pty = PtyDevice()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="modbus-rtu", daemon=True)

    @property
    def path(self) -> str:
        return self._pty.path

    def __enter__(self) -> "RtuSimulator":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._pty.unplug()

    def _serve(self) -> None:
        waiting = b""
        while not self._ended.is_set():
            try:
                waiting += self._pty.read(READ_S)
            except PortLostError:
                return
            while len(waiting) >= REQUEST:
                frame, body = waiting[:REQUEST], waiting[: REQUEST - 2]
                if crc16(body) != frame[-2:]:
                    waiting = waiting[1:]
                    continue
                waiting = waiting[REQUEST:]
                unit, function, first, count = struct.unpack(">BBHH", body)
                reply = self.logger.answer(unit, function, first, count)
                if reply is not None:
                    self._pty.write(self.logger.damaged(reply + crc16(reply)))


class TcpSimulator:
    """A logger, or a gateway with one, on a socket."""

    def __init__(self, logger: Logger) -> None:
        self.logger = logger
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(READ_S)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="modbus-tcp", daemon=True)

    @property
    def address(self) -> str:
        return f"tcp:127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "TcpSimulator":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                host, _ = self._socket.accept()
            except TimeoutError:
                continue
            with host:
                host.settimeout(READ_S)
                self._talk(host.recv, host.sendall)

    def _talk(self, receive: Callable[[int], bytes], send: Callable[[bytes], None]) -> None:
        waiting = b""
        while not self._ended.is_set():
            try:
                data = receive(256)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            waiting += data
            while len(waiting) >= HEAD + 5:
                txn, _protocol, _length, unit = struct.unpack(">HHHB", waiting[:HEAD])
                function, first, count = struct.unpack(">BHH", waiting[HEAD : HEAD + 5])
                waiting = waiting[HEAD + 5 :]
                reply = self.logger.answer(unit, function, first, count)
                if reply is not None:
                    frame = struct.pack(">HHH", txn, 0, len(reply)) + reply
                    send(frame[: len(frame) // 2] if self.logger.fault == "short" else frame)
