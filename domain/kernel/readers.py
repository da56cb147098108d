"""Readers of the change log: each follows it with a cursor of its own and never scans a table.

A `LogReader` keeps tables of this store up to date; its rows and its cursor are written in one transaction, so
each entry counts exactly once. An `ActingReader` runs commands; its cursor moves after them, so an entry is read
at least once, and what it does must come out the same when done again (stable ids). `Follower` reads a log for
one reader, and `ReaderThread` wakes the followers of a store. The work is that of the new entries, whatever is
stored.
"""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from sqlalchemy import Connection, select

from domain.kernel.change_log import (
    Entry,
    cursor_of,
    entries_after,
    head_position,
    log_reader,
    move_cursor,
)
from domain.kernel.errors import KnownError
from domain.kernel.store import Store

log = logging.getLogger(__name__)

BATCH = 200
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


@runtime_checkable
class LogReader(Protocol):
    """Keeps tables of this store in step with the log."""

    @property
    def name(self) -> str:
        """Name of the cursor, at most 40 characters."""

    def read(self, entries: Sequence[Entry], connection: Connection) -> None:
        """Write what the entries mean, in the transaction that moves the cursor."""


Rest = Callable[[Connection], None]
"""What an acting reader leaves to be written with its cursor."""


@runtime_checkable
class ActingReader(Protocol):
    """Runs commands on what the log says."""

    @property
    def name(self) -> str:
        """Name of the cursor, at most 40 characters."""

    def act(self, entries: Sequence[Entry]) -> "Rest | None":
        """Do what the entries ask for; after a crash the same entries come again.

        What is left to write of the reader's own may be returned: it is written with the cursor, in one transaction,
        for each of them waits for the disk.
        """


class Follower:
    """Reads the log for one reader, batch by batch.

    Args:
        store: Store whose log is read.
        reader: What is done with the entries.
        batch: Entries at a time; the write door is free between batches.
    """

    def __init__(self, store: Store, reader: LogReader | ActingReader, *, batch: int = BATCH) -> None:
        self.store = store
        self.reader = reader
        self.name = reader.name
        self._batch = batch

    def step(self) -> int:
        """Deal with one batch; returns how many entries it had, 0 if nothing is new."""
        with self.store.read() as connection:
            cursor = cursor_of(connection, self.name)
            if cursor >= head_position(connection):
                return 0
        if isinstance(self.reader, ActingReader):
            return self._act(self.reader, cursor)
        return self._read(self.reader)

    def _read(self, reader: LogReader) -> int:
        with self.store.write() as connection:
            entries = entries_after(connection, _held_cursor(connection, self.name), self._batch)
            if entries:
                reader.read(entries, connection)
                move_cursor(connection, self.name, entries[-1].position)
        return len(entries)

    def _act(self, reader: ActingReader, cursor: int) -> int:
        with self.store.read() as connection:
            entries = entries_after(connection, cursor, self._batch)
        rest = reader.act(entries)
        with self.store.write() as connection:
            if rest is not None:
                rest(connection)
            if _held_cursor(connection, self.name) < entries[-1].position:
                move_cursor(connection, self.name, entries[-1].position)
        return len(entries)

    def catch_up(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Read to the end of the log, or until `stopping` between two batches; returns the entries read."""
        total = 0
        while not stopping() and (count := self.step()):
            total += count
        return total

    def behind(self) -> int:
        """Return how many entries have not been read yet."""
        with self.store.read() as connection:
            return max(0, head_position(connection) - cursor_of(connection, self.name))


def _held_cursor(connection: Connection, name: str) -> int:
    """Return the cursor and hold it until the transaction ends, so that two processes never read one batch."""
    where = select(log_reader.c.position).where(log_reader.c.name == name)
    found = connection.execute(where.with_for_update()).scalar()
    if found is None:
        connection.execute(log_reader.insert(), {"name": name, "position": 0})
    return found or 0


@dataclasses.dataclass(slots=True)
class _Turn:
    """One thing the thread does in a round, and how it fares; `retry_at` is of the monotonic clock."""

    name: str
    work: Callable[[], object]
    failing: str = ""
    pause_s: float = 0.0
    retry_at: float = 0.0


class ReaderThread:
    """Wakes followers when the store's log has grown, and from time to time.

    A failure is logged and the others go on; what failed is tried again after a pause that grows to a minute.

    Args:
        store: Store whose commits wake it.
        followers: Readers, in the order they are served.
        ticks: Work to be done in each round after the readers (alerts that fall due).
        interval_s: Longest time between two rounds.
        name: Name of the thread.
        give_way: Called before each batch; it may wait for more urgent work, until the event that it is given.
    """

    def __init__(
        self,
        store: Store,
        followers: Sequence[Follower],
        *,
        ticks: Sequence[Callable[[], object]] = (),
        interval_s: float = 2.0,
        name: str = "log-readers",
        give_way: Callable[[threading.Event], None] = lambda _stopping: None,
    ) -> None:
        self._store = store
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._interval_s = interval_s
        self._name = name
        self._give_way = give_way
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._turns = [_Turn(f.name, self._catching_up(f)) for f in followers]
        self._turns += [_Turn(getattr(t, "__qualname__", "tick"), t) for t in ticks]

    def _catching_up(self, follower: Follower) -> Callable[[], object]:
        return lambda: follower.catch_up(self._stops_here)

    def _stops_here(self) -> bool:
        self._give_way(self._stopping)
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin to read; the first round is at once."""
        if self._thread is not None:
            if not self._stopping.is_set():
                return
            self._thread.join()  # it was to end and had something under way
        self._stopping.clear()
        self._unsubscribe = self._store.on_commit(lambda _position: self._wake.set())
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End after the batch under way; returns whether it ended in time. Safe to call twice."""
        if self._thread is None:
            return True
        self._unsubscribe()
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)
        ended = not self._thread.is_alive()
        if ended:
            self._thread = None
        return ended

    def is_running(self) -> bool:
        """Tell whether this process reads."""
        return self._thread is not None

    def failing(self) -> dict[str, str]:
        """Return what failed last time it was tried, with the error's code or class."""
        return {turn.name: turn.failing for turn in self._turns if turn.failing}

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(self._interval_s)
            self._wake.clear()
            for turn in self._turns:
                if self._stopping.is_set():
                    return
                if turn.retry_at <= time.monotonic():
                    self._serve(turn)

    def _serve(self, turn: _Turn) -> None:
        try:
            turn.work()
        except KnownError as error:
            log.warning("reader %s waits: %s", turn.name, error.code)
            self._put_off(turn, error.code)
        except Exception as error:  # the edge: one reader's bug must not stop the others
            log.exception("reader %s failed", turn.name)
            self._put_off(turn, type(error).__name__)
        else:
            turn.failing, turn.pause_s, turn.retry_at = "", 0.0, 0.0

    def _put_off(self, turn: _Turn, why: str) -> None:
        turn.failing = why
        turn.pause_s = min(LONGEST_PAUSE_S, turn.pause_s * 2 or FIRST_PAUSE_S)
        turn.retry_at = time.monotonic() + turn.pause_s
