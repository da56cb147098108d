"""Conflicts that wait for a person."""

from sqlalchemy import Connection, func, select

from domain.exchange.commands import DecideConflict
from domain.exchange.records import Conflict
from domain.exchange.rules import ConflictState
from domain.kernel.authority import Actor
from domain.kernel.worklists import Query, scoped, worklist
from domain.people.records import Organization, Staff


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


@worklist("conflict.lead", "院区冲突督办", permission="conflict.lead", record=Conflict, order="opened_at")
def conflicts_of_the_branch() -> Query:
    """What the lead of a branch answers for: each open conflict with its author, the longest wait first."""
    c = Conflict
    return (
        select(
            c.opened_at, c.safety, Organization.name.label("branch"), c.entity, c.fields, Staff.name.label("author"),
            c.mine_command, c.mine_at, c.theirs_at,
        )
        .select_from(c)
        .outerjoin(Organization, Organization.id == c.org_id)
        .outerjoin(Staff, Staff.id == c.mine_by)
        .where(c.state == ConflictState.OPEN.value)
    )  # fmt: skip


open_conflicts.offers(DecideConflict)
conflicts_of_the_branch.offers(DecideConflict)


def count_open(connection: Connection, actor: Actor) -> int:
    """Return how many conflicts within the scope wait for a decision."""
    table = Conflict.__table__
    query = select(func.count()).select_from(table).where(table.c.state == ConflictState.OPEN.value)
    count: int = connection.execute(scoped(query, Conflict, actor)).scalar_one()
    return count
