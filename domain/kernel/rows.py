"""Rows of records as readers may see them: within the data scope, masked by clearance."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, or_, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from domain.kernel.authority import Actor
from domain.kernel.clients import client_conditions
from domain.kernel.columns import ColumnInfo
from domain.kernel.disputes import beside, both, safety_columns
from domain.kernel.masking import masked
from domain.kernel.record import Record, Scope, column_info

Query: TypeAlias = "Select[*tuple[Any, ...]]"


class NamedRow:
    """A read-only row whose values are attributes."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)


def without_index(column: Any) -> ColumnElement[Any]:
    """Return a column for a condition that SQLite must not look up in an index: the order has the better one."""
    return UnaryExpression(column, operator=operators.custom_op("+"), type_=column.type)


def scoped(query: Query, record: type[Record], actor: Actor) -> Query:
    """Return `query` limited to what `actor` may see of `record`.

    The organisation's index is in a branch the whole table: what else is asked for, or the order, has a better one.
    """
    query = owned(query, record, actor).where(*client_conditions(record, actor))
    if actor.orgs is None or record.record_info.scope is Scope.CATALOGUE:
        return query
    return query.where(without_index(record.__table__.c.org_id).in_(actor.orgs))


def owned(query: Query, record: type[Record], actor: Actor) -> Query:
    """Return `query` without what belongs to other people or circles, for who has no oversight of it."""
    info = record.record_info
    if not (info.owner or info.circle) or sees_all(actor, record):
        return query
    if info.circle:
        return query.where(record.__table__.c[info.circle].in_(circles(record, actor)))
    column = record.__table__.c[info.owner]
    return query.where(or_(column == actor.staff_id, column.is_(None)))


def circles(record: type[Record], actor: Actor) -> Query:
    """Return the query of the groups an actor belongs to now, of those that rows of `record` are kept in."""
    info = record.record_info
    members = Record.metadata.tables[info.members].c
    return select(members[info.circle]).where(members.staff_id == actor.staff_id, members.left_at.is_(None))


def sees_all(actor: Actor, record: type[Record]) -> bool:
    """Tell whether an actor sees records that belong to others: the system, and who has oversight."""
    return actor.staff_id is None or actor.may(record.record_info.oversight)


def records(
    connection: Connection, actor: Actor, record: type[Record], *where: Any, limit: int = 1000
) -> list[NamedRow]:
    """Return rows of a record within the scope, as plain named rows, masked.

    A safety value in dispute is `Disputed`; a reference stays the one that stands (`disputes_of` tells the others).
    """
    table, entity = record.__table__, record.record_info.entity
    found = connection.execute(scoped(select(table), record, actor).where(*where).limit(limit)).all()
    infos = {c.key: column_info(c) for c in table.columns}
    others = beside(connection, entity, [row.id for row in found]) if safety_columns(entity) else {}
    return [_masked_row(row, infos, actor, others.get(row.id, {}) if others else {}) for row in found]


def _masked_row(
    row: Any, infos: Mapping[str, ColumnInfo | None], actor: Actor, others: Mapping[str, list[Any]]
) -> NamedRow:
    values = {k: masked(infos.get(k), v, actor.clearance) for k, v in row._mapping.items()}
    for name, beside_it in others.items():
        info = infos.get(name)
        if info is not None and info.ref is None:
            values[name] = both(info, row._mapping[name], beside_it, actor.clearance)
    return NamedRow(values)
