"""The data scope of an actor, added to every query of a session, for the tables the query names."""

import functools
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase

from domain.kernel.record import Record, Scope


def scope_and_guard(state: ORMExecuteState) -> None:
    """Add the data scope to every query, and refuse bulk statements, which would pass the log by."""
    if isinstance(state.statement, UpdateBase):
        raise InvalidRequestError("bulk statements pass the change log by; change records in a unit of work")
    orgs = state.session.info.get("orgs")
    if orgs is not None and state.is_select:
        scopes = state.session.info.setdefault("scopes", {})
        wanted = []
        for kind in scoped_in(state.statement):
            if kind not in scopes:
                scopes[kind] = with_loader_criteria(kind, kind.org_id.in_(orgs), include_aliases=True)
            wanted.append(scopes[kind])
        if wanted:
            state.statement = state.statement.options(*wanted)


def scoped_in(statement: Any) -> list[type[Record]]:
    """Return the scoped classes whose tables a statement names anywhere, in subqueries and under other names too.

    A criterion for each class there is would cost a query of one row more than the query itself.
    """
    by_table = _scoped_tables(len(Record.metadata.tables))
    found: dict[type[Record], None] = {}
    for element in visitors.iterate(statement):
        table = element if isinstance(element, Table) else getattr(element, "table", None)
        kind = by_table.get(getattr(table, "name", ""))
        if kind is not None:
            found[kind] = None
    return list(found)


@functools.lru_cache(maxsize=1)
def _scoped_tables(_count: int) -> dict[str, type[Record]]:
    return {kind.record_info.entity: kind for kind in scoped_classes()}


def scoped_classes() -> list[type[Record]]:
    """Return the record classes whose rows belong to organisations."""
    from domain.kernel.record import record_classes

    return [c for c in record_classes().values() if c.record_info.scope is Scope.ORGANIZATION]
