"""The key of the backups: 32 bytes that people write down, because a machine that burned takes its own copy along."""

import base64
import hashlib
import os
from pathlib import Path

from domain.kernel.errors import DomainError, UnavailableError
from server.identity import write_new

KEY_BYTES = 32
_CHECK = 4
_GROUP = 4


def spelled(key: bytes) -> str:
    """Return a key as people write it down: groups of four of A-Z and 2-7, the last one a check."""
    letters = base64.b32encode(key).decode().rstrip("=") + _check(key)
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def read_spelled(text: str) -> bytes:
    """Return the key somebody typed, whatever the case and the gaps.

    Raises:
        DomainError: ``backup.key_mistyped``: a letter is wrong, missing or too many.
    """
    letters = "".join(c for c in text.upper() if c.isalnum()).replace("0", "O").replace("1", "I")
    try:
        key = base64.b32decode(letters[:-_CHECK] + "====")
    except ValueError as error:
        raise DomainError("backup.key_mistyped", field="key") from error
    if len(key) != KEY_BYTES or _check(key) != letters[-_CHECK:]:
        raise DomainError("backup.key_mistyped", field="key")
    return key


def make_key(path: Path) -> bytes:
    """Make the key of this centre's backups, readable to its service alone.

    Raises:
        DomainError: ``backup.key_there``: older backups could not be read with another.
    """
    key = os.urandom(KEY_BYTES)
    try:
        write_new(path, (spelled(key) + "\n").encode())
    except FileExistsError as error:
        raise DomainError("backup.key_there", field="backup_key", path=str(path)) from error
    return key


def read_key(path: Path) -> bytes:
    """Return the key kept in a file.

    Raises:
        UnavailableError: ``backup.no_key``: there is no such file, or it cannot be read.
        DomainError: ``backup.key_mistyped``.
    """
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError("backup.no_key", path=str(path)) from error
    return read_spelled(text)


def _check(key: bytes) -> str:
    return base64.b32encode(hashlib.sha256(b"backup key" + key).digest()).decode()[:_CHECK]
