"""A file that only passes through: written once, read once, without a name, under a key that is in memory alone.

What comes from a phone is looked at before it is kept; until then its bytes may lie on a disk, where nobody can read
them: not while they are there, and not in what the disk still holds of them later.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class PassingFile:
    """Bytes on their way; `folder` names the disk that has the room."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by `close`)
        self._cipher = Cipher(algorithms.AES(os.urandom(32)), modes.CTR(os.urandom(16)))
        self._writing = self._cipher.encryptor()

    def write(self, data: bytes) -> None:
        """Take the next bytes; raises OSError as a file does."""
        self._file.write(self._writing.update(data))

    def pieces(self, size: int) -> Iterator[bytes]:
        """Return all that was written, from its beginning, at most `size` bytes at a time."""
        self._file.seek(0)
        reading = self._cipher.decryptor()
        while piece := self._file.read(size):
            yield reading.update(piece)

    def close(self) -> None:
        """Forget it."""
        self._file.close()
