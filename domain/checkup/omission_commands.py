"""Refused or postponed on the spot: with the reason, and the client's signature or a witness."""

from datetime import date

from domain.checkup.attachments import LANE_SMALL
from domain.checkup.completeness import undone
from domain.checkup.omission_records import Omission, OmissionKind
from domain.checkup.records import Attachment, Visit
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.people.witness import witness_of

SIGNATURE_TYPE = "image/png"


@command("checkup.omit", "登记弃检或延期", permission="checkup.edit")
class RecordOmission:
    """Note items a client does not have done today; the signature's picture is in the store of files already."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    items: list[str] = ask("项目", kind=Kind.HIDDEN)
    kind: OmissionKind = ask("方式", kind=Kind.CHOICE)
    reason: str = ask("原因", kind=Kind.NOTE)
    postponed_to: date | None = ask("改期至", kind=Kind.DATE, default=None)
    signature_sha256: str | None = ask("客户签名", kind=Kind.HIDDEN, default=None, max_length=64)
    signature_size: int | None = ask("字节数", kind=Kind.HIDDEN, default=None, low=1)
    witness: str | None = ask("见证人（登录名或工牌号）", default=None, max_length=60)


@handles(RecordOmission)
def record_omission(order: RecordOmission, work: UnitOfWork) -> list[Id]:
    """Return the ids of what was noted; all items or none.

    Raises:
        DomainError: ``omission.nothing`` (field ``items``); ``omission.not_open`` for an item that is done, or is
            none of this visit's; ``omission.day_missing`` and ``omission.day_past`` (``postponed_to``);
            ``omission.not_signed`` (``witness``) without signature and witness; ``witness.unknown`` and
            ``witness.self`` (``witness``).
    """
    visit = work.require(Visit, order.visit_id, "visit_id")
    labels = {one.item: one.label for one in undone(work.connection, visit.id)}
    items = list(dict.fromkeys(order.items))
    if not items:
        raise DomainError("omission.nothing", field="items")
    for item in items:
        if item not in labels:
            raise DomainError("omission.not_open", field="items", item=item)
    _check_day(order, work)
    witness = _witness(order, work)
    if order.signature_sha256:
        _keep_signature(order, visit, work)
    return [
        work.add(
            Omission(
                org_id=visit.org_id, visit_id=visit.id, patient_id=visit.patient_id, item=item, label=labels[item],
                kind=order.kind, reason=order.reason, postponed_to=order.postponed_to,
                signature_sha256=order.signature_sha256, witness_id=witness.id if witness else None,
                witness_name=witness.name if witness else None, recorded_by=work.actor.staff_id,
                recorded_at=work.now,
            )
        ).id
        for item in items
    ]  # fmt: skip


def _check_day(order: RecordOmission, work: UnitOfWork) -> None:
    if order.kind is not OmissionKind.POSTPONED:
        return
    if order.postponed_to is None:
        raise DomainError("omission.day_missing", field="postponed_to")
    if order.postponed_to <= clinic(work.now).date():
        raise DomainError("omission.day_past", field="postponed_to", day=order.postponed_to.isoformat())


def _witness(order: RecordOmission, work: UnitOfWork) -> Staff | None:
    """Return who saw that the client cannot sign: another member of staff; None where the client signed."""
    said = (order.witness or "").strip()
    if order.signature_sha256 and not said:
        return None
    if not said:
        raise DomainError("omission.not_signed", field="witness")
    return witness_of(said, work, "witness")


def _keep_signature(order: RecordOmission, visit: Visit, work: UnitOfWork) -> None:
    work.add(
        Attachment(
            org_id=visit.org_id, subject="visit", subject_id=visit.id, sha256=order.signature_sha256,
            size=order.signature_size or 0, media_type=SIGNATURE_TYPE, name=f"{visit.number} 弃检签名.png",
            lane=LANE_SMALL, added_at=work.now, added_by=work.actor.staff_id,
        )
    )  # fmt: skip
