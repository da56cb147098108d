"""Which of many transactions may find a unique value taken: told by one look, before anything is written.

What the database refuses can only be found by trying again in smaller pieces, which costs as much as all the others
in the piece. A number two places gave away is the one refusal that happens in practice, so it is looked for first:
only what is suspected is tried by itself. Values that pass from one record to another within the piece are no cause.
"""

import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from sqlalchemy import Connection

from domain.kernel.change_log import Change
from domain.kernel.prepared import Among
from sync.shapes import shape_of

Value = str | int | bytes
_VALUES = (str, int, bytes)


@dataclass(slots=True)
class _Claims:
    """What records would hold in one unique field at the end: None for one that lets go of it."""

    held: dict[bytes, Value | None] = field(default_factory=dict)
    by: dict[bytes, list[int]] = field(default_factory=dict)


def suspects(connection: Connection, transactions: Sequence[Sequence[Change]]) -> set[int]:
    """Return the places of transactions that claim a unique value of another record, here or among themselves."""
    found: set[int] = set()
    for (entity, name), claims in _claimed(transactions).items():
        wanted: dict[Value, list[bytes]] = defaultdict(list)
        for record_id, value in claims.held.items():
            if value is not None:
                wanted[value].append(record_id)
        for owner, value in _owners(entity, name).rows(connection, wanted):
            if claims.held.get(owner, value) == value and value in wanted:
                wanted[value].append(owner)
        for ids in wanted.values():
            if len(set(ids)) > 1:
                found.update(place for record_id in ids for place in claims.by.get(record_id, ()))
    return found


def _claimed(transactions: Sequence[Sequence[Change]]) -> dict[tuple[str, str], _Claims]:
    found: dict[tuple[str, str], _Claims] = defaultdict(_Claims)
    for place, changes in enumerate(transactions):
        for change in changes:
            shape = shape_of(change.entity)
            for name in shape.unique if shape is not None else ():
                if change.op == "del":
                    found[change.entity, name].held[change.record_id] = None
                elif name in change.fields:
                    value = change.fields[name]
                    if isinstance(value, _VALUES):
                        claims = found[change.entity, name]
                        claims.held[change.record_id] = value
                        claims.by.setdefault(change.record_id, []).append(place)
    return found


@functools.cache
def _owners(entity: str, name: str) -> Among:
    shape = shape_of(entity)
    if shape is None:
        raise LookupError(f"{entity} is no shared record")
    return Among([shape.table.c.id, shape.table.c[name]], shape.table.c[name])


def runs(count: int, apart: AbstractSet[int]) -> Iterator[tuple[int, int]]:
    """Yield `count` places as ranges (start, end), in order, each of those `apart` by itself."""
    start = 0
    for place in sorted(apart):
        if start < place:
            yield start, place
        yield place, place + 1
        start = place + 1
    if start < count:
        yield start, count
