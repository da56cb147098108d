"""Reads and check-sums the next PATCH of an upload while the one before it is on the line."""

import base64
import hashlib
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sync.tus.protocol import CONTENT_SHA256
from sync.tus.source import Source

CHECKSUMS = ("crc32", "sha256")
"""What we can send with a PATCH, the cheapest first: the content as a whole is proven by its SHA-256 anyway."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the content from `offset`, good until the next piece is asked for, with their `Upload-Checksum`."""

    offset: int
    data: memoryview
    checksum: str


class ReadAhead:
    """The pieces of one content in the order they go, in two buffers that are used in turn; to be closed.

    A failed request leaves its data in the frames of its exceptions; in buffers of our own that costs nothing.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._reader = ThreadPoolExecutor(1, "upload-read")
        self._next: tuple[int, str, Future[Piece]] | None = None
        self._buffer, self._other = bytearray(), bytearray()
        self._content, self._hashed = hashlib.sha256(), 0

    def follows(self, offset: int) -> bool:
        """Tell whether the content before `offset`, and no more, has gone into `CONTENT_SHA256` checksums."""
        if self._next:
            return self._next[:2] == (offset, CONTENT_SHA256)
        return self._hashed == offset

    def piece(self, offset: int, count: int, algorithm: str) -> Piece:
        """Return the piece at `offset`, of about `count` bytes if it was read ahead; raises as `Source.read_into`."""
        ahead, self._next = self._next, None
        if ahead:
            self._buffer, self._other = self._other, self._buffer
            if ahead[:2] == (offset, algorithm):
                return ahead[2].result()
            ahead[2].exception()  # the buffer is free when that read is over
        self._buffer = _at_least(self._buffer, count)
        return self._read(self._buffer, offset, count, algorithm)

    def prepare(self, offset: int, count: int, algorithm: str) -> None:
        """Begin to read the piece that comes next if all goes well."""
        if count:
            self._other = _at_least(self._other, count)
            reading = self._reader.submit(self._read, self._other, offset, count, algorithm)
            self._next = (offset, algorithm, reading)

    def close(self) -> None:
        self._reader.shutdown(wait=True, cancel_futures=True)

    def _read(self, buffer: bytearray, offset: int, count: int, algorithm: str) -> Piece:
        data = memoryview(buffer)[:count]
        self._source.read_into(offset, data)
        if algorithm != CONTENT_SHA256:
            return Piece(offset, data, checksum_of(data, algorithm))
        self._content.update(data)
        self._hashed += count
        return Piece(offset, data, _told(algorithm, self._content.digest()))


def _at_least(buffer: bytearray, count: int) -> bytearray:
    return buffer if len(buffer) >= count else bytearray(count)


def checksum_of(data: bytes | memoryview, algorithm: str) -> str:
    """Return the value of `Upload-Checksum` for `data`, empty for no algorithm."""
    if not algorithm:
        return ""
    crc32 = algorithm == "crc32"
    digest = zlib.crc32(data).to_bytes(4, "big") if crc32 else hashlib.new(algorithm, data).digest()
    return _told(algorithm, digest)


def _told(algorithm: str, digest: bytes) -> str:
    return f"{algorithm} {base64.b64encode(digest).decode()}"


def chosen_checksum(offered: str) -> str:
    """Return the cheapest algorithm of a `Tus-Checksum-Algorithm` list for any body, or an empty string."""
    names = _names(offered)
    return next((name for name in CHECKSUMS if name in names), "")


def takes_content(offered: str) -> bool:
    """Tell whether a server that offers this list takes `CONTENT_SHA256`, which costs it no hash of its own."""
    return CONTENT_SHA256 in _names(offered)


def _names(offered: str) -> set[str]:
    return {name.strip().lower() for name in offered.split(",")}
