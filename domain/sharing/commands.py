"""Noting that a client agrees, ending it, and keeping what other sites have in step; nothing leaves without it."""

from datetime import date
from typing import Any

from sqlalchemy import select

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.sharing.records import Agreed, RecordSharing, SharedPortrait
from domain.sharing.twins import shared_id, twins

PERMISSION = "people.share"


@command("people.share", "登记跨院区共享授权", permission=PERMISSION)
class ShareRecord:
    """The client agrees that the group's other sites see portrait and tags."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    agreed: Agreed = ask("授权方式", kind=Kind.CHOICE)
    basis: str = ask("授权说明（签字件、通话时间等）", kind=Kind.NOTE)
    until: date | None = ask("有效至（不填为长期）", kind=Kind.DATE, default=None)


@handles(ShareRecord)
def share(order: ShareRecord, work: UnitOfWork) -> Id:
    """Return the agreement.

    Raises:
        DomainError: ``sharing.standing`` while one stands; ``sharing.day_past`` (field ``until``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    if work.find(RecordSharing, patient_id=patient.id, ended_at=None) is not None:
        raise DomainError("sharing.standing", field="patient_id", name=patient.number)
    if order.until is not None and order.until < clinic(work.now).date():
        raise DomainError("sharing.day_past", field="until", day=order.until.isoformat())
    return work.add(
        RecordSharing(
            org_id=patient.org_id, patient_id=patient.id, agreed=order.agreed, basis=order.basis, since=work.now,
            until=order.until, noted_by=work.actor.staff_id, noted_name=work.actor.name,
        )
    ).id  # fmt: skip


@command("people.end_sharing", "终止共享", permission=PERMISSION)
class EndSharing:
    """The client no longer agrees: what the other sites had is emptied as soon as they are reached."""

    record_sharing_id: Id = ask("共享授权", kind=Kind.HIDDEN)
    reason: str = ask("终止原因", kind=Kind.NOTE)


@handles(EndSharing)
def end_sharing(order: EndSharing, work: UnitOfWork) -> None:
    """Write it down. Raises ``sharing.ended`` for one that has ended."""
    sharing = work.require(RecordSharing, order.record_sharing_id, "record_sharing_id")
    if sharing.ended_at is not None:
        raise DomainError("sharing.ended", field="record_sharing_id")
    sharing.ended_at, sharing.ended_reason = work.now, order.reason


@command("people.end_due_sharings", "终止到期共享", permission=None, place="internal")
class EndDueSharings:
    """End the agreements whose last day has passed; the centre's reader is the only caller."""


@handles(EndDueSharings)
def end_due(order: EndDueSharings, work: UnitOfWork) -> int:
    """Return how many."""
    today = clinic(work.now).date()
    due = work.list(
        select(RecordSharing).where(RecordSharing.ended_at.is_(None), RecordSharing.until < today).limit(400)
    )
    for sharing in due:
        sharing.ended_at, sharing.ended_reason = work.now, "授权到期"
    return len(due)


@command("people.keep_shared", "更新他院区健康画像", permission=None, place="internal")
class KeepShared:
    """Bring what other sites have of a client in step; the centre's reader is the only caller.

    `facts` are columns of `SharedPortrait`, None where the client does not agree (any more).
    """

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    facts: dict[str, Any] | None = ask("画像", kind=Kind.HIDDEN, default=None)


EMPTY: dict[str, Any] = {
    "colour": None, "tags": [], "findings": None, "last_visit": None, "data": {}, "valid": False,
}  # fmt: skip


@handles(KeepShared)
def keep_shared(order: KeepShared, work: UnitOfWork) -> int:
    """Return at how many sites something changed; a site that never had anything of the client gets nothing empty."""
    source = work.require(Patient, order.patient_id, "patient_id")
    changed = 0
    for other in twins(work.connection, source.id):
        one = shared_id(source.id, other.id)
        row = work.get(SharedPortrait, one)
        facts = order.facts if order.facts is not None else EMPTY
        if row is None and order.facts is None:
            continue
        if row is None:
            work.add(
                SharedPortrait(id=one, org_id=other.org_id, patient_id=other.id, updated_at=work.now, **facts)
            )
            changed += 1
            continue
        differing = {n: v for n, v in facts.items() if _plain(n, getattr(row, n)) != _plain(n, v)}
        for name, value in differing.items():
            setattr(row, name, value)
        if differing:
            row.updated_at = work.now
            changed += 1
    return changed


def _plain(name: str, value: Any) -> Any:
    """Return a value as it is compared: a portrait made anew of the same things is the same."""
    if name == "data" and isinstance(value, dict):
        return {key: one for key, one in value.items() if key != "report"}
    return value
