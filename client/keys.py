"""Where the key of the branch store is kept: the operating system's keyring, or a file chosen on purpose.

A machine without a keyring (a headless test bench, a kiosk) may keep the key in a file with mode 0600, chosen
by ``AFTERCHECK_KEY_FILE`` or the setting `key_file`. Nothing falls back to the file by itself: a keyring that
does not answer is an error that the user sees.
"""

import os
import stat
import sys
from pathlib import Path

from domain.kernel.errors import UnavailableError

KEY_BYTES = 32
SERVICE = "aftercheck"
ENVIRONMENT = "AFTERCHECK_KEY_FILE"


def key_file_of(setting: str) -> Path | None:
    """Return the key file that was chosen, None for the keyring; the environment beats the setting."""
    chosen = os.environ.get(ENVIRONMENT) or setting
    return Path(chosen) if chosen else None


def read_key(store: Path, key_file: Path | None) -> bytes:
    """Return the key of `store`.

    Args:
        store: Path of the store; each installation has an entry of its own in the keyring.
        key_file: File that was chosen instead of the keyring.

    Raises:
        UnavailableError: ``key.missing``, ``key.no_keyring``, ``key.damaged`` or ``key.file_open_to_others``.
    """
    text = _from_file(key_file) if key_file is not None else _from_keyring(store)
    if text is None:
        raise UnavailableError("key.missing", store=str(store))
    return _decoded(text)


def create_key(store: Path, key_file: Path | None) -> bytes:
    """Make a new key and keep it; for the enrolment of a workstation, before its store is made.

    Raises:
        UnavailableError: ``key.exists`` (a key is never overwritten: its store could not be opened again), or
            the place does not take it.
    """
    key = os.urandom(KEY_BYTES)
    if key_file is not None:
        _to_file(key_file, key.hex())
    else:
        if _from_keyring(store) is not None:
            raise UnavailableError("key.exists", place="keyring")
        _to_keyring(store, key.hex())
    return key


def _decoded(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise UnavailableError("key.damaged") from error
    if len(key) != KEY_BYTES:
        raise UnavailableError("key.damaged")
    return key


def _from_file(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
        if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnavailableError("key.file_open_to_others", path=str(path))
        return path.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError("key.file_unreadable", path=str(path)) from error


def _to_file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UnavailableError("key.exists", place=str(path)) from error
    except OSError as error:
        raise UnavailableError("key.file_unreadable", path=str(path)) from error
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _from_keyring(store: Path) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, _entry(store))
    except KeyringError as error:
        raise UnavailableError("key.no_keyring") from error


def _to_keyring(store: Path, text: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, _entry(store), text)
    except KeyringError as error:
        raise UnavailableError("key.no_keyring") from error


def _entry(store: Path) -> str:
    return f"store:{store.resolve()}"
