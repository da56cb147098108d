"""The key under which a centre's files, and its embedded store, lie sealed on its disks.

One file of 32 bytes: the setting `storage_key` names it, for a disk of its own or what a service manager lends
(systemd's ``LoadCredential``); left out, it is ``storage.key`` in the data folder. A check beside the data says which
key it was, so that a lost one is told and never replaced by a new one.
"""

import contextlib
import hmac
import os
from pathlib import Path

from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store
from server.identity import write_new
from server.settings import Settings
from sync.blobs import BlobStore
from sync.sealed_files import KEY_BYTES, derived_key
from sync.store_sealing import lies_in_the_clear, seal_store
from sync.stores import open_centre_store

CHECK_FILE = "storage.check"
QUEUES = ("hl7-inbox.db", "channel-inbox.db")
"""What was taken from devices and vendors, answered, and perhaps not worked off yet."""


def storage_key(settings: Settings) -> bytes:
    """Return the key, made at the first call.

    Raises:
        UnavailableError: ``server.storage_key_lost``: there is none, or another than the data was sealed with.
    """
    path, check = settings.storage_key_path, settings.data_dir / CHECK_FILE
    with contextlib.suppress(FileExistsError):  # several processes of one centre start at once
        if not check.exists():
            write_new(path, os.urandom(KEY_BYTES))
    try:
        key = path.read_bytes()
    except OSError as error:
        raise UnavailableError("server.storage_key_lost", path=str(path)) from error
    said = derived_key(key, "check").hex().encode()
    with contextlib.suppress(FileExistsError):
        if not check.exists():
            write_new(check, said)
    if len(key) != KEY_BYTES or not hmac.compare_digest(check.read_bytes(), said):
        raise UnavailableError("server.storage_key_lost", path=str(path))
    return key


def centre_blobs(settings: Settings) -> BlobStore:
    """Return the files of the centre, sealed; in an object store where one is set."""
    folder, key = blobs_folder(settings.data_dir), files_key(settings)
    if not settings.objects:
        return BlobStore(folder, key, settings.least_free_bytes)
    from server.channels.accounts import Secrets
    from server.object_store import Bucket, ObjectBlobs  # its library takes a third of a second

    secrets = Secrets(settings.secrets_dir)
    bucket = Bucket(
        settings.objects, secrets.get("objects-access-key"), secrets.get("objects-secret-key"),
        settings.objects_region, settings.objects_ca,
    )  # fmt: skip
    return ObjectBlobs(folder, key, settings.least_free_bytes, bucket, settings.objects_cache_mib << 20)


def files_key(settings: Settings) -> bytes:
    """Return the key of the files, finished and coming; raises as `storage_key`."""
    return derived_key(storage_key(settings), "files")


def open_store(settings: Settings) -> Store:
    """Open (or create) the centre's store; an embedded one is encrypted under a key that is derived from ours.

    Raises:
        UnavailableError: ``store.in_clear``: an older program left it so, and `seal_centre_store` has not run yet;
            as `storage_key` and `sync.stores.open_centre_store`.
    """
    address = settings.store_address
    if "://" in address:
        return open_centre_store(address)
    if lies_in_the_clear(Path(address)):
        raise UnavailableError("store.in_clear", path=address)
    return open_centre_store(address, store_key(settings))


def seal_centre_store(settings: Settings) -> int:
    """Encrypt an embedded store that lies in the clear and return its rows; raises as `seal_store`."""
    return seal_store(Path(settings.store_address), store_key(settings))


def store_key(settings: Settings) -> bytes:
    """Return the key of an embedded store; raises as `storage_key`."""
    return derived_key(storage_key(settings), "store")


def queue_key(settings: Settings) -> bytes:
    """Return the key of what was taken from devices and vendors and is not worked off; raises as `storage_key`."""
    return queue_key_of(storage_key(settings))


def queue_key_of(raw: bytes) -> bytes:
    """Return the key of the queues that is derived from the storage key."""
    return derived_key(raw, "queues")


def seal_queues(settings: Settings) -> list[str]:
    """Encrypt queues that an older program left in the clear; nothing may run. Returns their names."""
    found = [name for name in QUEUES if lies_in_the_clear(settings.data_dir / name)]
    for name in found:
        seal_store(settings.data_dir / name, queue_key(settings))
    return found


def blobs_folder(data_dir: Path) -> Path:
    """Return where the files of a centre lie."""
    return data_dir / "blobs"
