"""A month of check-ins, day by day, and what supplements and diet come to together, nutrient by nutrient."""

import calendar
import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.care.content import CareContent
from domain.care.intake import NUTRIENTS
from domain.care.intake_records import DietIntake
from domain.care.nutrients import summed
from domain.care.records import CareEvent, CareItem, CareKind, CareOutcome
from domain.care.schedules import Course, schedule_of
from domain.interop.one_person import of_person
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.ids import Id

DONE, PART, MISSED, EXCUSED, DUE, FREE = "√", "△", "×", "○", "·", ""
"""What became of an occasion; one that is still to come, and a day without any."""
_MARK = {
    CareOutcome.DONE: DONE, CareOutcome.PART: PART, CareOutcome.MISSED: MISSED, CareOutcome.EXCUSED: EXCUSED,
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """One day of a month; a mark an occasion, none where nothing is asked for."""

    day: date
    marks: str


@dataclasses.dataclass(frozen=True, slots=True)
class Month:
    """One supplement in a month: days with their marks, and how many occasions that are over were done."""

    item_id: Id
    label: str
    days: tuple[Day, ...]
    done: int
    asked: int

    @property
    def rate(self) -> float | None:
        """How much was done of what was asked for, in per cent; what was excused counts neither way."""
        return round(100 * self.done / self.asked) if self.asked else None


def month_of(
    course: Course, noted: Mapping[datetime, CareOutcome], began_at: datetime, first: date, now: datetime
) -> tuple[tuple[Day, ...], int, int]:
    """Return the days of a month, how many occasions were done, and how many were asked for and are over."""
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    start = datetime.combine(first, time(), CLINIC_TIME)
    marks: dict[date, str] = {}
    done = asked = 0
    for occasion in course.occasions(max(start, began_at)):
        day = clinic(occasion.begins_at).date()
        if day > last:
            break
        if day < first:
            continue
        said = noted.get(occasion.begins_at)
        over = occasion.ends_at <= now
        mark = _MARK[said] if said is not None else MISSED if over else DUE
        marks[day] = marks.get(day, "") + mark
        counts = said is not CareOutcome.EXCUSED and (over or said is not None)
        asked += counts
        done += said in (CareOutcome.DONE, CareOutcome.PART)
    days = (first + timedelta(days=at) for at in range((last - first).days + 1))
    return tuple(Day(day, marks.get(day, FREE)) for day in days), done, asked


def supplements_in(connection: Connection, patient_id: Id, first: date, now: datetime) -> list[Month]:
    """Return the supplements of a client that were asked for in a month, the earliest begun first."""
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    i, e = CareItem.__table__.c, CareEvent.__table__.c
    query = (
        select(i.id, i.label, i.schedule, i.from_on, i.to_on, i.began_at)
        .where(
            of_person(connection, i.patient_id, patient_id),
            i.kind == CareKind.SUPPLEMENT,
            i.began_at.is_not(None),
        )
        .where(i.from_on <= last, (i.to_on.is_(None)) | (i.to_on >= first))
        .order_by(i.from_on, i.id)
    )
    start = datetime.combine(first, time(), CLINIC_TIME)
    found = []
    for row in connection.execute(query).all():
        said = select(e.occasion_at, e.outcome).where(e.item_id == row.id, e.occasion_at >= start)
        noted = {at: CareOutcome(one) for at, one in connection.execute(said.order_by(e.at, e.id))}
        course = Course(schedule_of(row.schedule), row.from_on, row.to_on)
        days, done, asked = month_of(course, noted, row.began_at, first, now)
        found.append(Month(row.id, row.label, days, done, asked))
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Sum:
    """One nutrient a day: of supplements as prescribed, of the diet, the upper intake and the parts by supplement."""

    code: str
    label: str
    unit: str
    supplements: float
    diet: float
    upper: float | None
    parts: tuple[tuple[str, float], ...]
    unverified: bool

    @property
    def whole(self) -> float:
        """Everything together."""
        return self.supplements + self.diet

    @property
    def over(self) -> bool:
        """Whether it is more than is tolerable."""
        return self.upper is not None and self.whole > self.upper


PROTEIN, WHEY = "protein", "whey"
PROTEIN_SHARE = 0.20
"""The highest share of energy that is acceptable (AMDR of the Chinese DRIs 2023, table of macronutrients)."""


def sums_of(connection: Connection, content: CareContent, patient_id: Id, day: date, age: int) -> list[Sum]:
    """Return every nutrient that some supplement in force has, with what the diet has of it.

    The diet is what somebody estimated last; protein comes from the diet that is prescribed, since whey adds to it.
    """
    i = CareItem.__table__.c
    query = select(i.label, i.kind, i.detail, i.target_value, i.schedule).where(
        of_person(connection, i.patient_id, patient_id), i.kind.in_((CareKind.SUPPLEMENT, CareKind.DIET)),
        i.state == "running", i.from_on <= day, (i.to_on.is_(None)) | (i.to_on >= day),
    )  # fmt: skip
    parts: dict[str, list[tuple[str, float]]] = {}
    diet = _estimated(connection, patient_id, day)
    upper_protein = None
    for row in connection.execute(query):
        if row.kind == CareKind.DIET:
            if row.detail and "protein_g" in row.detail:
                diet[PROTEIN] = float(row.detail["protein_g"])
                upper_protein = PROTEIN_SHARE * float(row.detail["kcal"]) / 4
            continue
        doses = (row.target_value or 1.0) * len(schedule_of(row.schedule).at)
        for code, amount in ((row.detail or {}).get(NUTRIENTS) or {}).items():
            parts.setdefault(code, []).append((row.label, float(amount) * doses))
    found = [_sum(content, code, those, diet, age) for code, those in sorted(parts.items())]
    if WHEY in parts and upper_protein is not None:
        whole = summed(*({PROTEIN: amount} for _, amount in parts[WHEY]))[PROTEIN]
        found.append(
            Sum(
                PROTEIN,
                "蛋白质",
                "g",
                whole,
                diet[PROTEIN],
                round(upper_protein, 1),
                tuple(parts[WHEY]),
                False,
            )
        )
    return found


def _sum(
    content: CareContent, code: str, parts: list[tuple[str, float]], diet: Mapping[str, float], age: int
) -> Sum:
    one = content.nutrients.nutrients.get(code)
    if one is None:
        return Sum(code, code, "", sum(a for _, a in parts), 0.0, None, tuple(parts), True)
    upper = one.upper(age)
    food = 0.0 if one.of == "supplement" else diet.get(code, 0.0)
    unverified = upper is not None and one.status != "V"
    return Sum(code, one.label, one.unit, sum(a for _, a in parts), food, upper, tuple(parts), unverified)


def _estimated(connection: Connection, patient_id: Id, day: date) -> dict[str, float]:
    d = DietIntake.__table__.c
    query = select(d.amounts).where(of_person(connection, d.patient_id, patient_id), d.from_on <= day)
    row: Any = connection.execute(query.order_by(d.from_on.desc(), d.at.desc()).limit(1)).first()
    return {} if row is None else {str(code): float(amount) for code, amount in row.amounts.items()}
