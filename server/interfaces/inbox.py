"""The stored queue of an interface: a message is acknowledged when it is in here, and leaves it when it is applied.

It is also the message log: what was sent, by whom, when, its hash, and what became of it, for at least a week, in
which the same message gets the same answer and does nothing.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from domain.kernel.ids import Id
from server.durable import DurableFile

KEPT_FOR = timedelta(days=7)
MOST_PARKED = 1000
WAITING, DONE, PARKED = "waiting", "done", "parked"
RECEIVED_FROM, REFUSED_FROM, STORED_FROM = "from_received.", "from_refused.", "from_stored."
"""Counters of one sender; its name follows."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, control_id TEXT NOT NULL, org_id BLOB NOT NULL,
  received_at INTEGER NOT NULL, digest BLOB NOT NULL, raw BLOB NOT NULL, work BLOB NOT NULL, ack BLOB NOT NULL,
  state TEXT NOT NULL, tries INTEGER NOT NULL, next_try_at INTEGER NOT NULL, reason TEXT, done_at INTEGER,
  UNIQUE (sender, control_id));
CREATE INDEX IF NOT EXISTS message_state ON message (state, id);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that may be kept: its log entry, the work it means (JSON), and its acknowledgment."""

    sender: str
    control_id: str
    org_id: Id
    received_us: int
    raw: bytes
    work: bytes
    ack: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """A message that is kept already."""

    digest: bytes
    ack: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message to be applied."""

    id: int
    sender: str
    control_id: str
    org_id: Id
    work: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Status:
    """Counts for the operator; `oldest_s` is the age of the oldest message that waits, 0 if none does."""

    received: int
    by_state: Mapping[str, int]
    refused: Mapping[str, int]
    oldest_s: float


@dataclass(frozen=True, slots=True)
class FromSender:
    """Counts of one sender since the counting began; `last_us` is when its last kept message came, 0 for never."""

    sender: str
    received: int
    stored: int
    refused: int
    parked: int
    last_us: int


@dataclass(frozen=True, slots=True)
class InboxPlace:
    """Where a queue lies, and the key it is encrypted under."""

    path: Path
    key: bytes | None = None

    def open(self) -> "Inbox | None":
        """Return the queue, to be closed by the caller; None where nothing came yet."""
        return Inbox(self.path, self.key) if self.path.exists() else None


def content_digest(raw: bytes) -> bytes:
    """Return the SHA-256 of a message after its first segment, which a sender may renew when it sends again."""
    return hashlib.sha256(raw[max(0, raw.find(b"\r")) :]).digest()


