"""Reading a query by key: where a page begins and ends, so that the store seeks in an index.

A key is the value of the column that is sorted by and the record's id. Rows without a value come first rising and
last falling, on SQLite and MariaDB alike; they are a section of their own, because a condition that joins them to
the others by OR can use no index.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, tuple_
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, Null
from sqlalchemy.sql.selectable import Join

Key: TypeAlias = tuple[Any, Any]
Condition: TypeAlias = ColumnElement[bool]


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A run of rows: beyond the key `after`, up to and with the key `until`; None for no end."""

    after: Key | None = None
    until: Key | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """The key of a row and how many rows lie between the mark before and it, the row itself counted."""

    key: Key
    rows: int


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """How a query is sorted: by `sort`, then by the record's id `key`.

    `rows_compared` tells whether the engine seeks with ``(a, b) > (?, ?)``: SQLite does, MariaDB reads on.
    """

    sort: Any
    key: Any
    descending: bool
    nullable: bool
    rows_compared: bool

    @property
    def by(self) -> list[Any]:
        """The terms of ORDER BY."""
        terms = (self.sort, self.key)
        return [t.desc() if self.descending else t.asc() for t in terms]

    def sections(self, span: Span) -> Iterator[list[Condition]]:
        """Yield the conditions of each section of `span`, in the order they are read."""
        kinds = [False] if not self.nullable else [False, True] if self.descending else [True, False]
        first = 0 if span.after is None else self._section(kinds, span.after)
        last = len(kinds) - 1 if span.until is None else self._section(kinds, span.until)
        for number in range(first, last + 1):
            found: list[Condition] = []
            if self.nullable:
                found.append(self.sort.is_(None) if kinds[number] else self.sort.is_not(None))
            if span.after is not None and number == first:
                found.append(self._compared(span.after, beyond=True))
            if span.until is not None and number == last:
                found.append(self._compared(span.until, beyond=False))
            yield found

    @staticmethod
    def _section(kinds: Sequence[bool], key: Key) -> int:
        return kinds.index(key[0] is None) if (key[0] is None) in kinds else 0

    def _compared(self, key: Key, *, beyond: bool) -> Condition:
        """Return the condition of rows beyond a key, or of those not beyond it, within its section."""
        rising = beyond != self.descending
        compare = {
            (True, True): operators.gt, (True, False): operators.ge,
            (False, True): operators.lt, (False, False): operators.le,
        }[rising, beyond]  # fmt: skip
        value, record_id = key
        own = compare(self.key, record_id)
        if value is None:
            return and_(own)
        bound = literal(value, self.sort.type)
        if self.rows_compared:
            pair = tuple_(self.sort, self.key)
            return and_(compare(pair, tuple_(bound, literal(record_id, self.key.type))))
        outer = operators.ge if rising else operators.le
        strict = operators.gt if rising else operators.lt
        return and_(outer(self.sort, bound), or_(strict(self.sort, bound), own))


def read(connection: Connection, query: Any, order: Order, span: Span, limit: int) -> list[Any]:
    """Return the first `limit` rows of a span, with ``_id`` and ``_sort`` behind their own columns."""
    query = query.add_columns(order.key.label("_id"), order.sort.label("_sort"))
    found: list[Any] = []
    for conditions in order.sections(span):
        part = query.where(*conditions).order_by(*order.by).limit(limit - len(found))
        found += connection.execute(part).all()
        if len(found) >= limit:
            break
    return found


def marks(connection: Connection, query: Any, order: Order, span: Span, every: int, limit: int) -> list[Mark]:
    """Return a mark for each `every` rows of the first `limit` of a span, and one at its end.

    The store walks the index and hands out one row in `every`: the whole of it costs no Python.
    """
    found: list[Mark] = []
    left = limit
    for conditions in order.sections(span):
        rows = _marked(connection, query.where(*conditions), order, every, left)
        done = 0
        for value, record_id, number in rows:
            found.append(Mark((value, record_id), number - done))
            done = number
        left -= done
        if left <= 0:
            break
    return found


def _marked(connection: Connection, query: Any, order: Order, every: int, limit: int) -> list[Any]:
    narrow = query.with_only_columns(
        order.sort.label("s"), order.key.label("i"), maintain_column_froms=True
    )  # fmt: skip
    walked = narrow.order_by(*order.by).limit(limit).subquery()
    by = [c.desc() if order.descending else c.asc() for c in (walked.c.s, walked.c.i)]
    number = func.row_number().over(order_by=by).label("n")
    following = func.lead(walked.c.i).over(order_by=by).label("following")
    counted = select(walked.c.s, walked.c.i, number, following).subquery()
    wanted = or_(counted.c.n % every == 0, counted.c.following.is_(None))
    chosen = select(counted.c.s, counted.c.i, counted.c.n).where(wanted).order_by(counted.c.n)
    return [tuple(row) for row in connection.execute(chosen)]


def walks_an_index(connection: Connection, query: Any, order: Order) -> bool:
    """Tell whether SQLite reads a query in its order from an index; if not, it sorts all of it for every page."""
    narrow = query.with_only_columns(order.key, order.sort.label("_sort"), maintain_column_froms=True)
    compiled = narrow.order_by(*order.by).limit(1).compile(
        connection.engine, compile_kwargs={"render_postcompile": True}
    )  # fmt: skip
    nothing = (None,) * len(compiled.positiontup or ())  # the plan does not hang on the values
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", nothing)
    return not any("TEMP B-TREE FOR ORDER BY" in str(row[-1]) for row in plan)


def may_be_null(query: Any, sort: Any) -> bool:
    """Tell whether rows of a query can be without a value in `sort`: nullable, or joined from the outside."""
    base = getattr(sort, "element", sort)
    table = getattr(base, "table", None)
    if table is None:
        return True
    for condition in query._where_criteria:
        for part in visitors.iterate(condition):
            if (
                isinstance(part, BinaryExpression)
                and part.operator is operators.is_not
                and isinstance(part.right, Null)
                and _is_same(part.left, base)
            ):
                return False
    return bool(getattr(base, "nullable", True)) or table in _outer_tables(query)


def _is_same(left: Any, base: Any) -> bool:
    """Tell whether two columns are one: a class's attribute gives a new object each time it is asked."""
    if left is base:
        return True
    tables = getattr(left, "table", None), getattr(base, "table", None)
    names = [getattr(table, "name", None) for table in tables]
    return names[0] is not None and names[0] == names[1] and left.key == base.key


def _outer_tables(query: Any) -> set[Any]:
    waiting, found = list(query.get_final_froms()), set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, Join):
            waiting += [one.left, one.right]
            if one.isouter:
                found.add(one.right)
            if one.full:
                found.add(one.left)
    return found
