"""One card a client: a rule that gathers does not open a second alert about a client while one waits.

The others listen for the end of the first. If its cause went away and theirs did not, the next is told; if a person
settled it, that word is for the client, and they stay silent until their own record changes.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from domain.alerts.decisions import NEVER, Action, Open, SetTimer
from domain.alerts.records import Alert
from domain.alerts.situations import chunks
from domain.kernel.ids import Id
from domain.kernel.rows import without_index

_ALERT = Alert.__table__
_Key = tuple[str, Id]


def gathered(connection: Connection, actions: Iterable[Action]) -> list[Action]:
    """Return actions with what would be a client's second card of a rule turned into a timer that listens.

    Asks by the index of clients, once for all of them; nothing where no rule of them gathers.
    """
    given = list(actions)
    keys = {key for one in given if (key := _key(one)) is not None}
    if not keys:
        return given
    taken = _waiting(connection, keys)
    found: list[Action] = []
    for one in given:
        key = _key(one)
        if key is None or not isinstance(one, Open):
            found.append(one)
        elif key in taken:
            row = one.row
            found.append(SetTimer(one.plan, row["id"], row["org_id"], one.occasion, NEVER, key[1]))
        else:
            taken.add(key)
            found.append(one)
    return found


def _key(action: Action) -> _Key | None:
    if not isinstance(action, Open) or action.plan.rule.gather is None:
        return None
    client: Id | None = action.row.get("patient_id")
    return None if client is None else (action.plan.rule.id, client)


def _waiting(connection: Connection, keys: set[_Key]) -> set[_Key]:
    """Return the rules and clients of which an alert stands: waiting, put off, or handled and not put away."""
    rules = sorted({rule for rule, _ in keys})
    found: set[_Key] = set()
    for some in chunks(sorted({client for _, client in keys})):
        query = select(_ALERT.c.rule, _ALERT.c.patient_id).where(
            _ALERT.c.patient_id.in_(some),
            without_index(_ALERT.c.rule).in_(rules),
            without_index(_ALERT.c.state) != "closed",
        )
        found |= {(row.rule, row.patient_id) for row in connection.execute(query)}
    return found
