"""Many alerts at once for one client, in one owner's hands, or told to one role of a place: told as one more."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

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


def on_stack(
    connection: Connection, plan: Plan, now: Situation, roles: Mapping[str, str]
) -> Iterator[Action]:
    """Yield the alert of a stack that became high enough, or the end of those that are not any more.

    `roles` are the labels of the roles by name.
    """
    stack = plan.rule.stack
    if stack is None or now.row is None:
        return
    told = _told(connection, plan, now.record_id)
    for key in roles if stack.by == "role" else ("",):
        mine = [a for a in told if (a.facts or {}).get("role", "") == key]
        waits = [a for a in mine if a.state not in {"closed", "handled"}]
        since = _high_since(connection, plan, stack, now.record_id, key)
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
    key = _ALERT.c.patient_id if stack.by == "client" else _ALERT.c.owner_id
    rule, state = without_index(_ALERT.c.rule), without_index(_ALERT.c.state)
    rules = rule.in_(stack.rules) if stack.rules else rule != plan.rule.id
    query = select(_ALERT.c.opened_at).where(key == subject_id, state.in_(OPEN_STATES), rules)
    found = connection.execute(query.order_by(_ALERT.c.opened_at).limit(stack.least)).scalars().all()
    return found[-1] if len(found) == stack.least else None


def _told(connection: Connection, plan: Plan, subject_id: Id) -> list[Any]:
    mine = (_ALERT.c.subject_id == subject_id, without_index(_ALERT.c.rule) == plan.rule.id)
    return list(connection.execute(select(_ALERT.c.id, _ALERT.c.state, _ALERT.c.facts).where(*mine)))
