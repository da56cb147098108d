"""What a unit's people came to, by department, so that nobody can be recognised in it."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from domain.followup.group_records import CareProfile, GroupMember, Segment
from domain.followup.regrouping import content_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.reception.unit_records import ClientUnit
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel

MOST_PEOPLE = 100_000


@dataclasses.dataclass(frozen=True, slots=True)
class UnitLine:
    """One department, or the whole unit: people, colours of risk, groups; None is a figure nobody may be told."""

    name: str
    people: int | None
    colours: dict[str, int | None]
    groups: dict[str, int | None]


@dataclasses.dataclass(frozen=True, slots=True)
class UnitReport:
    """The whole, then its departments; `few` is the number below which nothing is told."""

    few: int
    whole: UnitLine
    departments: list[UnitLine]


@command("unit.report", "团体健康汇总", permission="unit.view")
class ReportUnit:
    """The figures of a unit and its departments."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)


@handles(ReportUnit)
def report_unit(order: ReportUnit, work: UnitOfWork) -> UnitReport:
    """Return what may be told of a unit.

    A department of fewer than `few` people is told in the whole alone; so is the smallest other one where the rest
    could be worked out from the whole. In a line, figures below `few` are hidden, and with a single one of them the
    next smallest.

    Raises:
        DomainError: ``client_unit.unknown`` (``unit_id``).
    """
    unit = work.require(ClientUnit, order.unit_id, "unit_id")
    few = content_of(work).limits.few
    below = list(work.list(select(ClientUnit).where(ClientUnit.parent_id == unit.id)))
    people = {one.id: _people(work, one.id) for one in (unit, *below)}
    everybody = [person for group in people.values() for person in group]
    facts = _facts(work, everybody)
    whole = _line(unit.name, everybody, facts, few)
    told = tellable({one.id: len(people[one.id]) for one in below}, len(people[unit.id]), few)
    lines = [
        _line(one.name, people[one.id], facts, few)
        if one.id in told
        else UnitLine(one.name, None, dict.fromkeys(Colour), dict.fromkeys(_GROUPS))
        for one in sorted(below, key=lambda one: one.name)
    ]
    return UnitReport(few, whole, lines)


_GROUPS = tuple(str(one) for one in Segment if one is not Segment.LABEL)


def tellable(sizes: Mapping[Id, int], rest: int, few: int) -> set[Id]:
    """Return the departments whose figures may be told beside those of the whole.

    Args:
        sizes: People of each department.
        rest: People of the unit in no department: they are never told apart.
        few: The number below which nothing is told.
    """
    told = {own for own, count in sizes.items() if count >= few}
    hidden = rest + sum(count for own, count in sizes.items() if own not in told)
    while told and 0 < hidden < few:
        smallest = min(told, key=lambda own: (sizes[own], str(own)))
        told.discard(smallest)
        hidden += sizes[smallest]
    return told


def _people(work: UnitOfWork, unit_id: Id) -> list[Id]:
    columns = CareProfile.__table__.c
    query = select(columns.patient_id).where(columns.unit_id == unit_id).limit(MOST_PEOPLE)
    if work.actor.orgs is not None:
        query = query.where(columns.org_id.in_(work.actor.orgs))
    return list(work.connection.execute(query).scalars())


def _facts(work: UnitOfWork, people: list[Id]) -> dict[Id, tuple[str | None, frozenset[str]]]:
    level, member = RiskLevel.__table__.c, GroupMember.__table__.c
    colours: dict[Id, Any] = {}
    groups: dict[Id, set[str]] = defaultdict(set)
    for start in range(0, len(people), 400):
        some = people[start : start + 400]
        coloured = select(level.patient_id, level.colour).where(level.patient_id.in_(some))
        colours |= {row.patient_id: row.colour for row in work.connection.execute(coloured)}
        inside = select(member.patient_id, member.segment).where(
            member.patient_id.in_(some), member.state != "left", member.segment != Segment.LABEL
        )
        for own, segment in work.connection.execute(inside):
            groups[own].add(str(segment))
    return {own: (colours.get(own), frozenset(groups[own])) for own in people}


def _line(
    name: str, people: list[Id], facts: Mapping[Id, tuple[str | None, frozenset[str]]], few: int
) -> UnitLine:
    if len(people) < few:
        return UnitLine(name, None, dict.fromkeys(Colour), dict.fromkeys(_GROUPS))
    colours = Counter(str(facts[own][0]) for own in people if facts[own][0] is not None)
    unknown = len(people) - sum(colours.values())
    groups = Counter(group for own in people for group in facts[own][1])
    shown = suppressed({**{str(c): colours[str(c)] for c in Colour}, "": unknown}, few)
    return UnitLine(
        name, len(people), {str(c): shown[str(c)] for c in Colour},
        {group: _whole_or_few(groups[group], len(people), few) for group in _GROUPS},
    )  # fmt: skip


def _whole_or_few(count: int, people: int, few: int) -> int | None:
    """Return how many are in a group; None where those in it, or those beside it, are few."""
    return count if count in {0, people} or few <= count <= people - few else None


def suppressed(parts: Mapping[str, int], few: int) -> dict[str, int | None]:
    """Return parts of a known whole without those that are few; a single hidden one takes the next smallest along."""
    hidden = {name for name, count in parts.items() if 0 < count < few}
    if len(hidden) == 1 and sum(parts[name] for name in hidden) < few:
        others = [name for name, count in parts.items() if name not in hidden and count > 0]
        hidden |= {min(others, key=lambda name: (parts[name], name))} if others else set()
    return {name: None if name in hidden else count for name, count in parts.items()}
