"""SQLite files in SQLCipher's form, written and read as bytes: none of them has to lie on a disk in the clear.

SQLCipher itself encrypts only what SQL puts into a file. The file of a snapshot's part travels packed, which needs
its clear pages, and is attached sealed; both ways lead through memory alone. The form is that of SQLCipher 4 with a
raw key and its own settings (https://www.zetetic.net/sqlcipher/design/): a page of 4,096 bytes ends with the 16
bytes of its IV and an HMAC-SHA512 of its ciphertext, its IV and its number; the first page begins with the salt.
"""

import hashlib
import hmac
import os
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE, RESERVED = 4096, 80
KEY_BYTES = 32
_IV, _SALT = 16, 16
_USED = PAGE - RESERVED
_HEAD = b"SQLite format 3\x00"
_SAID, _WANTED = slice(16, 21), bytes([PAGE >> 8, 0, 1, 1, RESERVED])
"""Where a file says the size of its pages, its two versions, and what is kept free at the end of each page."""
_AT_ONCE = 256 * PAGE


def said_key(key: bytes) -> str:
    """Return a raw key as SQLCipher's ``PRAGMA key`` and ``ATTACH ... KEY`` take it."""
    return f"x'{key.hex()}'"


class NotPagesError(ValueError):
    """What was given is no file of pages that leave room for a seal."""


def seal_pages(image: bytes, file: BinaryIO, key: bytes) -> None:
    """Write the clear image of a SQLite file sealed under a key of its own.

    Raises:
        NotPagesError: It is no SQLite file whose pages have room for a seal.
    """
    if not image.startswith(_HEAD) or image[_SAID] != _WANTED or len(image) % PAGE:
        raise NotPagesError
    salt, iv = os.urandom(_SALT), os.urandom(_IV)
    seal_key = _seal_key(key, salt)
    # One chain through all pages: the IV of a page is the end of the one before it.
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    file.write(salt)
    skipped = _SALT
    for start in range(0, len(image), _AT_ONCE):
        view = memoryview(image)[start : start + _AT_ONCE]
        clear = [view[at + (0 if at else skipped) : at + _USED] for at in range(0, len(view), PAGE)]
        skipped = 0
        sealed = memoryview(cipher.update(b"".join(clear)))
        pieces: list[bytes | memoryview] = []
        at = 0
        for number, page in enumerate(clear, start // PAGE + 1):
            body = bytes(sealed[at : at + len(page)])
            at += len(page)
            pieces += (body, iv, hmac.digest(seal_key, body + iv + number.to_bytes(4, "little"), "sha512"))
            iv = body[-_IV:]
        file.write(b"".join(pieces))


def clear_image(sealed: bytes, key: bytes) -> bytes:
    """Return the clear image of a file that SQLCipher has written under a raw key; its seals are not looked at."""
    pages = [_HEAD]
    for at in range(0, len(sealed), PAGE):
        body = sealed[at + (_SALT if at == 0 else 0) : at + _USED]
        cipher = Cipher(algorithms.AES(key), modes.CBC(sealed[at + _USED : at + _USED + _IV])).decryptor()
        pages += (cipher.update(body), bytes(RESERVED))
    return b"".join(pages)


def _seal_key(key: bytes, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", key, bytes(byte ^ 0x3A for byte in salt), 2, KEY_BYTES)
