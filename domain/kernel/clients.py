"""Own clients: what a role that sees only clients of its own may see, as one more condition of every query.

A feature says with `ties` which of its rows make a client somebody's (who answers the conversation, who receives the
appointment). Which client a record is about is read from its references, so that a new record is limited by being
declared. Rows about no client are limited by the organisation alone.
"""

import dataclasses
import functools
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union,
    union_all,
)

from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.record import Record, column_info, record_classes

CLIENT = "patient"
FARTHEST = 3
"""References that are followed from a record to the client it is about."""
Conditions: TypeAlias = Sequence[ColumnElement[bool]]


@dataclasses.dataclass(frozen=True, slots=True)
class Tie:
    """Rows that make a client somebody's: the columns of both, and what must hold of the row now."""

    record: type[Record]
    staff: str
    client: str
    holds: Callable[[Any, Any], Conditions]
    through: tuple[type[Record], str] | None = None
    claims: bool = True


_TIES: list[Tie] = []


def _always(_columns: Any, _now: Any) -> Conditions:
    return ()


def ties(
    record: type[Record],
    staff: str,
    client: str = "patient_id",
    *,
    holds: Callable[[Any, Any], Conditions] = _always,
    through: tuple[type[Record], str] | None = None,
    claims: bool = True,
) -> None:
    """Declare that rows of `record` make the client in one column somebody's, whom the other names.

    Args:
        record: The rows.
        staff: Column of the member of staff; needs an index.
        client: Column of the client.
        holds: Conditions, of the columns and the time now.
        through: Record whose rows name the client instead, and its column that refers to `record`.
        claims: Whether the client is no longer nobody's and things may be done for them; without, one only looks.
    """
    _TIES.append(Tie(record, staff, client, holds, through, claims))


def client_conditions(
    record: type[Record], actor: Actor, *, acting: bool = False
) -> list[ColumnElement[bool]]:
    """Return what keeps a query of `record` to the clients an actor may see; nothing for who sees all.

    `acting` leaves out the ties that only let one look.
    """
    if not actor.limited:
        return []
    condition = _about(record, actor, acting)
    return [] if condition is None else [condition]


def is_about_clients(record: type[Record]) -> bool:
    """Tell whether rows of a record are about a client."""
    return way_to_client(record) is not None


def own_clients(actor: Actor, *, acting: bool = False) -> Any:
    """Return a query of the ids of the clients that are the actor's now, to look at or to do something for."""
    if actor.only_client is not None:
        return select(literal(actor.only_client, Record.metadata.tables[CLIENT].c.id.type))
    parts = [_tied(tie, actor) for tie in _TIES if tie.claims or not acting]
    one = union(*parts).subquery("own_clients")  # a table of its own: MariaDB asks a bare union once a row
    return select(one.c.client)


def _tied(tie: Tie, actor: Actor) -> Any:
    columns = tie.record.__table__.c
    where = [columns[tie.staff] == actor.staff_id, *tie.holds(columns, actor.clock())]
    if tie.through is None:
        client = columns[tie.client]
        return select(client.label("client")).where(*where, client.is_not(None))
    other, refers = tie.through
    client = other.__table__.c[tie.client]
    joined = other.__table__.join(tie.record.__table__, columns.id == other.__table__.c[refers])
    return select(client.label("client")).select_from(joined).where(*where)


def _about(record: type[Record], actor: Actor, acting: bool) -> ColumnElement[bool] | None:
    way = way_to_client(record)
    if (
        way is None or record.record_info.owner
    ):  # who owns the row is the narrower condition, added by `owned`
        return None
    column = record.__table__.c[way.column]
    if way.parent is None:
        found: ColumnElement[bool] = column.in_(own_clients(actor, acting=acting))
        if record.record_info.unclaimed:
            found = or_(found, ~_anybodys(column))
    else:
        parent = record_classes()[way.parent]
        inner = _about(parent, actor, acting)
        if inner is None:
            return None
        found = column.in_(select(parent.__table__.c.id).where(inner))
    return or_(column.is_(None), found) if column.nullable else found


