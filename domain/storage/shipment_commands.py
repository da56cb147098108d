"""Tubes that travel: packed by scan, sent with a signed list, received whole or in part, differences searched for."""

import dataclasses
from typing import Any

from sqlalchemy import select

from domain.biobank.commands import event_of, may_use, tube_of
from domain.biobank.course import bench_content
from domain.biobank.doubts import refuse_doubtful
from domain.biobank.records import EventKind, Specimen
from domain.biobank.workflow import specimen_life
from domain.consent.records import ConsentUse
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value, set_next
from domain.storage.manifests import new_key, signed
from domain.storage.pick_records import (
    ManifestKey,
    Shipment,
    ShipmentCondition,
    ShipmentLine,
    ShipmentLineState,
)
from domain.storage.pick_workflow import shipment_life
from domain.storage.rack_commands import MOST_TUBES, RefusedTube
from domain.storage.records import StorageTaskKind
from domain.storage.task_commands import open_task

PURPOSE = "shipment"


@command("shipment.open", "新建标本运输", permission="biobank.ship")
class OpenShipment:
    """Begin to pack tubes for another place."""

    receiver: str = ask("接收单位")
    condition: ShipmentCondition = ask("运输条件", kind=Kind.CHOICE)
    courier: str | None = ask("承运方", default=None)
    logger: str | None = ask("温度记录器编号", default=None)


@handles(OpenShipment)
def open_shipment(order: OpenShipment, work: UnitOfWork) -> str:
    """Return the number of the shipment."""
    serial = next_value(work, PURPOSE)
    set_next(work, PURPOSE, serial + 1)
    number = f"SH{work.content['number_prefix']}{serial:06d}"
    shipment = Shipment(
        number=number, receiver=order.receiver, condition=order.condition, courier=order.courier,
        logger=order.logger, packed_by=work.actor.name, packed_at=work.now, total=0, arrived=0,
    )  # fmt: skip
    work.start(shipment_life, shipment)
    work.add(shipment)
    return number


@command("shipment.pack", "扫码装箱", permission="biobank.ship")
class PackTube:
    """Put a tube that is out of its box into the shipment; its minutes out of the cold are counted up to here."""

    shipment: str = ask("运输单号", kind=Kind.SCAN, max_length=40)
    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)


@handles(PackTube)
def pack(order: PackTube, work: UnitOfWork) -> int:
    """Return how many tubes are packed now.

    Raises:
        DomainError: ``shipment.unknown_number``, ``shipment.not_packing``; as `may_use`; ``specimen.wrong_state``
            unless the tube was taken out.
    """
    shipment = _shipment(work, order.shipment)
    if shipment.state != "packing":
        raise DomainError("shipment.not_packing", field="shipment", number=shipment.number)
    tube = tube_of(order.number, work)
    refuse_doubtful(work, tube)
    may_use(work, tube, ConsentUse.COLLECT)
    since = tube.state_since
    work.move(specimen_life, tube, "ship")
    seconds = max(0, int((work.now - since).total_seconds()))
    tube.out_s += seconds
    place, tube.slot = tube.slot, None
    work.add(
        ShipmentLine(
            org_id=tube.org_id, shipment_id=shipment.id, specimen_id=tube.id, number=tube.number,
            type=tube.type.value, remaining_ul=tube.remaining_ul, out_s=seconds, state=ShipmentLineState.PACKED,
            at=work.now,
        )
    )  # fmt: skip
    event_of(work, tube, EventKind.PACKED, place=place, out_s=seconds, note=shipment.number)
    shipment.total += 1
    return shipment.total


@command("shipment.send", "发出标本", permission="biobank.ship")
class SendShipment:
    """Close the box: the list is signed, and nothing is added any more."""

    shipment_id: Id = ask("标本运输", kind=Kind.HIDDEN)


@handles(SendShipment)
def send(order: SendShipment, work: UnitOfWork) -> str:
    """Return the signed list; DomainError ``shipment.empty``, ``shipment.wrong_state``."""
    shipment = work.require(Shipment, order.shipment_id, "shipment_id")
    lines = _lines(work, shipment)
    if not lines:
        raise DomainError("shipment.empty", field="shipment_id", number=shipment.number)
    work.move(shipment_life, shipment, "send")
    shipment.sent_at = work.now
    text, digest = signed(_manifest(shipment, lines), _key(work))
    shipment.manifest, shipment.manifest_sha256 = text, digest
    return text


@dataclasses.dataclass(frozen=True, slots=True)
class ShipmentReceipt:
    """What arrived, what is missing still, and what came that is on no list of this shipment."""

    arrived: int
    missing: int
    extra: list[str]
    refused: list[RefusedTube]
    state: str


