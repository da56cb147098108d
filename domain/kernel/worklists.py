"""Worklists: what a role looks at. One query, its columns, and the commands offered on a row.

The generic table page, the Excel export and the API all read a worklist through `Pages`, which adds the data
scope, masks what the reader has no clearance for, and pages by key, so that the cost of a page does not grow
with its number. `domain.kernel.listing` has the declaration, `domain.kernel.keyset` the reading by key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, func, select, type_coerce

from domain.kernel import keyset
from domain.kernel.authority import Actor
from domain.kernel.disputes import Dispute, disputes_of
from domain.kernel.errors import DomainError
from domain.kernel.keyset import Key, Mark, Order, Span
from domain.kernel.listing import Filter, ListColumn, Page, Row, Worklist, worklist, worklists
from domain.kernel.masking import masked
from domain.kernel.rows import NamedRow, Query, records, scoped, without_index
from domain.kernel.store import Store

PAGE_LIMIT = 500
IDS_AT_ONCE = 10_000

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
        after: Key | None = None,
        until: Key | None = None,
        limit: int = 100,
    ) -> Page:
        """Return one page.

        Args:
            listing: The worklist.
            actor: Who looks; rows outside the scope are not there, values above the clearance are masked.
            filters: Conditions on its columns, all of which hold.
            order: Column to sort by, ``-`` first for descending; the list's own order by default.
            after: Key of the last row seen (from `Page.next_key`).
            until: Key of the last row wanted.
            limit: Rows wanted, at most 500.
        """
        query, by = self._asked(listing, actor, filters, order)
        wanted = min(limit, PAGE_LIMIT)
        with self.store.read() as connection:
            found = keyset.read(connection, _with_subjects(listing, query), by, Span(after, until), wanted)
            rows = _rows(connection, listing, actor, found)
        return Page(rows, rows[-1].key if len(found) == wanted else None)

    def count(
        self, listing: Worklist, actor: Actor, *, filters: Iterable[Filter] = (), limit: int = 10_000
    ) -> int:
        """Return how many rows there are, counting no further than `limit`."""
        actor.check(listing.permission)
        inner = self._conditions(listing, actor, filters).limit(limit).subquery()
        with self.store.read() as connection:
            return connection.execute(select(func.count()).select_from(inner)).scalar_one()

    def rows_of(
        self,
        listing: Worklist,
        actor: Actor,
        ids: Sequence[Any],
        *,
        filters: Iterable[Filter] = (),
        order: str | None = None,
    ) -> list[Row]:
        """Return those of these records that are in the list, in no order, with their keys."""
        query, by = self._asked(listing, actor, filters, order)
        query = _with_subjects(listing, query).where(by.key.in_(ids))
        query = query.add_columns(by.key.label("_id"), by.sort.label("_sort"))
        with self.store.read() as connection:
            return list(_rows(connection, listing, actor, connection.execute(query).all()))

    def marks(
        self,
        listing: Worklist,
        actor: Actor,
        *,
        filters: Iterable[Filter] = (),
        order: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        every: int = 200,
        limit: int = 50_000,
    ) -> list[Mark]:
        """Walk the order from `after` to `until` and return the key of each `every`-th row, and of the last.

        What lies before a mark can then be read by its key, wherever in the list it is. Fewer than `limit` rows
        in all: the span ends there.
        """
        query, by = self._asked(listing, actor, filters, order)
        with self.store.read() as connection:
            return keyset.marks(connection, query, by, Span(after, until), every, limit)

    def walks(
        self, listing: Worklist, actor: Actor, *, filters: Iterable[Filter] = (), order: str | None = None
    ) -> bool:
        """Tell whether the store has an index in this order; without, `ids_in_order` sorts once for all pages."""
        query, by = self._asked(listing, actor, filters, order)
        if not self.store.is_sqlite:
            return True
        with self.store.read() as connection:
            return keyset.walks_an_index(connection, query, by)

    def ids_in_order(
        self,
        listing: Worklist,
        actor: Actor,
        *,
        filters: Iterable[Filter] = (),
        order: str | None = None,
        go_on: Callable[[int], bool] = lambda _read: True,
    ) -> bytes:
        """Return the ids of all rows in order, 16 bytes each: for an order that no index has.

        `go_on` hears how many were read; where it says no, what was read so far is returned.
        """
        query, by = self._asked(listing, actor, filters, order)
        ids = query.with_only_columns(type_coerce(by.key, LargeBinary), maintain_column_froms=True)
        found = bytearray()
        with self.store.read() as connection:
            result = connection.execution_options(yield_per=IDS_AT_ONCE).execute(ids.order_by(*by.by))
            for part in result.scalars().partitions():
                found += b"".join(part)
                if not go_on(len(found) // 16):
                    break
        return bytes(found)

    def _asked(
        self, listing: Worklist, actor: Actor, filters: Iterable[Filter], order: str | None
    ) -> tuple[Query, Order]:
        actor.check(listing.permission)
        if order is not None and hidden_from(listing, order.removeprefix("-"), actor):
            raise DomainError("worklist.masked_column", field=order.removeprefix("-"))
        name = (order or ("-" if listing.descending else "") + listing.order).removeprefix("-")
        descending = order.startswith("-") if order else listing.descending
        sort = listing.column(name)
        by = Order(
            sort, listing.record.__table__.c.id, descending, keyset.may_be_null(listing.query, sort),
            self.store.is_sqlite,
        )  # fmt: skip
        return self._conditions(listing, actor, filters), by

    def _conditions(self, listing: Worklist, actor: Actor, filters: Iterable[Filter]) -> Query:
        query = scoped(listing.query, listing.record, actor)
        for condition in filters:
            if condition.op not in _OPERATORS:
                raise DomainError("worklist.unknown_operator", field=condition.column, op=condition.op)
            if condition.op != "eq" and hidden_from(listing, condition.column, actor):
                raise DomainError("worklist.masked_column", field=condition.column)
            query = query.where(_OPERATORS[condition.op](listing.column(condition.column), condition.value))
        return query


def hidden_from(listing: Worklist, name: str, actor: Actor) -> bool:
    """Tell whether `actor` sees a column masked; an order or a range of it would then tell what the mask hides.

    Whole values may be looked for: who asks for one knows it already.

    Raises:
        DomainError: ``worklist.unknown_column``.
    """
    listing.column(name)
    info = next(c.info for c in listing.columns if c.name == name)
    return info is not None and info.sensitivity > actor.clearance


def _with_subjects(listing: Worklist, query: Query) -> Query:
    """Let a row bear the ids of what it is about, for `_rows`."""
    return query.add_columns(*(key.label(f"_subject_{name}") for name, key in listing.subjects))


def _rows(connection: Connection, listing: Worklist, actor: Actor, found: Sequence[Any]) -> tuple[Row, ...]:
    disputes: dict[tuple[str, Any], tuple[Dispute, ...]] = {}
    for name, _key in listing.subjects:
        ids = {getattr(row, f"_subject_{name}") for row in found} - {None}
        for record_id, told in disputes_of(connection, actor.clearance, name, ids).items():
            disputes[name, record_id] = told
    return tuple(_row(listing, actor, row, disputes) for row in found)


def _row(
    listing: Worklist, actor: Actor, row: Any, disputes: Mapping[tuple[str, Any], tuple[Dispute, ...]]
) -> Row:
    values = [masked(c.info, row[i], actor.clearance) for i, c in enumerate(listing.columns)]
    if not disputes:
        return Row(row._id, tuple(values), row._sort)
    told = [
        dispute
        for name, _key in listing.subjects
        for dispute in disputes.get((name, getattr(row, f"_subject_{name}")), ())
    ]
    for dispute in told:
        for at, column in enumerate(listing.columns):
            if (column.entity, column.source) == (dispute.entity, dispute.column):
                values[at] = dispute.value
    return Row(row._id, tuple(values), row._sort, tuple(told))


__all__ = [
    "PAGE_LIMIT",
    "Filter",
    "ListColumn",
    "NamedRow",
    "Page",
    "Pages",
    "Query",
    "Row",
    "Worklist",
    "hidden_from",
    "records",
    "scoped",
    "without_index",
    "worklist",
    "worklists",
]
