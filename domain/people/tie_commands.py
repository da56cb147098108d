"""Ties between staff and clients: who stands at the desk, and whom somebody is to look after."""

import dataclasses
import enum
from datetime import datetime, time, timedelta

from sqlalchemy import or_, select

from domain.checkup.records import Visit
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Staff
from domain.people.scans import spellings
from domain.people.tie_records import ClientTie, TieKind


class Presence(enum.StrEnum):
    """How somebody is here."""

    CARD = "card"
    NUMBER = "number"
    PHONE = "phone"


PRESENCE = {Presence.CARD: "出示证件", Presence.NUMBER: "出示体检号或会员卡", Presence.PHONE: "来电核对"}
SHORTEST = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """The client and until when they are one's own."""

    patient_id: Id
    until: datetime


@command("people.take_on", "接待到店客户", permission="people.take_on")
class TakeOnClient:
    """Whoever stands here with a number of theirs is one's client until the end of the day; on record."""

    number: str = ask("证件号、档案号、会员卡号或体检号（完整号码）", kind=Kind.SCAN, max_length=40)
    presence: Presence = ask("核对方式", kind=Kind.CHOICE, default=Presence.NUMBER)


@handles(TakeOnClient)
def take_on(order: TakeOnClient, work: UnitOfWork) -> Taken:
    """Return the client; only a whole number finds one, because who tells it is who has it.

    Raises:
        DomainError: ``tie.nobody`` (``number``) where no client here has it; ``tie.several`` where two have.
    """
    me, my_name = work.actor.staff_id, work.actor.name
    if me is None:
        raise DomainError("tie.not_staff")
    forms = spellings(order.number)
    found: set[Id] = set()
    if len(forms[-1]) >= SHORTEST:
        found |= {
            row.id
            for row in work.list(
                select(Patient)
                .where(
                    or_(Patient.id_number.in_(forms), Patient.number.in_(forms), Patient.card_no.in_(forms))
                )
                .limit(2)
            )
        }
        found |= {v.patient_id for v in work.list(select(Visit).where(Visit.number.in_(forms)).limit(2))}
    if not found:
        raise DomainError("tie.nobody", field="number")
    if len(found) > 1:
        raise DomainError("tie.several", field="number")
    patient = work.require(Patient, found.pop(), "number")
    until = datetime.combine(clinic(work.now).date() + timedelta(days=1), time(), CLINIC_TIME)
    standing = select(ClientTie).where(
        ClientTie.staff_id == me, ClientTie.patient_id == patient.id, ClientTie.until >= until
    )
    if not work.list(standing.limit(1)):
        _tie(work, patient, (me, my_name), TieKind.PRESENT, until=until, reason=PRESENCE[order.presence])
    return Taken(patient.id, until)


@command("people.assign_client", "指定客户负责人", permission="people.assign")
class AssignClient:
    """A client is to be somebody's from now on."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    login: str = ask("负责人登录名", max_length=60)
    reason: str = ask("原因", kind=Kind.NOTE)
    days: int | None = ask("天数（不填为长期）", kind=Kind.NUMBER, default=None, low=1, high=3650)


@handles(AssignClient)
def assign_client(order: AssignClient, work: UnitOfWork) -> Id:
    """Return the id of the tie.

    Raises:
        DomainError: ``patient.unknown``; ``tie.no_staff`` (``login``) for who is not there or switched off;
            ``tie.has_it`` (``login``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    staff = work.find(Staff, login=order.login.strip())
    if staff is None or not staff.active:
        raise DomainError("tie.no_staff", field="login", login=order.login.strip())
    standing = select(ClientTie).where(
        ClientTie.staff_id == staff.id, ClientTie.patient_id == patient.id,
        or_(ClientTie.until.is_(None), ClientTie.until > work.now), ClientTie.kind != TieKind.PRESENT,
    )  # fmt: skip
    if work.list(standing.limit(1)):
        raise DomainError("tie.has_it", field="login", name=staff.name)
    until = None if order.days is None else work.now + timedelta(days=order.days)
    return _tie(
        work, patient, (staff.id, staff.name), TieKind.ASSIGNED, until=until, reason=order.reason.strip()
    ).id


@command("people.end_tie", "结束客户归属", permission="people.assign")
class EndTie:
    """A client is somebody's no longer."""

    client_tie_id: Id = ask("客户归属", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(EndTie)
def end_tie(order: EndTie, work: UnitOfWork) -> None:
    """End it now; ``tie.over`` where it has ended."""
    tie = work.require(ClientTie, order.client_tie_id, "client_tie_id")
    if tie.until is not None and tie.until <= work.now:
        raise DomainError("tie.over", field="client_tie_id")
    tie.until = work.now
    tie.reason = f"{tie.reason}；{order.reason.strip()}"[:4000]


def tie_to_maker(work: UnitOfWork, patient: Patient) -> None:
    """Let a new client be whoever made the record, where they see only clients of their own."""
    me = work.actor.staff_id
    if work.actor.own_clients and me is not None:
        _tie(work, patient, (me, work.actor.name), TieKind.REGISTERED)


def _tie(
    work: UnitOfWork, patient: Patient, staff: tuple[Id, str], kind: TieKind, *,
    until: datetime | None = None, reason: str = "",
) -> ClientTie:  # fmt: skip
    return work.add(
        ClientTie(
            org_id=patient.org_id, patient_id=patient.id, staff_id=staff[0], staff_name=staff[1], kind=kind,
            since=work.now, until=until, reason=reason, given_name=work.actor.name,
        )
    )  # fmt: skip
