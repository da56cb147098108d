"""Many reports at once: rendered by processes of their own, each file whole or not there; it can be stopped.

The typesetter holds the interpreter while it works, so threads would gain nothing; a worker process loads fonts and
documents once and then takes one report after the other.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from domain.kernel.errors import KnownError
from forms.documents import Document, load_documents
from forms.risk_report import render_risk_report

_WAITING_PER_WORKER = 2
"""Reports handed out ahead of time: enough to keep workers busy, few enough that stopping is prompt."""


@dataclass(frozen=True)
class Job:
    """One report: `name` of its file without ending, the data set, and the version of `VERSIONS`."""

    name: str
    content: dict[str, Any]
    version: str = "professional"

    def __post_init__(self) -> None:
        """Keep the file inside the folder.

        Raises:
            ValueError: `name` is not a plain file name.
        """
        if not self.name or self.name.startswith(".") or set(self.name) & set("/\\:\0"):
            raise ValueError(f"not a file name: {self.name!r}")


@dataclass
class Outcome:
    """What came of a batch: files by job name, errors by job name; `cancelled` if it was stopped before the end."""

    files: dict[str, Path] = field(default_factory=dict)
    failed: dict[str, KnownError] = field(default_factory=dict)
    cancelled: bool = False

    @property
    def finished(self) -> int:
        """Reports that were done or failed."""
        return len(self.files) + len(self.failed)


def render_batch(
    jobs: Iterable[Job],
    folder: Path,
    documents: Path,
    *,
    processes: int | None = None,
    progress: Callable[[int], None] = lambda finished: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Render every job into `folder` as ``NAME.pdf``.

    Args:
        jobs: Taken one by one, so that their data may be read as they are needed.
        folder: Where the files go; a file appears only when it is whole.
        documents: ``resources/documents``.
        processes: Workers; the machine's processors by default, at most 8.
        progress: Told after each report how many are finished, in the caller's thread.
        cancelled: Asked between reports; what is under way is finished, the rest is left.

    Raises:
        OSError: The folder cannot be written.
    """
    workers = processes or min(os.cpu_count() or 1, 8)
    outcome = Outcome()
    coming: Iterator[Job] = iter(jobs)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(documents,)
    ) as pool:
        running: dict[Future[KnownError | None], Job] = {}
        more = True
        while True:
            while more and len(running) < workers * _WAITING_PER_WORKER:
                if cancelled():
                    outcome.cancelled, more = True, False
                    break
                job = next(coming, None)
                if job is None:
                    more = False
                    break
                running[pool.submit(_render, job, folder)] = job
            if not running:
                return outcome
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(done)
                error = done.result()
                if error is None:
                    outcome.files[job.name] = folder / f"{job.name}.pdf"
                else:
                    outcome.failed[job.name] = error
                progress(outcome.finished)


_documents: dict[str, Document] = {}


def _begin(documents: Path) -> None:
    _documents.update(load_documents(documents))


def _render(job: Job, folder: Path) -> KnownError | None:
    """Render one report in a worker; a known error is the job's own, anything else ends the batch."""
    try:
        pdf = render_risk_report(_documents, job.content, job.version)
    except KnownError as error:
        return error
    beside = folder / f".{job.name}.part"
    beside.write_bytes(pdf)
    beside.replace(folder / f"{job.name}.pdf")
    return None
