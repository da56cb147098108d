"""A plain connection to the branch store: no SQLAlchemy. Reads, and writes the store's own tables only.

The guard's triggers refuse any other write from here: this connection is never armed.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import UnavailableError


class Glance:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._error = sqlcipher.Error
        self._lock = threading.Lock()
        self._connection: Any = sqlcipher.connect(str(path), check_same_thread=False, isolation_level=None)
        try:
            for pragma in (
                f"key = \"x'{key.hex()}'\"",
                "busy_timeout = 15000",
                "synchronous = FULL",
                "secure_delete = FAST",
                "temp_store = MEMORY",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
        except self._error:
            self.close()
            raise

    def exec_driver_sql(self, sql: str, values: Sequence[Any] = ()) -> Iterable[Any]:
        """Return the rows of a statement, as SQLAlchemy's connection does.

        Raises:
            UnavailableError: ``store.cannot_open``: it is closed, or the store does not answer; the whole desk
                then says more exactly why.
        """
        with self._lock:
            if self._connection is None:
                raise UnavailableError("store.cannot_open")
            try:
                found: list[Any] = self._connection.execute(sql, tuple(values)).fetchall()
            except self._error as error:
                raise UnavailableError("store.cannot_open") from error
        return found

    def close(self) -> None:
        """Close it; safe to call twice."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
