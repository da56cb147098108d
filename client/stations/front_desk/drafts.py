"""Half-filled questionnaires on this workstation: one encrypted file each, on disk before it is called saved.

A draft is health data, so it is sealed (AES-256-GCM) under a key derived from that of the store; it never leaves the
workstation, and it is removed when the form has been handed in. A file that cannot be opened is moved aside, never
deleted: somebody may still want to look.
"""

import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from client.keys import key_file_of, read_key
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from forms.response import from_json, to_json

NONCE_BYTES = 12
PURPOSE = b"aftercheck draft 1"


class Drafts:
    """The drafts in one folder.

    Args:
        folder: Where the files are; made when first needed.
        key: 32 bytes, the key of the store; the drafts' own is derived from it.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._cipher = AESGCM(HKDF(SHA256(), 32, None, PURPOSE).derive(key))

    def save(self, visit_id: Id, form: str, response: dict[str, Any]) -> None:
        """Write a draft; on return it is on disk.

        Raises:
            UnavailableError: ``draft.not_saved``: the disk did not take it.
        """
        path = self._path(visit_id, form)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, to_json(response), path.name.encode())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            self._sync_folder()
        except OSError as error:
            raise UnavailableError("draft.not_saved") from error

    def load(self, visit_id: Id, form: str) -> dict[str, Any] | None:
        """Return the draft of a visit, None if there is none.

        Raises:
            DomainError: ``form.draft_unreadable``; the file was moved aside as ``*.damaged``.
        """
        path = self._path(visit_id, form)
        try:
            sealed = path.read_bytes()
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], path.name.encode())
        except FileNotFoundError:
            return None
        except (OSError, InvalidTag, ValueError) as error:
            self._move_aside(path)
            raise DomainError("form.draft_unreadable") from error
        return from_json(plain)

    def forget(self, visit_id: Id, form: str) -> None:
        """Remove a draft whose form was handed in."""
        self._path(visit_id, form).unlink(missing_ok=True)

    def count(self) -> int:
        """Return how many forms are unfinished on this workstation."""
        return len(list(self._folder.glob("*.draft"))) if self._folder.exists() else 0

    def begun(self, owner_id: Id) -> frozenset[str]:
        """Return the forms that have a draft of one visit or person."""
        return frozenset(path.name.split(".")[1] for path in self._folder.glob(f"{owner_id.hex}.*.draft"))

    def set_aside(self, visit_id: Id, form: str) -> None:
        """Keep a draft that does not fit its form as ``*.damaged``: somebody may still want to look."""
        self._move_aside(self._path(visit_id, form))

    def _path(self, visit_id: Id, form: str) -> Path:
        return self._folder / f"{visit_id.hex}.{form}.draft"

    def _sync_folder(self) -> None:
        if os.name != "posix":
            return
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _move_aside(self, path: Path) -> None:
        if path.exists():
            path.replace(path.with_suffix(".damaged"))


def drafts_of(desk: Any) -> Drafts:
    """Return the drafts of an installation; reads the key, so not on the UI thread.

    Raises:
        UnavailableError: The key of the store cannot be read (`client.keys`).
    """
    key = read_key(desk.home.store, key_file_of(desk.settings.key_file))
    return Drafts(desk.home.folder / "drafts", key)
