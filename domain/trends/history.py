"""The checkups of a client side by side: values aligned before they are compared, over one, three and five years.

A value in a unit of its own is converted by the catalogue; one that cannot be is told and not drawn. A reference
interval or a measuring system that changed is told beside the values. What counts as changed is said by the reference
change value (`domain.trends.content.Swing`), never by the eye; what else changed meanwhile is told as of the same
time, never as the cause.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.care.records import CareItem
from domain.catalog.lookup import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.records import Observation, Report, Visit
from domain.checkup.report_content import standing
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.trends.content import Indicators, Swing

SPANS = (1, 3, 5)
ROUND = timedelta(days=183)
"""How far from so many years before a checkup may lie to stand for that year."""
BODY = ("weight", "bmi", "waist")
ABNORMAL = frozenset({"H", "L", "HH", "LL", "A", "AA"})
SPACE = timedelta(days=1830 + 183)


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """One value in the item's own unit; `said` is what was reported, `apart` the unit it was reported in."""

    on: date
    value: float
    said: str
    flag: str
    range_text: str
    system: str
    apart: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """The newest value against that of `years` ago.

    `verdict`: ``up``, ``down`` (more than measuring and the body's own swing explain), ``same`` (they may explain
    it), ``unknown`` (nobody told how much this value swings). `needed` is the reference change value in per cent.
    """

    years: int
    then: Point
    percent: float
    needed: float | None
    verdict: str


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One item over the checkups, the earliest first; `dropped` are reported values that cannot be compared."""

    item: str
    name: str
    unit: str
    points: tuple[Point, ...]
    compared: tuple[Compared, ...]
    notes: tuple[str, ...]
    dropped: tuple[str, ...]
    beside: tuple[str, ...]

    @property
    def abnormal(self) -> bool:
        """Whether any of its values was flagged."""
        return any(point.flag in ABNORMAL for point in self.points)


@dataclasses.dataclass(frozen=True, slots=True)
class Checkup:
    """One checkup: which of the client's it is, its day, package, how many results, and its report."""

    place: int
    on: date
    number: str
    package: str
    results: int
    abnormal: int
    report: str
    state: str


def compare(points: Sequence[Point], swing: Swing | None) -> tuple[Compared, ...]:
    """Compare the newest value with those of one, three and five years before; pure."""
    if len(points) < 2:
        return ()
    last, found = points[-1], []
    for years in SPANS:
        wanted = last.on - timedelta(days=round(years * 365.25))
        near = [one for one in points[:-1] if abs(one.on - wanted) <= ROUND]
        if not near:
            continue
        then = min(near, key=lambda one: abs(one.on - wanted))
        if then.value == 0:
            continue
        percent = (last.value - then.value) / abs(then.value) * 100
        needed = swing.change(1, 1) if swing is not None else None
        verdict = (
            "unknown"
            if needed is None
            else "same"
            if abs(percent) < needed
            else "up"
            if percent > 0
            else "down"
        )
        found.append(Compared(years, then, percent, needed, verdict))
    return tuple(found)


def notes_of(points: Sequence[Point]) -> tuple[str, ...]:
    """Return what makes values less alike than they look: codes of texts with their facts, as ``code|fact|fact``."""
    said = []
    ranges = list(dict.fromkeys(point.range_text for point in points if point.range_text))
    if len(ranges) > 1:
        said.append("|".join(("range", ranges[0], ranges[-1])))
    systems = list(dict.fromkeys(point.system for point in points if point.system))
    if len(systems) > 1:
        said.append("|".join(("system", systems[0], systems[-1])))
    units = list(dict.fromkeys(point.apart for point in points if point.apart))
    if units:
        said.append("|".join(("unit", "、".join(units))))
    return tuple(said)


def checkups_of(connection: Connection, patient_id: Id) -> list[Checkup]:
    """Return every checkup of a client, the latest first, counted from the first."""
    visit, report, seen = Visit.__table__.c, Report.__table__.c, Observation.__table__
    rows = connection.execute(
        select(
            visit.id,
            visit.visit_date,
            visit.number,
            visit.package,
            report.number.label("report"),
            report.state,
        )
        .outerjoin(Report.__table__, report.visit_id == visit.id)
        .where(of_person(connection, visit.patient_id, patient_id))
        .order_by(visit.visit_date, visit.id)
    ).all()
    counted: dict[Id, list[Any]] = defaultdict(list)
    for row in connection.execute(select(seen).where(of_person(connection, seen.c.patient_id, patient_id))):
        counted[row.visit_id].append(row)
    told = []
    for place, row in enumerate(rows, 1):
        results = standing(counted[row.id])
        bad = sum(one.flag in ABNORMAL for one in results)
        told.append(
            Checkup(
                place, row.visit_date, row.number, row.package or "", len(results), bad, row.report or "",
                row.state or "",
            )
        )  # fmt: skip
    return told[::-1]


