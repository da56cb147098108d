"""Sessions of people at the API: opaque tokens, ended by the server when idle, old, replaced or signed out.

The file keeps digests of tokens only. Several server processes of one machine share it.
"""

import hashlib
import secrets
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from domain.kernel.clock import Clock
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from server.durable import DurableFile

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
PER_ACCOUNT = 2
TOUCH_EVERY = timedelta(seconds=20)
"""The last use is written no more often than this, so a session may end up to that much early."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
  digest BLOB PRIMARY KEY, staff_id BLOB NOT NULL, opened_at INTEGER NOT NULL, seen_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS session_staff ON session (staff_id, opened_at);
"""


class Session:
    """One session: whose it is and since when (`opened_at`, aware)."""

    __slots__ = ("opened_at", "staff_id")

    def __init__(self, staff_id: Id, opened_us: int) -> None:
        self.staff_id = staff_id
        self.opened_at = from_microseconds(opened_us)


class KeptSessions(Protocol):
    """The sessions of a centre, wherever they are kept."""

    def open(self, staff_id: Id) -> str:
        """Return the token of a new session; the account's oldest ends if it would have more than two."""

    def find(self, token: str) -> Session:
        """Return the session of a token and note that it is in use; DomainError ``session.ended``."""

    def close(self, token: str) -> None:
        """End a session; an unknown token is no error."""

    def sweep(self) -> int:
        """Forget sessions that have ended by themselves; returns how many."""


class Sessions:
    """The sessions of one machine's server processes."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._table = DurableFile(path, _SCHEMA)
        self._clock = clock

    def open(self, staff_id: Id) -> str:
        """Return the token of a new session; the account's oldest ends if it would have more than two."""
        token = new_token()
        now = to_microseconds(self._clock())
        with self._table.transaction():
            self._table.changed(
                "DELETE FROM session WHERE digest IN (SELECT digest FROM session WHERE staff_id = ?"
                " ORDER BY opened_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
                [staff_id.bytes, PER_ACCOUNT - 1],
            )
            self._table.changed(
                "INSERT INTO session VALUES (?, ?, ?, ?)", [digest_of(token), staff_id.bytes, now, now]
            )
        return token

    def find(self, token: str) -> Session:
        """Return the session of a token and note that it is in use.

        Raises:
            DomainError: ``session.ended``: unknown, signed out, idle for 15 minutes or 12 hours old.
        """
        digest = digest_of(token)
        rows = self._table.rows("SELECT staff_id, opened_at, seen_at FROM session WHERE digest = ?", [digest])
        if not rows:
            raise DomainError("session.ended")
        staff_id, opened, seen = rows[0]
        now = to_microseconds(self._clock())
        if now - seen > _us(IDLE) or now - opened > _us(ABSOLUTE):
            self.close(token)
            raise DomainError("session.ended")
        if now - seen >= _us(TOUCH_EVERY):
            self._table.changed("UPDATE session SET seen_at = ? WHERE digest = ?", [now, digest])
        return Session(uuid.UUID(bytes=staff_id), opened)

    def close(self, token: str) -> None:
        """End a session; an unknown token is no error."""
        self._table.changed("DELETE FROM session WHERE digest = ?", [digest_of(token)])

    def sweep(self) -> int:
        """Forget sessions that have ended by themselves; returns how many."""
        now = to_microseconds(self._clock())
        return self._table.changed(
            "DELETE FROM session WHERE seen_at < ? OR opened_at < ?", [now - _us(IDLE), now - _us(ABSOLUTE)]
        )

    def shut(self) -> None:
        self._table.close()


def new_token() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
