"""Long work has one door: a `Job` runs off the UI thread and answers on it.

`Jobs.read` runs in one of a few reader threads; `Jobs.write` in the one writer queue, in the order given.
Work is a function of its job; it gets ids and plain values, looks at `job.cancelled`, and opens its own
transactions. All signals arrive on the UI thread, after the call that made the job has returned. `Jobs` owns
every job until it has ended, so a window may close while one runs; closing the application cancels what reads
and waits for what writes.
"""

import concurrent.futures
import logging
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from domain.kernel.errors import KnownError, UnavailableError

log = logging.getLogger(__name__)

Work: TypeAlias = "Callable[[Job], Any]"
READERS = 3

SLICE_S = 0.001


def give_way() -> None:
    """Let readers and sync give the interpreter back after 1 ms, not 5: the UI thread waits a slice when it wakes.

    From the whole desk on only: while features load beside the first page, more changes of hands would cost time.
    """
    sys.setswitchinterval(SLICE_S)


def while_there(owner: QObject, then: Callable[..., Any]) -> Callable[..., None]:
    """Return `then` for a job's signal, silent once `owner` is gone.

    Qt itself lets go of an object's own slots; whose a lambda is it cannot know, and a page may close while its
    job runs.
    """

    def tell(*told: Any) -> None:
        if isValid(owner):
            then(*told)

    return tell


@dataclass(frozen=True, slots=True)
class Crash:
    """A bug met in the background: `number` stands in the log and on the screen."""

    number: str
    error: Exception


class Job(QObject):
    """One piece of work. Exactly one of `succeeded`, `refused`, `crashed` (none if cancelled), then `finished`."""

    progressed = Signal(int, int)
    succeeded = Signal(object)
    refused = Signal(object)
    """A `KnownError`: DomainError to be said beside its field, UnavailableError with a retry."""
    crashed = Signal(object)
    finished = Signal()
    _told = Signal(str, object)

    def __init__(self, name: str, work: Work, *, reads: bool = True) -> None:
        super().__init__()
        self.setObjectName(name)
        self.reads = reads
        self._work = work
        self._cancel = threading.Event()
        self._told.connect(self._tell_on_ui_thread, Qt.ConnectionType.QueuedConnection)

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop; it may look from its own thread."""
        return self._cancel.is_set()

    def cancel(self) -> None:
        self._cancel.set()

    def tell(self, done: int, total: int) -> None:
        """Say how far the work is; from its own thread. `total` 0 means not known."""
        self._told.emit("progressed", (done, total))

    def run(self) -> None:
        """Do the work; called by a thread of the pool, never by a view-model."""
        try:
            self._told.emit("succeeded", None if self.cancelled else self._work(self))
        except KnownError as error:
            self._told.emit("refused", error)
        except Exception as error:
            crash = Crash(uuid.uuid4().hex[:8].upper(), error)
            log.exception("background job %s crashed, report %s", self.objectName(), crash.number)
            self._told.emit("crashed", crash)

    @Slot(str, object)
    def _tell_on_ui_thread(self, event: str, value: Any) -> None:
        if event == "progressed":
            self.progressed.emit(*value)
            return
        if not self.cancelled:
            getattr(self, event).emit(value)
        self.finished.emit()


class Jobs(QObject):
    """Every job of the application, alive until it has ended."""

    crashed = Signal(object)
    """Any job's crash, for the one place that offers the report."""
    unavailable = Signal(object)
    """Any job's `UnavailableError`, for the one place that minds the store as a whole."""
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._readers = concurrent.futures.ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._writer = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._jobs: set[Job] = set()
        self.is_closed = False
        """Whether the program is ending: nothing is begun any more."""

    @property
    def busy(self) -> bool:
        """Whether any job has not ended yet."""
        return bool(self._jobs)

    def read(self, work: Work, name: str = "read") -> Job:
        """Run work that only reads; several may run at once, in any order."""
        return self._start(self._readers, Job(name, work))

    def write(self, work: Work, name: str = "write") -> Job:
        """Run work that changes something; one after the other, in the order given."""
        return self._start(self._writer, Job(name, work, reads=False))

    def _start(self, pool: concurrent.futures.Executor, job: Job) -> Job:
        self._jobs.add(job)
        job.finished.connect(self._end)
        job.crashed.connect(self.crashed)
        job.refused.connect(self._mind)
        pool.submit(job.run)
        return job

    @Slot(object)
    def _mind(self, error: KnownError) -> None:
        if isinstance(error, UnavailableError):
            self.unavailable.emit(error)

    @Slot()
    def _end(self) -> None:
        job = self.sender()
        self._jobs.discard(job)  # type: ignore[arg-type]
        job.deleteLater()
        if not self._jobs:
            self.idle.emit()

    def close(self) -> None:
        """Cancel what reads, wait for everything: what was asked to be written is written."""
        self.is_closed = True
        for job in self._jobs:
            if job.reads:
                job.cancel()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)
