"""The interface of partners' booking systems: FHIR R4 Slot and Appointment over HTTP.

A partner shows its key (``Authorization: Bearer``) and sees the free slots of the blocks it was given, books them,
calls its own bookings off, and asks what became of them. Every refusal is an OperationOutcome.
"""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from domain.interop.partner_records import Partner, PartnerRole
from domain.kernel.authority import Actor, system_actor
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.reception.external_commands import BookExternally, CancelExternally
from domain.reception.external_records import BookingKey, ExternalBooking
from domain.reception.records import Appointment, SlotBlock
from domain.reception.slots import free_of
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.problems import status_of

router = APIRouter(prefix="/booking/fhir", include_in_schema=False)
MEDIA = "application/fhir+json"
MOST, LONGEST_BODY = 200, 64 * 1024
NUMBER_SYSTEM = "urn:aftercheck:patient-number"
STATUS = {
    "booked": "booked", "arrived": "arrived", "ended": "fulfilled", "recorded": "fulfilled", "moved": "cancelled",
    "cancelled": "cancelled", "no_show": "noshow",
}  # fmt: skip
_TAKEN = frozenset({"reception.taken", "booking.number_used", "store.duplicate"})


class Door:
    """One request of a partner."""

    def __init__(self, centre: Centre, partner: Any) -> None:
        self.centre, self.partner = centre, partner

    @property
    def actor(self) -> Actor:
        """Who acts in the partner's name."""
        return system_actor(self.partner.org_id, self.centre.identity.device_id, self.partner.name)


def _door(request: Request, centre: CentreDep) -> Door | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return None
    digest = hashlib.sha256(key.strip().encode()).hexdigest()
    query = (
        select(Partner.id, Partner.org_id, Partner.name)
        .join(BookingKey, BookingKey.id == Partner.id)
        .where(BookingKey.key_sha256 == digest, Partner.active, Partner.role == PartnerRole.BOOKING)
    )
    with centre.store.read() as connection:
        found = connection.execute(query).first()
    return None if found is None else Door(centre, found)


DoorDep = Annotated[Door | None, Depends(_door)]


@router.get("/Slot")
def slots(door: DoorDep, start: str = "") -> Response:
    """Return the free slots of the partner's blocks, the earliest first; ``start=ge…,lt…`` bounds them."""
    return _answered(door, lambda door: _slots(door, start))


def _slots(door: Door, start: str) -> Response:
    now = door.centre.clock()
    since, until = _bounds(start, now)
    with door.centre.store.read() as connection:
        b = SlotBlock.__table__.c
        query = select(SlotBlock.__table__).where(b.device_id == door.partner.id, b.ends_at > since)
        found = []
        for block in connection.execute(query.order_by(b.starts_at, b.id).limit(MOST)).all():
            for slot, begins, ends in free_of(connection, block, now):
                if since <= begins and (until is None or begins < until) and len(found) < MOST:
                    found.append(_slot(block, slot, begins, ends))
    return _bundle(found)


def _bounds(said: str, now: datetime) -> tuple[datetime, datetime | None]:
    since, until = now, None
    for part in filter(None, said.split(",")):
        moment = _moment(part[2:])
        if part.startswith("ge"):
            since = max(since, moment)
        elif part.startswith("lt"):
            until = moment
        else:
            raise DomainError("booking.bad_request", field="start", detail=part[:40])
    return since, until


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DomainError("booking.bad_request", field="time", detail=text[:40]) from error
    if moment.tzinfo is None:
        raise DomainError("booking.bad_request", field="time", detail=text[:40])
    return moment


def _slot(block: Any, slot: int, begins: datetime, ends: datetime) -> dict[str, Any]:
    return {
        "resourceType": "Slot", "id": f"{block.id.hex}-{slot}", "status": "free",
        "schedule": {"reference": f"Schedule/{block.staff_id.hex}", "display": block.staff_name},
        "start": begins.isoformat(), "end": ends.isoformat(),
    }  # fmt: skip


@router.post("/Appointment")
async def book(request: Request, door: DoorDep) -> Response:
    """Book a slot: 201 with the appointment; 409 where it is taken; the same identifier again is the same one."""
    body = await _body(request)
    return await run_in_threadpool(_answered, door, lambda door: _booked(door, _read(body)))


def _booked(door: Door, asked: dict[str, Any]) -> Response:
    try:
        if asked["resourceType"] != "Appointment":
            raise KeyError("resourceType")
        block, _, slot = str(asked["slot"][0]["reference"]).removeprefix("Slot/").partition("-")
        client = next(one for one in asked["contained"] if one["resourceType"] == "Patient")
        order = BookExternally(
            partner_id=door.partner.id, external_id=str(asked["identifier"][0]["value"])[:120],
            block_id=Id(hex=block), slot=int(slot), number=str(client["identifier"][0]["value"])[:40],
            birth_date=date.fromisoformat(client["birthDate"]), note=str(asked.get("comment", ""))[:1000] or None,
        )  # fmt: skip
    except (KeyError, IndexError, TypeError, ValueError, StopIteration, AttributeError) as error:
        raise DomainError("booking.bad_request", field="Appointment", detail=str(error)[:80]) from error
    made: Id = door.centre.dispatcher.run(order, door.actor).receipt
    return _resource(_one(door, made), 201, f"/booking/fhir/Appointment/{made.hex}")


