"""The parser layer: bytes in, events out; no port, no clock, no thread.

A driver subclasses `Parser` (own framing) or `LineParser` (lines ended by CR LF). A frame is complete only by its
own rule; silence never completes one, `drop` merely throws away what is pending.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from devices.readings import LABELS, SHOWN_UNITS, UCUM, DeviceEvent, Kind, Noise, Refusal
from domain.kernel.errors import DomainError

PENDING_LIMIT = 65536


class FrameError(Exception):
    """A complete frame gives no value; a decoder raises it, its parser makes it a `Refusal` of the same code."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


def out_of_range(kind: Kind, value: Decimal, low: Decimal, high: Decimal) -> FrameError:
    """Return the refusal of a value the device cannot have measured; limits are inclusive, in its unit."""
    unit = SHOWN_UNITS[UCUM[kind]]
    return FrameError(
        "device.out_of_range", kind=kind.value, label=LABELS[kind], value=value, low=low, high=high, unit=unit
    )


class Parser(ABC):
    """Bytes to events for one port.

    A subclass gives `_events`, which looks at `self._pending` and consumes it by `_take` and `_skip`; it ends
    when what is left needs more bytes. `commands` names what can be asked of the device by `command`.
    """

    commands: ClassVar[Mapping[str, bytes]] = {}

    def __init__(self) -> None:
        self._pending = bytearray()
        self._consumed = 0

    @property
    def consumed(self) -> int:
        """Bytes of the stream that are done with; the offset of the first pending byte."""
        return self._consumed

    @property
    def earliest(self) -> int:
        """Offset of the first byte an event to come may begin with; earlier ones need no time any more."""
        return self._consumed

    @property
    def pending(self) -> int:
        """Number of bytes that wait for the rest of their frame."""
        return len(self._pending)

    def feed(self, chunk: bytes) -> list[DeviceEvent]:
        """Return what the bytes so far tell; an incomplete frame waits for the next call."""
        self._pending += chunk
        found = list(self._events())
        if len(self._pending) > PENDING_LIMIT:
            found += self.drop("overflow")
        return found

    def drop(self, reason: str) -> list[DeviceEvent]:
        """Throw away a partial frame: after silence, before a new request, when the port is lost."""
        return [self._skip(len(self._pending), reason)] if self._pending else []

    def poll(self, now_s: float) -> tuple[bytes, list[DeviceEvent]]:
        """Return what to write now to a device that must be asked, and what its silence tells.

        Args:
            now_s: A clock that never goes back, in seconds.
        """
        del now_s
        return b"", []

    def command(self, name: str) -> bytes:
        """Return the bytes that ask the device for `name`.

        Raises:
            DomainError: ``device.no_such_command``; this device does not know it.
        """
        if name not in self.commands:
            raise DomainError("device.no_such_command", command=name)
        return self.commands[name]

    @abstractmethod
    def _events(self) -> Iterator[DeviceEvent]:
        """Yield the events of the pending bytes, consuming them."""

    def _take(self, count: int) -> bytes:
        taken = bytes(self._pending[:count])
        del self._pending[:count]
        self._consumed += len(taken)
        return taken

    def _skip(self, count: int, reason: str = "noise") -> Noise:
        start = self._consumed
        self._take(count)
        return Noise(self._consumed - start, reason, start=start, end=self._consumed)

    def _decode(self, decode: Callable[[], DeviceEvent], raw: bytes, start: int, end: int) -> DeviceEvent:
        """Return what `decode` makes of a frame, placed where the frame lies; `raw` is kept with a refusal."""
        try:
            return replace(decode(), start=start, end=end)
        except FrameError as error:
            return Refusal(error.code, error.facts, raw, start=start, end=end)

    def _refuse(self, count: int, code: str, *, raw: bytes = b"", **facts: Any) -> Refusal:
        """Consume `count` bytes as a refused frame."""
        start = self._consumed
        self._take(count)
        return Refusal(code, facts, raw, start=start, end=self._consumed)


class LineParser(Parser):
    """Frames that are lines ended by CR LF, at most `longest` bytes without them.

    Bytes before the frame in the same line (noise, or a frame that was cut off) are noise: a subclass says
    where its frame begins, and gets exactly the bytes from there to the line's end.
    """

    longest = 256

    def _events(self) -> Iterator[DeviceEvent]:
        while (end := self._pending.find(b"\r\n")) >= 0:
            begin = self._begin(bytes(self._pending[:end]))
            if begin is None:
                yield self._not_a_frame(end + 2)
                continue
            if begin:
                yield self._before_frame(begin)
            start = self._consumed
            line = self._take(end - begin + 2)
            yield from self._line(line[:-2], start)
        if len(self._pending) > self.longest:
            yield self._skip(len(self._pending) - self.longest)

    def _before_frame(self, count: int) -> DeviceEvent:
        return self._skip(count)

    def _not_a_frame(self, count: int) -> DeviceEvent:
        if count == 2:
            return self._skip(count)
        return self._refuse(count, "device.malformed", raw=bytes(self._pending[:count]))

    @abstractmethod
    def _begin(self, line: bytes) -> int | None:
        """Return where the frame begins in a line, None when it holds none."""

    @abstractmethod
    def _line(self, line: bytes, start: int) -> Iterator[DeviceEvent]:
        """Decode one frame, without CR LF; `start` is its offset in the stream."""
