"""Locking bytes for several keys (libsodium): one random key locks the content, and is itself locked for each reader.

XSalsa20-Poly1305 for the content, sealed boxes (X25519) for its key. A changed byte is seen on opening.
"""

import base64
import dataclasses
from collections.abc import Iterable

import msgspec
from nacl import utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from domain.kernel.errors import DomainError

MARK = b"ACLOCK1\n"
"""How locked bytes begin."""


class _Locked(msgspec.Struct, frozen=True, array_like=True):
    keys: dict[str, bytes]
    content: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Both halves of a key: `public` base64, `private` 32 bytes."""

    public: str
    private: bytes


def new_pair(private: bytes | None = None) -> Pair:
    """Return a new key, or the one of known private bytes."""
    key = PrivateKey.generate() if private is None else PrivateKey(private)
    return Pair(base64.b64encode(bytes(key.public_key)).decode(), bytes(key))


def lock(content: bytes, readers: Iterable[str]) -> bytes:
    """Return `content` locked for the public keys of `readers`."""
    key = utils.random(SecretBox.KEY_SIZE)
    keys = {one: wrap(key, one) for one in dict.fromkeys(readers)}
    return MARK + msgspec.msgpack.encode(_Locked(keys, bytes(SecretBox(key).encrypt(content))))


def is_locked(content: bytes) -> bool:
    """Tell whether bytes are locked; files of earlier versions of the program are not."""
    return content.startswith(MARK)


def unlock(content: bytes, pairs: Iterable[Pair]) -> bytes:
    """Return what was locked.

    Raises:
        DomainError: ``consent.no_key`` without a key that fits; ``consent.lock_broken`` where bytes were changed.
    """
    try:
        locked = msgspec.msgpack.decode(content[len(MARK) :], type=_Locked)
        mine = next((pair for pair in pairs if pair.public in locked.keys), None)
        if mine is None:
            raise DomainError("consent.no_key")
        return bytes(SecretBox(unwrap(locked.keys[mine.public], mine)).decrypt(locked.content))
    except (msgspec.MsgspecError, CryptoError, ValueError) as error:
        raise DomainError("consent.lock_broken") from error


def wrap(secret: bytes, public: str) -> bytes:
    """Return a short secret locked for one key."""
    return bytes(SealedBox(PublicKey(base64.b64decode(public))).encrypt(secret))


def unwrap(wrapped: bytes, pair: Pair) -> bytes:
    """Return a short secret; raises `CryptoError` for what was changed or is another's."""
    return bytes(SealedBox(PrivateKey(pair.private)).decrypt(wrapped))
