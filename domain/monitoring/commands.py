"""Pairing a client's device, taking that back, and keeping what devices measured."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.care.exercise_commands import keep_bout
from domain.care.exercise_records import ExerciseEntry
from domain.care.monitored_commands import HOME
from domain.care.records import CareWay
from domain.checkup.intake import Person, line_for, take_in
from domain.checkup.limits import catalog_for
from domain.checkup.records import Observation, ResultSource
from domain.checkup.result_keeping import keep
from domain.interop.one_person import of_person, require_theirs
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.monitoring.records import MonitorDevice, MonitorKind
from domain.people.records import Patient

PAGES = "client_page.write"
MOST_DEVICES = 10
MOST_READINGS, MOST_BOUTS = 2000, 500
"""In one order; more come in several."""
AHEAD = timedelta(minutes=5)
"""How far a device's clock may be ahead."""
SINCE = timedelta(days=29)
"""How old a value may be: a day less than what a plan's occasion takes, so that what is kept always counts."""
STILL_ACUTE = timedelta(hours=24)
"""How old a value may be to raise a critical value; older ones are kept as results."""
TOLD_EVERY = timedelta(minutes=10)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value: an item of the catalogue, in any unit the catalogue converts."""

    item: str
    value: float
    unit: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """One bout of exercise as the device counted it."""

    activity: str
    minutes: float
    at: datetime
    kcal: float | None = None
    heart_rate: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One that was not kept: its place in the order, `reading` or `bout`, and why."""

    what: str
    at: int
    code: str
    facts: dict[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TakenReadings:
    """What became of an order: kept now, known already, refused one by one."""

    kept: int
    known: int
    refused: tuple[Refused, ...]


@command("monitor.pair", "客户配对监测设备", permission=PAGES, place="internal")
class PairMonitor:
    """A client's device may send values from now on; of the client's page alone, which shows the key."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    kind: MonitorKind = ask("设备类别", kind=Kind.CHOICE)
    name: str = ask("品牌型号", max_length=60)


@handles(PairMonitor)
def pair_monitor(order: PairMonitor, work: UnitOfWork) -> Id:
    """Return the id of the device. Raises ``input.missing`` or ``monitor.too_many`` (``name``)."""
    name = " ".join(order.name.split())
    if not name:
        raise DomainError("input.missing", field="name", label="品牌型号")
    patient = work.require(Patient, order.patient_id, "patient_id")
    if len(devices_of(work, patient.id)) >= MOST_DEVICES:
        raise DomainError("monitor.too_many", field="name", most=MOST_DEVICES)
    return work.add(
        MonitorDevice(
            org_id=patient.org_id, patient_id=patient.id, kind=order.kind, name=name, paired_at=work.now
        )
    ).id


@command("monitor.client_unpair", "客户解除监测设备", permission=PAGES, place="internal")
class ClientUnpairsMonitor:
    """The client does not want a device to send any more; of the client's page alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    monitor_device_id: Id = ask("监测设备", kind=Kind.HIDDEN)


@handles(ClientUnpairsMonitor)
def client_unpairs_monitor(order: ClientUnpairsMonitor, work: UnitOfWork) -> None:
    """End it at once; of somebody else it is unknown. Raises ``monitor.over``."""
    device = require_theirs(
        work, MonitorDevice, order.monitor_device_id, "monitor_device_id", order.patient_id
    )
    _end(work, device, "客户自行解除")


@command("monitor.unpair", "解除监测设备", permission="care.note")
class UnpairMonitor:
    """A member of staff ends it: the device is lost, lent, or measures somebody else."""

    monitor_device_id: Id = ask("监测设备", kind=Kind.HIDDEN)
    reason: str = ask("原因", max_length=255)


@handles(UnpairMonitor)
def unpair_monitor(order: UnpairMonitor, work: UnitOfWork) -> None:
    """End it at once. Raises ``input.missing`` (``reason``), ``monitor.over``."""
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="原因")
    _end(
        work, work.require(MonitorDevice, order.monitor_device_id, "monitor_device_id"), order.reason.strip()
    )


def _end(work: UnitOfWork, device: MonitorDevice, why: str) -> None:
    if device.unpaired_at is not None:
        raise DomainError("monitor.over", field="monitor_device_id")
    device.unpaired_at, device.unpaired_why, device.unpaired_by = work.now, why, work.actor.staff_id


