"""Small SQLite files of the server's own machinery: sessions and message queues. Every commit is on the disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from domain.kernel.errors import UnavailableError
from sync.tus.durable import DurableTable


class DurableFile(DurableTable):
    """A durable file whose failures are told in the server's words: ``server.file_unavailable``."""

    @staticmethod
    @contextmanager
    def _translated() -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UnavailableError("server.file_unavailable", reason=str(error)) from error