def _anybodys(column: Any) -> ColumnElement[bool]:
    """Return that the client of a row is somebody's at all: what is nobody's must not be seen by nobody."""
    found = []
    for tie in (one for one in _TIES if one.claims):
        if tie.through is not None:
            other = tie.through[0].__table__.c
            found.append(exists().where(other[tie.client] == column))
        else:
            table = tie.record.__table__.c
            found.append(exists().where(table[tie.client] == column, table[tie.staff].is_not(None)))
    return or_(*found)


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """The first step from a record to its client: a column, and the record it refers to (None: the client)."""

    column: str
    parent: str | None = None


def way_to_client(record: type[Record]) -> Way | None:
    """Return how a record leads to the client it is about, None where it does not."""
    return _ways(len(record_classes())).get(record.record_info.entity)


@functools.lru_cache(maxsize=1)
def _ways(_count: int) -> dict[str, Way]:
    """Return the ways of so many record classes: they only ever become more."""
    found = {CLIENT: Way("id")}
    for entity, kind in record_classes().items():
        own = [c for c in _references(kind) if c[1] == CLIENT]
        if own and entity != CLIENT:
            named = [c for c in own if c[0] == "patient_id"] or [c for c in own if not c[2]] or own
            found[entity] = Way(named[0][0])
    for _ in range(FARTHEST):
        reached = dict(found)
        for entity, kind in record_classes().items():
            if entity in reached:
                continue
            step = next(
                (c for c in _references(kind) if c[1] in reached and not c[2] and c[1] != entity), None
            )
            if step is not None:
                found[entity] = Way(step[0], step[1])
    return found


def _references(kind: type[Record]) -> list[tuple[str, str, bool]]:
    """Return column, record referred to and whether it may be empty, in the order of the columns."""
    columns = [(c, column_info(c)) for c in kind.__table__.columns]
    return [(c.name, info.ref, bool(c.nullable)) for c, info in columns if info is not None and info.ref]


def beyond(connection: Connection, actor: Actor, order: Any, *, acting: bool = True) -> tuple[str, Id] | None:
    """Return entity and id of the first record an order names that is about a client who is not the actor's."""
    wanted = list(dict.fromkeys(_ids_in(order)))
    if not wanted or not actor.limited:
        return None
    for entity, record_id in connection.execute(_where_is(len(record_classes())), {"ids": wanted}):
        if not visible(connection, actor, record_classes()[entity], record_id, acting=acting):
            return entity, record_id
    return None


def visible(
    connection: Connection, actor: Actor, record: type[Record], record_id: Id, *, acting: bool = False
) -> bool:
    """Tell whether a record is within the clients an actor may see; the organisation is not looked at."""
    where = client_conditions(record, actor, acting=acting)
    if not where:
        return True
    table = record.__table__
    return connection.execute(select(table.c.id).where(table.c.id == record_id, *where)).first() is not None


@functools.lru_cache(maxsize=1)
def _where_is(_count: int) -> Any:
    """Return one statement that finds in which of the tables about clients some ids are."""
    parts = []
    for entity in sorted(_ways(_count)):
        kind = record_classes()[entity]
        table: Table = kind.__table__  # type: ignore[assignment]
        if kind.record_info.owner:
            continue
        parts.append(
            select(literal(entity).label("entity"), table.c.id).where(
                table.c.id.in_(bindparam("ids", expanding=True))
            )
        )
    return union_all(*parts)


def _ids_in(value: Any) -> Iterable[Id]:
    if isinstance(value, uuid.UUID):
        yield value
    elif isinstance(value, str):
        if len(value) in {32, 36}:
            try:
                yield uuid.UUID(value)
            except ValueError:
                return
    elif isinstance(value, dict):
        for one in value.values():
            yield from _ids_in(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _ids_in(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _ids_in(getattr(value, field.name))
