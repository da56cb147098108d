"""Files of a branch on their way: which wait to go, which the centre has, which are wanted from it.

The rows of `blob_state` follow the change log: a record that names a file by its SHA-256 makes one. Files go in
the order of their lanes (reports before images), never before the records, and each goes once: the centre is
asked first what it lacks.
"""

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Row, select, update

from domain.kernel.change_log import cursor_of, entries_after, move_cursor
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.store import Store
from sync.blob_columns import named_blobs
from sync.blobs import LITTLE_ROOM, BlobSource, BlobStore
from sync.local_tables import blob_state
from sync.protocol import Centre, Progress

_READER = "files"
_NOT_THERE_YET = "blob.missing"
_PAUSED = "transfer.paused"
_LATER = {_NOT_THERE_YET, LITTLE_ROOM}
_OF_THE_FILE = {*_LATER, _PAUSED, "blob.damaged", "transfer.source_unreadable"}
_AT_ONCE = 500
_ASKED = 200
FETCHED_LANES = 3
"""Reports, photos and other small files come by themselves; series of images when somebody opens them."""


class FileState(enum.StrEnum):
    """Where a file is."""

    WAITING = "waiting"  # here, and the centre may lack it
    CONFIRMED = "confirmed"  # here, and the centre has it
    ELSEWHERE = "elsewhere"  # named by a record, not here; fetched when somebody wants it
    WANTED = "wanted"  # on its way from the centre
    PAUSED = "paused"  # somebody stopped it here; see `sync.file_queue`
    REFUSED = "refused"  # the centre does not take it, or it is damaged: see the reason


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file as the screen shows it; `sent` of `size` bytes have gone or come."""

    sha256: str
    state: FileState
    size: int
    sent: int
    reason: str


def want_file(store: Store, blobs: BlobStore, sha256: str) -> None:
    """Ask for a file that is not here; it comes with the next exchange. One a person paused stays so."""
    if blobs.has(sha256):
        return
    with store.write() as connection:
        row = connection.execute(select(blob_state).where(blob_state.c.sha256 == sha256)).first()
        if row is None:
            values = {"sha256": sha256, "size": 0, "lane": 0, "state": FileState.WANTED, "sent": 0}
            connection.execute(blob_state.insert(), values)
        elif row.state not in {FileState.WANTED, FileState.PAUSED}:
            _set(connection, sha256, state=FileState.WANTED, reason=None, lane=0)


class FileExchange:
    """Sends what the centre lacks and fetches what is wanted.

    Args:
        store: The branch's store.
        centre: The centre; not the object that the exchange of records uses, because both work at once.
        blobs: Files of this branch.
        folder: For files that are coming.
    """

    def __init__(self, store: Store, centre: Centre, blobs: BlobStore, folder: Path) -> None:
        self._store = store
        self._centre = centre
        self._blobs = blobs
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def exchange(self, report: Progress, cancel: threading.Event) -> int:
        """Send and fetch all that waits, telling (done, total) bytes of each file; returns how many moved.

        Raises:
            UnavailableError: The line or the centre is down; what was done stays done.
        """
        self.follow_log()
        return self._send(report, cancel) + self._fetch(report, cancel)

    def follow_log(self) -> None:
        """Make a row for each file that new entries of the log name."""
        more = True
        while more:
            with self._store.write() as connection:
                entries = entries_after(connection, cursor_of(connection, _READER), _AT_ONCE)
                named = {
                    name: (lane, size)
                    for entry in entries
                    for change in entry.body.changes
                    for name, lane, size in named_blobs(change.entity, change.fields)
                }
                for name, (lane, size) in named.items():
                    self._note(connection, name, lane, size)
                if entries:
                    move_cursor(connection, _READER, entries[-1].position)
                more = len(entries) == _AT_ONCE

    def want(self, sha256: str) -> None:
        """Ask for a file that is not here; it comes with the next exchange."""
        want_file(self._store, self._blobs, sha256)

    def status(self, sha256: str) -> FileStatus | None:
        """Return where a file is; None if no record names it."""
        with self._store.read() as connection:
            row = self._row(connection, sha256)
        if row is None:
            return None
        return FileStatus(sha256, FileState(row.state), row.size, row.sent, row.reason or "")

    def retry(self, sha256: str) -> None:
        """Let a refused file go again."""
        state = FileState.WAITING if self._blobs.has(sha256) else FileState.WANTED
        with self._store.write() as connection:
            _set(connection, sha256, state=state, reason=None, sent=0)

    def _note(self, connection: Connection, sha256: str, lane: int, size: int) -> None:
        here = self._blobs.has(sha256)
        row = self._row(connection, sha256)
        at_once = FileState.WANTED if lane <= FETCHED_LANES else FileState.ELSEWHERE
        state = FileState.WAITING if here else at_once
        if row is None:
            size = self._blobs.size(sha256) if here else size
            values = {"sha256": sha256, "size": size, "lane": lane, "state": state, "sent": 0}
            connection.execute(blob_state.insert(), values)
        elif row.state in {FileState.ELSEWHERE, FileState.WANTED} and here:
            _set(connection, sha256, state=state, size=self._blobs.size(sha256))

    def _send(self, report: Progress, cancel: threading.Event) -> int:
        waiting = self._in_state(FileState.WAITING)
        lacking: set[str] = set()
        for start in range(0, len(waiting), _ASKED):
            names = [row.sha256 for row in waiting[start : start + _ASKED]]
            lacked = set(self._centre.lacking_blobs(names))
            lacking |= lacked
            self._confirm([name for name in names if name not in lacked])
        moved = 0
        for row in waiting:
            if row.sha256 in lacking:
                moved += self._moved(row, report, cancel, self._send_one)
        return moved

    def _fetch(self, report: Progress, cancel: threading.Event) -> int:
        return sum(
            self._moved(row, report, cancel, self._fetch_one) for row in self._in_state(FileState.WANTED)
        )

    def _moved(
        self,
        row: Row[tuple[object, ...]],
        report: Progress,
        cancel: threading.Event,
        move: Callable[[str, Progress, threading.Event], None],
    ) -> bool:
        """Move one file; a refusal stays with the file, a failure of the line ends the exchange."""
        if cancel.is_set():
            raise UnavailableError("transfer.cancelled")

        def progress(done: int, total: int) -> None:
            with self._store.write() as connection:
                _set(connection, row.sha256, sent=done)
            self._refuse_if_paused(row.sha256)
            report(done, total)

        try:
            self._refuse_if_paused(row.sha256)
            move(row.sha256, progress, cancel)
        except (DomainError, UnavailableError) as error:
            if isinstance(error, UnavailableError) and error.code not in _OF_THE_FILE:
                raise
            if error.code == _PAUSED:
                return False
            state = row.state if error.code in _LATER else FileState.REFUSED
            with self._store.write() as connection:
                _set(connection, row.sha256, state=state, reason=error.code)
            return False
        self._confirm([row.sha256])
        return True

    def _refuse_if_paused(self, sha256: str) -> None:
        with self._store.read() as connection:
            row = self._row(connection, sha256)
        if row is not None and row.state == FileState.PAUSED:
            raise UnavailableError(_PAUSED)

    def _send_one(self, sha256: str, progress: Progress, cancel: threading.Event) -> None:
        self._centre.send_blob(BlobSource(self._blobs, sha256), progress, cancel)

    def _fetch_one(self, sha256: str, progress: Progress, cancel: threading.Event) -> None:
        status = self.status(sha256)
        self._blobs.check_room(status.size if status is not None else 0)
        landing = self._blobs.landing(self._folder, sha256)
        self._centre.fetch_blob(sha256, landing, progress, cancel)
        self._blobs.land(landing, sha256)

    def _confirm(self, names: list[str]) -> None:
        with self._store.write() as connection:
            for name in names:
                size = self._blobs.size(name) if self._blobs.has(name) else 0
                _set(connection, name, state=FileState.CONFIRMED, sent=size, size=size, reason=None)

    def _in_state(self, state: FileState) -> list[Row[tuple[object, ...]]]:
        query = select(blob_state).where(blob_state.c.state == state)
        with self._store.read() as connection:
            return list(connection.execute(query.order_by(blob_state.c.lane, blob_state.c.size)))

    @staticmethod
    def _row(connection: Connection, sha256: str) -> Row[tuple[object, ...]] | None:
        return connection.execute(select(blob_state).where(blob_state.c.sha256 == sha256)).first()


def _set(connection: Connection, sha256: str, **values: object) -> None:
    connection.execute(update(blob_state).where(blob_state.c.sha256 == sha256).values(**values))
