"""The whole family of a tube, from what was collected to the last aliquot, with everything that happened to each.

Read by index, one query a generation; a tree of a thousand tubes is a handful of queries.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from domain.biobank.numbers import parse_specimen_number
from domain.biobank.records import Specimen, SpecimenEvent
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records

CHUNK = 400
"""Ids asked for at once: SQLite binds a limited number of values."""
MOST_TUBES = 5000
"""More than any family has; a ring of parents ends here instead of never."""


@dataclass(frozen=True, slots=True)
class Member:
    """One tube of the family: `depth` 0 is what was collected; `row` has the columns of the specimen."""

    depth: int
    row: Any


@dataclass(frozen=True, slots=True)
class Family:
    """Tubes from the root down, each behind its parent, and all their events, the earliest first."""

    asked: Id
    members: tuple[Member, ...]
    events: tuple[Any, ...]


def family_of(connection: Connection, actor: Actor, number: str) -> Family:
    """Return the family of a tube by its number, within what the actor may see.

    Raises:
        DomainError: ``specimen_number.*`` or ``specimen.unknown``.
    """
    plain = parse_specimen_number(number)
    found = records(connection, actor, Specimen, Specimen.number == plain, limit=1)
    if not found:
        raise DomainError("specimen.unknown", field="number", value=plain)
    asked = found[0].id
    root = found[0]
    seen = {root.id}
    while root.parent_id is not None and root.parent_id not in seen:
        above = records(connection, actor, Specimen, Specimen.id == root.parent_id, limit=1)
        if not above:
            break
        root = above[0]
        seen.add(root.id)
    children = _children(connection, actor, root)
    members = tuple(_walk(root, children))
    events = [
        event
        for ids in _chunks([member.row.id for member in members])
        for event in records(
            connection, actor, SpecimenEvent, SpecimenEvent.specimen_id.in_(ids), limit=MOST_TUBES * 20
        )
    ]
    events.sort(key=lambda event: (event.occurred_at, event.id))
    return Family(asked, members, tuple(events))


def _children(connection: Connection, actor: Actor, root: Any) -> dict[Id, list[Any]]:
    """Return the tubes made of each tube, generation by generation."""
    children: dict[Id, list[Any]] = {}
    seen, generation = {root.id}, [root.id]
    while generation and len(seen) < MOST_TUBES:
        below = [
            row
            for ids in _chunks(generation)
            for row in records(connection, actor, Specimen, Specimen.parent_id.in_(ids), limit=MOST_TUBES)
            if row.id not in seen
        ]
        for row in sorted(below, key=lambda row: row.number):
            children.setdefault(row.parent_id, []).append(row)
        generation = [row.id for row in below]
        seen.update(generation)
    return children


def _walk(root: Any, children: dict[Id, list[Any]]) -> Iterable[Member]:
    """Yield each tube before what was made of it; no recursion, a long line of tubes is no deep stack."""
    waiting = [Member(0, root)]
    while waiting:
        member = waiting.pop()
        yield member
        waiting += [Member(member.depth + 1, row) for row in reversed(children.get(member.row.id, []))]


def _chunks(ids: list[Id]) -> Iterable[list[Id]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
