"""The risk reports of every client in a worklist, as files in a folder: to be stopped, on record first."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

import resources
from client.background import Job
from client.outgoing import handed_out
from client.pages.worklist.reading import Reading
from client.station import Context
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.worklists import Filter, Worklist
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination, OutgoingResult
from domain.people.records import Patient
from forms import batch
from forms.printables import printables
from forms.risk_reporting import risk_report_data

LISTS = frozenset({"risk.levels", "risk.assessments"})
"""Worklists that offer it: their rows are about clients' risks."""
PERMISSION = "document.print"
MOST = 500
_AT_ONCE = 500
_MOST_WHAT = 255


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it: files written, and for each client without one the reason in words."""

    folder: Path
    files: int
    failed: tuple[tuple[str, str], ...]
    stopped: bool


def reports_work(
    context: Context, listing: Worklist, filters: tuple[Filter, ...], order: str, folder: Path, version: str,
    shown: str = "",
) -> Callable[[Job], Made]:  # fmt: skip
    """Return the work of a job that writes one PDF for each client of a list, named by the numbers of both.

    Args:
        context: Who does it, and where.
        listing: One of `LISTS`.
        filters: The conditions in force.
        order: The order of the list.
        folder: Where the files go; made if it is not there.
        version: A key of `forms.risk_report.VERSIONS`.
        shown: The conditions as people read them.

    Raises, when run:
        DomainError: ``permission.denied``; ``reports.nobody``; ``reports.too_many`` with more than `MOST` clients.
        UnavailableError: ``export.cannot_write`` with the folder.
    """

    def work(job: Job) -> Made:
        context.actor.check(PERMISSION)
        people = _people(context, listing, filters, order)
        label = printables()[f"risk_{version}"].label
        what = f"{label}，批量" + (f"（{shown}）" if shown else "")
        asked = HandOutDocument(what=what[:_MOST_WHAT], destination=Destination.FILE, count=len(people))
        return handed_out(
            context, asked, lambda: _write(context, job, people, folder, version),
            ended=lambda made: (OutgoingResult.CANCELLED if made.stopped else OutgoingResult.DONE, made.files),
        )  # fmt: skip

    return work


def _people(context: Context, listing: Worklist, filters: tuple[Filter, ...], order: str) -> dict[Id, str]:
    """Return the clients of a list with their numbers, each once, in its order."""
    table = listing.record.__table__
    found: dict[Id, str] = {}
    reading = Reading(context.desk.pages, listing, context.actor, filters, order, _AT_ONCE)
    for rows in reading.parts():
        wanted = (
            select(table.c.id, Patient.id.label("patient_id"), Patient.number)
            .join(Patient, Patient.id == table.c.patient_id)
            .where(table.c.id.in_([row.id for row in rows]))
        )
        with context.desk.store.read() as connection:
            of = {one.id: one for one in connection.execute(wanted)}
        found |= {of[row.id].patient_id: of[row.id].number for row in rows if row.id in of}
        if len(found) > MOST:
            raise DomainError("reports.too_many", most=MOST)
    if not found:
        raise DomainError("reports.nobody")
    return found


def _write(context: Context, job: Job, people: dict[Id, str], folder: Path, version: str) -> Made:
    failed: dict[str, KnownError] = {}
    finished = 0

    def tell(rendered: int) -> None:
        nonlocal finished
        finished = rendered
        job.tell(finished + len(failed), len(people))

    def jobs() -> Iterator[batch.Job]:
        for patient_id, number in people.items():
            try:
                data = risk_report_data(context.desk.dispatcher, context.actor, patient_id)
            except KnownError as error:
                failed[number] = error
                tell(finished)
            else:
                yield batch.Job(f"{number}-{data['report']['number']}", data, version)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        outcome = batch.render_batch(
            jobs(), folder, resources.folder("documents"), processes=_workers(), progress=tell,
            cancelled=lambda: job.cancelled,
        )  # fmt: skip
    except OSError as error:
        raise UnavailableError("export.cannot_write", path=str(folder)) from error
    reasons = failed | {name.partition("-")[0]: error for name, error in outcome.failed.items()}
    told = tuple((number, context.desk.texts.explain(error)) for number, error in reasons.items())
    return Made(folder, len(outcome.files), told, outcome.cancelled)


def _workers() -> int:
    """Leave one processor to the screen."""
    return max(1, min((os.cpu_count() or 2) - 1, 8))
