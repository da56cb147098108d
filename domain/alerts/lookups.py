"""What a rule has to look up beside the record that changed; each by the front of an index, a few rows at most."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, or_, select

from domain.alerts.parts import Cause, Condition, Expected
from domain.alerts.plans import ELSEWHERE, Plan, Values
from domain.alerts.records import Alert
from domain.alerts.situations import chunks
from domain.alerts.workflow import UNSETTLED
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.kernel.rows import without_index

_ALERT = Alert.__table__


def _empty(column: Any) -> ColumnElement[bool]:
    """Only a text can be empty and there."""
    return or_(column.is_(None), column == "") if isinstance(column.type, String) else column.is_(None)


_SQL: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda c, v: c == v,
    "ne": lambda c, v: or_(c != v, c.is_(None)),
    "lt": lambda c, v: c < v,
    "le": lambda c, v: c <= v,
    "gt": lambda c, v: c > v,
    "ge": lambda c, v: c >= v,
    "in": lambda c, v: c.in_(v),
    "not_in": lambda c, v: or_(c.not_in(v), c.is_(None)),
    "empty": lambda c, _: _empty(c),
    "filled": lambda c, _: c.is_not(None),
}


def sql_of(table: Table, conditions: Sequence[Condition]) -> list[ColumnElement[bool]]:
    """Return conditions as SQL on a record's table; they mean what `Condition.holds` does."""
    return [_SQL[c.op](table.c[c.field], c.value) for c in conditions]


def newest_arrival(connection: Connection, plan: Plan, row: Values) -> datetime | None:
    """Return when the newest of what an absence waits for came; the anchor's time where the rule asks for none."""
    expected, since = plan.rule.expects, row[plan.rule.since or ""]
    if expected is None or since is None or row[expected.equals] is None:
        return None
    table: Table = record_classes()[expected.record].__table__  # type: ignore[assignment]
    where = [table.c[expected.by] == row[expected.equals], *sql_of(table, expected.when)]
    if expected.at is None:
        found = connection.execute(select(table.c.id).where(*where).limit(1)).first()
        return None if found is None else since
    at = table.c[expected.at]
    query = select(at).where(*where, at >= since).order_by(at.desc()).limit(1)
    newest: datetime | None = connection.execute(query).scalar()
    return newest


def keys_of(connection: Connection, expected: Expected, ids: Sequence[Id]) -> list[Any]:
    """Return what records that may have been waited for bear as key, of those that fit."""
    table: Table = record_classes()[expected.record].__table__  # type: ignore[assignment]
    query = select(table.c[expected.by]).where(table.c.id.in_(ids), *sql_of(table, expected.when))
    return [value for value in connection.execute(query).scalars() if value is not None]


def stands(connection: Connection, plan: Plan, subject_id: Id) -> bool:
    """Tell whether the cause of an alert is still there: asked when its shelf is over.

    What counts other alerts, or what people did, is there until somebody settles it or its own rule clears it.
    """
    table: Table = record_classes()[plan.entity].__table__  # type: ignore[assignment]
    found = connection.execute(select(table).where(table.c.id == subject_id)).first()
    if found is None:
        return False
    row = found._asdict()
    return plan.kind in ELSEWHERE or (not plan.cleared(row) and (not plan.lasts or plan.fits(row)))


def caused(connection: Connection, causes: Sequence[Cause], row: Values) -> bool:
    """Tell whether an alert of another record, which waits, keeps a rule silent for this one."""
    return any(_waits(connection, cause, row[cause.by]) for cause in causes)


def _waits(connection: Connection, cause: Cause, value: Any) -> bool:
    if value is None:
        return False
    rule: ColumnElement[Any] = _ALERT.c.rule
    state: ColumnElement[Any] = _ALERT.c.state
    if cause.of != "org_id":  # the index of the record it is about is the better one
        rule, state = without_index(rule), without_index(state)
    mine = (rule == cause.rule, state.in_(UNSETTLED), _ALERT.c[cause.of] == value)
    return connection.execute(select(_ALERT.c.id).where(*mine).limit(1)).first() is not None


def freed_by(
    connection: Connection, settled: Sequence[Id], silencing: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, set[Id]]:
    """Return, by rule, the records and keys for which settled alerts no longer keep it silent.

    Args:
        connection: The store.
        settled: Alerts that do not wait any more.
        silencing: As `RuleBook.silencing` tells.
    """
    freed: dict[str, set[Id]] = defaultdict(set)
    columns = (_ALERT.c.rule, _ALERT.c.subject_id, _ALERT.c.patient_id, _ALERT.c.org_id, _ALERT.c.outcome)
    for some in chunks(settled):
        for row in connection.execute(select(*columns).where(_ALERT.c.id.in_(some))):
            for rule, of in silencing.get(row.rule, ()):
                value = getattr(row, of)
                # What a person settled is settled for the client: the others of its rule stay silent.
                if value is not None and (rule != row.rule or row.outcome is None):
                    freed[rule].add(value)
    return freed
