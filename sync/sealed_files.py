"""Files sealed under a key, in chunks that are proven one by one: written once in order, read at any place.

    magic "ACSEAL1" or "ACSEAL2", a zero byte | 16 bytes of salt | chunks of 65,536 plain bytes, the last one shorter

A chunk is 12 random bytes of nonce and AES-256-GCM of its bytes; with it are proven the header, the chunk's number
and whether it is the last, so that chunks can neither change places nor be cut off behind. Each file has a key of its
own (HKDF-SHA256 of the key and the salt). The construction is that of STREAM (https://eprint.iacr.org/2015/189) with
random nonces, so that a chunk which a crash cut off may be written again.

Files of the second magic are sealed by SM4-GCM under keys of HKDF-SM3 (GB/T 32907, GB/T 32905), for sites that must;
a process is told by `seal_by` what it seals new files with, and reads both.
"""

import io
import os
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"ACSEAL1\0"
SM4_MAGIC = b"ACSEAL2\0"
MAGICS = (MAGIC, SM4_MAGIC)
KEY_BYTES = 32
SM4_KEY_BYTES = 16
CHUNK = 1 << 16
_SALT, _NONCE, _TAG = 16, 12, 16
OVERHEAD = _NONCE + _TAG
HEAD = len(MAGIC) + _SALT
SEALED = CHUNK + OVERHEAD
MORE, LAST, BEGUN = b"\0", b"\1", b"\2"
"""What a chunk is sealed as: one with more behind it, the end of the file, or (apart from the file) one begun."""


class SealBrokenError(OSError):
    """A chunk is not what was written under this key: another key, a changed bit, or an end that is missing."""


class _Chosen:
    """What this process seals new files with."""

    magic = MAGIC


def seal_by(*, guomi: bool) -> None:
    """Choose what this process seals new files with: SM4 and SM3, or AES and SHA-256. Called at its start."""
    _Chosen.magic = SM4_MAGIC if guomi else MAGIC


def seals_by_sm4() -> bool:
    """Tell what this process seals new files with, for those it starts."""
    return _Chosen.magic == SM4_MAGIC


class _Sm4Gcm:
    """SM4-GCM with the methods of `AESGCM`, which the library has for AES alone."""

    def __init__(self, key: bytes) -> None:
        self._key = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes | memoryview, about: bytes) -> bytes:
        own = Cipher(self._key, GCM(nonce)).encryptor()
        own.authenticate_additional_data(about)
        return own.update(data) + own.finalize() + own.tag

    def encrypt_into(self, nonce: bytes, data: bytes | memoryview, about: bytes, room: memoryview) -> int:
        sealed = self.encrypt(nonce, data, about)
        room[: len(sealed)] = sealed
        return len(sealed)

    def decrypt(self, nonce: bytes, data: bytes, about: bytes) -> bytes:
        if len(data) < _TAG:
            raise InvalidTag
        own = Cipher(self._key, GCM(nonce, data[-_TAG:])).decryptor()
        own.authenticate_additional_data(about)
        return own.update(data[:-_TAG]) + own.finalize()


def derived_key(key: bytes, purpose: str) -> bytes:
    """Return the 32 bytes that `purpose` has of a raw key."""
    return HKDF(SHA256(), KEY_BYTES, None, f"aftercheck {purpose}".encode()).derive(key)


def is_sealed(path: Path) -> bool:
    """Tell whether a file begins as a sealed one does; FileNotFoundError if there is none."""
    with path.open("rb", buffering=0) as file:
        return file.read(len(MAGIC)) in MAGICS


