"""One card a client: a rule that gathers does not open a second alert about a client while one waits.

The others listen for the end of the first. If its cause went away and theirs did not, the next is told; if a person
settled it, that word is for the client, and they stay silent until their own record changes.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from domain.alerts.decisions import NEVER, Action, Open, SetTimer
from domain.alerts.records import Alert
from domain.alerts.situations import chunks
from domain.interop.one_person import persons
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
    of = persons(connection, {client for _, client in keys})
    first = {client: min(records) for client, records in of.items()}
    taken = {(rule, first[client]) for rule, client in _waiting(connection, keys, of)}
    found: list[Action] = []
    for one in given:
        key = _key(one)
        if key is None or not isinstance(one, Open):
            found.append(one)
        elif (key[0], first[key[1]]) in taken:
            row = one.row
            found.append(SetTimer(one.plan, row["id"], row["org_id"], one.occasion, NEVER, key[1]))
        else:
            taken.add((key[0], first[key[1]]))
            found.append(one)
    return found


def _key(action: Action) -> _Key | None:
    if not isinstance(action, Open) or action.plan.rule.gather is None:
        return None
    client: Id | None = action.row.get("patient_id")
    return None if client is None else (action.plan.rule.id, client)


def _waiting(connection: Connection, keys: set[_Key], of: Mapping[Id, tuple[Id, ...]]) -> set[_Key]:
    """Return the rules and clients of which an alert stands: waiting, put off, or handled and not put away.

    A client with several records (`of`) is one: a card about another of them stands for this one too.
    """
    asked = {record: client for client, records in of.items() for record in records[::-1]}
    rules = sorted({rule for rule, _ in keys})
    found: set[_Key] = set()
    for some in chunks(sorted(asked)):
        query = select(_ALERT.c.rule, _ALERT.c.patient_id).where(
            _ALERT.c.patient_id.in_(some),
            without_index(_ALERT.c.rule).in_(rules),
            without_index(_ALERT.c.state) != "closed",
        )
        found |= {(row.rule, asked[row.patient_id]) for row in connection.execute(query)}
    return found