@command("shipment.receive", "接收运输标本", permission="biobank.receive")
class ReceiveShipment:
    """Tubes of a shipment are here; with `complete` the rest is missing and is searched for."""

    shipment: str = ask("运输单号", kind=Kind.SCAN, max_length=40)
    numbers: str = ask("到货标本条码（逗号、空格或换行分隔）", kind=Kind.NOTE, max_length=8000)
    complete: bool = ask("已全部清点，其余按缺失处理", default=False)


@handles(ReceiveShipment)
def receive_shipment(order: ReceiveShipment, work: UnitOfWork) -> ShipmentReceipt:
    """Take tubes in; they wait for a place in the store like any processed tube.

    Raises:
        DomainError: ``shipment.unknown_number``, ``shipment.not_on_the_way``, ``rack.too_many``.
    """
    shipment = _shipment(work, order.shipment)
    if shipment.state not in ("sent", "partly"):
        raise DomainError("shipment.not_on_the_way", field="shipment", number=shipment.number)
    wanted = list(dict.fromkeys("".join(" " if c in "，、,;；\t\r\n" else c for c in order.numbers).split()))
    if len(wanted) > MOST_TUBES:
        raise DomainError("rack.too_many", field="numbers", most=MOST_TUBES)
    lines = {line.number: line for line in _lines(work, shipment)}
    extra: list[str] = []
    refused: list[RefusedTube] = []
    for text in wanted:
        line = lines.get(_number(text))
        if line is None:
            extra.append(text[:80])
            open_task(work, StorageTaskKind.SHIPMENT, text[:80], found_place=shipment.number)
        elif line.state is ShipmentLineState.PACKED:
            try:
                _arrive(work, shipment, line)
            except DomainError as error:
                refused.append(RefusedTube(line.number, error.code, dict(error.facts)))
    shipment.arrived = sum(line.state is ShipmentLineState.ARRIVED for line in lines.values())
    waiting = [line for line in lines.values() if line.state is ShipmentLineState.PACKED]
    if order.complete:
        for line in waiting:
            line.state, line.at = ShipmentLineState.MISSING, work.now
            tube = work.require(Specimen, line.specimen_id)
            open_task(work, StorageTaskKind.SHIPMENT, line.number, tube=tube, place=shipment.number)
    move = "receive_part"
    if not waiting or order.complete:
        move = "dispute" if (waiting and order.complete) or extra else "receive"
    work.move(shipment_life, shipment, move)
    shipment.received_by = work.actor.name
    return ShipmentReceipt(shipment.arrived, len(waiting), extra, refused, shipment.state)


def _arrive(work: UnitOfWork, shipment: Shipment, line: ShipmentLine) -> None:
    tube = work.require(Specimen, line.specimen_id)
    refuse_doubtful(work, tube)
    work.move(specimen_life, tube, "arrive")
    # On dry ice or in nitrogen a tube is cold; without cooling the way itself is time out of the cold.
    ambient = shipment.condition is ShipmentCondition.AMBIENT
    line.way_s = max(0, int((work.now - line.at).total_seconds())) if ambient else 0
    tube.out_s += line.way_s
    if line.out_s + line.way_s > bench_content(work).keeping.thaw_minutes * 60:
        tube.thaws += 1
    line.state, line.at = ShipmentLineState.ARRIVED, work.now
    event_of(work, tube, EventKind.ARRIVED, out_s=line.way_s, note=shipment.number)


def _manifest(shipment: Shipment, lines: list[ShipmentLine]) -> dict[str, Any]:
    return {
        "number": shipment.number,
        "receiver": shipment.receiver,
        "condition": shipment.condition.value,
        "courier": shipment.courier or "",
        "logger": shipment.logger or "",
        "sent_at": shipment.sent_at.isoformat(timespec="seconds") if shipment.sent_at else "",
        "tubes": [
            {
                "number": line.number, "type": line.type, "remaining_ul": line.remaining_ul or 0,
                "out_of_cold_s": line.out_s,
            }
            for line in lines
        ],
    }  # fmt: skip


def _lines(work: UnitOfWork, shipment: Shipment) -> list[ShipmentLine]:
    query = select(ShipmentLine).where(ShipmentLine.shipment_id == shipment.id).order_by(ShipmentLine.number)
    return list(work.list(query))


def _shipment(work: UnitOfWork, number: str) -> Shipment:
    found = work.find(Shipment, number=number.strip().upper())
    if found is None:
        raise DomainError("shipment.unknown_number", field="shipment", value=number)
    return found


def _number(text: str) -> str:
    return text.replace("-", "").upper()


def _key(work: UnitOfWork) -> bytes:
    """Return the key of this installation, made with its first shipment."""
    known = work.list(select(ManifestKey).limit(1))
    if known:
        return known[0].private_key
    private, public = new_key()
    work.add(ManifestKey(private_key=private, public_key=public))
    return private
