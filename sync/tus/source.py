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
    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `offset`.

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

    def read_into(self, offset: int, buffer: memoryview) -> None:
        buffer[:] = self._data[offset : offset + len(buffer)]


class FileSource:
    """A file that must not change while it is uploaded; opened for each read, never kept open."""

    def __init__(self, path: Path, sha256: str | None = None) -> None:
        """Take `path`; its hash is computed when not known. Raises as `read_into`."""
        self._path = path
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise self._unreadable(error) from error
        self.sha256 = sha256 or self._hash()

    def read_into(self, offset: int, buffer: memoryview) -> None:
        try:
            with self._path.open("rb", buffering=0) as file:
                file.seek(offset)
                while buffer and (count := file.readinto(buffer)):
                    buffer = buffer[count:]
        except OSError as error:
            raise self._unreadable(error) from error
        if buffer:
            raise DomainError("transfer.source_changed", name=self._path.name)

    def _hash(self) -> str:
        digest, buffer = hashlib.sha256(), memoryview(bytearray(_READ_BYTES))
        for offset in range(0, self.size, _READ_BYTES):
            piece = buffer[: self.size - offset]
            self.read_into(offset, piece)
            digest.update(piece)
        return digest.hexdigest()

    def _unreadable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            "transfer.source_unreadable", name=self._path.name, reason=error.strerror or ""
        )
