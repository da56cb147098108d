"""The sync worker: exchanges in the background, tells how it goes, and never makes anybody wait.

Records and files travel on threads of their own, so a diagnosis never queues behind an image. Each thread waits
for a reason to work (something was written here, the centre has news, the interval is over, somebody asked),
does one exchange, and after a failure pauses for a random time that grows.
"""

import contextlib
import dataclasses
import random
import threading
from collections.abc import Callable

from domain.kernel.clock import Clock, utc_now
from domain.kernel.errors import KnownError
from sync.branch import BranchSync, Stage
from sync.files import FileExchange
from sync.line import Line, Pace, Phase, SyncState, Wait

__all__ = ["Pace", "Phase", "SyncState", "SyncWorker", "Wait"]

GOODBYE_S = 2.0
"""Longest the end of the program waits to tell the centre so."""
NEWS_S = 25.0
"""How long a request for news may stay open."""
BUSY_MOST = 10
"""Exchanges that moved something after which a comparison that is due waits for a quiet one no longer: copies of one
disk that take turns never have one, for each turn renews the identity and sends again."""


class SyncWorker:
    """Keeps a branch in step with the centre, apart from the user interface.

    Args:
        branch: The branch's half of sync; used by the worker's thread alone.
        files: Sends and fetches files; None for a store without.
        news: Waits until the centre has more than a position, at most so many seconds, and returns the head or
            0; None if only the interval tells. Its own thread calls it.
        pace: How often.
        clock: Time shown to people.
        wait: How to wait; a test gives its own.
        rng: Numbers in [0, 1) for pauses.
    """

    def __init__(
        self,
        branch: BranchSync,
        files: FileExchange | None = None,
        news: Callable[[int, float], int] | None = None,
        *,
        pace: Pace | None = None,
        clock: Clock = utc_now,
        wait: Wait = threading.Event.wait,
        rng: Callable[[], float] = random.random,
    ) -> None:
        pace = pace or Pace()
        self._branch = branch
        self._files = files
        self._listeners: list[Callable[[SyncState], None]] = []
        self._records = Line("sync-records", self._exchange, pace, wait, clock, rng)
        self._records.changed = self._tell
        self._lines = [self._records]
        self._file_line: Line | None = None
        self._busy = 0
        if files is not None:
            self._file_line = Line("sync-files", self._exchange_files, pace, wait, clock, rng)
            self._lines.append(self._file_line)
        if news is not None:
            self._news = news
            quiet = dataclasses.replace(pace, interval_s=0.0, gather_s=0.0)
            self._lines.append(Line("sync-news", self._await_news, quiet, wait, clock, rng))
        self._wait = wait
        self._stop_bell: Callable[[], None] = lambda: None

    @property
    def state(self) -> SyncState:
        """How the exchange of records stands; may be read from any thread."""
        return self._records.state

    @property
    def file_state(self) -> SyncState:
        """How the exchange of files stands; may be read from any thread."""
        return self._file_line.state if self._file_line else SyncState()

    def listen(self, listener: Callable[[SyncState], None]) -> Callable[[], None]:
        """Call `listener(state)` on the worker's thread at each change; returns a function that stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(self) -> None:
        """Begin; the first exchange comes at once."""
        self._branch.note_contact(first=True)
        self._stop_bell = self._branch.store.on_commit(self._on_commit)
        for line in self._lines:
            line.start()

    def wake(self) -> None:
        """Exchange now: somebody asked, or the centre has news."""
        for line in self._lines:
            if line.name != "sync-news":
                line.wake()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop; what was acknowledged stays so, and the rest goes on with the next start."""
        self._stop_bell()
        self._stop_bell = lambda: None
        was_in_contact = self._records.state.phase not in {Phase.OFFLINE, Phase.REFUSED, Phase.WAITING}
        for line in self._lines:
            line.stop()
        for line in self._lines:
            line.join(
                0.0 if line.name == "sync-news" else timeout_s
            )  # news may be far: nothing depends on it

        if was_in_contact:
            leaving = threading.Thread(target=self._say_goodbye, name="sync-goodbye", daemon=True)
            leaving.start()
            leaving.join(GOODBYE_S)

    def _say_goodbye(self) -> None:
        with contextlib.suppress(KnownError):
            self._branch.say_goodbye()

    def _on_commit(self, _position: int) -> None:
        """Something was committed here: wake up, unless the worker did it or pauses after a failure."""
        if threading.current_thread().name in {line.name for line in self._lines}:
            return
        if self._records.state.phase not in {Phase.OFFLINE, Phase.REFUSED}:
            self._records.wake()

    def _tell(self, state: SyncState) -> None:
        for listener in list(self._listeners):
            listener(state)

    def _exchange(self, line: Line) -> None:
        line.set(
            phase=Phase.CONNECTING, done=0, total=0, code="", facts={}, retry_at=None,
            unsent=self._branch.outbox.unsent(),
        )  # fmt: skip

        def report(stage: Stage, done: int, total: int) -> None:
            line.set(phase=Phase(stage.value), done=done, total=total, code="", facts={}, retry_at=None)

        done = self._branch.exchange(report, line.cancel)
        self._branch.note_contact()
        line.set(
            unsent=self._branch.outbox.unsent(),
            attention=line.state.attention + done.attention,
            skew_s=done.skew_us / 1e6,
        )
        if self._file_line is not None and (done.sent or done.received):
            self._file_line.wake()
        self._busy = self._busy + 1 if done.sent or done.received else BUSY_MOST
        if self._busy >= BUSY_MOST and self._branch.comparison_due():
            self._branch.mend()
            self._busy = 0

    def _exchange_files(self, line: Line) -> None:
        if self._files is None:
            return

        def report(done: int, total: int) -> None:
            line.set(phase=Phase.SENDING, done=done, total=total, code="", facts={}, retry_at=None)

        self._files.exchange(report, line.cancel)

    def _await_news(self, line: Line) -> None:
        position = self._branch.position()
        head = self._news(position, NEWS_S)
        if head > position and not line.cancel.is_set():
            self._records.wake()
            self._wait(line.cancel, 1.0)  # the exchange moves the position meanwhile
