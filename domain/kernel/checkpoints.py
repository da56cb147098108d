"""Copying what SQLite has in its write-ahead log into the file itself, beside the work and not within it.

By itself SQLite copies at the commit that makes the log longer than 1,000 pages: two flushes of the disk, which is
half of the time of taking in a thousand transactions, and each time the pages of the indexes anew. So who writes much
lets the log grow further, and a thread copies it meanwhile; the library does it without the interpreter's lock. What
was committed is on the disk either way: in the log.
"""

import logging
import threading
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from domain.kernel.prepared import run_text

log = logging.getLogger(__name__)
USUAL_PAGES, BULK_PAGES = 1000, 16_000
"""Length of the log at which a commit copies it itself: SQLite's own, and after which it must not grow (64 MiB)."""
ROWS = 16_000
"""Rows written in bulk after which the log is copied."""


class Checkpoints:
    """Of one SQLite store; every thread may call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._rows = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    @staticmethod
    def begin(connection: Connection) -> int:
        """Call before a transaction that writes much; returns what `end` asks for."""
        run_text(connection, f"PRAGMA wal_autocheckpoint = {BULK_PAGES}")
        return _changes(connection)

    def end(self, connection: Connection, before: int) -> None:
        """Call after it."""
        run_text(connection, f"PRAGMA wal_autocheckpoint = {USUAL_PAGES}")
        with self._lock:
            self._rows += _changes(connection) - before
            if self._rows < ROWS or self._thread is not None or self._closed:
                return
            self._rows = 0
            self._thread = threading.Thread(target=self._copy, name="checkpoint", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for the copying that goes on."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            thread.join()

    def _copy(self) -> None:
        try:
            with self._engine.connect() as connection:
                run_text(connection, "PRAGMA wal_checkpoint(PASSIVE)")
        except DBAPIError:
            log.warning("the write-ahead log could not be copied; the next commit tries again", exc_info=True)
        finally:
            with self._lock:
                self._thread = None


def _changes(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    return int(driver.total_changes)
