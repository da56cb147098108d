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

    def __init__(self, path: Path, schema: str, *, level: str = "FULL") -> None:
        """Open it; with the `level` NORMAL a power cut may take the last changes back."""
        self._lock = threading.RLock()
        self._level = level
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={level}")
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

    def noted(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one changing statement that need not be durable and return its rows.

        Every process sees the change at once, but a power cut may take it back (never more than that: later durable
        changes imply it).
        """
        with self._lock, self._translated():
            self._connection.execute("PRAGMA synchronous=NORMAL")
            try:
                return self._connection.execute(sql, values).fetchall()
            finally:
                self._connection.execute(f"PRAGMA synchronous={self._level}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock over several statements; any exception rolls back."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @staticmethod
    @contextmanager
    def _translated() -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UnavailableError("transfer.state_unavailable", reason=str(error)) from error
