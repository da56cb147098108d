"""Files of a visit or its report: added by hand or by an interface, taken away again with a reason."""

import dataclasses

from sqlalchemy import select

from domain.checkup.attachments import KINDS, LANE_DICOM, LANE_SMALL, check_file
from domain.checkup.records import Attachment, AttachmentRemoval, Report, Visit
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork


@command("checkup.attach", "添加附件", permission="checkup.edit")
class AttachFile:
    """A file that belongs to a visit or its report; its bytes are in the content-addressed store already."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    sha256: str = ask("SHA-256", kind=Kind.HIDDEN, max_length=64)
    size: int = ask("字节数", kind=Kind.HIDDEN, low=1)
    media_type: str = ask("类型", kind=Kind.HIDDEN, max_length=120)
    name: str = ask("文件名", kind=Kind.HIDDEN)
    report_id: Id | None = ask("报告", kind=Kind.HIDDEN, default=None)


@handles(AttachFile)
def attach(order: AttachFile, work: UnitOfWork) -> Id:
    """Return the id of the attachment.

    What an interface sends is kept whatever it is, and twice is once; a person is told.

    Raises:
        DomainError: ``attachment.kind``, ``attachment.too_large`` or ``attachment.duplicate``; the field is ``name``.
    """
    visit = work.require(Visit, order.visit_id, "visit_id")
    subject, subject_id = "visit", visit.id
    if order.report_id is not None:
        subject, subject_id = "report", work.require(Report, order.report_id, "report_id").id
    by_hand = work.actor.staff_id is not None
    if by_hand:
        check_file(order.name, order.size, KINDS.get(order.media_type))
    there = work.list(
        select(Attachment).where(Attachment.subject_id == subject_id, Attachment.sha256 == order.sha256)
    )
    gone = {r.attachment_id for r in _removals(work, [a.id for a in there])}
    standing = [a for a in there if a.id not in gone]
    if standing and by_hand:
        raise DomainError("attachment.duplicate", field="name", name=order.name, known=standing[0].name)
    if standing:
        return standing[0].id
    attachment = work.add(
        Attachment(
            org_id=visit.org_id, subject=subject, subject_id=subject_id, sha256=order.sha256, size=order.size,
            media_type=order.media_type, name=order.name, added_at=work.now, added_by=work.actor.staff_id,
            lane=LANE_DICOM if order.media_type == "application/dicom" else LANE_SMALL,
        )
    )  # fmt: skip
    return attachment.id


@dataclasses.dataclass(frozen=True, slots=True)
class Removed:
    """Which file is no longer shown; its bytes and the record of it stay."""

    attachment_id: Id
    name: str


@command("checkup.detach", "撤下附件", permission="checkup.edit")
class DetachFile:
    """Take a file away that was added by mistake; that it was there, and why it went, stays on record."""

    attachment_id: Id = ask("附件", kind=Kind.HIDDEN)
    reason: str = ask("撤下原因", kind=Kind.NOTE)


@handles(DetachFile)
def detach(order: DetachFile, work: UnitOfWork) -> Removed:
    """Note the removal.

    Raises:
        DomainError: ``attachment.removed`` twice; ``attachment.signed`` once the report is signed;
            ``attachment.not_yours`` for who neither added it nor writes reports.
    """
    attachment = work.require(Attachment, order.attachment_id, "attachment_id")
    if _removals(work, [attachment.id]):
        raise DomainError("attachment.removed", name=attachment.name)
    report = _report_of(attachment, work)
    if report is not None and report.state in {"signed", "issued"}:
        raise DomainError("attachment.signed", name=attachment.name, number=report.number)
    own = attachment.added_by is not None and attachment.added_by == work.actor.staff_id
    if not own and not work.actor.may("report.write"):
        raise DomainError("attachment.not_yours", name=attachment.name)
    work.add(
        AttachmentRemoval(
            org_id=attachment.org_id, attachment_id=attachment.id, reason=order.reason,
            removed_by=work.actor.staff_id, removed_at=work.now,
        )
    )  # fmt: skip
    return Removed(attachment.id, attachment.name)


def _removals(work: UnitOfWork, ids: list[Id]) -> list[AttachmentRemoval]:
    query = select(AttachmentRemoval).where(AttachmentRemoval.attachment_id.in_(ids))
    return list(work.list(query)) if ids else []


def _report_of(attachment: Attachment, work: UnitOfWork) -> Report | None:
    if attachment.subject == "report":
        return work.get(Report, attachment.subject_id)
    return work.find(Report, visit_id=attachment.subject_id)
