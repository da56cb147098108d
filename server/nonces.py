"""Which signed requests were seen lately: for every process of a centre, whatever machine it runs on.

A centre on one machine keeps them in a file. Where the store is a database server, several machines may serve it, and
none may take what another has seen: there they stand in a table of it. A request of an exchange costs one more small
commit then.
"""

import hashlib
import uuid
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.dialects.mysql import insert

from domain.kernel.ids import Id
from domain.kernel.store import Store, translated
from server.durable import DurableFile
from sync.device_auth import REMEMBERED_US, Nonces
from sync.local_tables import spent_nonce

_SCHEMA = """
CREATE TABLE IF NOT EXISTS nonce (device BLOB NOT NULL, digest BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (device, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_at ON nonce (at);
"""


class KeptNonces(Nonces, Protocol):
    """Nonces that outlive a process, and have to be swept and closed."""

    def sweep(self, now_us: int) -> int:
        """Forget those that could not be shown again anyway; returns how many."""

    def close(self) -> None:
        """Let go of what they are kept in."""


def nonces_of(store: Store, folder: Path) -> KeptNonces:
    """Return where a centre keeps its nonces: with the store if that is a server, else in a file of `folder`."""
    return FileNonces(folder / "nonces.db") if store.is_sqlite else StoreNonces(store)


class StoreNonces:
    """Nonces in the database that the machines of a centre share; what its power cut leaves is up to its settings."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine.execution_options(isolation_level="AUTOCOMMIT")

    def spend(self, device_id: Id, nonce: str, now_us: int) -> bool:
        values = {"device_id": device_id, "digest": uuid.UUID(bytes=_digest(nonce)), "at": now_us}
        with translated(), self._engine.connect() as connection:
            return connection.execute(insert(spent_nonce).prefix_with("IGNORE").values(values)).rowcount == 1

    def sweep(self, now_us: int) -> int:
        with translated(), self._engine.connect() as connection:
            old = delete(spent_nonce).where(spent_nonce.c.at < now_us - REMEMBERED_US)
            return connection.execute(old).rowcount

    def close(self) -> None:
        """Nothing to do: the store closes its own connections."""


class FileNonces:
    """`sync.device_auth.Nonces` in a file that the processes share.

    It is not synced: a power cut may let the last requests be shown once more, and repeating them changes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._table = DurableFile(path, _SCHEMA, level="NORMAL")

    def spend(self, device_id: Id, nonce: str, now_us: int) -> bool:
        values = [device_id.bytes, _digest(nonce), now_us]
        return self._table.changed("INSERT OR IGNORE INTO nonce VALUES (?, ?, ?)", values) == 1

    def sweep(self, now_us: int) -> int:
        """Forget those that could not be shown again anyway; returns how many."""
        return self._table.changed("DELETE FROM nonce WHERE at < ?", [now_us - REMEMBERED_US])

    def close(self) -> None:
        self._table.close()


def _digest(nonce: str) -> bytes:
    return hashlib.sha256(nonce.encode()).digest()[:16]
