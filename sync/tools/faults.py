"""What can be wrong with a line, and one connection that can be broken; see `sync.tools.fault_proxy`."""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close sends RST


@dataclass
class Faults:
    """What is wrong with the line at the moment; counters run down as bytes pass."""

    down: bool = False
    stalled: bool = False
    bits_per_s: int = 0
    cut_after: int | None = None
    fin_after: int | None = None
    reset_every: int = 0
    reset_after: int | None = None
    dropping: bool = False
    flip_after: int | None = None
    lose_answers: int = 0


async def delivered(writer: asyncio.StreamWriter) -> None:
    """Wait until the far machine has what was written (half a second at most): a cut loses what comes after it."""
    raw, end_s = writer.get_extra_info("socket"), time.monotonic() + 0.5
    while time.monotonic() < end_s and raw.fileno() >= 0:
        held = fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, bytes(4))
        if not writer.transport.get_write_buffer_size() and not int.from_bytes(held, sys.byteorder):
            return
        await asyncio.sleep(0.001)


class Line:
    """One connection through the proxy."""

    def __init__(self, near: asyncio.StreamWriter) -> None:
        self.near = near
        self.far: asyncio.StreamWriter | None = None
        self.ending: Callable[[], None] | None = None
        self.frozen = False

    def reset(self) -> None:
        for writer in filter(None, (self.near, self.far)):
            raw = writer.get_extra_info("socket")
            if raw is not None and not writer.transport.is_closing():
                with suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    def finish(self) -> None:
        for writer in filter(None, (self.near, self.far)):
            writer.close()
