"""Snapshots: the rows of some organisations at one position of the log, in parts to be fetched and loaded singly.

A snapshot is a folder: ``manifest`` (msgpack of `Sealed`: the `Manifest` and the centre's signature of it) and
parts. A part is one zstd frame. In a snapshot of `SEALED` or `FILES` it unpacks to a small SQLite file
(`sync.snapshot_file`); in one of `BLOCKS`, for programs that know no other, to a msgpack array of blocks ``[entity,
[column, ...], [[value, ...], ...]]``. The values are what the database stores. The frames of `SEALED` are encrypted
under a key that only the centre can work out of the manifest and that is told to workstations who may see the rows:
nothing of them can be read where the files lie, be it at the centre, at a branch or on a stick. A part's name is
told, its SHA-256 and size are in the manifest, so whoever has the manifest from the centre may take the parts from
anywhere: the line, or a stick.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from sync.device_auth import signature_fits
from sync.protocol import Mark

CONTEXT = b"aftercheck snapshot 1\x00"
MANIFEST = "manifest"
BLOCKS, FILES, SEALED = 1, 2, 3
"""Forms of a snapshot's parts."""
SALT_BYTES = 32
_NONCE_BYTES = 12
MAX_RAW = 256 << 20
"""Bytes no part unpacks to: one with more was made to fill a disk."""
_LEVEL = 3

Block = tuple[str, list[str], list[list[Any]]]


class Part(msgspec.Struct, frozen=True):
    """One part: its file, and what is in it. `hot` parts come first; with them people can work.

    `raw` is the size of the file it unpacks to; 0 where the form is `BLOCKS`.
    """

    name: str
    sha256: str
    size: int
    rows: int
    hot: bool
    raw: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot holds.

    Attributes:
        snapshot_id: Its name at the centre.
        life: Life of the log.
        position: Where the rows stand.
        mark: Mark of that position; None for an empty log.
        schema_ver: Shape of the records.
        at: When it was made, microseconds UTC by the centre's clock.
        orgs: Organisations, the catalogue among them.
        parts: In the order of loading.
        entities: Rows by entity.
        form: What its parts are: `BLOCKS`, `FILES` or `SEALED`.
        salt: What the key of sealed parts is worked out of; drawn for this snapshot alone.
    """

    snapshot_id: str
    life: str
    position: int
    mark: Mark | None
    schema_ver: int
    at: int
    orgs: list[Id]
    parts: list[Part]
    entities: dict[str, int]
    form: int = BLOCKS
    salt: bytes = b""


class Sealed(msgspec.Struct, frozen=True):
    """A manifest as bytes, and the centre's signature of them."""

    manifest: bytes
    signature: bytes


def message_of(manifest: bytes) -> bytes:
    """Return what is signed."""
    return CONTEXT + manifest


def opened(data: bytes, server_key: str) -> Manifest:
    """Return a manifest that the centre signed.

    Raises:
        DomainError: ``snapshot.damaged``, or ``snapshot.bad_signature``: another centre's, or changed.
    """
    try:
        sealed = msgspec.msgpack.decode(data, type=Sealed)
        if not signature_fits(server_key, message_of(sealed.manifest), sealed.signature):
            raise DomainError("snapshot.bad_signature")
        manifest = msgspec.msgpack.decode(sealed.manifest, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("snapshot.damaged", name=MANIFEST) from error
    if manifest.form == SEALED and len(manifest.salt) != SALT_BYTES:
        raise DomainError("snapshot.damaged", name=MANIFEST)
    return manifest


def key_of(centre: Ed25519PrivateKey, salt: bytes) -> bytes:
    """Return the 32 bytes under which the parts of a snapshot are sealed; nothing about them is kept anywhere."""
    derivation = HKDF(SHA256(), 32, salt, b"aftercheck snapshot key 1")
    return derivation.derive(centre.private_bytes_raw())


def sealed(data: bytes, key: bytes, name: str) -> bytes:
    """Return a part encrypted under the key of its snapshot, which seals nothing else and nothing twice."""
    return AESGCM(key).encrypt(_nonce(name), data, None)


def unsealed(data: bytes, key: bytes, name: str) -> bytes:
    """Return what was sealed; ``snapshot.damaged`` for anything else, or another key."""
    try:
        return AESGCM(key).decrypt(_nonce(name), data, None)
    except (InvalidTag, ValueError) as error:
        raise DomainError("snapshot.damaged", name=name) from error


def _nonce(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[
        :_NONCE_BYTES
    ]  # each part of a snapshot has a name of its own


def packed(blocks: list[Block]) -> bytes:
    """Return the part of some blocks."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(msgspec.msgpack.encode(blocks))


def blocks_of(data: bytes, name: str) -> Iterator[Block]:
    """Yield the blocks of a part whose hash was proven; ``snapshot.damaged`` for what is none."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_RAW)
        yield from msgspec.msgpack.decode(raw, type=list[Block])
    except (zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("snapshot.damaged", name=name) from error
