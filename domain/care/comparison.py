"""A client's plans side by side: what each asks for, how much of it was done, and what changed since it began."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from domain.care.records import CareItem, CareKind, CarePlan, CareWeek
from domain.care.schedules import schedule_of
from domain.checkup.records import Observation
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.worklists import records
from domain.scales.facts import COUNTING
from domain.trends.content import Swing

MOST = 8
"""Plans side by side, the newest."""
MEASURED = ("weight", "waist", "sbp", "dbp", "fpg", "ldl", "tg", "ua")
"""What the effect of a plan is told by, where it was measured before and after its beginning."""
MONTHS = (1, 6, 12)


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One measured item: before the plan began, and the newest since, with their days."""

    item: str
    before: float
    before_on: date
    after: float
    after_on: date
    counts: bool | None = None
    """Whether it is more than measuring and the body's own swing explain; None where that is not known."""

    @property
    def by(self) -> float:
        """Return how much it changed."""
        return round(self.after - self.before, 2)


@dataclasses.dataclass(frozen=True, slots=True)
class PlanFigures:
    """One plan; a number is None where it asks for nothing of the kind, or is not for the reader's eyes.

    `kcal`, `minutes` (a week) and `sodium` are by the month of `MONTHS`; `asked` is check-ins a week at first;
    `done` the share of what was asked that was done, in per cent.
    """

    id: Id
    name: str
    state: str
    starts_on: date
    ends_on: date
    unverified: bool
    goal: str
    notes: tuple[str, ...]
    kcal: tuple[float | None, ...]
    sodium: tuple[float | None, ...]
    minutes: tuple[float | None, ...]
    shares: tuple[float | None, ...]
    others: Mapping[str, int]
    asked: float
    done: float | None
    changes: tuple[Change, ...]


def plans_beside(
    connection: Connection, actor: Actor, patient_id: Id, swings: Mapping[str, Swing] | None = None
) -> list[PlanFigures]:
    """Return a client's newest plans as the actor may see them, drafts first, then the newest.

    `swings` tells of a change whether it is more than its own swing.
    """
    p, i = CarePlan.__table__.c, CareItem.__table__.c
    plans = records(connection, actor, CarePlan, of_person(connection, p.patient_id, patient_id), limit=50)
    items = records(connection, actor, CareItem, of_person(connection, i.patient_id, patient_id), limit=2000)
    by_plan: dict[Id, list[Any]] = {}
    for item in items:
        by_plan.setdefault(item.plan_id, []).append(item)
    newest = sorted(plans, key=lambda one: (one.state != "draft", one.state != "running", -one.id.int))[:MOST]
    return [_figures(connection, one, by_plan.get(one.id, []), swings or {}) for one in newest]


def _figures(
    connection: Connection, plan: Any, items: Sequence[Any], swings: Mapping[str, Swing]
) -> PlanFigures:
    diets = _monthly(items, CareKind.DIET)
    moves = _monthly(items, CareKind.EXERCISE)
    half = diets.get(6) or diets.get(1) or {}
    others = {
        str(kind): sum(item.kind == kind for item in items)
        for kind in (CareKind.MEDICATION, CareKind.SUPPLEMENT, CareKind.MONITORING)
    }
    return PlanFigures(
        id=plan.id, name=str(plan.name), state=str(plan.state), starts_on=plan.starts_on, ends_on=plan.ends_on,
        unverified=bool(plan.unverified), goal=str(plan.goal or ""),
        notes=tuple(str(one) for one in plan.notes) if isinstance(plan.notes, list) else (),
        kcal=_of(diets, "kcal"), sodium=_of(diets, "sodium_mg"), minutes=_of(moves, "minutes"),
        shares=tuple(_number(half.get(f"{name}_percent")) for name in ("carb", "protein", "fat")),
        others=others, asked=_asked(items), done=_done(connection, [item.id for item in items]),
        changes=_changes(connection, plan, swings),
    )  # fmt: skip


def _monthly(items: Sequence[Any], kind: CareKind) -> dict[int, Mapping[str, Any]]:
    """Return the details of a kind by the month of the plan, as far as the reader may see them."""
    found = sorted((item for item in items if item.kind == kind), key=lambda item: item.from_on)
    return {at: item.detail for at, item in enumerate(found, 1) if isinstance(item.detail, dict)}


def _of(months: Mapping[int, Mapping[str, Any]], name: str) -> tuple[float | None, ...]:
    return tuple(_number(months[one].get(name)) if one in months else None for one in MONTHS)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _asked(items: Sequence[Any]) -> float:
    """Return how many check-ins a week what begins first asks for."""
    first = min((item.from_on for item in items), default=None)
    total = 0.0
    for item in items:
        if item.from_on == first and isinstance(item.schedule, dict):
            schedule = schedule_of(item.schedule)
            days = len(schedule.weekdays) if schedule.weekdays else 7 / schedule.every_days
            total += days * len(schedule.at)
    return round(total, 1)


def _done(connection: Connection, item_ids: Sequence[Id]) -> float | None:
    w = CareWeek.__table__.c
    if not item_ids:
        return None
    query = select(func.sum(w.rate * w.due), func.sum(w.due)).where(
        w.item_id.in_(item_ids), w.rate.is_not(None)
    )
    part, whole = connection.execute(query).one()
    return round(float(part) / float(whole), 1) if whole else None


def _changes(connection: Connection, plan: Any, swings: Mapping[str, Swing]) -> tuple[Change, ...]:
    """Return what was measured before the plan was signed and after it; nothing for a draft."""
    begun: datetime | None = plan.signed_at if isinstance(plan.signed_at, datetime) else None
    if begun is None:
        return ()
    o = Observation.__table__.c
    query = (
        select(o.item, o.value_number, o.effective_at)
        .where(
            of_person(connection, o.patient_id, plan.patient_id), o.item.in_(MEASURED), o.value_number.is_not(None),
            o.status.in_(COUNTING),
        )
        .order_by(o.effective_at, o.id)
    )  # fmt: skip
    before: dict[str, tuple[float, date]] = {}
    after: dict[str, tuple[float, date]] = {}
    for row in connection.execute(query):
        side = before if row.effective_at <= begun else after
        side[row.item] = (float(row.value_number), row.effective_at.date())
    both = [one for one in MEASURED if one in before and one in after]
    return tuple(Change(one, *before[one], *after[one], _counts(one, before, after, swings)) for one in both)


def _counts(
    item: str,
    before: Mapping[str, tuple[float, date]],
    after: Mapping[str, tuple[float, date]],
    swings: Mapping[str, Swing],
) -> bool | None:
    swing, first = swings.get(item), before[item][0]
    if swing is None or not first:
        return None
    return 100 * abs(after[item][0] - first) / abs(first) >= swing.change(1, 1)
