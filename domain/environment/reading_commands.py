"""Readings come in: they are kept, judged, and where a probe is out of its limits an excursion begins or ends."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.environment.judging import Limits, Point, exposure, is_back, judge
from domain.environment.records import (
    EnvironmentExcursion,
    EnvironmentHour,
    EnvironmentProbe,
    EnvironmentReading,
    ExcursionCause,
    Quantity,
)
from domain.environment.workflow import excursion_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

AHEAD = timedelta(minutes=10)
MOST_READINGS = 20_000
UNITS = {Quantity.TEMPERATURE: "℃", Quantity.HUMIDITY: "%RH"}
CAUSE_WORDS = {
    ExcursionCause.HIGH: "{value}，高于上限 {high}",
    ExcursionCause.LOW: "{value}，低于下限 {low}",
    ExcursionCause.RISE: "{value}，{rise_min} 分钟内升高超过 {rise} {unit}",
    ExcursionCause.LOST: "监测信号丢失满 {lost_min} 分钟，最后读数 {value}",
    ExcursionCause.FAULT: "探头故障，没有有效读数",
}
RANGES = {Quantity.TEMPERATURE: (-273.0, 200.0), Quantity.HUMIDITY: (0.0, 100.0)}


@dataclasses.dataclass(frozen=True, slots=True)
class TakenReading:
    """One reading as a logger gave it; `value` None where its probe is at fault."""

    probe: str
    at: datetime
    value: float | None
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class ReadingsReceipt:
    """How many readings were new, known before, or not believed; excursions begun and ended."""

    kept: int
    known: int
    refused: int
    begun: int
    ended: int


@command("environment.take_readings", "接收环境读数", permission="biobank.environment")
class TakeReadings:
    """What loggers read; a reading that was taken before (same probe and time) counts once."""

    readings: list[TakenReading] = ask("读数", kind=Kind.HIDDEN)


@handles(TakeReadings)
def take_readings(order: TakeReadings, work: UnitOfWork) -> ReadingsReceipt:
    """Keep and judge them.

    Raises:
        DomainError: ``environment.too_many``, ``environment.no_probe`` with the code nobody knows.
    """
    if len(order.readings) > MOST_READINGS:
        raise DomainError("environment.too_many", field="readings", most=MOST_READINGS)
    by_probe: dict[str, list[TakenReading]] = {}
    for one in order.readings:
        by_probe.setdefault(one.probe, []).append(one)
    kept = known = refused = begun = ended = 0
    for code, readings in by_probe.items():
        probe = work.find(EnvironmentProbe, code=code)
        if probe is None or probe.retired_at is not None:
            raise DomainError("environment.no_probe", field="readings", value=code)
        good = [r for r in readings if _believed(probe, r, work.now)]
        refused += len(readings) - len(good)
        new = _keep(work, probe, good)
        kept, known = kept + len(new), known + len(good) - len(new)
        work.flush()
        # What a logger remembered is judged reading by reading: an excursion may be over before anybody heard of it.
        for at in dict.fromkeys([*(min(at, work.now) for at in new), work.now]):
            opened, closed = _look(work, probe, at)
            begun, ended = begun + opened, ended + closed
    return ReadingsReceipt(kept, known, refused, begun, ended)


@command("environment.look", "检查环境探头", permission="biobank.environment")
class LookAtProbes:
    """Judge probes by the clock alone: one that says nothing any more is lost."""

    codes: list[str] = ask("探头", kind=Kind.HIDDEN)


@handles(LookAtProbes)
def look_at(order: LookAtProbes, work: UnitOfWork) -> ReadingsReceipt:
    """Open and end excursions; probes nobody knows are passed over."""
    begun = ended = 0
    for code in order.codes[:1000]:
        probe = work.find(EnvironmentProbe, code=code)
        if probe is not None and probe.retired_at is None:
            opened, closed = _look(work, probe, work.now)
            begun, ended = begun + opened, ended + closed
    return ReadingsReceipt(0, 0, 0, begun, ended)


def limits_of(probe: EnvironmentProbe) -> Limits:
    """Return what a probe may read."""
    return Limits(probe.low, probe.high, probe.delay_min, probe.rise, probe.rise_min, probe.lost_min)


def points_of(work: UnitOfWork, probe_id: Id, since: datetime, until: datetime) -> list[Point]:
    """Return the readings of a probe in a span, in order of time."""
    query = (
        select(EnvironmentReading.at, EnvironmentReading.value)
        .where(
            EnvironmentReading.probe_id == probe_id, EnvironmentReading.at >= since, EnvironmentReading.at <= until
        )
        .order_by(EnvironmentReading.at)
    )  # fmt: skip
    return [Point(at, value) for at, value in work.connection.execute(query)]


def _believed(probe: EnvironmentProbe, reading: TakenReading, now: datetime) -> bool:
    """Tell whether a reading may be one: a time that is not ahead, a value there is."""
    low, high = RANGES[probe.quantity]
    return reading.at <= now + AHEAD and (reading.value is None or low <= reading.value <= high)


def _keep(work: UnitOfWork, probe: EnvironmentProbe, readings: Sequence[TakenReading]) -> list[datetime]:
    """Keep what is new; returns the times of it, in order."""
    if not readings:
        return []
    unique = {r.at: r for r in readings}
    times = sorted(unique)
    there = {point.at for point in points_of(work, probe.id, times[0], times[-1])}
    new = [unique[at] for at in times if at not in there]
    for one in new:
        work.add(
            EnvironmentReading(
                org_id=probe.org_id, probe_id=probe.id, at=one.at, value=one.value, source=one.source[:20]
            )
        )
    return [one.at for one in new]


def _look(work: UnitOfWork, probe: EnvironmentProbe, now: datetime) -> tuple[int, int]:
    """Judge a probe as it stood at a time; returns how many excursions began and ended."""
    limits = limits_of(probe)
    going = work.find(EnvironmentExcursion, probe_id=probe.id, state="ongoing")
    back_to = now - timedelta(minutes=max(limits.delay_min, limits.rise_min, limits.lost_min) * 3 + 30)
    points = points_of(work, probe.id, min(back_to, going.begun_at) if going else back_to, now)
    if not points and going is None:
        points = _last(work, probe.id, now)
    _close_hours(work, probe, points, now)
    verdict = judge(points, limits, now)
    if going is not None:
        ended = is_back(points, limits, going.cause, now)
        if ended is not None:
            _end(work, going, points, limits, max(ended, going.begun_at))
            return 0, 1
        if verdict.cause is None or verdict.cause is going.cause or going.cause is not ExcursionCause.LOST:
            _keep_worst(going, points, limits)
            return 0, 0
        # The signal is back and tells of something worse: the silence ends, and the excursion begins where it does.
        _end(work, going, points, limits, points[-1].at)
    if verdict.cause is None or verdict.since is None:
        return 0, int(going is not None)
    if probe.snoozed_until is not None and probe.snoozed_until > now:
        return 0, int(going is not None)
    opened = EnvironmentExcursion(
        id=stable_id("excursion", probe.id, verdict.cause.value, verdict.since), org_id=probe.org_id,
        probe_id=probe.id, probe_name=probe.name, container_id=probe.container_id, cause=verdict.cause,
        cause_words=_words(probe, verdict.cause, verdict.value), begun_at=verdict.since, is_test=False,
        worst=verdict.value,
    )  # fmt: skip
    if work.get(EnvironmentExcursion, opened.id) is not None:
        return 0, int(going is not None)
    work.start(excursion_life, opened)
    work.add(opened)
    return 1, int(going is not None)


def _last(work: UnitOfWork, probe_id: Id, until: datetime) -> list[Point]:
    query = (
        select(EnvironmentReading.at, EnvironmentReading.value)
        .where(EnvironmentReading.probe_id == probe_id, EnvironmentReading.at <= until)
        .order_by(EnvironmentReading.at.desc())
        .limit(1)
    )
    return [Point(at, value) for at, value in work.connection.execute(query)]


def _end(
    work: UnitOfWork, going: EnvironmentExcursion, points: list[Point], limits: Limits, ended: datetime
) -> None:
    _keep_worst(going, points, limits)
    going.ended_at = ended
    going.degree_minutes = round(exposure(points, limits, going.begun_at, ended), 3)
    work.move(excursion_life, going, "recover")


def _keep_worst(going: EnvironmentExcursion, points: list[Point], limits: Limits) -> None:
    values = [p.value for p in points if p.value is not None and p.at >= going.begun_at]
    if not values:
        return
    worst = max(values, key=lambda v: (limits.beyond(v), v if going.cause is not ExcursionCause.LOW else -v))
    if going.worst is None or limits.beyond(worst) > limits.beyond(going.worst):
        going.worst = worst


def _words(probe: EnvironmentProbe, cause: ExcursionCause, value: float | None) -> str:
    """Return the cause with its figures, as people are told it."""
    unit = UNITS[probe.quantity]
    shown = "—" if value is None else f"{value:g} {unit}"
    return CAUSE_WORDS[cause].format(
        value=shown, low=f"{probe.low:g} {unit}", high=f"{probe.high:g} {unit}", unit=unit,
        rise=f"{probe.rise or 0:g}", rise_min=probe.rise_min, lost_min=probe.lost_min,
    )  # fmt: skip


def _close_hours(work: UnitOfWork, probe: EnvironmentProbe, points: list[Point], now: datetime) -> None:
    """Sum up the last whole hour once, for those who do not read the logger themselves."""
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    if not any(hour <= p.at < hour + timedelta(hours=1) for p in points):
        return
    row_id = stable_id("environment_hour", probe.id, hour)
    if work.get(EnvironmentHour, row_id) is not None:
        return
    inside = points_of(work, probe.id, hour, hour + timedelta(hours=1) - timedelta(microseconds=1))
    values = [p.value for p in inside if p.value is not None]
    work.add(
        EnvironmentHour(
            id=row_id, org_id=probe.org_id, probe_id=probe.id, hour=hour, readings=len(inside),
            lowest=min(values) if values else None, highest=max(values) if values else None,
            mean=round(sum(values) / len(values), 3) if values else None,
        )
    )  # fmt: skip
