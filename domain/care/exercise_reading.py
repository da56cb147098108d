"""Reading of the exercise diary: entries, minutes that were prescribed by week, and what some weeks came to."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.care.activities import Done, Moved, moved
from domain.care.exercise_records import ExerciseEntry
from domain.care.records import CareItem, CareKind, CareWay
from domain.care.schedules import Course, schedule_of
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.ids import Id

WEEKS = 4


def exercise_in_force(connection: Connection, patient_id: Id, day: date) -> Any:
    """Return the row of the exercise that is asked for on a day, the latest begun; None without one."""
    i = CareItem.__table__.c
    query = (
        select(
            i.id, i.label, i.detail, i.schedule, i.target_value, i.target_unit, i.plan_id, i.from_on, i.to_on
        )
        .where(
            of_person(connection, i.patient_id, patient_id), i.kind == CareKind.EXERCISE, i.state == "running"
        )
        .where(i.from_on <= day, (i.to_on.is_(None)) | (i.to_on >= day))
        .order_by(i.from_on.desc(), i.id.desc())
        .limit(1)
    )
    return connection.execute(query).first()


def moved_lately(connection: Connection, patient_id: Id, today: date, weeks: int = WEEKS) -> Moved:
    """Return what the last weeks of a client's exercise came to, this one among them."""
    first = today - timedelta(days=today.isoweekday() - 1 + 7 * (weeks - 1))
    e = ExerciseEntry.__table__.c
    query = (
        select(e.day, e.activity, e.minutes, e.met, e.kcal)
        .where(of_person(connection, e.patient_id, patient_id), e.day >= first, e.day <= today)
        .order_by(e.day, e.at, e.id)
    )
    entries = [Done(*row) for row in connection.execute(query)]
    return moved(entries, _wanted(connection, patient_id, first, weeks), today, weeks)


@dataclasses.dataclass(frozen=True, slots=True)
class Today:
    """What a day's exercise came to so far: minutes, kcal, the minutes asked for, and when the last of it came in."""

    minutes: float
    kcal: float | None
    wanted: float | None
    counted: int
    by_device: int
    last_at: datetime | None


def today_moved(connection: Connection, patient_id: Id, day: date, wanted: float | None) -> Today:
    """Return what was moved on a day, by diary and devices together; kcal is None where one of them is unknown."""
    e = ExerciseEntry.__table__.c
    query = select(e.minutes, e.kcal, e.way, e.at).where(
        of_person(connection, e.patient_id, patient_id), e.day == day
    )
    rows = connection.execute(query).all()
    known = [row.kcal for row in rows if row.kcal is not None]
    return Today(
        sum(row.minutes for row in rows), round(sum(known), 1) if rows and len(known) == len(rows) else None, wanted,
        len(rows), sum(row.way == CareWay.DEVICE for row in rows), max((row.at for row in rows), default=None),
    )  # fmt: skip


def _wanted(connection: Connection, patient_id: Id, first: date, weeks: int) -> Mapping[date, float]:
    """Return the minutes that were asked for by Monday: of everything ever begun, as it is prescribed now."""
    i = CareItem.__table__.c
    query = select(i.schedule, i.from_on, i.to_on, i.target_value, i.began_at).where(
        of_person(connection, i.patient_id, patient_id),
        i.kind == CareKind.EXERCISE,
        i.began_at.is_not(None),
        i.target_value.is_not(None),
    )
    wanted: dict[date, float] = {}
    for row in connection.execute(query):
        course = Course(schedule_of(row.schedule), row.from_on, row.to_on)
        for occasion in course.occasions(row.began_at):
            day = clinic(occasion.begins_at).date()
            if day >= first + timedelta(days=7 * weeks):
                break
            if day >= first:
                monday = day - timedelta(days=day.isoweekday() - 1)
                wanted[monday] = wanted.get(monday, 0.0) + row.target_value
    return wanted
