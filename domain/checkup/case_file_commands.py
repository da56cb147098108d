"""Noting which cases wait for files; whether bytes are there is seen by the centre, which alone runs this."""

import dataclasses
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from domain.checkup.case_file_records import CaseFiles
from domain.checkup.records import Attachment, AttachmentRemoval, Report, Visit
from domain.checkup.workflow import case_files_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


@dataclasses.dataclass(frozen=True, slots=True)
class FilesSeen:
    """How many files a visit has, and how many of them are not at the centre."""

    visit_id: Id
    total: int
    missing: int


@command("checkup.note_files", "核对病例附件是否到齐", permission=None, place="internal")
class NoteCaseFiles:
    """Write what the centre sees of the files of some visits."""

    seen: list[Any] = ask("附件", kind=Kind.HIDDEN)


@handles(NoteCaseFiles)
def note_case_files(order: NoteCaseFiles, work: UnitOfWork) -> int:
    """Return how many rows changed; a case that never lacked anything has none."""
    changed = 0
    for one in order.seen:
        kept = work.find(CaseFiles, visit_id=one.visit_id)
        if kept is None and one.missing:
            visit = work.require(Visit, one.visit_id)
            kept = CaseFiles(
                id=stable_id("case_files", visit.id), org_id=visit.org_id, visit_id=visit.id,
                patient_id=visit.patient_id, visit_number=visit.number, total=one.total, missing=one.missing,
            )  # fmt: skip
            work.start(case_files_life, kept)
            work.add(kept)
            changed += 1
        elif kept is not None and (kept.total, kept.missing) != (one.total, one.missing):
            kept.total, kept.missing = one.total, one.missing
            move = "complete" if not one.missing else "miss"
            if case_files_life.allows(kept.state, move):
                work.move(case_files_life, kept, move)
            changed += 1
    return changed


def files_of(connection: Connection, visit_id: Id) -> list[str]:
    """Return the SHA-256 of every file of a visit and its report; the signed report is made at the centre."""
    a, gone, report = Attachment.__table__.c, AttachmentRemoval.__table__.c, Report.__table__.c
    reports = select(report.id).where(report.visit_id == visit_id)
    query = (
        select(a.sha256)
        .outerjoin(AttachmentRemoval.__table__, gone.attachment_id == a.id)
        .where(
            or_(
                and_(a.subject == "visit", a.subject_id == visit_id),
                and_(a.subject == "report", a.subject_id.in_(reports), a.added_by.is_not(None)),
            ),
            gone.id.is_(None),
        )
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))