def devices_of(work: UnitOfWork, patient_id: Id) -> list[MonitorDevice]:
    """Return the devices that may send a client's values."""
    d = MonitorDevice
    return list(
        work.list(
            select(d).where(of_person(work.connection, d.patient_id, patient_id), d.unpaired_at.is_(None))
        )
    )


@command("monitor.take", "接收监测设备数据", permission=PAGES, place="internal")
class TakeMonitored:
    """Values and bouts of a client's device or of a file its maker exported; the server's intake alone.

    `said` names the source in the results; `monitor_device_id` is the device that signed, none for a file.
    """

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    said: str = ask("来源", kind=Kind.HIDDEN, max_length=100)
    monitor_device_id: Id | None = ask("监测设备", kind=Kind.HIDDEN, default=None)
    readings: list[Reading] = ask("测量值", kind=Kind.HIDDEN, default=[])
    bouts: list[Bout] = ask("运动", kind=Kind.HIDDEN, default=[])


@handles(TakeMonitored)
def take_monitored(order: TakeMonitored, work: UnitOfWork) -> TakenReadings:
    """Keep what is new; what was sent before is known, what cannot be is refused by itself and the rest stays.

    Raises:
        DomainError: ``monitor.over`` for a device that was unpaired; ``monitor.too_much``.
    """
    if len(order.readings) > MOST_READINGS or len(order.bouts) > MOST_BOUTS:
        raise DomainError("monitor.too_much", most=MOST_READINGS, bouts=MOST_BOUTS)
    patient = work.require(Patient, order.patient_id, "patient_id")
    if order.monitor_device_id is not None:
        device = work.require(MonitorDevice, order.monitor_device_id, "monitor_device_id")
        if device.unpaired_at is not None or device.patient_id != patient.id:
            raise DomainError("monitor.over", field="monitor_device_id")
        if device.last_at is None or work.now - device.last_at >= TOLD_EVERY:
            device.last_at = work.now
    done = {"kept": 0, "known": 0}
    refused: list[Refused] = []
    seen: set[Id] = set()
    parts: tuple[tuple[str, Sequence[Reading | Bout]], ...] = (
        ("reading", order.readings),
        ("bout", order.bouts),
    )
    for what, some in parts:
        for at, one in enumerate(some):
            try:
                own = _id_of(patient.id, one)
                known = own in seen or _is_kept(work, own, one)
                if not known:
                    _timely(one.at, work.now)
                    _take(work, patient, order.said, own, one)
                seen.add(own)
                done["known" if known else "kept"] += 1
            except DomainError as error:
                facts = {name: str(value) for name, value in error.facts.items()}
                refused.append(Refused(what=what, at=at, code=error.code, facts=facts))
    return TakenReadings(**done, refused=tuple(refused))


def _id_of(patient_id: Id, one: Reading | Bout) -> Id:
    """Return the id of what was measured at a moment: sent by two programs, or twice, it is one."""
    moment = str(int(one.at.timestamp() * 1_000_000))
    kind = one.item if isinstance(one, Reading) else f"bout {one.activity}"
    return stable_id("monitored", patient_id, kind, moment)


def _is_kept(work: UnitOfWork, own: Id, one: Reading | Bout) -> bool:
    return work.get(Observation if isinstance(one, Reading) else ExerciseEntry, own) is not None


def _timely(at: datetime, now: datetime) -> None:
    if at > now + AHEAD:
        raise DomainError("checkup.measured_in_future", field="at")
    if at < now - SINCE:
        raise DomainError("care.too_late", field="at", days=SINCE.days)


def _take(work: UnitOfWork, patient: Patient, said: str, own: Id, one: Reading | Bout) -> None:
    at = min(one.at, work.now)
    if isinstance(one, Bout):
        work.flush()  # the day's other bouts count for its prescription
        keep_bout(
            work, patient, clinic(at).date(), one.activity, one.minutes, way=CareWay.DEVICE, note=said,
            kcal=one.kcal, heart_rate=one.heart_rate, own=own,
        )  # fmt: skip
        return
    catalog = catalog_for(work, patient.org_id)
    line = line_for(catalog, one.item, one.value, one.unit, device=said, at=at)
    person = Person(patient.id, patient.sex, patient.birth_date)
    judged = take_in(line, person, catalog, visit_id=None, source=ResultSource.DEVICE, now=work.now)
    judged.observation.id, judged.observation.system = own, HOME
    keep(work, judged, patient.org_id, raise_critical=work.now - at <= STILL_ACUTE)
