"""The time of this machine: the operating system's, or in a demonstration one moved by a file."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path


def machine_clock() -> Callable[[], datetime]:
    """Return the machine's clock, or in a demonstration (`AFTERCHECK_DEMO_CLOCK`) one moved by that file."""
    from domain.kernel.clock import utc_now

    moved = os.environ.get("AFTERCHECK_DEMO_CLOCK")
    if not moved:
        return utc_now
    from sync.moved_clock import FileOffsetClock

    return FileOffsetClock(Path(moved))
