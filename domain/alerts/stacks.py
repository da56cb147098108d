"""Many alerts at once for one client, in one owner's hands, or told to one role of a place: told as one more."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from domain.alerts.decisions import Action, Clear, Open, Situation
from domain.alerts.parts import Stack
from domain.alerts.plans import Plan, RuleBook
from domain.alerts.receivers import nth_of_role
from domain.alerts.records import Alert
from domain.alerts.situations import chunks
from domain.alerts.workflow import OPEN_STATES
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.rows import without_index

_ALERT = Alert.__table__


def concerned(connection: Connection, alert_ids: Sequence[Id], book: RuleBook) -> dict[str, set[Id]]:
    """Return by entity whose stacks changed alerts belong to, their former owners included where they are known."""
    found: dict[str, set[Id]] = defaultdict(set)
    wanted = {p.rule.stack.by for p in book.stacks if p.rule.stack is not None}
    for some in chunks(alert_ids):
        query = select(_ALERT.c.patient_id, _ALERT.c.owner_id, _ALERT.c.org_id).where(_ALERT.c.id.in_(some))
        for row in connection.execute(query):
            if "client" in wanted and row.patient_id is not None:
                found["patient"].add(row.patient_id)
            if "owner" in wanted and row.owner_id is not None:
                found["staff"].add(row.owner_id)
            if "role" in wanted:
                found["organization"].add(row.org_id)
    return found


def high_ones(connection: Connection, plan: Plan, ids: Collection[Id]) -> set[Id]:
    """Return those for whom so many alerts wait that the stack is high: one question for all of them.

    Most changes concern nobody's stack. Roles are counted by the index of who is told, one by one.
    """
    stack = plan.rule.stack
    if stack is None or stack.by == "role":
        return set(ids)
    found: set[Id] = set()
    for some in chunks(ids):
        key, where = _waiting(plan, stack)
        query = select(key).where(key.in_(some), *where).group_by(key).having(func.count() >= stack.least)
        found |= set(connection.execute(query).scalars())
    return found


def on_stack(
    connection: Connection, plan: Plan, now: Situation, roles: Mapping[str, str], high: Container[Id]
) -> Iterator[Action]:
    """Yield the alert of a stack that became high enough, or the end of those that are not any more.

    Args:
        connection: The store.
        plan: The rule.
        now: Whom it is about.
        roles: Labels of the roles by name.
        high: Those whose stack may be high (`high_ones`).
    """
    stack = plan.rule.stack
    if stack is None or now.row is None:
        return
    by_role = stack.by == "role"
    told = _of_roles(connection, plan, now.record_id) if by_role else _told(plan, now)
    for key in roles if by_role else ("",):
        mine = [alert for alert, role in told if role == key]
        waits = [a for a in mine if a.state not in {"closed", "handled"}]
        since = _high_since(connection, plan, stack, now.record_id, key) if now.record_id in high else None
        if since is None:
            yield from (Clear(a.id) for a in mine if a.state != "closed")
        elif not waits:
            # One a day, wherever it is noticed: branch and centre may see its parts in another order.
            occasion = f"{clinic(since).date()}|{key}"
            if plan.alert_id(now.record_id, occasion) not in {a.id for a in mine}:
                more = {"least": stack.least, "role": key, "role_name": roles.get(key, "")}
                yield Open(plan, now.row, occasion, since, None, more)


def _high_since(
    connection: Connection, plan: Plan, stack: Stack, subject_id: Id, role: str
) -> datetime | None:
    """Return when the alert came that made the stack high enough, among those that wait; None if it is not."""
    if stack.by == "role":
        return nth_of_role(connection, subject_id, role, stack.least)
    key, where = _waiting(plan, stack)
    query = select(_ALERT.c.opened_at).where(key == subject_id, *where)
    found = connection.execute(query.order_by(_ALERT.c.opened_at).limit(stack.least)).scalars().all()
    return found[-1] if len(found) == stack.least else None


def _waiting(plan: Plan, stack: Stack) -> tuple[ColumnElement[Any], list[ColumnElement[bool]]]:
    """Return what tells whose an alert is, and which alerts count for the stack."""
    key = _ALERT.c.patient_id if stack.by == "client" else _ALERT.c.owner_id
    rule, state = without_index(_ALERT.c.rule), without_index(_ALERT.c.state)
    return key, [state.in_(OPEN_STATES), rule.in_(stack.rules) if stack.rules else rule != plan.rule.id]


def _told(plan: Plan, now: Situation) -> list[tuple[Any, str]]:
    return [(alert, "") for alert in now.alerts.values() if alert.rule == plan.rule.id]


def _of_roles(connection: Connection, plan: Plan, subject_id: Id) -> list[tuple[Any, str]]:
    """Return the alerts there were about a place, each with the role it is about."""
    mine = (_ALERT.c.subject_id == subject_id, without_index(_ALERT.c.rule) == plan.rule.id)
    rows = connection.execute(select(_ALERT.c.id, _ALERT.c.state, _ALERT.c.facts).where(*mine))
    return [(row, (row.facts or {}).get("role", "")) for row in rows]
