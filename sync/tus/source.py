"""What a branch uploads: a file or bytes, readable at any offset, with its length and hash."""

import hashlib
from pathlib import Path
from typing import Protocol

from domain.kernel.errors import DomainError, UnavailableError

_READ_BYTES = 1 << 20


class Source(Protocol):
    """Immutable content; `size` in bytes, `sha256` as 64 hexadecimal digits."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def read_at(self, offset: int, count: int) -> bytes:
        """Return exactly `count` bytes from `offset`.

        Raises:
            DomainError: transfer.source_changed, fewer are there.
            UnavailableError: transfer.source_unreadable.
        """


class BytesSource:
    """Content in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()

    def read_at(self, offset: int, count: int) -> bytes:
        return self._data[offset : offset + count]


class FileSource:
    """A file that must not change while it is uploaded; opened for each read, never kept open."""

    def __init__(self, path: Path, sha256: str | None = None) -> None:
        """Take `path`; its hash is computed when not known. Raises as `read_at`."""
        self._path = path
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise self._unreadable(error) from error
        self.sha256 = sha256 or self._hash()

    def read_at(self, offset: int, count: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                data = file.read(count)
        except OSError as error:
            raise self._unreadable(error) from error
        if len(data) != count:
            raise DomainError("transfer.source_changed", name=self._path.name)
        return data

    def _hash(self) -> str:
        digest, offset = hashlib.sha256(), 0
        while offset < self.size:
            count = min(_READ_BYTES, self.size - offset)
            digest.update(self.read_at(offset, count))
            offset += count
        return digest.hexdigest()

    def _unreadable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            "transfer.source_unreadable", name=self._path.name, reason=error.strerror or ""
        )
