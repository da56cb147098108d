"""The last raw frames of a port, for support: a ring of two files of half a mebibyte, entries of 30 days at most.

Frames of devices that send personal data are logged without their bytes; scans and cards always are. A line is
UTC time, monotonic seconds, what became of the frame, its length, its bytes in hexadecimal.
"""

from datetime import datetime, timedelta
from pathlib import Path

from devices.readings import CardRead, DeviceEvent, Noise, ReadingSet, Refusal, Scan
from devices.session import Arrived

HALF_BYTES = 512 * 1024
KEPT = timedelta(days=30)


class RawLog:
    """Frames of one port in `path` and, when that is full, `path` with ``.1``."""

    def __init__(self, path: Path, *, personal: bool, half_bytes: int = HALF_BYTES) -> None:
        self._path = path
        self._older = path.with_name(f"{path.name}.1")
        self._personal = personal
        self._half_bytes = half_bytes

    def forget(self, now: datetime) -> None:
        """Delete a half whose newest entry is older than 30 days; called when the port is started."""
        for half in (self._path, self._older):
            if half.exists() and half.stat().st_mtime < (now - KEPT).timestamp():
                half.unlink()

    def write(self, arrived: Arrived) -> None:
        """Append one event; raises `OSError` when the disk does not take it."""
        event = arrived.event
        raw = "" if self._personal else _raw(event).hex()
        line = f"{arrived.received_at:%Y-%m-%dT%H:%M:%S.%fZ} {arrived.first_byte_s:.3f} {_outcome(event)} "
        line += f"{event.end - event.start} {raw}\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size + len(line) > self._half_bytes:
            self._path.replace(self._older)
        with self._path.open("a", encoding="ascii") as out:
            out.write(line)


def _raw(event: DeviceEvent) -> bytes:
    return event.raw if isinstance(event, ReadingSet | Refusal) else b""


def _outcome(event: DeviceEvent) -> str:
    match event:
        case ReadingSet():
            return "accepted"
        case Refusal():
            return event.code
        case Noise():
            return f"noise:{event.reason}"
        case CardRead() | Scan():
            return "read"
        case _:
            return event.code
