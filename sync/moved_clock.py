"""A clock moved by what a file says, for demonstrations and training; several processes share one file."""

from datetime import datetime, timedelta
from pathlib import Path

from domain.kernel.clock import Clock, utc_now


class FileOffsetClock:
    """The machine's clock moved by the seconds in a file, which is read again when it changes.

    Args:
        path: Text of one number; without the file the clock is not moved.
        base: What it is moved from.
    """

    def __init__(self, path: Path, base: Clock = utc_now) -> None:
        self._path = path
        self._base = base
        self._written_ns = -1
        self._offset = timedelta()

    def __call__(self) -> datetime:
        return self._base() + self.offset

    @property
    def offset(self) -> timedelta:
        """How far it is moved now."""
        try:
            written_ns = self._path.stat().st_mtime_ns
            if written_ns != self._written_ns:
                self._offset = timedelta(seconds=float(self._path.read_text("ascii")))
                self._written_ns = written_ns
        except (OSError, ValueError):
            return self._offset
        return self._offset

    def advance(self, by: timedelta) -> None:
        """Move it on, for every process that reads the file."""
        seconds = (self.offset + by).total_seconds()
        new = self._path.with_suffix(".new")
        new.write_text(f"{seconds:.6f}", "ascii")
        new.replace(self._path)
