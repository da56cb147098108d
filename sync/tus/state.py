"""What the centre remembers of an upload: one durable row.

The row decides what has been acknowledged. `fence` grows each time a request takes the upload over; a request
holding an older fence can no longer store anything.
"""

from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from sync.tus.durable import DurableTable


class UploadPhase(StrEnum):
    """Where an upload is: bytes still arrive, all bytes proven, handed over, or refused by its receiver."""

    RECEIVING = "receiving"
    VERIFIED = "verified"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload.

    Attributes:
        id: 32 hexadecimal digits, also the file name and the last segment of the URL.
        owner: Device that created it.
        length: Bytes in all; None while the client has deferred it.
        offset: Bytes on disk and acknowledged.
        good_offset: Start of the upload up to which every byte stood under a matching `Upload-Checksum`.
        fence: Number of take-overs so far.
        metadata: `Upload-Metadata` as the client sent it.
        sha256: Content hash the client declared, or empty.
        digest: Content hash as read back from the disk, set once verified.
        phase: See `UploadPhase`.
        problem: Problem document (JSON) of a refused upload.
        created_at: Seconds since 1970, UTC.
        expires_at: Seconds since 1970, UTC; moves on with every acknowledged byte.
    """

    id: str
    owner: str
    length: int | None
    offset: int
    good_offset: int
    fence: int
    metadata: str
    sha256: str
    digest: str
    phase: UploadPhase
    problem: str
    created_at: float
    expires_at: float


class Added(StrEnum):
    """What became of a new upload: there, or too many of its device, or no room for it."""

    YES = "yes"
    TOO_MANY = "too_many"
    NO_ROOM = "no_room"


class UploadState(Protocol):
    """Where the rows live. Every method is atomic and durable when it returns; any thread may call."""

    def add(self, upload: Upload, room: int, most: int) -> Added:
        """Insert, unless its device then has over `most` receiving, or the bytes promised to all exceed `room`."""

    def get(self, upload_id: str) -> Upload | None: ...

    def fence(self, upload_id: str) -> int | None:
        """Return the row's fence, None when it is gone."""

    def unfinished(self, owner: str) -> int:
        """Return how many uploads of a device are still receiving."""

    def take(self, upload_id: str) -> Upload | None:
        """Raise the fence by one and return the row; earlier holders can no longer `save`."""

    def save(self, upload: Upload) -> bool:
        """Write the row if its fence is still the stored one; tell if it was written."""

    def remove(self, upload_id: str) -> None: ...

    def find_open(self, owner: str, sha256: str, length: int, now: float) -> Upload | None:
        """Return the most advanced upload of this content by this device that is not finished or expired."""

    def in_phase(self, phase: UploadPhase) -> list[Upload]: ...

    def expired(self, now: float) -> list[Upload]: ...


# The statements below are built of column names only; values are always bound.
_COLUMNS = tuple(field.name for field in fields(Upload))
_MUTABLE = ("length", "offset", "good_offset", "digest", "phase", "problem", "expires_at")
_SELECT = "SELECT " + ", ".join(f'"{name}"' for name in _COLUMNS) + " FROM tus_upload"  # noqa: S608
_INSERT = f"INSERT INTO tus_upload VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_UPDATE = "UPDATE tus_upload SET " + ", ".join(f'"{name}" = ?' for name in _MUTABLE)  # noqa: S608
_TAKE = "UPDATE tus_upload SET fence = fence + 1 WHERE id = ? RETURNING " + ", ".join(  # noqa: S608
    f'"{name}"' for name in _COLUMNS
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tus_upload (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, length INTEGER, "offset" INTEGER NOT NULL,
  good_offset INTEGER NOT NULL, fence INTEGER NOT NULL, metadata TEXT NOT NULL, sha256 TEXT NOT NULL,
  digest TEXT NOT NULL, phase TEXT NOT NULL, problem TEXT NOT NULL, created_at REAL NOT NULL,
  expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS tus_upload_phase ON tus_upload (phase, expires_at);
CREATE INDEX IF NOT EXISTS tus_upload_content ON tus_upload (owner, sha256);
"""


class SqliteUploadState:
    """`UploadState` in a SQLite file of its own."""

    def __init__(self, path: Path) -> None:
        self._table = DurableTable(path, _SCHEMA)

    def close(self) -> None:
        self._table.close()

    def add(self, upload: Upload, room: int, most: int) -> Added:
        with self._table.transaction():
            if self.unfinished(upload.owner) >= most:
                return Added.TOO_MANY
            (promised,) = self._table.rows(
                'SELECT coalesce(sum(length - "offset"), 0) FROM tus_upload WHERE phase = ?',
                [UploadPhase.RECEIVING],
            )[0]
            if promised + (upload.length or 0) > room:
                return Added.NO_ROOM
            self._table.changed(_INSERT, astuple(upload))
            return Added.YES

    def unfinished(self, owner: str) -> int:
        query = "SELECT count(*) FROM tus_upload WHERE owner = ? AND phase = ?"
        return int(self._table.rows(query, [owner, UploadPhase.RECEIVING])[0][0])

    def get(self, upload_id: str) -> Upload | None:
        return self._one("id = ?", upload_id)

    def fence(self, upload_id: str) -> int | None:
        rows = self._table.rows("SELECT fence FROM tus_upload WHERE id = ?", [upload_id])
        return int(rows[0][0]) if rows else None

    def take(self, upload_id: str) -> Upload | None:
        found = self._table.noted(_TAKE, [upload_id])  # nobody holds anything after a power cut
        return _upload(found[0]) if found else None

    def save(self, upload: Upload) -> bool:
        values = [getattr(upload, name) for name in _MUTABLE]
        values += [upload.id, upload.fence]
        return self._table.changed(f"{_UPDATE} WHERE id = ? AND fence = ?", values) == 1

    def remove(self, upload_id: str) -> None:
        self._table.changed("DELETE FROM tus_upload WHERE id = ?", [upload_id])

    def find_open(self, owner: str, sha256: str, length: int, now: float) -> Upload | None:
        return self._one(
            'owner = ? AND sha256 = ? AND length = ? AND phase = ? AND expires_at >= ?'
            ' ORDER BY "offset" DESC LIMIT 1',
            owner, sha256, length, UploadPhase.RECEIVING, now,
        )  # fmt: skip

    def in_phase(self, phase: UploadPhase) -> list[Upload]:
        return self._many("phase = ? ORDER BY created_at", phase)

    def expired(self, now: float) -> list[Upload]:
        return self._many("phase <> ? AND expires_at < ?", UploadPhase.VERIFIED, now)

    def _one(self, condition: str, *values: Any) -> Upload | None:
        return next(iter(self._many(condition, *values)), None)

    def _many(self, condition: str, *values: Any) -> list[Upload]:
        return [_upload(row) for row in self._table.rows(f"{_SELECT} WHERE {condition}", values)]


def _upload(row: tuple[Any, ...]) -> Upload:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Upload(**{**values, "phase": UploadPhase(values["phase"])})
