"""The sync worker as the screen sees it: one snapshot of records, files, conflicts and refusals.

`state` is called each second on the UI thread, so it reads nothing: what stands in tables is counted by a thread
that wakes when the worker moved or the log grew.
"""

import dataclasses
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from client.ports import Refused, SyncState
from domain.kernel.columns import from_microseconds
from domain.kernel.store import Store
from sync.file_queue import FileQueue
from sync.files import FileState
from sync.local_tables import blob_state, push_outcome
from sync.tus.pacing import DaytimeLimit
from sync.verdicts import CONFLICT
from sync.worker import Phase, SyncWorker

SHOWN = 200
LOOK_S = 5.0
PHASES = {
    Phase.WAITING: "idle",
    Phase.CONNECTING: "connecting",
    Phase.SENDING: "sending",
    Phase.RECEIVING: "receiving",
    Phase.FILLING: "filling",
    Phase.FILLING_REST: "filling_rest",
    Phase.DONE: "idle",
    Phase.REFUSED: "failed",
    Phase.OFFLINE: "offline",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """What the tables say: conflicts that wait, own work that was not simply applied, files on their way."""

    conflicts: int = 0
    refused: tuple[Refused, ...] = ()
    files: int = 0
    file_bytes: int = 0


class WorkerPort:
    """Meets `client.ports.SyncPort` over a `SyncWorker`."""

    def __init__(
        self,
        worker: SyncWorker,
        store: Store,
        waiting_bytes: Callable[[], int] = lambda: 0,
        *,
        files: FileQueue | None = None,
        limit: DaytimeLimit | None = None,
    ) -> None:
        self.files = files
        self._limit = limit
        self._worker = worker
        self._store = store
        self._waiting_bytes = waiting_bytes
        self._counted = Counted()
        self._moved = threading.Event()
        self._ended = threading.Event()
        self._counter = threading.Thread(target=self._count, name="sync-counter", daemon=True)
        self._unsubscribe: tuple[Callable[[], None], ...] = ()

    def start(self) -> None:
        """Begin to exchange and to count."""
        self._unsubscribe = (
            self._worker.listen(lambda _state: self._moved.set()),
            self._store.on_commit(lambda _position: self._moved.set()),
        )
        self._worker.start()
        self._moved.set()
        self._counter.start()

    def stop(self) -> None:
        """End; what was under way resumes at the next start."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = ()
        self._worker.stop()
        self._ended.set()
        self._moved.set()
        if self._counter.is_alive():
            self._counter.join()

    def limit_uploads(self, bytes_per_s: int, begins: int, ends: int) -> None:
        """Hold files to a limit from now on."""
        if self._limit is not None:
            self._limit.change(bytes_per_s, begins, ends)

    def wake(self) -> None:
        """Try now."""
        self._worker.wake()

    def state(self) -> SyncState:
        """Return how it stands; reads memory only."""
        records, files, counted = self._worker.state, self._worker.file_state, self._counted
        moving = (
            files
            if files.phase is Phase.SENDING and records.phase in {Phase.DONE, Phase.WAITING}
            else records
        )
        return SyncState(
            phase=PHASES[moving.phase],
            waiting=records.unsent,
            waiting_bytes=self._waiting_bytes(),
            done_bytes=moving.done,
            total_bytes=moving.total,
            blobs_waiting=counted.files,
            blob_bytes=counted.file_bytes,
            conflicts=counted.conflicts,
            refused=counted.refused,
            reason=records.code,
            facts=dict(records.facts),
            last_contact=records.last_success_at,
            skew_s=records.skew_s,
        )

    def _count(self) -> None:
        while not self._ended.is_set():
            self._moved.wait(LOOK_S)
            self._moved.clear()
            if not self._ended.is_set():
                self._counted = count(self._store)


def count(store: Store) -> Counted:
    """Read what the tables say; a few index reads."""
    from domain.exchange.records import Conflict
    from domain.exchange.rules import ConflictState

    conflict, file = Conflict.__table__, blob_state.c
    waiting = file.state.in_([FileState.WAITING, FileState.WANTED])
    with store.read() as connection:
        conflicts = connection.execute(
            select(func.count()).select_from(conflict).where(conflict.c.state == ConflictState.OPEN)
        ).scalar_one()
        rows = connection.execute(
            select(push_outcome)
            .where(push_outcome.c.outcome != CONFLICT)
            .order_by(push_outcome.c.dev_seq.desc())
            .limit(SHOWN)
        ).all()
        files, size = connection.execute(
            select(func.count(), func.coalesce(func.sum(file.size - file.sent), 0)).where(waiting)
        ).one()
    return Counted(conflicts, tuple(_refused(row) for row in rows), files, int(size))


def _refused(row: Any) -> Refused:
    facts: dict[str, Any] = msgspec.json.decode(row.facts) if row.facts else {}
    at: datetime = from_microseconds(row.at)
    return Refused(row.dev_seq, row.code or "", facts, at, str(row.outcome))
