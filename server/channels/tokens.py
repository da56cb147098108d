"""Access tokens of the vendors: kept in one file for every process of the centre, fetched by one at a time.

With the older ``token`` endpoints each fetch makes the one before it void, so two refreshers would undo each
other for ever:
whoever fetches holds the file's write lock, and whoever waited for it takes what was fetched meanwhile.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from domain.kernel.clock import Clock
from domain.kernel.columns import from_microseconds, to_microseconds
from server.durable import DurableFile

EARLY = timedelta(minutes=5)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS token (account TEXT PRIMARY KEY, value TEXT NOT NULL, until INTEGER NOT NULL)
  WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token as the vendor gave it."""

    value: str
    expires_in_s: int


class Tokens:
    """The tokens of a centre.

    Args:
        path: File that only the server's account can read.
        clock: Time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        path.touch(0o600)
        path.chmod(0o600)
        self._file = DurableFile(path, _SCHEMA, level="NORMAL")
        self._clock = clock

    def get(self, account: str, fetch: Callable[[], Fetched], refused: str = "") -> str:
        """Return a token that is good for five minutes more.

        Args:
            account: Whose; with its secret's digest, so that a changed secret begins anew.
            fetch: Asks the vendor; what it raises is passed on and changes nothing.
            refused: A token that the vendor has just refused.
        """
        now = self._clock()
        found = self._known(account, now)
        if found and found != refused:
            return found
        with self._file.transaction():
            found = self._known(account, now)  # somebody else may have fetched it while this one waited
            if found and found != refused:
                return found
            fetched = fetch()
            until = to_microseconds(now + timedelta(seconds=fetched.expires_in_s))
            self._file.changed("REPLACE INTO token VALUES (?, ?, ?)", [account, fetched.value, until])
        return fetched.value

    def _known(self, account: str, now: datetime) -> str:
        for value, until in self._file.rows("SELECT value, until FROM token WHERE account = ?", [account]):
            if from_microseconds(until) - EARLY > now:
                return str(value)
        return ""

    def close(self) -> None:
        self._file.close()


def token_key(kind: str, account: str, secret: str) -> str:
    """Return the name under which an account's token is kept."""
    return f"{kind}:{account}:{hashlib.sha256(secret.encode()).hexdigest()[:12]}"
