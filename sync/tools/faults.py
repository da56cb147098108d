"""What can be wrong with a line, and one connection that can be broken; see `sync.tools.fault_proxy`."""

import asyncio
import socket
import struct
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
    flip_after: int | None = None
    lose_answers: int = 0


class Line:
    """One connection through the proxy."""

    def __init__(self, near: asyncio.StreamWriter) -> None:
        self.near = near
        self.far: asyncio.StreamWriter | None = None
        self.ending: Callable[[], None] | None = None

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
