"""A version on trial says that it has started, or ends, and the one before it comes back. Standard library only."""

import logging
import os
from pathlib import Path

from client.updating.state import TRIAL

log = logging.getLogger(__name__)
GAVE_UP = 75
NOT_STARTED = frozenset({"store.newer", "store.cannot_open"})
"""What a new program may have brought about; a key or a full disk the old one would meet too."""


def mark_started() -> None:
    """Say that the program is up: desk, page of the first start, or a page that says what is wrong with it."""
    mark = os.environ.pop(TRIAL, "")
    if mark:
        Path(mark).write_text("started", "ascii")
        log.info("the new version has started")


def give_up(reason: str) -> None:
    """End at once if this is a trial: the boot script goes back to the version before."""
    if os.environ.get(TRIAL):
        log.error("the new version cannot start: %s", reason)
        logging.shutdown()
        os._exit(GAVE_UP)
