"""What is being typed, kept as it is typed: one encrypted file a case and person in the workstation's folder.

The store is encrypted, so these files are too (AES-256-GCM, key derived from the store's own). A file is written
whole, flushed to the disk and renamed; after a crash the last one written is there. Never on the UI thread.
"""

import contextlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from client.keys import key_file_of, read_key
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id

_NONCE = 12
_PURPOSE = b"aftercheck review draft 1"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has typed about a case and what stood there before they began (`base_*`).

    `remark` is a returning reviewer's note, `anchor` its place.
    """

    conclusion: str = ""
    advice: str = ""
    base_conclusion: str = ""
    base_advice: str = ""
    remark: str = ""
    anchor: str = ""
    at: datetime

    @property
    def says_nothing(self) -> bool:
        """Whether it holds nothing that the store does not."""
        same = (self.conclusion, self.advice) == (self.base_conclusion, self.base_advice)
        return same and not self.remark.strip()


def draft_key(desk: Any) -> bytes:
    """Return the key of the drafts of this installation.

    Raises:
        UnavailableError: The store's key cannot be had from where it is kept.
    """
    store_key = read_key(desk.home.store, key_file_of(desk.settings.key_file))
    return HKDF(SHA256(), 32, None, _PURPOSE).derive(store_key)


class Drafts:
    """The drafts of one person."""

    def __init__(self, folder: Path, key: bytes, staff_id: Id | None) -> None:
        self._folder = folder
        self._cipher = AESGCM(key)
        self._owner = "nobody" if staff_id is None else staff_id.hex

    def keep(self, visit_id: Id, draft: Draft) -> None:
        """Write a draft; one that says nothing is removed.

        Raises:
            UnavailableError: ``review.draft_not_kept``: the disk does not take it.
        """
        if draft.says_nothing:
            self.drop(visit_id)
            return
        path = self._path(visit_id)
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, msgspec.json.encode(draft), path.name.encode())
        fresh = path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise UnavailableError("review.draft_not_kept", reason=error.strerror or "") from error

    def read(self, visit_id: Id) -> Draft | None:
        """Return a draft; None for none, or for a file that is not one of ours."""
        path = self._path(visit_id)
        try:
            sealed = path.read_bytes()
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], path.name.encode())
            return msgspec.json.decode(plain, type=Draft)
        except (OSError, InvalidTag, ValueError):
            return None

    def drop(self, visit_id: Id) -> None:
        """Remove a draft that has become part of the report; a missing one is no error."""
        with contextlib.suppress(OSError):
            self._path(visit_id).unlink(missing_ok=True)

    def _path(self, visit_id: Id) -> Path:
        return self._folder / f"{self._owner}-{visit_id.hex}.draft"
