"""A small SQLite file whose every commit is on disk before the call returns (synchronous=FULL).

Both halves keep their transfer state in one: it must say the same after a power cut as before it.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.kernel.errors import UnavailableError

BUSY_TIMEOUT_S = 10.0


class DurableTable:
    """One connection shared by the threads of a process; several processes may open the same file."""

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(schema)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Raises:
            UnavailableError: transfer.state_unavailable, the file cannot be used (disk full, locked).
        """
        with self._lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    def changed(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement and return how many rows it changed; raises as `rows`."""
        with self._lock, self._translated():
            return self._connection.execute(sql, values).rowcount

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Hold the write lock over several statements; any exception rolls back.

        What is not `durable` is seen by every process at once, but a power cut may take it back (never more than
        that: later durable changes imply it).
        """
        with self._lock, self._translated(), self._synchronous("FULL" if durable else "NORMAL"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _synchronous(self, level: str) -> Iterator[None]:
        if level != "FULL":
            self._connection.execute(f"PRAGMA synchronous={level}")
        try:
            yield
        finally:
            if level != "FULL":
                self._connection.execute("PRAGMA synchronous=FULL")

    @staticmethod
    @contextmanager
    def _translated() -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UnavailableError("transfer.state_unavailable", reason=str(error)) from error
