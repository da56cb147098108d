"""Reading of the diary: what a client ate by day and meal, the diet in force, and how both stand to each other."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.care.content import CareContent
from domain.care.diary_records import DietEntry
from domain.care.kitchen import Plate, menu
from domain.care.records import CareItem, CareKind, CarePlan
from domain.care.structure import Structure, structure_of
from domain.interop.one_person import of_person
from domain.kernel.ids import Id

SPAN = 7
"""Days that are judged together."""


def days_of(
    connection: Connection, patient_id: Id, first: date, last: date
) -> dict[date, dict[str, dict[str, float]]]:
    """Return grams by food, by meal, by day; of each meal the newest note, days without any are not there."""
    d = DietEntry.__table__.c
    query = (
        select(d.day, d.meal, d.foods)
        .where(of_person(connection, d.patient_id, patient_id), d.day >= first, d.day <= last)
        .order_by(d.day, d.at, d.id)
    )
    found: dict[date, dict[str, dict[str, float]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.day, {})[str(row.meal)] = {str(k): float(v) for k, v in row.foods.items()}
    return found


def diet_in_force(connection: Connection, patient_id: Id, day: date) -> Any:
    """Return the row of the diet that is asked for on a day, the latest begun; None without one."""
    i = CareItem.__table__.c
    query = (
        select(i.id, i.label, i.detail, i.plan_id, i.from_on, i.to_on)
        .where(of_person(connection, i.patient_id, patient_id), i.kind == CareKind.DIET, i.state == "running")
        .where(i.from_on <= day, (i.to_on.is_(None)) | (i.to_on >= day))
        .order_by(i.from_on.desc(), i.id.desc())
        .limit(1)
    )
    return connection.execute(query).first()


def structure_for(
    connection: Connection, content: CareContent, patient_id: Id, day: date, detail: Mapping[str, Any] | None
) -> Structure:
    """Return how the last `SPAN` days to a day stand against a diet (its detail), as far as they were noted."""
    days = days_of(connection, patient_id, day - timedelta(days=SPAN - 1), day)
    names = (
        set(content.kitchen.names)
        | set(content.kitchen.seasonings)
        | {f.label for f in content.foods.foods.values()}
    )
    # A food that a later list does not know any more is left out rather than refusing the whole.
    known = [
        {meal: {name: grams for name, grams in foods.items() if name in names} for meal, foods in one.items()}
        for one in days.values()
    ]
    return structure_of(content.kitchen, content.foods, known, detail)


def diseases_of(connection: Connection, plan_id: Id) -> tuple[str, ...]:
    """Return the codes of the diseases a plan was made for; none for one by hand."""
    p = CarePlan.__table__.c
    programme = connection.execute(select(p.programme).where(p.id == plan_id)).scalar() or ""
    return tuple(code for code in str(programme).partition(":")[0].split("+") if code)


def menu_of(connection: Connection, content: CareContent, item: Any, day: date) -> list[Plate]:
    """Return the dishes of a day for a diet (its row); nothing where it has no portions."""
    portions = {str(k): float(v) for k, v in ((item.detail or {}).get("portions") or {}).items()}
    known = {kind: count for kind, count in portions.items() if kind in content.foods.foods}
    return menu(content.kitchen, content.foods, known, diseases_of(connection, item.plan_id), day.toordinal())
