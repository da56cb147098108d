"""A client's courses out of what is kept: results, plans, how much of them was done, and the diaries."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from domain.care.content import CareContent
from domain.care.diary import days_of
from domain.care.exercise_records import ExerciseEntry
from domain.care.kitchen import Eaten, eaten
from domain.care.records import CareKind, CarePlan, CareWeek
from domain.catalog.definitions import Interval
from domain.catalog.lookup import Catalog
from domain.checkup.judge import fitting_ranges
from domain.checkup.records import Observation
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.people.records import Patient
from domain.scales.facts import COUNTING, SEXES, completed_years
from domain.trends.content import Indicators
from domain.trends.courses import WORDS, Cause, Course, Together, cause_of, course_of, together

BACK = timedelta(days=5 * 366)
"""How far back a course goes."""
FEWEST_DAYS = 3
"""Days of a diary in the week before a measurement that make a mean."""
Series = list[tuple[date, float]]


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """One indicator of a client: its points, interval, course, and what may be said of an intervention."""

    item: str
    label: str
    ucum: str
    decimals: int
    points: tuple[tuple[date, float], ...]
    interval: Interval | None
    course: Course
    cause: Cause | None


@dataclasses.dataclass(frozen=True, slots=True)
class Trends:
    """Everything there is to say of a client's courses."""

    told: tuple[Told, ...]
    pairs: tuple[Together, ...]


def trends_of(
    connection: Connection, content: CareContent, catalog: Catalog, patient_id: Id, now: datetime,
    names: Mapping[CareKind, str],
) -> Trends:  # fmt: skip
    """Return the courses of a client's indicators and how they go together.

    Args:
        connection: Of a store.
        content: The care content; its indicators say what is looked at.
        catalog: Names, units, reference intervals.
        patient_id: Whose.
        now: The moment looked from.
        names: What the kinds of intervention are called.
    """
    patient = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).one()
    book = content.indicators
    series = series_of(connection, catalog, patient_id, sorted(book.indicators), now)
    plan = _plan(connection, patient_id)
    done = _done(connection, patient_id, plan.signed_at) if plan is not None else {}
    told = []
    for item in book.indicators:
        points = series.get(item, [])
        if not points or item not in catalog.observations:
            continue
        swing, definition = book.indicators[item], catalog.observations[item]
        interval = interval_of(catalog, item, patient, now)
        rates = {names[kind]: done[kind] for kind in swing.levers if kind in done}
        since = None if plan is None else clinic(plan.signed_at).date()
        cause = None if since is None else cause_of(points, swing, interval, since, rates, book.least)
        course = course_of(points, swing, interval)
        told.append(
            Told(
                item,
                definition.name,
                definition.ucum or "",
                definition.decimals,
                tuple(points),
                interval,
                course,
                cause,
            )
        )
    return Trends(tuple(told), tuple(_pairs(connection, content, patient_id, series)))


def states_of(
    connection: Connection, book: Indicators, catalog: Catalog, patient_id: Id, now: datetime
) -> dict[str, str]:
    """Return the state of each course in words, by item; items nobody measured twice are not there."""
    patient = connection.execute(select(Patient.__table__).where(Patient.id == patient_id)).one()
    series = series_of(connection, catalog, patient_id, sorted(book.indicators), now)
    return {
        item: WORDS[course_of(points, book.indicators[item], interval_of(catalog, item, patient, now)).state]
        for item, points in series.items()
        if len(points) > 1
    }


def interval_of(catalog: Catalog, item: str, patient: Any, now: datetime) -> Interval | None:
    """Return the reference interval of a person; None where none or several fit."""
    age = None if patient.birth_date is None else completed_years(patient.birth_date, now)
    ranges = fitting_ranges(catalog.observations[item], SEXES.get(patient.sex), age)
    return ranges[0] if len(ranges) == 1 else None


