"""What a branch remembers of its uploads: which URL, how much was acknowledged, what comes first."""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from sync.tus.durable import DurableTable


class Lane(IntEnum):
    """Order of transfer: records first, images last."""

    RECORDS = 0
    TASKS = 1
    ATTACHMENTS = 2
    IMAGES = 3


@dataclass(frozen=True, slots=True)
class Transfer:
    """One content on its way to one centre.

    Attributes:
        sha256: Hash of the content; the key.
        size: Bytes in all.
        lane: See `Lane`.
        endpoint: Creation URL of the centre it goes to.
        url: URL of the upload, empty until the centre has made one.
        offset: Bytes the centre has acknowledged as being on its disk.
        done: The centre has the whole content.
    """

    sha256: str
    size: int
    lane: Lane
    endpoint: str
    url: str = ""
    offset: int = 0
    done: bool = False


class TransferState(Protocol):
    """Where transfers are remembered; durable when a call returns (but for a mere offset), from any thread."""

    def get(self, sha256: str) -> Transfer | None: ...
    def put(self, transfer: Transfer) -> None: ...
    def remove(self, sha256: str) -> None: ...
    def pending(self) -> list[Transfer]:
        """Return what is not done, in the order it should go: by lane, then oldest first."""


_SCHEMA = """
CREATE TABLE IF NOT EXISTS tus_transfer (
  number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
  lane INTEGER NOT NULL, endpoint TEXT NOT NULL, url TEXT NOT NULL, "offset" INTEGER NOT NULL,
  done INTEGER NOT NULL);
"""
_SELECT = 'SELECT sha256, size, lane, endpoint, url, "offset", done FROM tus_transfer '
_PUT = """
INSERT INTO tus_transfer (sha256, size, lane, endpoint, url, "offset", done) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, lane = excluded.lane, endpoint = excluded.endpoint,
  url = excluded.url, "offset" = excluded."offset", done = excluded.done
"""


class SqliteTransferState:
    """`TransferState` in a SQLite file of its own; it holds hashes and URLs, no personal data."""

    def __init__(self, path: Path) -> None:
        self._table = DurableTable(path, _SCHEMA)
        self.close: Callable[[], None] = self._table.close

    def get(self, sha256: str) -> Transfer | None:
        return next(iter(self._read("WHERE sha256 = ?", sha256)), None)

    def put(self, transfer: Transfer) -> None:
        # An offset is a hint: after a restart the centre is asked. What must not be lost is where to ask.
        known = self.get(transfer.sha256)
        durable = known is None or known.url != transfer.url or known.done != transfer.done
        (self._table.changed if durable else self._table.noted)(_PUT, astuple(transfer))

    def remove(self, sha256: str) -> None:
        self._table.changed("DELETE FROM tus_transfer WHERE sha256 = ?", [sha256])

    def pending(self) -> list[Transfer]:
        return self._read("WHERE done = 0 ORDER BY lane, number")

    def _read(self, condition: str, *values: str) -> list[Transfer]:
        return [
            Transfer(sha256, size, Lane(lane), endpoint, url, offset, bool(done))
            for sha256, size, lane, endpoint, url, offset, done in self._table.rows(
                _SELECT + condition, values
            )
        ]
