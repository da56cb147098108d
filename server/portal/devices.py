"""Devices on the client's page: pairing with its key, taking it back, and files the phone exported."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

import resources
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.monitoring.commands import (
    MOST_BOUTS,
    MOST_READINGS,
    SINCE,
    ClientUnpairsMonitor,
    PairMonitor,
    TakeMonitored,
    TakenReadings,
)
from domain.monitoring.exports import Export, Formats, load_formats, read_export
from domain.monitoring.records import MonitorDevice, MonitorKind
from server.centre import Centre
from server.monitoring import key_of
from server.pages.answering import HEADERS, answer
from server.portal.door import Door, DoorDep, fields, id_of
from server.portal.reading import Member, actor_of

router = APIRouter(prefix="/w", include_in_schema=False)
MOST_FILE = 60 * 1024 * 1024
MONITOR_FORMATS = "monitor_formats"


def formats_of(centre: Centre) -> Formats:
    """Return how exported files are read; loaded once."""
    content = centre.dispatcher.content
    if MONITOR_FORMATS not in content:
        content[MONITOR_FORMATS] = load_formats(resources.folder("monitoring"))
    found: Formats = content[MONITOR_FORMATS]
    return found


@router.get("/{account}/devices")
def devices(door: DoorDep, m: str = "") -> Response:
    """Show the devices, and how to bring a file in."""
    try:
        return _page(door, door.member(m))
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/devices")
async def pair(request: Request, door: DoorDep) -> Response:
    """Pair a device; its key is shown now and never again."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            try:
                kind = MonitorKind(sent.get("kind", ""))
                order = PairMonitor(patient_id=of.patient_id, kind=kind, name=sent.get("name", "")[:60])
                made: Id = door.centre.dispatcher.run(order, actor_of(door.centre, of)).receipt
            except ValueError:
                missing = DomainError("input.missing", field="kind", label="设备类别")
                return _page(door, of, sent, door.centre.texts.explain(missing), 422)
            except DomainError as error:
                return _page(door, of, sent, door.centre.texts.explain(error), 422)
            return _page(door, of, made=made)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


@router.post("/{account}/devices/end")
async def unpair(request: Request, door: DoorDep) -> Response:
    """Take a pairing back."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            try:
                order = ClientUnpairsMonitor(
                    patient_id=of.patient_id, monitor_device_id=id_of(sent.get("device", ""))
                )
                door.centre.dispatcher.run(order, actor_of(door.centre, of))
            except DomainError as error:
                return _page(door, of, sent, door.centre.texts.explain(error), 422)
            return RedirectResponse(f"{door.base}/devices?m={of.binding_id.hex}", 303, headers=HEADERS)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


@router.post("/{account}/devices/file")
async def bring(request: Request, door: DoorDep) -> Response:
    """Take a file that the phone exported."""
    if int(request.headers.get("content-length") or 0) > MOST_FILE + 4096:
        return await run_in_threadpool(_too_large, door)
    async with request.form(max_files=1, max_fields=5) as sent:
        file, member = sent.get("file"), sent.get("m")
        body = await file.read(MOST_FILE + 1) if isinstance(file, UploadFile) else b""
        name = PurePath((file.filename or "") if isinstance(file, UploadFile) else "").name
    return await run_in_threadpool(_brought, door, member if isinstance(member, str) else "", name, body)


def _too_large(door: Door) -> Response:
    try:
        of = door.member("")
        problem = DomainError("monitor.file_too_large", field="file", mb=MOST_FILE // 1024 // 1024)
        return _page(door, of, {}, door.centre.texts.explain(problem), 413)
    except KnownError as error:
        return door.sorry(error)


def _brought(door: Door, member: str, name: str, body: bytes) -> Response:
    try:
        of = door.member(member)
        try:
            if not body:
                raise DomainError("input.missing", field="file", label="文件")
            if len(body) > MOST_FILE:
                raise DomainError("monitor.file_too_large", field="file", mb=MOST_FILE // 1024 // 1024)
            found = read_export(formats_of(door.centre), name, body, door.centre.clock())
            done = _keep(door.centre, of, found)
        except DomainError as error:
            return _page(door, of, {}, door.centre.texts.explain(error), 422)
        return _page(door, of, found=found, done=done)
    except KnownError as error:
        return door.sorry(error)


def _keep(centre: Centre, of: Member, found: Export) -> TakenReadings:
    """Keep what a file says in orders of a size; what one of them kept is known when the file comes again."""
    kept = known = 0
    refused: list[Any] = []
    readings, bouts = list(found.readings), list(found.bouts)
    while readings or bouts:
        order = TakeMonitored(
            patient_id=of.patient_id,
            said=found.said,
            readings=readings[:MOST_READINGS],
            bouts=bouts[:MOST_BOUTS],
        )
        done: TakenReadings = centre.dispatcher.run(order, actor_of(centre, of)).receipt
        kept, known = kept + done.kept, known + done.known
        refused += done.refused
        readings, bouts = readings[MOST_READINGS:], bouts[MOST_BOUTS:]
    return TakenReadings(kept=kept, known=known, refused=tuple(refused))


def _page(
    door: Door, of: Member, sent: Mapping[str, str] | None = None, problem: str = "", status: int = 200, *,
    made: Id | None = None, found: Export | None = None, done: TakenReadings | None = None,
) -> Response:  # fmt: skip
    d, centre = MonitorDevice, door.centre
    with centre.store.read() as connection:
        query = select(d.id, d.kind, d.name, d.paired_at, d.last_at).where(
            of_person(connection, d.patient_id, of.patient_id), d.unpaired_at.is_(None)
        )
        rows = connection.execute(query.order_by(d.paired_at.desc())).all()
    say, public = centre.texts.say, centre.sender.book.settings.public_url or str(door.request.base_url)
    why = [centre.texts.explain(DomainError(one.code, **one.facts)) for one in (done.refused if done else ())]
    return answer(
        "portal_devices.html", status, title="监测设备", base=door.base, of=of, problem=problem, sent=sent or {},
        devices=rows, clinic=clinic, kinds=[(str(one), say(f"choice.monitor_kind.{one}")) for one in MonitorKind],
        made=made, key=key_of(centre, made) if made else "", address=f"{public.rstrip('/')}/monitor/v1/readings",
        found=found, done=done, why=list(dict.fromkeys(why))[:5], days=SINCE.days,
        formats=[one.label for one in formats_of(centre).formats.values()], most=MOST_FILE // 1024 // 1024,
    )  # fmt: skip