def plain_size(sealed: int) -> int:
    """Return how many bytes a whole sealed file of so many bytes holds."""
    body = max(sealed - HEAD, 0)
    return max(body - -(-body // SEALED) * OVERHEAD, 0)


class Seal:
    """The key of one file and its header."""

    def __init__(self, key: bytes, head: bytes) -> None:
        salt = head[len(MAGIC) :]
        if head.startswith(SM4_MAGIC):
            own = HKDF(SM3(), SM4_KEY_BYTES, salt, b"aftercheck sealed file 2").derive(key)
            self._cipher: AESGCM | _Sm4Gcm = _Sm4Gcm(own)
        else:
            own = HKDF(SHA256(), KEY_BYTES, salt, b"aftercheck sealed file 1").derive(key)
            self._cipher = AESGCM(own)
        self.head = head

    @classmethod
    def fresh(cls, key: bytes) -> "Seal":
        """Return the seal of a new file."""
        return cls(key, _Chosen.magic + os.urandom(_SALT))

    @classmethod
    def read(cls, key: bytes, head: bytes) -> "Seal | None":
        """Return the seal of a file that begins with `head`; None if it is no sealed one."""
        return cls(key, head) if len(head) == HEAD and head.startswith(MAGICS) else None

    def close(self, number: int, plain: bytes | memoryview, kind: bytes) -> bytes:
        """Return a chunk as it is written."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, self._about(number, kind))

    def close_into(self, room: memoryview, number: int, plain: bytes | memoryview, kind: bytes) -> int:
        """Put a chunk into the beginning of `room` and return its length."""
        end, nonce = len(plain) + OVERHEAD, os.urandom(_NONCE)
        room[:_NONCE] = nonce
        self._cipher.encrypt_into(nonce, plain, self._about(number, kind), room[_NONCE:end])
        return end

    def open(self, number: int, sealed: bytes, kind: bytes) -> bytes:
        """Return the bytes of a chunk; SealBrokenError."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._about(number, kind))
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(f"chunk {number}") from error

    def _about(self, number: int, kind: bytes) -> bytes:
        return self.head + number.to_bytes(8, "big") + kind


class SealedWriter:
    """Writes a sealed file from its beginning, or goes on behind the whole chunks that are there.

    What was taken and fills no chunk yet is in memory alone, so a crash loses less than one; `finish` ends the file.
    `size` counts the bytes taken.
    """

    def __init__(self, path: Path, key: bytes, *, resume: bool = False) -> None:
        """Open `path`; with `resume` what is proven of it stays, and `size` says how much that is."""
        self._file = path.open("r+b" if resume and path.exists() else "w+b", buffering=0)
        self._rest = bytearray()
        self._number = 0
        if not self._resumed(key):
            self._begin(key)

    @property
    def size(self) -> int:
        """Bytes taken."""
        return self._number * CHUNK + len(self._rest)

    def restart(self, key: bytes) -> None:
        """Forget all that was written."""
        self._rest.clear()
        self._number = 0
        self._begin(key)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        self._rest += data
        whole = (
            len(self._rest) - 1
        ) // CHUNK  # the last chunk waits: only `finish` knows that it is the last
        if whole > 0:
            with memoryview(self._rest) as view:
                self._put(
                    b"".join(
                        self._seal.close(self._number + at, view[at * CHUNK : (at + 1) * CHUNK], MORE)
                        for at in range(whole)
                    )
                )
            self._number += whole
            del self._rest[: whole * CHUNK]

    def finish(self) -> None:
        """Write the last chunk and bring all to the disk."""
        self._put(self._seal.close(self._number, bytes(self._rest), LAST))
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, whether it is whole or not."""
        self._file.close()

    def __enter__(self) -> "SealedWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, key: bytes) -> None:
        self._seal = Seal.fresh(key)
        self._file.seek(0)
        self._file.truncate()
        self._put(self._seal.head)

    def _resumed(self, key: bytes) -> bool:
        """Stand behind the last chunk that is proven to have more behind it; False if nothing can be kept."""
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        head = self._file.read(HEAD)
        seal = Seal.read(key, head)
        if seal is None:
            return False
        self._seal = seal
        number = (size - HEAD) // SEALED
        while number > 0:  # the last one of a finished file, or one that a power cut tore, is taken again
            self._file.seek(HEAD + (number - 1) * SEALED)
            try:
                self._seal.open(number - 1, self._file.read(SEALED), MORE)
                break
            except SealBrokenError:
                number -= 1
        self._number = number
        self._file.truncate(self._file.seek(HEAD + number * SEALED))
        return True

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


class _SealedReader(io.RawIOBase):
    """The plain bytes of a sealed file, from any place; a chunk is proven before a byte of it is given."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._sealed = os.fstat(file.fileno()).st_size
        head = file.read(HEAD)
        if len(head) < HEAD:
            raise SealBrokenError("header")
        self._seal = Seal(key, head)
        self._chunks = max(-(-(self._sealed - HEAD) // SEALED), 1)
        self._size = plain_size(self._sealed)
        self._at = 0
        self._kept: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        room = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # what `io` gives is a buffer
        number, within = divmod(self._at, CHUNK)
        if number >= self._chunks or (self._at >= self._size and self._size):
            return 0
        plain = self._chunk(number)
        piece = plain[within : within + len(room)]
        room[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._kept[0] != number:
            self._file.seek(HEAD + number * SEALED)
            sealed = self._file.read(SEALED)
            self._kept = (
                number,
                self._seal.open(number, sealed, LAST if number == self._chunks - 1 else MORE),
            )
        return self._kept[1]


def open_sealed(path: Path, key: bytes, *, or_plain: bool = False) -> BinaryIO:
    """Open a sealed file for reading its plain bytes, or with `or_plain` one that lies in the clear as it is.

    SealBrokenError here or at any read, FileNotFoundError.
    """
    file = path.open("rb", buffering=0)
    try:
        if or_plain:  # of the file that was opened: another may have its name by now
            clear = file.read(len(MAGIC)) not in MAGICS
            file.seek(0)
            if clear:
                return io.BufferedReader(file, CHUNK)
        return io.BufferedReader(_SealedReader(file, key), CHUNK)
    except BaseException:
        file.close()
        raise
