"""What there is to export, and writing it: on record first, with progress, to be stopped. No Qt."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import resources
from client.background import Job
from client.outgoing import handed_out
from client.station import Context
from domain.designs.reading import learn_titles
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.outgoing.answer_commands import (
    IDENTIFIED,
    AnsweredForm,
    AnswerFile,
    ExportAnswers,
    Wanted,
    answered_forms,
)
from domain.outgoing.records import OutgoingResult
from forms.answer_files import DOCUMENT, Taken, write_book, write_pdfs
from forms.answer_table import answer_table
from forms.documents import load_documents

LISTS = frozenset({"form.responses"})
"""Worklists that offer it."""
PERMISSION = "document.export_answers"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for."""

    form: str
    since: date
    until: date
    purpose: str
    version: str | None = None
    organization_id: Id | None = None
    identified: bool = False
    file: AnswerFile = AnswerFile.XLSX


@dataclass(frozen=True, slots=True)
class Made:
    """The files that are whole, and whether it was stopped before the end."""

    files: tuple[Path, ...]
    count: int
    stopped: bool


def offered(context: Context) -> list[AnsweredForm]:
    """Return what there are responses of; off the UI thread."""
    with context.desk.store.read() as connection:
        learn_titles(connection, context.desk.texts)
        return answered_forms(connection, context.actor)


def may_identify(context: Context) -> bool:
    """Tell whether this person may take out who somebody is."""
    return context.actor.may(IDENTIFIED)


def export_answers_work(context: Context, asked: Asked, path: Path) -> Callable[[Job], Made]:
    """Return the work of a job that writes `path` (PDFs of many responses: files beside it, numbered).

    Raises, when run:
        DomainError: What `ExportAnswers` refuses.
        UnavailableError: ``export.cannot_write`` with the path.
    """

    def work(job: Job) -> Made:
        order = ExportAnswers(
            form=asked.form, since=asked.since, until=asked.until, purpose=asked.purpose, version=asked.version,
            organization_id=asked.organization_id, identified=asked.identified, file=asked.file,
        )  # fmt: skip
        told: dict[str, int] = {"done": 0}
        noted: list[Id] = []

        def send() -> Made:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                files, whole = _write(context, asked, noted[0], path, partial(_go_on, job, told))
            except OSError as error:
                raise UnavailableError("export.cannot_write", path=str(path)) from error
            return Made(tuple(files), told["done"], not whole)

        def ended(made: Made) -> tuple[OutgoingResult, int]:
            return (OutgoingResult.CANCELLED if made.stopped else OutgoingResult.DONE), made.count

        return handed_out(context, order, send, ended=ended, on_record=noted.append)

    return work


def _go_on(job: Job, told: dict[str, int], total: int, done: int) -> bool:
    told["done"] = done
    job.tell(done, total)
    return not job.cancelled


def _write(
    context: Context, asked: Asked, outgoing_id: Id, path: Path, tell: Callable[[int, int], bool]
) -> tuple[list[Path], bool]:
    desk, folder = context.desk, resources.folder("forms")
    wanted = Wanted(asked.form, asked.since, asked.until, asked.version, asked.organization_id)
    table = answer_table(
        desk.store.read, desk.texts, desk.dispatcher.content, folder, context.actor, wanted,
        salt=secrets.token_bytes(32), identified=asked.identified,
    )  # fmt: skip
    go_on = partial(tell, len(table.ids))
    taken = Taken(
        by=context.actor.name, at=desk.clock(), purpose=asked.purpose, number=outgoing_id.hex[-12:].upper(),
        period=f"{asked.since.isoformat()} 至 {asked.until.isoformat()}", form=asked.form,
        identified=asked.identified,
    )  # fmt: skip
    if asked.file is AnswerFile.PDF:
        document = load_documents(resources.folder("documents"))[DOCUMENT]
        return write_pdfs(table, taken, document, path, go_on)
    draft = path.with_suffix(".part")
    try:
        whole = write_book(table, taken, draft, go_on)
        if whole:
            draft.replace(path)
        return ([path] if whole else []), whole
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
