"""Which signed requests were seen lately, for every server process of one machine and over its restarts."""

import hashlib
from pathlib import Path

from domain.kernel.ids import Id
from server.durable import DurableFile
from sync.device_auth import REMEMBERED_US

_SCHEMA = """
CREATE TABLE IF NOT EXISTS nonce (device BLOB NOT NULL, digest BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (device, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_at ON nonce (at);
"""


class FileNonces:
    """`sync.device_auth.Nonces` in a file that the processes share.

    It is not synced: a power cut may let the last requests be shown once more, and repeating them changes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._table = DurableFile(path, _SCHEMA, level="NORMAL")

    def spend(self, device_id: Id, nonce: str, now_us: int) -> bool:
        digest = hashlib.sha256(nonce.encode()).digest()[:16]
        values = [device_id.bytes, digest, now_us]
        return self._table.changed("INSERT OR IGNORE INTO nonce VALUES (?, ?, ?)", values) == 1

    def sweep(self, now_us: int) -> int:
        """Forget those that could not be shown again anyway; returns how many."""
        return self._table.changed("DELETE FROM nonce WHERE at < ?", [now_us - REMEMBERED_US])

    def close(self) -> None:
        self._table.close()