def series_of(
    connection: Connection, catalog: Catalog, patient_id: Id, items: Sequence[str], now: datetime
) -> dict[str, Series]:
    """Return days and values by item, the last of each day, in the unit of the catalogue; others are left out."""
    o = Observation.__table__.c
    query = (
        select(o.item, o.value_number, o.ucum, o.effective_at)
        .where(
            of_person(connection, o.patient_id, patient_id), o.item.in_(items), o.value_number.is_not(None)
        )
        .where(o.status.in_(COUNTING), o.effective_at >= now - BACK)
        .order_by(o.effective_at, o.id)
    )
    days: dict[str, dict[date, float]] = {}
    for row in connection.execute(query):
        definition = catalog.observations.get(row.item)
        if definition is not None and row.ucum in (None, "", definition.ucum):
            days.setdefault(row.item, {})[clinic(row.effective_at).date()] = float(row.value_number)
    return {item: sorted(found.items()) for item, found in days.items()}


def _plan(connection: Connection, patient_id: Id) -> Any:
    p = CarePlan.__table__.c
    query = select(p.id, p.signed_at).where(
        of_person(connection, p.patient_id, patient_id), p.signed_at.is_not(None)
    )
    return connection.execute(query.order_by(p.signed_at.desc()).limit(1)).first()


def _done(connection: Connection, patient_id: Id, since: datetime) -> dict[CareKind, float]:
    """Return how much of each kind was done since a moment, in per cent of what was asked for."""
    w = CareWeek.__table__.c
    day = clinic(since).date()
    query = (
        select(w.kind, func.sum(w.rate * w.due), func.sum(w.due))
        .where(
            of_person(connection, w.patient_id, patient_id),
            w.rate.is_not(None),
            w.monday >= day - timedelta(days=6),
        )
        .group_by(w.kind)
    )
    rows = connection.execute(query).all()
    return {CareKind(kind): round(float(part) / float(whole), 1) for kind, part, whole in rows if whole}


def _pairs(
    connection: Connection, content: CareContent, patient_id: Id, series: Mapping[str, Series]
) -> list[Together]:
    measured = [one for one, _ in content.indicators.pairs if one in series]
    if not measured:
        return []
    days = [day for one in measured for day, _ in series[one]]
    diary = _diary(connection, content, patient_id, min(days) - timedelta(days=7), max(days))
    found = []
    for one, other in content.indicators.pairs:
        if one not in series:
            continue
        second = _week_before(diary[other], series[one]) if other in diary else series.get(other, [])
        if second:
            found.append(together(one, other, series[one], second))
    return found


def _diary(
    connection: Connection, content: CareContent, patient_id: Id, first: date, last: date
) -> dict[str, dict[date, float]]:
    """Return what was eaten and done by day; a day without a note of food is not there, one without exercise is 0."""
    names = set(content.kitchen.names) | set(content.kitchen.seasonings)
    names |= {one.label for one in content.foods.foods.values()}
    found: dict[str, dict[date, float]] = {
        name: {} for name in ("diet.kcal", "diet.carb", "diet.sodium", "exercise.minutes")
    }
    for day, meals in days_of(connection, patient_id, first, last).items():
        total = Eaten()
        for foods in meals.values():
            known = {name: grams for name, grams in foods.items() if name in names}
            total += eaten(content.kitchen, content.foods, known)
        for name, value in (("kcal", total.kcal), ("carb", total.carb), ("sodium", total.sodium)):
            found[f"diet.{name}"][day] = value
    e = ExerciseEntry.__table__.c
    query = select(e.day, func.sum(e.minutes)).where(
        of_person(connection, e.patient_id, patient_id), e.day >= first, e.day <= last
    )
    bouts = {day: float(minutes) for day, minutes in connection.execute(query.group_by(e.day))}
    if bouts:
        whole = (last - min(bouts)).days + 1
        found["exercise.minutes"] = {
            day: bouts.get(day, 0.0) for day in (min(bouts) + timedelta(days=at) for at in range(whole))
        }
    return found


def _week_before(daily: Mapping[date, float], points: Series) -> Series:
    """Return for the day of each point the mean of the seven days before it, where enough of them are known."""
    found = []
    for day, _ in points:
        those = [daily[at] for back in range(1, 8) if (at := day - timedelta(days=back)) in daily]
        if len(those) >= FEWEST_DAYS:
            found.append((day, statistics.fmean(those)))
    return found
