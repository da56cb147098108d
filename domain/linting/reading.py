"""Reading what the check of a report needs from a store."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from domain.catalog.lookup import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.completeness import FORM, TUBES, lacking
from domain.checkup.intake import Person
from domain.checkup.records import CriticalValue, Finding, Observation, Visit
from domain.checkup.report_content import standing
from domain.interop.one_person import of_person
from domain.kernel.ids import Id
from domain.linting.case import Facts, Known, Result
from domain.linting.definitions import Rules
from domain.linting.words import names_of
from domain.people.records import Sex

LEAST_CODE = 3
"""Shorter codes of a laboratory stand in too many other words."""
DAYS_A_MONTH = 30.4
NO_PART = frozenset({FORM, TUBES})
"""A report speaks of neither: who has no tube planned may have been drawn elsewhere."""


def facts_of(
    connection: Connection,
    patient: Any,
    visit: Any,
    catalog: Catalog,
    rules: Rules,
    observations: Iterable[Any],
) -> Facts:
    """Return what is known of a visit.

    Args:
        connection: Where the rest is read.
        patient: Row of the client (`id`, `sex`, `birth_date`, `name`).
        visit: Row of the visit (`id`, `visit_date`).
        catalog: For names, units and grades.
        rules: For what else an item is called.
        observations: All results of the visit.
    """
    mine = standing(observations)
    results = tuple(_result(row, catalog, rules) for row in mine)
    examined = {row.item for row in mine}
    finding, critical = Finding.__table__, CriticalValue.__table__
    found = connection.execute(_known(finding, visit.id)).all()
    alarming = connection.execute(_known(critical, visit.id)).all()
    person = Person(patient.id, Sex(patient.sex), patient.birth_date)
    return Facts(
        sex=str(patient.sex),
        age=person.age_on(visit.visit_date),
        name=patient.name,
        results=results,
        findings=_each(found, catalog, rules),
        criticals=_each(alarming, catalog, rules),
        before=_before(connection, patient.id, visit, catalog, rules, examined),
        missing=tuple(one.label for one in lacking(connection, visit.id) if one.item not in NO_PART),
        others=tuple(names_of(d.name, d.local_codes) for d in catalog.observations.values()),
        groups={
            word: frozenset(k for k, d in catalog.observations.items() if d.group == group)
            for word, group in rules.groups.items()
        },
    )


def _result(row: Any, catalog: Catalog, rules: Rules) -> Result:
    definition = catalog.observations.get(row.item)
    presence = definition is not None and definition.kind == "presence"
    return Result(
        item=row.item,
        label=row.label,
        names=(
            *names_of(row.label, definition.local_codes if definition else ()),
            *rules.also.get(row.item, ()),
        ),
        value=row.value_text,
        number=None if presence else row.value_number,
        unit=shown_unit(row.ucum),
        ucum=row.ucum or "",
        flag=row.flag or "",
        grade=catalog.grade(row.value_text) if presence else None,
    )


def _known(table: Any, visit_id: Id) -> Any:
    observation = Observation.__table__
    columns = [observation.c.item, observation.c.label]
    if "important_class" in table.c:
        columns.append(table.c.important_class)
    return (
        select(*columns)
        .join(observation, observation.c.id == table.c.observation_id)
        .where(table.c.visit_id == visit_id)
        .order_by(table.c.id)
    )


def _each(rows: Iterable[Any], catalog: Catalog, rules: Rules) -> tuple[Known, ...]:
    found: dict[str, Known] = {}
    for row in rows:
        class_ = getattr(row, "important_class", "")
        if row.item not in found or class_ < found[row.item].important_class:
            found[row.item] = Known(row.label, _told_by(row, catalog, rules), class_)
    return tuple(found.values())


def _told_by(row: Any, catalog: Catalog, rules: Rules) -> tuple[str, ...]:
    definition = catalog.observations.get(row.item)
    codes = definition.local_codes if definition else ()
    names = [*names_of(row.label, codes), *(c for c in codes if c.isascii() and len(c) >= LEAST_CODE)]
    return tuple(dict.fromkeys([*names, *rules.also.get(row.item, ()), *rules.told_as.get(row.item, ())]))


def _before(
    connection: Connection, patient_id: Id, visit: Any, catalog: Catalog, rules: Rules, examined: set[str]
) -> tuple[Known, ...]:
    """Return the important findings of the last visit before whose item was not examined this time."""
    earlier = Visit.__table__
    last = connection.execute(
        select(earlier.c.id, earlier.c.visit_date)
        .where(
            of_person(connection, earlier.c.patient_id, patient_id), earlier.c.visit_date < visit.visit_date
        )
        .order_by(earlier.c.visit_date.desc())
        .limit(1)
    ).first()
    if last is None or _months(last.visit_date, visit.visit_date) > rules.follow_months:
        return ()
    rows = connection.execute(_known(Finding.__table__, last.id)).all()
    return _each((row for row in rows if row.item not in examined), catalog, rules)


def _months(first: date, second: date) -> float:
    return (second - first).days / DAYS_A_MONTH
