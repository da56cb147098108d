"""What the page reads from the store, and the work of its jobs; off the UI thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage
from sqlalchemy import Connection, select

import resources
from client.background import Job
from client.station import Context
from client.stations.review.preview import pdf_pages
from domain.kernel.authority import Actor
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.kernel.rows import sees_all
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination, OutgoingResult
from domain.people.records import Organization
from domain.research.export_commands import EndStudyExport, ExportStudyData
from domain.studies.records import ProtocolVisit, Study, StudyArm, StudyMember
from domain.studies.subject_records import StudySubject
from domain.version import VERSION
from forms.documents import load_documents
from forms.research.exporting import Written, folder_name, prepare, write_export
from forms.research.summary import Asked, summary_pdf

SCALE = 1.4
MOST_SITES = 200


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study of one's own: id, code and name."""

    id: Id
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen of a study: (code, name) of arms, sites and visits."""

    arms: tuple[tuple[str, str], ...]
    sites: tuple[tuple[str, str], ...]
    visits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """How an export ended: where its files are and what is in them; no folder if it was stopped."""

    folder: Path | None
    number: str
    written: Written | None


@dataclass(frozen=True, slots=True)
class Report:
    """A statistics report: its bytes and its pages as they are shown."""

    pdf: bytes
    pages: tuple[QImage, ...]


def read_studies(connection: Connection, actor: Actor) -> list[StudyRow]:
    """Return the studies whose data a person may export: those they work on, or all for who oversees."""
    s, m = Study.__table__.c, StudyMember.__table__.c
    query = select(s.id, s.code, s.name).where(s.state != "draft").order_by(s.code)
    if not sees_all(actor, StudySubject):
        mine = select(m.study_id).where(m.staff_id == actor.staff_id, m.left_at.is_(None))
        query = query.where(s.id.in_(mine))
    return [StudyRow(row.id, row.code, row.name) for row in connection.execute(query)]


def read_options(connection: Connection, study_id: Id) -> Options:
    """Return what may be chosen of a study."""
    a, v, o, s = (kind.__table__.c for kind in (StudyArm, ProtocolVisit, Organization, StudySubject))
    arms = select(a.code, a.name).where(a.study_id == study_id).order_by(a.code)
    visits = select(v.code, v.name).where(v.study_id == study_id).order_by(v.day, v.code)
    sites = (
        select(o.code, o.name)
        .where(o.id.in_(select(s.org_id).where(s.study_id == study_id).distinct()))
        .order_by(o.code)
        .limit(MOST_SITES)
    )
    found = [tuple((row[0], row[1]) for row in connection.execute(query)) for query in (arms, sites, visits)]
    return Options(*found)


def export_work(context: Context, order: ExportStudyData, folder: Path) -> Callable[[Job], Exported]:
    """Return the work of a job that puts an export on record, writes it below `folder`, and tells how it ended.

    Raises, when run:
        DomainError: What `ExportStudyData` refuses.
        UnavailableError: ``export.cannot_write`` with the folder.
    """
    desk, actor = context.desk.dispatcher, context.actor

    def work(job: Job) -> Exported:
        begun = desk.run(order, actor).receipt

        def end(result: OutgoingResult, written: Written | None, detail: str | None = None) -> None:
            told = {} if written is None else {"tables": written.tables, "corrected": written.corrected}
            rows = 0 if written is None else written.rows
            desk.run(
                EndStudyExport(export_id=begun.export_id, result=result, rows=rows, detail=detail, **told),
                actor,
            )

        def go_on(done: int, of: int) -> bool:
            job.tell(done, of)
            return not job.cancelled

        try:
            with desk.store.read() as connection:
                ready = prepare(
                    connection, actor, begun.export_id, catalog=desk.content["catalog"],
                    folder=resources.folder("forms"), say=context.say,
                )  # fmt: skip
            target = folder / folder_name(begun.number, ready.row.started_at)
            written = write_export(desk.store, ready, target, context.say, go_on, version=VERSION)
        except KnownError as error:
            end(OutgoingResult.FAILED, None, context.desk.texts.explain(error)[:255])
            raise
        except Exception as error:
            end(OutgoingResult.FAILED, None, type(error).__name__)
            raise
        end(OutgoingResult.CANCELLED if written is None else OutgoingResult.DONE, written)
        return Exported(None if written is None else target, begun.number, written)

    return work


def report_work(context: Context, asked: Asked) -> Callable[[Job], Report | None]:
    """Return the work of a job that makes the statistics report and its pictures; None if it was stopped."""

    def work(job: Job) -> Report | None:
        def go_on(done: int, of: int) -> bool:
            job.tell(done, of)
            return not job.cancelled

        document = load_documents(resources.folder("documents"))["study_summary"]
        pdf = summary_pdf(
            context.desk.dispatcher,
            context.actor,
            document,
            asked,
            resources.folder("forms"),
            context.say,
            go_on,
        )
        return None if pdf is None else Report(pdf, tuple(pdf_pages(pdf, SCALE)))

    return work


def saved(study: str) -> HandOutDocument:
    """Return the order that lets a statistics report go to a file."""
    return HandOutDocument(what=f"研究数据统计报告 {study}", destination=Destination.FILE)


def chosen_names(pairs: Sequence[tuple[str, str]], codes: Sequence[str]) -> list[str]:
    """Return the names of what was chosen."""
    names: dict[str, Any] = dict(pairs)
    return [names.get(code, code) for code in codes]
