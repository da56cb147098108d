"""Worklists: what a role looks at. One query, its columns, and the commands offered on a row.

The generic table page, the Excel export and the API all read a worklist through `Pages`, which adds the data
scope, masks what the reader has no clearance for, and pages by key, so that the cost of a page does not grow
with its number.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from domain.kernel.authority import Actor
from domain.kernel.columns import ColumnInfo
from domain.kernel.commands import command_for
from domain.kernel.errors import DomainError
from domain.kernel.masking import masked
from domain.kernel.record import Record, Scope, column_info
from domain.kernel.store import Store
from domain.kernel.workflow import workflows

PAGE_LIMIT = 500
Query: TypeAlias = "Select[*tuple[Any, ...]]"


@dataclasses.dataclass(frozen=True, slots=True)
class ListColumn:
    """One column of a worklist: its name in the row, its label, and the facts of the record column behind it."""

    name: str
    label: str
    info: ColumnInfo | None
    kind: str


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row: the record's id and the values in column order, already masked."""

    id: Any
    values: tuple[Any, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """Some rows and the key to ask for the next page; None at the end."""

    rows: tuple[Row, ...]
    next_key: tuple[Any, Any] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column: `op` is ``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``, ``in`` or ``starts``."""

    column: str
    op: str
    value: Any


_OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda c, v: c == v,
    "ne": lambda c, v: c != v,
    "lt": lambda c, v: c < v,
    "le": lambda c, v: c <= v,
    "gt": lambda c, v: c > v,
    "ge": lambda c, v: c >= v,
    "in": lambda c, v: c.in_(v),
    "starts": lambda c, v: c.startswith(v, autoescape=True),
}


class Worklist:
    """A declared query. The first entity of its columns gives the row's id and data scope."""

    def __init__(
        self,
        name: str,
        label: str,
        permission: str,
        record: type[Record],
        order: str,
        query: Callable[[], Query],
    ) -> None:
        self.name = name
        self.label = label
        self.permission = permission
        self.record = record
        self.order = order.removeprefix("-")
        self.descending = order.startswith("-")
        self._query = query
        self.commands: tuple[str, ...] = ()

    @functools.cached_property
    def query(self) -> Query:
        """The declared select."""
        return self._query()

    @functools.cached_property
    def columns(self) -> tuple[ListColumn, ...]:
        """The columns as declared, in order."""
        return tuple(_list_column(c) for c in self.query.selected_columns)

    def offers(self, *inputs: type[Any]) -> None:
        """Name the commands that may be run on a row of this list."""
        self.commands += tuple(command_for(i).name for i in inputs)

    def column(self, name: str) -> Any:
        """Return the SQL column of a name; DomainError ``worklist.unknown_column`` if there is none."""
        for found in self.query.selected_columns:
            if found.key == name:
                return found
        raise DomainError("worklist.unknown_column", field=name, name=name)


_WORKLISTS: dict[str, Worklist] = {}


def worklist(
    name: str, label: str, *, permission: str, record: type[Record], order: str
) -> Callable[[Callable[[], Query]], Worklist]:
    """Declare a worklist: decorates a function that returns its select.

    Args:
        name: ``area.list``.
        label: Chinese title of the page.
        permission: Permission to look at it.
        record: Record whose rows it lists.
        order: Column it is sorted by at first; ``-column`` for the largest first.
    """

    def register(query: Callable[[], Query]) -> Worklist:
        if name in _WORKLISTS:
            raise ValueError(f"worklist {name} is declared twice")
        _WORKLISTS[name] = Worklist(name, label, permission, record, order, query)
        return _WORKLISTS[name]

    return register


def worklists() -> dict[str, Worklist]:
    """Return every declared worklist by name."""
    return _WORKLISTS


class Pages:
    """Reads worklists for an actor: permission, data scope and masking are added here and nowhere else."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def page(
        self,
        listing: Worklist,
        actor: Actor,
        *,
        filters: Iterable[Filter] = (),
        order: str | None = None,
        after: tuple[Any, Any] | None = None,
        limit: int = 100,
    ) -> Page:
        """Return one page.

        Args:
            listing: The worklist.
            actor: Who looks; rows outside the scope are not there, values above the clearance are masked.
            filters: Conditions on its columns, all of which hold.
            order: Column to sort by, ``-`` first for descending; the list's own order by default.
            after: Key of the last row seen (from `Page.next_key`).
            limit: Rows wanted, at most 500.
        """
        actor.check(listing.permission)
        name = (order or ("-" if listing.descending else "") + listing.order).removeprefix("-")
        descending = order.startswith("-") if order else listing.descending
        sort = listing.column(name)
        key = listing.record.__table__.c.id
        query = self._conditions(listing, actor, filters)
        if after is not None:
            query = query.where(_beyond(sort, key, after, descending))
        ordering = [sort.desc(), key.desc()] if descending else [sort.asc(), key.asc()]
        query = (
            query.add_columns(key.label("_id"), sort.label("_sort"))
            .order_by(*ordering)
            .limit(min(limit, PAGE_LIMIT))
        )
        with self.store.read() as connection:
            found = connection.execute(query).all()
        rows = tuple(Row(r._id, _values(listing, r, actor)) for r in found)
        more = len(found) == min(limit, PAGE_LIMIT)
        return Page(rows, (found[-1]._sort, found[-1]._id) if more else None)

    def count(
        self, listing: Worklist, actor: Actor, *, filters: Iterable[Filter] = (), limit: int = 10_000
    ) -> int:
        """Return how many rows there are, counting no further than `limit`."""
        actor.check(listing.permission)
        inner = self._conditions(listing, actor, filters).limit(limit).subquery()
        with self.store.read() as connection:
            return connection.execute(select(func.count()).select_from(inner)).scalar_one()

    def _conditions(self, listing: Worklist, actor: Actor, filters: Iterable[Filter]) -> Query:
        query = scoped(listing.query, listing.record, actor)
        for condition in filters:
            if condition.op not in _OPERATORS:
                raise DomainError("worklist.unknown_operator", field=condition.column, op=condition.op)
            query = query.where(_OPERATORS[condition.op](listing.column(condition.column), condition.value))
        return query


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


def scoped(query: Query, record: type[Record], actor: Actor) -> Query:
    """Return `query` limited to what `actor` may see of `record`."""
    if actor.orgs is None or record.record_info.scope is Scope.CATALOGUE:
        return query
    return query.where(record.__table__.c.org_id.in_(actor.orgs))


def records(
    connection: Connection, actor: Actor, record: type[Record], *where: Any, limit: int = 1000
) -> list[NamedRow]:
    """Return rows of a record within the scope, as plain named rows, masked."""
    table = record.__table__
    found = connection.execute(scoped(select(table), record, actor).where(*where).limit(limit)).all()
    infos = {c.key: column_info(c) for c in table.columns}
    return [_masked_row(row, infos, actor) for row in found]


def _masked_row(row: Any, infos: Mapping[str, ColumnInfo | None], actor: Actor) -> NamedRow:
    values = {k: masked(infos.get(k), v, actor.clearance) for k, v in row._mapping.items()}
    return NamedRow(values)


def _beyond(sort: Any, key: Any, after: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    value, record_id = after
    if isinstance(value, bool):
        value = literal(value, sort.type)
    if value is None:
        # NULL sorts first ascending (last descending) on SQLite and MariaDB alike.
        null_tail = and_(sort.is_(None), key < record_id if descending else key > record_id)
        return null_tail if descending else or_(null_tail, sort.is_not(None))
    step = (
        or_(sort < value, and_(sort == value, key < record_id))
        if descending
        else or_(sort > value, and_(sort == value, key > record_id))
    )
    return or_(step, sort.is_(None)) if descending else step


def _values(listing: Worklist, row: Any, actor: Actor) -> tuple[Any, ...]:
    return tuple(masked(c.info, row[i], actor.clearance) for i, c in enumerate(listing.columns))


def _list_column(selected: Any) -> ListColumn:
    info = column_info(selected)
    base = getattr(selected, "element", None)
    if info is None and base is not None:
        info = column_info(base)
    label = info.label if info else selected.key
    table = getattr(getattr(selected, "table", None), "name", "")
    kind = "state" if selected.key == "state" and table in workflows() else type(selected.type).__name__
    return ListColumn(selected.key, label, info, kind)
