"""Small SQLite files of the server's own machinery: sessions and message queues. Every commit is on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.kernel.errors import UnavailableError
from sync.tus.durable import ERRORS, DurableTable


class DurableFile(DurableTable):
    """A durable file whose failures are told in the server's words: ``server.file_unavailable``."""

    @staticmethod
    @contextmanager
    def _translated() -> Iterator[None]:
        try:
            yield
        except ERRORS as error:
            raise UnavailableError("server.file_unavailable", reason=str(error)) from error
