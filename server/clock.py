"""The server's clock: the machine's, or in a demonstration the machine's moved by what a file says."""

from domain.kernel.clock import Clock, utc_now
from server.settings import Settings
from sync.moved_clock import FileOffsetClock

__all__ = ["FileOffsetClock", "clock_of"]


def clock_of(settings: Settings) -> Clock:
    """Return the clock the settings ask for."""
    return FileOffsetClock(settings.clock_path) if settings.demo_clock else utc_now