@router.put("/Appointment/{appointment}")
async def change(request: Request, door: DoorDep, appointment: str) -> Response:
    """Call an appointment off (``status: cancelled``); nothing else can be changed."""
    body = await _body(request)
    return await run_in_threadpool(_answered, door, lambda door: _changed(door, appointment, _read(body)))


def _changed(door: Door, appointment: str, asked: dict[str, Any]) -> Response:
    if asked.get("status") != "cancelled":
        raise DomainError("booking.bad_request", field="status", detail=str(asked.get("status"))[:40])
    told = asked.get("cancelationReason")
    reason = told.get("text") if isinstance(told, dict) else None
    own = _id(appointment)
    order = CancelExternally(
        partner_id=door.partner.id, appointment_id=own, reason=str(reason or "对方取消")[:1000]
    )
    door.centre.dispatcher.run(order, door.actor)
    return _resource(_one(door, own), 200)


@router.get("/Appointment")
def appointments(door: DoorDep, updated: Annotated[str, Query(alias="_lastUpdated")] = "") -> Response:
    """Return what became of the partner's bookings, from a moment on (``ge…``), the oldest first."""

    def work(door: Door) -> Response:
        since = _moment(updated.removeprefix("ge")) if updated else None
        return _bundle(_kept(door, since=since))

    return _answered(door, work)


@router.get("/Appointment/{appointment}")
def appointment_of(door: DoorDep, appointment: str) -> Response:
    """Return one of the partner's bookings."""
    return _answered(door, lambda door: _resource(_one(door, _id(appointment)), 200))


def _one(door: Door, appointment_id: Id) -> dict[str, Any]:
    found = _kept(door, appointment_id=appointment_id)
    if not found:
        raise DomainError("booking.no_appointment", field="appointment_id")
    return found[0]


def _kept(
    door: Door, *, since: datetime | None = None, appointment_id: Id | None = None
) -> list[dict[str, Any]]:
    query = (
        select(Appointment.__table__, ExternalBooking.external_id, Patient.number)
        .join(ExternalBooking, ExternalBooking.appointment_id == Appointment.id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(ExternalBooking.partner_id == door.partner.id)
    )
    if since is not None:
        query = query.where(Appointment.state_since >= since)
    if appointment_id is not None:
        query = query.where(Appointment.id == appointment_id)
    with door.centre.store.read() as connection:
        rows = connection.execute(query.order_by(Appointment.state_since, Appointment.id).limit(MOST)).all()
    return [
        {
            "resourceType": "Appointment", "id": row.id.hex, "status": STATUS[row.state],
            "meta": {"lastUpdated": row.state_since.isoformat()}, "identifier": [{"value": row.external_id}],
            "slot": [{"reference": f"Slot/{row.block_id.hex}-{row.slot}"}],
            "start": row.starts_at.isoformat(), "end": row.ends_at.isoformat(),
            "participant": [
                {"actor": {"identifier": {"system": NUMBER_SYSTEM, "value": row.number}}, "status": "accepted"},
                {"actor": {"display": row.staff_name}, "status": "accepted"},
            ],
        }
        for row in rows
    ]  # fmt: skip


def _id(text: str) -> Id:
    try:
        return Id(hex=text)
    except ValueError as error:
        raise DomainError("booking.no_appointment", field="appointment_id") from error


async def _body(request: Request) -> bytes:
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > LONGEST_BODY:
            return b""
    return found


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise DomainError("booking.bad_request", field="body", detail="JSON") from error
    if not isinstance(found, dict):
        raise DomainError("booking.bad_request", field="body", detail="JSON")
    return found


def _answered(door: Door | None, work: Callable[[Door], Response]) -> Response:
    if door is None:
        return _outcome(401, "login", "没有密钥或密钥不对。")
    try:
        return work(door)
    except KnownError as error:
        said = door.centre.texts.explain(error)
        if error.code in _TAKEN:
            return _outcome(409, "conflict", said)
        if error.code == "booking.no_appointment":
            return _outcome(404, "not-found", said)
        return _outcome(status_of(error), "processing", said)


def _outcome(status: int, code: str, said: str) -> Response:
    issue = {"severity": "error", "code": code, "details": {"text": said}}
    return _resource({"resourceType": "OperationOutcome", "issue": [issue]}, status)


def _bundle(found: list[dict[str, Any]]) -> Response:
    entries = [{"resource": one} for one in found]
    return _resource(
        {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}, 200
    )


def _resource(resource: dict[str, Any], status: int, location: str = "") -> Response:
    head = {"cache-control": "no-store"} | ({"location": location} if location else {})
    return Response(msgspec.json.encode(resource), status, media_type=MEDIA, headers=head)
