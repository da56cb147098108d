"""Who the centre is: its installation, its organisation (head office) and the key it signs bundles with."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from sync.device_auth import key_from, new_key, public_text
from sync.local_tables import installation

NUMBER_PREFIX = "1"
"""Numbers the centre gives begin with it; workstations have three digits from 101 on, and never this one."""

KEY_FILE = "centre.key"
VAULT_FILE = "consent.key"
"""What opens the files of consents: beside the database and never in it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The centre's installation; `key` signs what branches pull."""

    device_id: Id
    org_id: Id
    number_prefix: str
    key: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """The public key as branches keep it (base64)."""
        return public_text(self.key)


def read_identity(store: Store, data_dir: Path) -> Identity:
    """Return who this centre is.

    Raises:
        UnavailableError: ``server.not_initialised``, or ``server.key_lost`` if the key file is missing or not the
            one branches know.
    """
    with store.read() as connection:
        row = connection.execute(select(installation)).one_or_none()
    if row is None:
        raise UnavailableError("server.not_initialised")
    try:
        key = key_from((data_dir / KEY_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise UnavailableError("server.key_lost", path=str(data_dir / KEY_FILE)) from error
    if public_text(key) != row.server_key:
        raise UnavailableError("server.key_lost", path=str(data_dir / KEY_FILE))
    return Identity(row.device_id, row.org_id, row.number_prefix, key)


def write_identity(store: Store, data_dir: Path, *, device_id: Id, org_id: Id, name: str) -> Identity:
    """Make the centre's key (readable by the server's account only) and note who it is."""
    key = _kept_key(data_dir / KEY_FILE)
    row = {
        "id": 1, "device_id": device_id, "epoch": 1, "org_id": org_id, "name": name, "server": "",
        "number_prefix": NUMBER_PREFIX, "db_nonce": secrets.token_hex(16), "server_key": public_text(key),
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(installation.insert(), row)
    return Identity(device_id, org_id, NUMBER_PREFIX, key)


def vault_key(data_dir: Path) -> bytes:
    """Return the key (32 bytes) that opens the files of consents, made at the first call.

    Raises:
        UnavailableError: ``server.key_lost`` for a file that is no key.
    """
    path = data_dir / VAULT_FILE
    with contextlib.suppress(FileExistsError):  # several processes of one centre start at once
        write_new(path, os.urandom(32))
    key = path.read_bytes()
    if len(key) != 32:
        raise UnavailableError("server.key_lost", path=str(path))
    return key


def _kept_key(path: Path) -> Ed25519PrivateKey:
    if path.exists():
        return key_from(path.read_bytes())
    key = new_key()
    write_new(path, key.private_bytes_raw())
    return key


def write_new(path: Path, content: bytes) -> None:
    """Write a file only this account reads, whole or not at all; FileExistsError where there is one."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    finally:
        beside.unlink()
