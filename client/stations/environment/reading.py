"""How probes stand and what they read; read in a job, by index, never on the UI thread."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.environment.judging import Limits, Point, judge
from domain.environment.reading_commands import TakenReading
from domain.environment.records import (
    EnvironmentExcursion,
    EnvironmentHour,
    EnvironmentProbe,
    EnvironmentReading,
    ExcursionCause,
)
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.kernel.store import Store

SPAN = timedelta(hours=24)
MOST_PROBES = 500


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """One probe as it stands; `cause` is of the excursion that goes on, `waiting` counts those to be judged."""

    id: Id
    code: str
    name: str
    quantity: str
    low: float
    high: float
    verified: bool
    calibration_due: date | None
    snoozed_until: datetime | None
    value: float | None
    at: datetime | None
    cause: ExcursionCause | None
    cause_words: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Curve:
    """What a probe read in a span: single readings, or hours where another workstation reads it."""

    probe_id: Id
    points: tuple[Point, ...]
    hourly: bool


def probes(store: Store, actor: Actor, now: datetime) -> list[ProbeFacts]:
    """Return every probe in use, what is out first."""
    with store.read() as connection:
        rows = records(
            connection, actor, EnvironmentProbe, EnvironmentProbe.retired_at.is_(None), limit=MOST_PROBES
        )
        open_ones = records(
            connection, actor, EnvironmentExcursion, EnvironmentExcursion.state.in_(("ongoing", "recovered"))
        )
        found = []
        for row in rows:
            last = _last(connection, row.id)
            mine = [e for e in open_ones if e.probe_id == row.id]
            going = next((e for e in mine if e.state == "ongoing"), None)
            cause, words = (going.cause, going.cause_words) if going else (None, "")
            if going is None and last is not None:
                verdict = judge(
                    [last], Limits(row.low, row.high, row.delay_min, None, row.rise_min, row.lost_min), now
                )
                cause = verdict.cause if verdict.cause is ExcursionCause.LOST else None
            found.append(
                ProbeFacts(
                    row.id, row.code, row.name, str(row.quantity), row.low, row.high, row.verified,
                    row.calibration_due, row.snoozed_until, last.value if last else None, last.at if last else None,
                    cause, words, sum(e.state == "recovered" for e in mine),
                )
            )  # fmt: skip
    return sorted(found, key=lambda p: (p.cause is None, not p.waiting, p.code))


def curve(store: Store, probe_id: Id, now: datetime) -> Curve:
    """Return what a probe read in the last day."""
    with store.read() as connection:
        r, h = EnvironmentReading.__table__.c, EnvironmentHour.__table__.c
        rows = connection.execute(
            select(r.at, r.value).where(r.probe_id == probe_id, r.at >= now - SPAN).order_by(r.at)
        ).all()
        if rows:
            return Curve(probe_id, tuple(Point(at, value) for at, value in rows), hourly=False)
        hours = connection.execute(
            select(h.hour, h.mean).where(h.probe_id == probe_id, h.hour >= now - SPAN).order_by(h.hour)
        ).all()
    return Curve(probe_id, tuple(Point(at, value) for at, value in hours), hourly=True)


def from_file(path: Path) -> list[TakenReading]:
    """Return the readings of a logger's file.

    Raises:
        DomainError: As `devices.environment.files.read_log`; ``rack.not_readable``.
    """
    from devices.environment.files import MOST_BYTES, read_log

    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DomainError("rack.not_readable", field="file", file=path.name) from error
    return [TakenReading(code, at, value, "file") for code, at, value in read_log(data)]


def _last(connection: Any, probe_id: Id) -> Point | None:
    r, h = EnvironmentReading.__table__.c, EnvironmentHour.__table__.c
    query = select(r.at, r.value).where(r.probe_id == probe_id).order_by(r.at.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        query = select(h.hour, h.mean).where(h.probe_id == probe_id).order_by(h.hour.desc()).limit(1)
        row = connection.execute(query).first()
    return None if row is None else Point(row[0], row[1])
