"""Reads a bundle as it arrives and tells at which byte it is damaged."""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec
import zstandard

from domain.kernel.errors import DomainError
from sync.bundle import (
    FRAME_RAW,
    MAGIC,
    MAX_TRANSACTION,
    MORE_FOLLOWS,
    PROTOCOL,
    SIGNATURE_BYTES,
    BundleHeader,
    signed_message,
)

MAX_FRAME_PACKED = FRAME_RAW + (FRAME_RAW >> 7) + 1024  # zstd's bound for data that does not compress

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")


class Readable(Protocol):
    """A binary stream; `read` may give fewer bytes than asked, nothing only at the end."""

    def read(self, count: int, /) -> bytes: ...


Verify = Callable[[BundleHeader, bytes, bytes], bool]


class BundleReader:
    """One pass over one bundle.

    The header is read at once. Transactions are checked by frame before they are given out, but only after the
    last one are digest and signature known: whoever applies them must be able to take all back, or read twice
    (see `check_bundle`).

    Attributes:
        header: What the bundle says of itself; believed only after the signature.
        bundle_id: SHA-256 of the file, set once it was read to its end.
        at: Bytes read so far.
    """

    def __init__(self, stream: Readable, verify: Verify) -> None:
        """Start reading.

        Args:
            stream: The file or body.
            verify: (header, message, signature) -> whether the key named by the header signed the message.

        Raises:
            DomainError: bundle.not_a_bundle, bundle.unknown_version, bundle.bad_header, bundle.truncated.
        """
        self._stream = stream
        self._verify = verify
        self._content = hashlib.sha256()
        self._file = hashlib.sha256()
        self.at = 0
        self.bundle_id = ""
        self.header = self._read_header()

    def transactions(self) -> Iterator[bytes]:
        """Yield each transaction in order; ends normally only if everything was as it should be.

        Raises:
            DomainError: bundle.truncated, bundle.bad_crc, bundle.bad_frame, bundle.bad_count, bundle.bad_digest,
                bundle.bad_signature or bundle.trailing_bytes; fact `at` is the byte.
        """
        unfinished = bytearray()
        count = raw = 0
        for start, frame in self._frames():
            for part, more in _records(frame, start):
                if more or unfinished:
                    unfinished += part
                    if len(unfinished) > MAX_TRANSACTION:
                        raise DomainError("bundle.bad_frame", at=start)
                    if more:
                        continue
                    part = bytes(unfinished)
                    unfinished.clear()
                count += 1
                raw += len(part)
                yield part
        if unfinished or (count, raw) != (self.header.count, self.header.raw_len):
            raise DomainError("bundle.bad_count", at=self.at, expected=self.header.count, found=count)
        self._read_trailer()

    def _read_header(self) -> BundleHeader:
        magic = self._exactly(len(MAGIC))
        if magic != MAGIC:
            code = "bundle.unknown_version" if magic[:3] == MAGIC[:3] else "bundle.not_a_bundle"
            raise DomainError(code, at=0, version=magic.decode("latin-1"))
        (length,) = _U16.unpack(self._exactly(_U16.size))
        start = self.at
        text = self._exactly(length)
        (crc,) = _U32.unpack(self._exactly(_U32.size))
        if crc != zlib.crc32(text):
            raise DomainError("bundle.bad_header", at=start)
        try:
            header = msgspec.json.decode(text, type=BundleHeader)
        except msgspec.DecodeError as error:
            raise DomainError("bundle.bad_header", at=start) from error
        if header.proto != PROTOCOL or header.codec != "zstd":
            raise DomainError("bundle.unknown_version", at=start, version=f"{header.proto}/{header.codec}")
        return header

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield the place of each frame and what it unpacks to, until the end mark."""
        start = self.at
        while length := _U32.unpack(self._exactly(_U32.size))[0]:
            if length > MAX_FRAME_PACKED:
                raise DomainError("bundle.bad_frame", at=start)
            (crc,) = _U32.unpack(self._exactly(_U32.size))
            packed = self._exactly(length)
            if zlib.crc32(packed) != crc:
                raise DomainError("bundle.bad_crc", at=start)
            yield start, _unpacked(packed, start)
            start = self.at

    def _read_trailer(self) -> None:
        start = self.at
        digest = self._content.digest()
        if self._exactly(len(digest)) != digest:
            raise DomainError("bundle.bad_digest", at=start)
        start = self.at
        signature = self._exactly(SIGNATURE_BYTES)
        if not self._verify(self.header, signed_message(digest), signature):
            raise DomainError("bundle.bad_signature", at=start, device=self.header.device)
        if self._stream.read(1):
            raise DomainError("bundle.trailing_bytes", at=self.at)
        self.bundle_id = self._file.hexdigest()

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self._stream.read(count - len(data))
            if not piece:
                raise DomainError("bundle.truncated", at=self.at + len(data))
            data += piece
        self._count(bytes(data))
        return bytes(data)

    def _count(self, data: bytes) -> None:
        self.at += len(data)
        self._content.update(data)
        self._file.update(data)


def _records(frame: bytes, start: int) -> list[tuple[bytes, bool]]:
    """Return the records of a frame, each with whether its transaction goes on in the next."""
    found: list[tuple[bytes, bool]] = []
    position, size = 0, len(frame)
    while position < size:
        if position + 4 > size:
            raise DomainError("bundle.bad_frame", at=start)
        (length,) = _U32.unpack_from(frame, position)
        position += 4
        more = length >= MORE_FOLLOWS
        if more:
            length -= MORE_FOLLOWS
        end = position + length
        if not position < end <= size:
            raise DomainError("bundle.bad_frame", at=start)
        found.append((frame[position:end], more))
        position = end
    return found


def _unpacked(packed: bytes, start: int) -> bytes:
    """Unpack one frame, never to more than a frame may hold."""
    try:
        if 0 < zstandard.frame_content_size(packed) <= FRAME_RAW:
            return zstandard.ZstdDecompressor().decompress(packed, max_output_size=FRAME_RAW)
    except zstandard.ZstdError as error:
        raise DomainError("bundle.bad_frame", at=start) from error
    raise DomainError("bundle.bad_frame", at=start)


def check_bundle(stream: Readable, verify: Verify) -> tuple[BundleHeader, str]:
    """Read a bundle to its end without using it; return its header and id. Raises as `BundleReader`."""
    header, bundle_id, _ = read_bundle(stream, verify, 0)
    return header, bundle_id


def read_bundle(stream: Readable, verify: Verify, most: int) -> tuple[BundleHeader, str, list[bytes] | None]:
    """Read a bundle to its end; return its header, its id, and its transactions if they are at most `most` bytes.

    Raises as `BundleReader`.
    """
    reader = BundleReader(stream, verify)
    kept: list[bytes] | None = []
    size = 0
    for transaction in reader.transactions():
        size += len(transaction)
        if kept is not None and size <= most:
            kept.append(transaction)
        else:
            kept = None
    return reader.header, reader.bundle_id, kept
