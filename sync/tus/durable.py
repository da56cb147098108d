"""A small SQLite file whose every commit is on disk before the call returns (synchronous=FULL).

Both halves keep their transfer state in one: it must say the same after a power cut as before it.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import UnavailableError
from sync.store_sealing import lies_in_the_clear

BUSY_TIMEOUT_S = 10.0
ERRORS = (sqlite3.Error, sqlcipher.Error)
"""What either driver raises."""


def connected(path: Path, key: bytes | None) -> Any:
    """Return a connection in autocommit; with a key the file is encrypted (SQLCipher), one in the clear stays so.

    A file that an older program left in the clear may be in use by one; `encrypt-store` seals it while nothing runs.
    """
    if key is None or lies_in_the_clear(path):
        return sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    made = sqlcipher.connect(str(path), timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    made.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    return made


class DurableTable:
    """One connection shared by the threads of a process; several processes may open the same file."""

    def __init__(self, path: Path, schema: str, *, level: str = "FULL", key: bytes | None = None) -> None:
        """Open it; with the `level` NORMAL a power cut may take the last changes back, `key` encrypts it."""
        self._lock = threading.RLock()
        self._level = level
        with self._translated():
            self._connection = connected(path, key)
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
            found: list[tuple[Any, ...]] = self._connection.execute(sql, values).fetchall()
            return found

    def changed(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement and return how many rows it changed; raises as `rows`."""
        with self._lock, self._translated():
            count: int = self._connection.execute(sql, values).rowcount
            return count

    def noted(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one changing statement that need not be durable and return its rows.

        Every process sees the change at once, but a power cut may take it back (never more than that: later durable
        changes imply it).
        """
        with self._lock, self._translated():
            self._connection.execute("PRAGMA synchronous=NORMAL")
            try:
                found: list[tuple[Any, ...]] = self._connection.execute(sql, values).fetchall()
                return found
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
        except ERRORS as error:
            raise UnavailableError("transfer.state_unavailable", reason=str(error)) from error
