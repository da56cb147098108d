"""Conflicts that wait for a person."""

from sqlalchemy import Connection, func, select

from domain.exchange.commands import DecideConflict
from domain.exchange.records import Conflict
from domain.exchange.rules import ConflictState
from domain.kernel.authority import Actor
from domain.kernel.worklists import Query, scoped, worklist


@worklist("conflict.open", "待裁决冲突", permission="conflict.view", record=Conflict, order="opened_at")
def open_conflicts() -> Query:
    """The oldest first; safety-related ones carry their mark."""
    c = Conflict
    return select(
        c.entity, c.fields, c.theirs, c.mine, c.safety, c.mine_command, c.mine_at, c.opened_at
    ).where(c.state == ConflictState.OPEN.value)


@worklist("conflict.decided", "已裁决冲突", permission="conflict.view", record=Conflict, order="-decided_at")
def decided_conflicts() -> Query:
    """What was decided, with both values."""
    c = Conflict
    return select(c.entity, c.fields, c.theirs, c.mine, c.decision, c.decided_at).where(
        c.state == ConflictState.DECIDED.value
    )


open_conflicts.offers(DecideConflict)


def count_open(connection: Connection, actor: Actor) -> int:
    """Return how many conflicts within the scope wait for a decision."""
    table = Conflict.__table__
    query = select(func.count()).select_from(table).where(table.c.state == ConflictState.OPEN.value)
    count: int = connection.execute(scoped(query, Conflict, actor)).scalar_one()
    return count
