"""The intake of clients' devices: signed with a key of the pairing, shown once, kept once however often it is sent.

The key of a pairing is made from the centre's own key and the pairing's id, so that nothing secret is stored. A
request says its device, its time, a nonce and the HMAC of all of it with the body; it may be shown once, within ten
minutes.
"""

import hashlib
import hmac
import uuid
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from domain.kernel.authority import system_actor
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.monitoring.commands import Bout, Reading, TakeMonitored, TakenReadings
from domain.monitoring.records import MonitorDevice
from server.api.dependencies import CentreDep
from server.centre import Centre

router = APIRouter(prefix="/monitor/v1", include_in_schema=False)
LONGEST_BODY = 512 * 1024
WINDOW_S = 600
CONTEXT = b"aftercheck monitor 1"
DEVICE, TIME, NONCE, SIGNATURE = (
    "x-monitor-device",
    "x-monitor-time",
    "x-monitor-nonce",
    "x-monitor-signature",
)


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request."""

    readings: list[Reading] = []
    bouts: list[Bout] = []


def key_of(centre: Centre, device_id: Id) -> str:
    """Return the key of a pairing."""
    raw = centre.identity.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return hmac.new(hashlib.sha256(CONTEXT + raw).digest(), device_id.bytes, hashlib.sha256).hexdigest()


def signature_of(key: str, device_id: str, at: str, nonce: str, body: bytes) -> str:
    """Return what a device signs a request with."""
    message = "\n".join([device_id, at, nonce, hashlib.sha256(body).hexdigest()]).encode()
    return hmac.new(bytes.fromhex(key), message, hashlib.sha256).hexdigest()


@router.post("/readings")
async def readings(request: Request, centre: CentreDep) -> Response:
    """Take what a device measured; the answer says what became of each."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise DomainError("http.too_large", size=len(body), limit=LONGEST_BODY)
    head = dict(request.headers)
    return await run_in_threadpool(_taken, centre, head, body)


def _taken(centre: Centre, head: dict[str, str], body: bytes) -> Response:
    device = _signed_by(centre, head, body)
    try:
        sent = msgspec.json.decode(body, type=Sent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("monitor.bad_body", field="body", problem=str(error)[:200]) from error
    for one in (*sent.readings, *sent.bouts):
        if one.at.tzinfo is None:
            raise DomainError("monitor.no_zone", field="at")
    order = TakeMonitored(
        patient_id=device.patient_id, said=device.name, monitor_device_id=device.id, readings=sent.readings,
        bouts=sent.bouts,
    )  # fmt: skip
    actor = system_actor(device.org_id, centre.identity.device_id, f"客户设备 {device.name}")
    done: TakenReadings = centre.dispatcher.run(order, actor).receipt
    return Response(msgspec.json.encode(answer_of(centre, done)), media_type="application/json")


def answer_of(centre: Centre, done: TakenReadings) -> dict[str, Any]:
    """Return what is told of an order, each refusal in words."""
    return {
        "kept": done.kept, "known": done.known,
        "refused": [
            {"what": one.what, "at": one.at, "code": one.code,
             "text": centre.texts.explain(DomainError(one.code, **one.facts))}
            for one in done.refused
        ],
    }  # fmt: skip


def _signed_by(centre: Centre, head: dict[str, str], body: bytes) -> Any:
    """Return the row of the device that signed; whether it exists is not told to who cannot sign."""
    try:
        device_id = uuid.UUID(head[DEVICE])
        at, nonce, signature = int(head[TIME]), head[NONCE], head[SIGNATURE]
    except (KeyError, ValueError) as error:
        raise DomainError("auth.monitor_unsigned") from error
    wanted = signature_of(key_of(centre, device_id), head[DEVICE], head[TIME], nonce, body)
    if not (8 <= len(nonce) <= 100 and hmac.compare_digest(wanted.encode(), signature.lower().encode())):
        raise DomainError("auth.monitor_signature")
    now: datetime = centre.clock()
    if abs(now.timestamp() - at) > WINDOW_S:
        raise DomainError("auth.monitor_clock", now=int(now.timestamp()))
    d = MonitorDevice.__table__
    query = select(d.c.id, d.c.patient_id, d.c.org_id, d.c.name, d.c.unpaired_at).where(d.c.id == device_id)
    with centre.store.read() as connection:
        row = connection.execute(query).first()
    if row is None or row.unpaired_at is not None:
        raise DomainError("auth.monitor_over")
    if not centre.nonces.spend(device_id, f"monitor {nonce}", to_microseconds(now)):
        raise DomainError("auth.replayed")
    return row
