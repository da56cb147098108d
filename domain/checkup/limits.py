"""The catalogue with an institution's own critical limits in it: what results are judged by, here and now.

A unit of work asks once; the catalogue of a site and a state of the limits is made once and kept, so that a result
costs nothing more than before.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.catalog.definitions import ObservationDefinition, Rule
from domain.catalog.lookup import Catalog
from domain.checkup.limit_records import CriticalLimit, LimitSide
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import UnitOfWork

_L = CriticalLimit.__table__.c
_STATE = Prepared(select(func.count(), func.max(_L.changed_at), func.sum(_L.number)))
_MADE: dict[tuple[int, Id | None], tuple[Any, Catalog, Catalog]] = {}
_MOST = 400


def catalog_for(work: UnitOfWork, org_id: Id | None) -> Catalog:
    """Return the catalogue by which results of an organisation are judged: what ships, with the house's limits."""
    shipped: Catalog = work.content["catalog"]
    return house_catalog(work.connection, shipped, org_id)


def house_catalog(connection: Connection, shipped: Catalog, org_id: Id | None) -> Catalog:
    """Return a catalogue with the limits in force at an organisation; `shipped` itself where there are none."""
    state = tuple(_STATE.first(connection) or ())
    if not state or not state[0]:
        return shipped
    key = (id(shipped), org_id)
    known = _MADE.get(key)
    if known is not None and known[0] == state:
        return known[2]
    rows = connection.execute(select(CriticalLimit.__table__).where(_L.in_force.is_(True))).all()
    made = with_limits(shipped, [row for row in rows if row.site_id in (None, org_id)])
    if len(_MADE) >= _MOST:
        _MADE.clear()
    _MADE[key] = (state, shipped, made)
    return made


def with_limits(shipped: Catalog, limits: Iterable[Any]) -> Catalog:
    """Return a copy of a catalogue with limits (rows or records of `CriticalLimit`) among its rules."""
    own: dict[str, list[Rule]] = {}
    for limit in limits:
        if limit.item in shipped.observations:
            own.setdefault(limit.item, []).append(rule_of(limit))
    observations = dict(shipped.observations)
    for item, rules in own.items():
        observations[item] = _with_rules(observations[item], rules)
    made = copy.copy(shipped)
    made.rules = {**shipped.rules, **{rule.id: rule for rules in own.values() for rule in rules}}
    made.replace_observations(observations)
    return made


def _with_rules(item: ObservationDefinition, own: Sequence[Rule]) -> ObservationDefinition:
    first = [rule for rule in item.rules if rule.critical is not None]
    rest = [rule for rule in item.rules if rule.critical is None]
    ordered = sorted([*first, *own], key=lambda rule: (rule.critical, -rule.house, rule.id))
    return msgspec.structs.replace(item, rules=(*ordered, *rest))


def rule_of(limit: Any) -> Rule:
    """Return a limit as the catalogue's rule; its id says item, direction, level and number of the change."""
    named = 1 + (4 if limit.site_id is not None else 0) + (2 if limit.sex else 0)
    named += 1 if limit.age_from is not None or limit.age_below is not None else 0
    high = limit.direction == LimitSide.HIGH
    side = {"low" if high else "high": limit.value}
    sign = "H" if high else "L"
    return Rule(
        id=f"U-{limit.item.upper()}-{sign}{limit.level}-{limit.id.hex[:6]}-{limit.number}", items=(limit.item,),
        critical=limit.level, sex=limit.sex, age_from=limit.age_from, age_below=limit.age_below, status="V",
        sources=(), note="机构界值", house=named, **side,
    )  # fmt: skip