class Inbox:
    """One queue file; several processes may open it, one of them applies."""

    def __init__(self, path: Path, key: bytes | None = None) -> None:
        """Open it; `key` encrypts what devices sent."""
        self._table = DurableFile(path, _SCHEMA, key=key)

    def close(self) -> None:
        self._table.close()

    def find(self, sender: str, control_id: str) -> Known | None:
        """Return what is kept under this number of this sender."""
        rows = self._table.rows(
            "SELECT digest, ack FROM message WHERE sender = ? AND control_id = ?", [sender, control_id]
        )
        return Known(*rows[0]) if rows else None

    def keep(self, arrivals: Iterable[Arrival]) -> list[bool]:
        """Put messages on the disk, all in one commit; tells of each whether it is new.

        One that another connection brought a moment before stays as it is.
        """
        with self._table.transaction():
            return [self._add(arrival) for arrival in arrivals]

    def _add(self, a: Arrival) -> bool:
        added = self._table.changed(
            "INSERT OR IGNORE INTO message (sender, control_id, org_id, received_at, digest, raw, work,"
            " ack, state, tries, next_try_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
            [
                a.sender, a.control_id, a.org_id.bytes, a.received_us, content_digest(a.raw), a.raw, a.work,
                a.ack, WAITING,
            ],
        )  # fmt: skip
        return added == 1

    def waiting(self, now_us: int, limit: int, after: int = 0) -> list[Waiting]:
        """Return messages whose turn it is, oldest first, beginning after the id `after`."""
        rows = self._table.rows(
            "SELECT id, sender, control_id, org_id, work, tries FROM message"
            " WHERE state = ? AND id > ? AND next_try_at <= ? ORDER BY id LIMIT ?",
            [WAITING, after, now_us, limit],
        )
        return [Waiting(r[0], r[1], r[2], uuid.UUID(bytes=r[3]), r[4], r[5]) for r in rows]

    def newest(self) -> int:
        """Return the largest id given so far."""
        return int(self._table.rows("SELECT coalesce(max(id), 0) FROM message")[0][0])

    def finish(self, notes: Mapping[int, str | None], now_us: int) -> None:
        """Note that messages are applied; a note says what a person should still look at."""
        with self._table.transaction():
            for number, note in notes.items():
                self._table.changed(
                    "UPDATE message SET state = ?, reason = ?, done_at = ? WHERE id = ?",
                    [DONE, note, now_us, number],
                )

    def put_off(self, number: int, reason: str, next_try_us: int, *, park: bool) -> None:
        """Note a failure: tried again at `next_try_us`, or parked until a person releases it."""
        self._table.changed(
            "UPDATE message SET tries = tries + 1, reason = ?, next_try_at = ?, state = ? WHERE id = ?",
            [reason, next_try_us, PARKED if park else WAITING, number],
        )

    def release_parked(self) -> int:
        """Let parked messages be tried again; returns how many."""
        return self._table.changed(
            "UPDATE message SET state = ?, tries = 0, next_try_at = 0 WHERE state = ?", [WAITING, PARKED]
        )

    def release(self, sender: str, control_id: str) -> bool:
        """Let one parked message be tried again; tells whether it was parked."""
        released = self._table.changed(
            "UPDATE message SET state = ?, tries = 0, next_try_at = 0"
            " WHERE state = ? AND sender = ? AND control_id = ?",
            [WAITING, PARKED, sender, control_id],
        )
        return released == 1

    def is_waiting(self, sender: str, control_id: str) -> bool:
        """Tell whether a message waits for its turn."""
        found = self._table.rows(
            "SELECT 1 FROM message WHERE sender = ? AND control_id = ? AND state = ?",
            [sender, control_id, WAITING],
        )
        return bool(found)

    def between(self, sender: str, start_us: int, end_us: int) -> list[tuple[str, str, bytes]]:
        """Return (control id, state, work) of what one sender sent in a time, as long as it is kept."""
        rows = self._table.rows(
            "SELECT control_id, state, work FROM message WHERE sender = ? AND received_at >= ? AND received_at < ?"
            " ORDER BY id",
            [sender, start_us, end_us],
        )
        return [(r[0], r[1], r[2]) for r in rows]

    def parked(self) -> list[tuple[str, str, Id, str, int]]:
        """Return (sender, control id, organisation, reason, received) of each parked message."""
        rows = self._table.rows(
            "SELECT sender, control_id, org_id, reason, received_at FROM message WHERE state = ? ORDER BY id LIMIT ?",
            [PARKED, MOST_PARKED],
        )
        return [(r[0], r[1], uuid.UUID(bytes=r[2]), r[3] or "", r[4]) for r in rows]

    def by_sender(self) -> list[FromSender]:
        """Return the counts of every sender."""
        counts = dict(self._table.rows("SELECT name, value FROM counter WHERE name LIKE 'from_%'"))
        held = {
            sender: (last, parked)
            for sender, last, parked in self._table.rows(
                "SELECT sender, max(received_at), sum(state = 'parked') FROM message GROUP BY sender"
            )
        }
        names = {name.split(".", 1)[1] for name in counts} | held.keys()
        return [
            FromSender(
                name, counts.get(RECEIVED_FROM + name, 0), counts.get(STORED_FROM + name, 0),
                counts.get(REFUSED_FROM + name, 0), held.get(name, (0, 0))[1], held.get(name, (0, 0))[0],
            )
            for name in sorted(names)
        ]  # fmt: skip

    def count(self, counts: Mapping[str, int]) -> None:
        """Add to the counters (``received``, ``refused.<code>``)."""
        with self._table.transaction():
            for name, count in counts.items():
                self._table.changed(
                    "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
                    " SET value = value + excluded.value",
                    [name, count],
                )

    def purge(self, now_us: int) -> int:
        """Forget messages applied more than a week ago; returns how many."""
        before = now_us - KEPT_FOR // timedelta(microseconds=1)
        return self._table.changed("DELETE FROM message WHERE state = ? AND done_at < ?", [DONE, before])

    def status(self, now_us: int) -> Status:
        """Return the counts."""
        counters = dict(self._table.rows("SELECT name, value FROM counter"))
        states = dict(self._table.rows("SELECT state, count(*) FROM message GROUP BY state"))
        oldest = self._table.rows("SELECT min(received_at) FROM message WHERE state = ?", [WAITING])[0][0]
        refused = {n.removeprefix("refused."): v for n, v in counters.items() if n.startswith("refused.")}
        age_s = max(0.0, (now_us - oldest) / 1e6) if oldest else 0.0
        return Status(counters.get("received", 0), states, refused, age_s)
