"""Bundles: immutable files of whole transactions, checked piece by piece.

Layout (integers big-endian)::

    "CSB1" | u16 header length | header JSON | u32 crc32(header JSON)
    frame: u32 length > 0 | u32 crc32(zstd data) | zstd data, at most 256 KiB when unpacked
    end:   u32 0 | sha256 of all before (32 bytes) | Ed25519 signature (64 bytes)

A frame unpacks to records `u32 length | bytes`, one a transaction. A transaction larger than a frame is told in
several records; all but its last have the top bit of the length set. `bundle_id` is the SHA-256 of the file.

Two things differ from the first sketch of the format: the checksum is `zlib.crc32`, not CRC-32C, because the
standard library has it in C while CRC-32C needs another compiled package, and both find every burst of up to 32
bits (intent is proven by the signature, not by the CRC); and the header has a checksum of its own and the frames
an end mark, so that damage is told at its place and a stream needs no length.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec
import zstandard

MAGIC = b"CSB1"
PROTOCOL = 1
MAX_RAW = 1 << 20
MAX_COUNT = 2000
FRAME_RAW = 256 << 10
MAX_TRANSACTION = 64 << 20
SIGNATURE_BYTES = 64
SIGNATURE_CONTEXT = b"aftercheck bundle 1\x00"  # a signature of a bundle is never one of something else
MORE_FOLLOWS = 1 << 31

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_FRAME = struct.Struct(">II")


class BundleHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says of itself; unknown members of newer writers are ignored.

    Attributes:
        proto: Version of the format.
        schema_ver: Version of the records in the transactions.
        scope: Which log it belongs to.
        device: Id of the writer.
        epoch: Number of the writer's enrolment.
        first: Sequence number of the first transaction.
        last: Sequence number of the last transaction.
        prev_bundle: Id of the bundle before, or empty.
        key_id: Which key signed.
        count: Transactions; set by `pack`.
        raw_len: Bytes of all transactions; set by `pack`.
        codec: Always "zstd".
    """

    schema_ver: int
    scope: str
    device: str
    epoch: int
    first: int
    last: int
    prev_bundle: str = ""
    key_id: str = ""
    proto: int = PROTOCOL
    count: int = 0
    raw_len: int = 0
    codec: str = "zstd"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle: its file and its name."""

    header: BundleHeader
    data: bytes
    bundle_id: str


def batches(
    transactions: Iterable[bytes], max_raw: int = MAX_RAW, max_count: int = MAX_COUNT
) -> Iterator[list[bytes]]:
    """Cut a run of transactions into bundles' worth; only a transaction alone may exceed `max_raw` bytes."""
    batch: list[bytes] = []
    raw = 0
    for transaction in transactions:
        if batch and (raw + len(transaction) > max_raw or len(batch) >= max_count):
            yield batch
            batch, raw = [], 0
        batch.append(transaction)
        raw += len(transaction)
    if batch:
        yield batch


def pack(
    header: BundleHeader, transactions: Iterable[bytes], sign: Callable[[bytes], bytes], level: int = 1
) -> Bundle:
    """Make one bundle of all `transactions` (one batch of `batches`).

    Args:
        header: `count` and `raw_len` are filled in here.
        transactions: Each at most 64 MiB, none empty.
        sign: Gives the Ed25519 signature (64 bytes) of its argument.
        level: zstd level.

    Returns:
        The bundle; the same input and key give the same bytes with the same zstd.
    """
    batch = list(transactions)
    if not batch or any(not 0 < len(transaction) <= MAX_TRANSACTION for transaction in batch):
        raise ValueError("a bundle holds transactions of 1 byte to 64 MiB")
    header = msgspec.structs.replace(header, count=len(batch), raw_len=sum(map(len, batch)))
    text = msgspec.json.encode(header)
    parts = [MAGIC, _U16.pack(len(text)), text, _U32.pack(zlib.crc32(text))]
    compressor = zstandard.ZstdCompressor(level=level, write_content_size=True)
    for raw in _frames(batch):
        packed = compressor.compress(raw)
        parts += [_FRAME.pack(len(packed), zlib.crc32(packed)), packed]
    parts.append(_U32.pack(0))
    digest = hashlib.sha256(b"".join(parts)).digest()
    parts += [digest, _signature(sign, digest)]
    data = b"".join(parts)
    return Bundle(header, data, hashlib.sha256(data).hexdigest())


def signed_message(digest: bytes) -> bytes:
    """Return what is signed for a bundle whose content has this SHA-256."""
    return SIGNATURE_CONTEXT + digest


def _signature(sign: Callable[[bytes], bytes], digest: bytes) -> bytes:
    signature = sign(signed_message(digest))
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError("an Ed25519 signature has 64 bytes")
    return signature


def _frames(batch: list[bytes]) -> Iterator[bytes]:
    frame = bytearray()
    for record in _records(batch):
        if frame and len(frame) + len(record) > FRAME_RAW:
            yield bytes(frame)
            frame.clear()
        frame += record
    if frame:
        yield bytes(frame)


def _records(batch: list[bytes]) -> Iterator[bytes]:
    """Write each transaction as one record, or as several if it is larger than a frame."""
    room = FRAME_RAW - _U32.size
    for transaction in batch:
        for start in range(0, len(transaction), room):
            part = transaction[start : start + room]
            more = MORE_FOLLOWS if start + room < len(transaction) else 0
            yield _U32.pack(len(part) | more) + part
