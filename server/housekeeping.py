"""What a server tidies up by itself: uploads and codes that ran out, sessions, files that crashes left, old log.

Each job runs when its time has come, one after the other in a thread of its own; one that fails is told in the log
and in the metrics and does not keep the others from running.
"""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from domain.kernel.errors import KnownError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 30.0
Gauge = tuple[str, str, dict[str, str], float]


@dataclasses.dataclass(slots=True)
class Job:
    """One thing to do every so often; `work` returns how many things it removed."""

    name: str
    every: timedelta
    work: Callable[[], int]
    here: bool = False
    """Of this machine's own folder: where several machines make a centre, each does it for itself."""
    due: float = 0.0
    """Of the monotonic clock; a server that starts does everything once."""
    removed: int = 0
    failures: int = 0
    done_at: float = 0.0


class Housekeeping:
    """Runs jobs in a thread.

    Args:
        jobs: What to do.
        monotonic: Seconds that only ever grow.
    """

    def __init__(self, jobs: Sequence[Job], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.jobs = list(jobs)
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._parts: list[Housekeeping] = []

    def part(self, *, here: bool) -> "Housekeeping":
        """Return what has to be done on this machine, or once for the centre; it ends with the whole."""
        made = Housekeeping([job for job in self.jobs if job.here is here], self._monotonic)
        self._parts.append(made)
        return made

    def run_due(self) -> list[str]:
        """Do what is due now; returns the names of the jobs that ran, in order."""
        ran = []
        for job in self.jobs:
            if self._stopping.is_set() or job.due > self._monotonic():
                continue
            ran.append(job.name)
            self._run(job)
            job.due = self._monotonic() + job.every.total_seconds()
        return ran

    def _run(self, job: Job) -> None:
        try:
            count = job.work()
        except KnownError as error:
            job.failures += 1
            log.warning("housekeeping waits", extra={"job": job.name, "code": error.code})
        except Exception:  # the edge: one job's bug must not stop the others
            job.failures += 1
            log.exception("housekeeping failed", extra={"job": job.name})
        else:
            job.removed += count
            job.done_at = time.time()
            if count:
                log.info("housekeeping", extra={"job": job.name, "count": count})

    def gauges(self) -> Iterator[Gauge]:
        """Yield what the metrics tell of each job."""
        for job in self.jobs:
            labels = {"job": job.name}
            yield "aftercheck_housekeeping_removed", "Things removed since the start.", labels, job.removed
            yield (
                "aftercheck_housekeeping_failures",
                "Runs that failed since the start.",
                labels,
                job.failures,
            )
            yield "aftercheck_housekeeping_done_time", "Unix time of the last good run.", labels, job.done_at

    def start(self) -> None:
        """Begin; returns at once."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._loop, name="housekeeping", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the job under way. Safe to call twice, or when never started."""
        for part in self._parts:
            part.stop(timeout_s)
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self.run_due()
            self._stopping.wait(LOOK_EVERY_S)