def lines_of(
    connection: Connection, patient_id: Id, catalog: Catalog, indicators: Indicators, on: date
) -> list[Line]:
    """Return what was measured at two checkups at least within five years, what was ever abnormal first."""
    table = Observation.__table__
    rows = connection.execute(
        select(table).where(of_person(connection, table.c.patient_id, patient_id), table.c.visit_id.is_not(None))
        .order_by(table.c.effective_at, table.c.id)
    ).all()  # fmt: skip
    by_item: dict[str, list[Any]] = defaultdict(list)
    for row in standing(rows):
        if row.value_number is not None and clinic(row.effective_at).date() >= on - SPACE:
            by_item[row.item].append(row)
    body = {item: _aligned(by_item.get(item, ()), item, catalog)[0] for item in BODY}
    begun = _begun(connection, patient_id)
    found = []
    for item, results in by_item.items():
        points, dropped = _aligned(results, item, catalog)
        if len(points) + len(dropped) < 2 or not points:
            continue
        definition = catalog.observations.get(item)
        swing = indicators.indicators.get(item)
        compared = compare(points, swing)
        beside = _beside(points, compared, body, begun, swing, item, catalog) if compared else ()
        found.append(
            Line(
                item, definition.name if definition else results[-1].label,
                shown_unit(definition.ucum if definition else results[-1].ucum), tuple(points), compared,
                notes_of(points), tuple(dropped), beside,
            )
        )  # fmt: skip
    found.sort(key=lambda one: (not one.abnormal, -len(one.points), one.item))
    return found


def _aligned(rows: Iterable[Any], item: str, catalog: Catalog) -> tuple[list[Point], list[str]]:
    """Return one point a day, the last of it, in the item's unit, and what cannot be put into it."""
    definition = catalog.observations.get(item)
    points: dict[date, Point] = {}
    dropped = []
    for row in rows:
        day, unit, value = clinic(row.effective_at).date(), row.ucum or "", row.value_number
        apart = ""
        if definition is not None and unit != definition.ucum:
            try:
                value, apart = catalog.units.convert(definition, value, unit), shown_unit(unit)
            except DomainError:
                dropped.append(f"{day.isoformat()} {row.value_text} {shown_unit(unit)}".strip())
                continue
        points[day] = Point(
            day,
            value,
            row.value_text,
            row.flag or "",
            row.range_text or "",
            (row.system or "").split("|")[0],
            apart,
        )
    return [points[day] for day in sorted(points)], dropped


def _begun(connection: Connection, patient_id: Id) -> list[tuple[date, str, str]]:
    item = CareItem.__table__.c
    rows = connection.execute(
        select(item.from_on, item.kind, item.label)
        .where(of_person(connection, item.patient_id, patient_id))
        .order_by(item.from_on)
    )
    return [(row.from_on, str(row.kind), row.label) for row in rows]


def _beside(
    points: Sequence[Point], compared: Sequence[Compared], body: Mapping[str, Sequence[Point]],
    begun: Sequence[tuple[date, str, str]], swing: Swing | None, item: str, catalog: Catalog,
) -> tuple[str, ...]:  # fmt: skip
    """Return what else changed since the earliest checkup that is compared: the body, and what was begun when."""
    since, until = compared[-1].then.on, points[-1].on
    said = []
    for name in BODY:
        if name == item:
            continue
        within = [point for point in body[name] if since <= point.on <= until]
        if len(within) > 1 and within[0].value and abs(within[-1].value / within[0].value - 1) >= 0.03:
            label = catalog.observation(name).name
            said.append(f"{label} {within[0].said} → {within[-1].said}")
    kinds = {str(kind) for kind in swing.levers} if swing is not None else None
    said += [
        f"{day.isoformat()} 起 {label}"
        for day, kind, label in begun
        if since <= day <= until and (kinds is None or kind in kinds)
    ]
    return tuple(dict.fromkeys(said))
