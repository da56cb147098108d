"""Finding records by the start of a number, in the indexes the tables have: no second index is kept of them."""

import dataclasses
import functools
from typing import Any

from sqlalchemy import Column, CompoundSelect, Connection, bindparam, literal, select, union_all

from domain.biobank.records import Specimen
from domain.checkup.records import Report, Visit
from domain.kernel.authority import Actor
from domain.kernel.clients import visible
from domain.kernel.columns import Sensitivity
from domain.kernel.ids import Id
from domain.kernel.record import Record, column_info, record_classes
from domain.people.records import Patient

SHORTEST = 3
LOOKED_AT = 500
"""Rows of an index that are looked at for those within the reader's scope."""


@dataclasses.dataclass(frozen=True, slots=True)
class Numbered:
    """One number by which records are found, and the permission to look at them."""

    record: type[Record]
    field: str
    permission: str

    @property
    def column(self) -> "Column[Any]":
        return self.record.__table__.c[self.field]  # type: ignore[return-value]


NUMBERS = (
    Numbered(Patient, "number", "people.view"),
    Numbered(Patient, "id_number", "people.view"),
    Numbered(Patient, "card_no", "people.view"),
    Numbered(Visit, "number", "checkup.view"),
    Numbered(Report, "number", "report.view"),
    Numbered(Specimen, "number", "biobank.view"),
)


def normal_number(text: str) -> str:
    """Return the form of numbers in the store, or an empty text for what cannot be the start of one."""
    number = "".join(text.upper().split()).replace("-", "")
    usable = number.isascii() and number.isalnum() and any(mark.isdigit() for mark in number)
    return number if usable and len(number) >= SHORTEST else ""


def by_number(connection: Connection, number: str, actor: Actor, limit: int) -> list[tuple[str, Id, bool]]:
    """Return entity, id and whether it is the whole number, for records whose number starts with `number`.

    A number above the reader's clearance (the citizen's identity number) is found only when it is given whole.
    """
    sources = tuple((n, _in_clear(n, actor)) for n in NUMBERS if actor.may(n.permission))
    if not sources:
        return []
    values = {"number": number, "after": _after(number), "near": limit, "limit": limit}
    if actor.orgs is not None:
        values |= {"near": max(LOOKED_AT, limit), "orgs": list(actor.orgs)}
    rows = connection.execute(_statement(sources, actor.orgs is not None), values)
    return [
        (row.entity, row.id, row.number == number)
        for row in rows
        if visible(connection, actor, record_classes()[row.entity], row.id)
    ]


def _in_clear(source: Numbered, actor: Actor) -> bool:
    info = column_info(source.column)
    return (info.sensitivity if info else Sensitivity.PUBLIC) <= actor.clearance


@functools.cache
def _statement(sources: tuple[tuple[Numbered, bool], ...], scoped: bool) -> CompoundSelect[Any]:
    """Return one statement that looks into every index; `sources` with whether parts of a number are looked for."""
    parts = []
    for source, in_part in sources:
        column, table = source.column, source.record.__table__
        fits = column == bindparam("number")
        if in_part:
            fits = (column >= bindparam("number")) & (column < bindparam("after"))
        near = (
            select(
                literal(source.record.record_info.entity).label("entity"),
                table.c.id,
                column.label("number"),
                table.c.org_id,
            )
            .where(fits)
            .order_by(column)
            .limit(bindparam("near"))
            .subquery()
        )
        found = select(near.c.entity, near.c.id, near.c.number)
        if scoped:
            found = found.where(near.c.org_id.in_(bindparam("orgs", expanding=True)))
        found_here = found.limit(bindparam("limit")).subquery()
        parts.append(select(found_here))
    return union_all(*parts)


def _after(number: str) -> str:
    return number[:-1] + chr(ord(number[-1]) + 1)
