"""The whole family of a tube, from what was collected to the last aliquot, with everything that happened to each.

Read by index, one query a generation; a tree of a thousand tubes is a handful of queries. Tubes that were pooled join
the trees of their sources: the family is all of them, and the pool stands under its first source.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_

from domain.biobank.numbers import parse_specimen_number
from domain.biobank.pool_records import PoolSource
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
    """One tube of the family: `depth` 0 is what was collected; `row` has the columns of the specimen.

    `sources` are the tubes a pool was made of, its parent among them.
    """

    depth: int
    row: Any
    sources: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """Tubes from the roots down, each behind its parent, and all their events, the earliest first."""

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
    roots: list[Any] = []
    children: dict[Id, list[Any]] = {}
    pooled: dict[Id, dict[Id, None]] = {}
    seen: set[Id] = set()
    waiting = list(found)
    while waiting and len(seen) < MOST_TUBES:
        root = _top(connection, actor, waiting.pop(0))
        if root.id in seen:
            continue
        below = _children(connection, actor, root)
        tree = [root.id, *(row.id for rows in below.values() for row in rows)]
        roots.append(root)
        children |= below
        seen.update(tree)
        elsewhere: dict[Id, None] = {}
        for pool, source in _pools(connection, actor, tree):
            pooled.setdefault(pool, {})[source] = None
            elsewhere |= dict.fromkeys(own for own in (pool, source) if own not in seen)
        waiting += _by_id(connection, actor, list(elsewhere))
    members = tuple(member for root in roots for member in _walk(root, children, pooled))
    events = [
        event
        for ids in _chunks([member.row.id for member in members])
        for event in records(
            connection, actor, SpecimenEvent, SpecimenEvent.specimen_id.in_(ids), limit=MOST_TUBES * 20
        )
    ]
    events.sort(key=lambda event: (event.occurred_at, event.id))
    return Family(found[0].id, members, tuple(events))


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


def _top(connection: Connection, actor: Actor, row: Any) -> Any:
    """Return the tube at the top of the line of parents of one, as far as it can be seen."""
    seen = {row.id}
    while row.parent_id is not None and row.parent_id not in seen:
        above = _by_id(connection, actor, [row.parent_id])
        if not above:
            break
        row = above[0]
        seen.add(row.id)
    return row


def _by_id(connection: Connection, actor: Actor, wanted: list[Id]) -> list[Any]:
    return [
        row
        for ids in _chunks(wanted)
        for row in records(connection, actor, Specimen, Specimen.id.in_(ids), limit=CHUNK)
    ]


def _pools(connection: Connection, actor: Actor, tree: list[Id]) -> Iterable[tuple[Id, Id]]:
    """Yield pool and source where either is one of some tubes, in the order they were pooled."""
    for ids in _chunks(tree):
        either = or_(PoolSource.pool_id.in_(ids), PoolSource.source_id.in_(ids))
        found = records(connection, actor, PoolSource, either, limit=MOST_TUBES)
        yield from ((row.pool_id, row.source_id) for row in sorted(found, key=lambda row: row.id))


def _walk(root: Any, children: dict[Id, list[Any]], pooled: dict[Id, dict[Id, None]]) -> Iterable[Member]:
    """Yield each tube before what was made of it; no recursion, a long line of tubes is no deep stack."""
    waiting = [Member(0, root, tuple(pooled.get(root.id, ())))]
    while waiting:
        member = waiting.pop()
        yield member
        waiting += [
            Member(member.depth + 1, row, tuple(pooled.get(row.id, ())))
            for row in reversed(children.get(member.row.id, []))
        ]


def _chunks(ids: list[Id]) -> Iterable[list[Id]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
