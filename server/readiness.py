"""Whether this server can do its work now: store, disk, and readers of the log."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import select

from domain.kernel.errors import UnavailableError
from domain.kernel.readers import Follower, ReaderThread
from domain.kernel.store import Store

MOST_BEHIND = 5000
OK = "ok"


class Readiness:
    """Answers ``/ready``.

    Args:
        store: The centre's store.
        data_dir: Folder whose disk must have room.
        least_free_bytes: How much room.
        followers: Readers of the log; they may be at most `MOST_BEHIND` entries behind.
        readers: Their thread, for what fails in it.
        follows: Whether this process follows the log; how far others are is no reason to send nobody here.
        others: What else has to answer, by name: raises UnavailableError if it does not.
    """

    def __init__(
        self,
        store: Store,
        data_dir: Path,
        least_free_bytes: int,
        followers: Sequence[Follower],
        readers: ReaderThread,
        follows: Callable[[], bool] = lambda: True,
        others: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        self.ending = False
        self._store = store
        self._data_dir = data_dir
        self._least_free_bytes = least_free_bytes
        self._followers = followers
        self._readers = readers
        self._follows = follows
        self._others = dict(others or {})

    def checks(self) -> dict[str, str]:
        """Return each check with ``ok`` or the code of what is wrong."""
        found = self._own()
        for name, check in self._others.items():
            try:
                check()
                found[name] = OK
            except UnavailableError as error:
                found[name] = error.code
        if self.ending:
            found["process"] = "server.ending"
        return found

    def _own(self) -> dict[str, str]:
        try:
            with (
                self._store.read() as connection
            ):  # asked itself: a reader that fails already says nothing of it
                connection.execute(select(1))
            return {"store": OK, "disk": self._disk(), "readers": self._reading()}
        except UnavailableError as error:
            return {"store": error.code, "disk": self._disk()}

    def _disk(self) -> str:
        free = shutil.disk_usage(self._data_dir).free
        return OK if free >= self._least_free_bytes else "store.disk_full"

    def _reading(self) -> str:
        if not self._follows():
            return OK
        failing = self._readers.failing()
        if failing:
            return ", ".join(f"{name}: {why}" for name, why in sorted(failing.items()))
        behind = {f.name: f.behind() for f in self._followers}
        late = [f"{name}: {count}" for name, count in behind.items() if count > MOST_BEHIND]
        return ", ".join(late) or OK
