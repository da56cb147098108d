"""What a day's supplements and diet add up to, against what is prescribed and what is tolerable."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from domain.care.content import care_of
from domain.care.intake_records import CareIntake, DietIntake
from domain.care.nutrients import Nutrient, summed
from domain.care.records import CareEvent, CareItem, CareKind, CareOutcome
from domain.care.schedules import Course, schedule_of
from domain.interop.one_person import of_person
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

LATELY = timedelta(days=1)
NUTRIENTS = "nutrients"
OVER_PRESCRIBED, OVER_UPPER = "处方日量", "可耐受最高摄入量"


def per_dose(item: CareItem) -> dict[str, float]:
    """Return what one dose of a supplement has, by nutrient."""
    found = (item.detail or {}).get(NUTRIENTS, {})
    return {str(code): float(amount) for code, amount in found.items()}


def per_day(item: CareItem) -> dict[str, float]:
    """Return what is prescribed of an item on a day on which it is taken."""
    doses = (item.target_value or 1.0) * len(schedule_of(item.schedule).at)
    return {code: amount * doses for code, amount in per_dose(item).items()}


def supplements_of(work: UnitOfWork, patient_id: Id, states: Iterable[str]) -> list[CareItem]:
    """Return the supplements of a client in some states."""
    return list(
        work.list(
            select(CareItem).where(
                of_person(work.connection, CareItem.patient_id, patient_id), CareItem.kind == CareKind.SUPPLEMENT,
                CareItem.state.in_(tuple(states)),
            )
        )
    )  # fmt: skip


def diet_of(work: UnitOfWork, patient_id: Id, day: date) -> dict[str, float]:
    """Return the diet's estimate in force on a day, by nutrient; nothing where nobody estimated it."""
    d = DietIntake.__table__.c
    query = select(d.amounts).where(of_person(work.connection, d.patient_id, patient_id), d.from_on <= day)
    row = work.connection.execute(query.order_by(d.from_on.desc(), d.at.desc()).limit(1)).first()
    return {} if row is None else {str(code): float(amount) for code, amount in row.amounts.items()}


def age_of(work: UnitOfWork, patient_id: Id, day: date) -> int:
    """Return a client's age in whole years, that of a grown-up where the birth date is not known."""
    patient = work.get(Patient, patient_id)
    born = None if patient is None else patient.birth_date
    return 18 if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def sum_intakes(work: UnitOfWork, patient_ids: Iterable[Id]) -> None:
    """Work out anew the days about which something was noted lately, and today."""
    e = CareEvent.__table__.c
    for patient_id in patient_ids:
        lately = select(e.occasion_at).where(
            of_person(work.connection, e.patient_id, patient_id),
            e.at >= work.now - LATELY,
            e.kind == CareKind.SUPPLEMENT,
        )
        days = {clinic(at).date() for at in work.connection.execute(lately).scalars() if at is not None}
        items = [
            one for one in supplements_of(work, patient_id, ("running", "paused", "ended")) if per_dose(one)
        ]
        for day in sorted(days | {clinic(work.now).date()}):
            _sum_day(work, patient_id, items, day)


def _sum_day(work: UnitOfWork, patient_id: Id, items: list[CareItem], day: date) -> None:
    begin = datetime.combine(day, time(), CLINIC_TIME)
    taken: dict[str, float] = {}
    prescribed: dict[str, float] = {}
    for item in items:
        doses = _doses(work, item, begin)
        taken = summed(taken, {code: doses * amount for code, amount in per_dose(item).items()})
        course = Course(schedule_of(item.schedule), item.from_on, item.to_on)
        asked = sum(1 for one in schedule_of(item.schedule).at if course.begins(begin + _clock(one)))
        each = (item.target_value or 1.0) * asked
        prescribed = summed(prescribed, {code: each * amount for code, amount in per_dose(item).items()})
    diet, age = diet_of(work, patient_id, day), age_of(work, patient_id, day)
    known = care_of(work).nutrients.nutrients
    org_id = items[0].org_id if items else work.actor.org_id
    for code, amount in taken.items():
        if code in known:
            values = _judged(known[code], amount, diet.get(code, 0.0), prescribed.get(code, 0.0), age)
            _keep(work, patient_id, org_id, code, known[code], day, values)


def _clock(text: str) -> timedelta:
    return timedelta(hours=int(text[:2]), minutes=int(text[3:]))


def _doses(work: UnitOfWork, item: CareItem, begin: datetime) -> float:
    """Return how many doses were taken on a day: the last word on each occasion, by number if one was said."""
    e = CareEvent.__table__.c
    query = select(e.occasion_at, e.outcome, e.value).where(
        e.item_id == item.id, e.occasion_at >= begin, e.occasion_at < begin + timedelta(days=1)
    )
    last: dict[datetime, float] = {}
    for at, outcome, value in work.connection.execute(query.order_by(e.occasion_at, e.at, e.id)):
        target = item.target_value or 1.0
        usual = {CareOutcome.DONE: target, CareOutcome.PART: target / 2}.get(CareOutcome(outcome), 0.0)
        told = value if value is not None and outcome in {CareOutcome.DONE, CareOutcome.PART} else usual
        last[at] = told
    return sum(last.values())


def _judged(one: Nutrient, taken: float, diet: float, prescribed: float, age: int) -> dict[str, object]:
    upper = one.upper(age)
    whole = taken if one.of == "supplement" else taken + diet
    of_upper = 100 * whole / upper if upper else 0.0
    of_prescribed = 100 * taken / prescribed if prescribed else 0.0
    return {
        "taken": round(taken, 3), "diet": round(diet, 3), "prescribed": round(prescribed, 3), "upper": upper,
        "percent": round(max(of_upper, of_prescribed), 1),
        "why": OVER_UPPER if of_upper >= of_prescribed else OVER_PRESCRIBED,
        "unverified": one.status != "V" and upper is not None,
    }  # fmt: skip


def _keep(
    work: UnitOfWork,
    patient_id: Id,
    org_id: Id,
    code: str,
    one: Nutrient,
    day: date,
    values: dict[str, object],
) -> None:
    own = stable_id("care_intake", patient_id, code, day.isoformat())
    kept = work.get(CareIntake, own)
    if kept is None:
        work.add(
            CareIntake(
                id=own, org_id=org_id, patient_id=patient_id, nutrient=code, name=one.label, day=day, unit=one.unit,
                looked_at=work.now, **values,
            )
        )  # fmt: skip
        return
    for name, value in values.items():
        if getattr(kept, name) != value:
            setattr(kept, name, value)
            kept.looked_at = work.now
