"""Signing in before the features are loaded: a plain success is decided here, everything else is not.

Decided is only what needs no write but the note that it happened: a known, active login that is not locked, with the
right password. The note is on the disk (``noted_sign_in``) before anybody sees a desk; `client.early.settling` runs
it as the command it is, with its own time and transaction id, as soon as the dispatcher is there, after a crash too.
"""

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from client.early.compiled import Compiled, Statement, rows_of
from client.early.glance import Glance
from domain.kernel.authority import Actor, Authority
from domain.kernel.clock import Clock
from domain.kernel.facts import from_microseconds, to_microseconds
from domain.kernel.ids import Id, new_id
from domain.people.lockout import Attempts
from domain.people.passwords import has_todays_parameters, password_matches
from domain.people.terms import alone


@dataclasses.dataclass(frozen=True, slots=True)
class SignedIn:
    """The same shape as `domain.people.signing_in.SignedIn`."""

    actor: Actor
    code: str = ""
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    must_change: bool = False


def sign_in(
    glance: Glance,
    compiled: Compiled,
    authority: Authority,
    login: str,
    password: str,
    *,
    device_id: Id,
    clock: Clock,
    password_days: int,
    tell: Callable[[Actor], None],
) -> SignedIn | None:
    """Return who signed in, None where the whole desk must decide.

    Args:
        glance: The store.
        compiled: SQL of the declarations.
        authority: Roles in force.
        login: Login name.
        password: Password as typed.
        device_id: Installation the person sits at.
        clock: Time of the attempt, and of the ties of who signs in.
        password_days: Days a password holds, 0 for ever.
        tell: Hears whom it looks like before the password is checked (0.1 s), so that the desk can be laid out
            meanwhile. Nothing may be shown of it before this function has returned that person.
    """
    login, now = login.strip(), clock()
    staff = _one(glance, compiled.staff, login)
    if staff is None or not staff["active"] or staff["role"] not in authority.roles:
        return None
    state = _one(glance, compiled.attempts, login)
    if state is not None and _attempts(state).locked_for(now) is not None:
        return None
    if any(
        row["role"] == staff["role"] or row["staff_id"] == staff["id"]
        for row in rows_of(compiled.rights, list(glance.exec_driver_sql(*compiled.rights.filled({}))))
    ):
        return None  # rights were adjusted: the whole desk works out what holds
    if _alone_for(glance, now) >= authority.roles[staff["role"]].offline_days:
        return None  # the whole desk says why
    org_id = uuid.UUID(bytes=staff["org_id"])
    actor = authority.actor(
        staff_id=uuid.UUID(bytes=staff["id"]), name=staff["name"], role=staff["role"], org_id=org_id,
        device_id=device_id, subtree=_subtree(glance, compiled.organizations, org_id), clock=clock,
    )  # fmt: skip
    tell(actor)
    if not password_matches(staff["password_hash"], password):
        return None
    age = now - from_microseconds(staff["password_set_at"])
    if staff["must_change"] or (password_days and age > timedelta(days=password_days)):
        return None  # a new password comes first: that takes the whole desk
    if not has_todays_parameters(staff["password_hash"]):
        return None  # it is to be hashed anew
    glance.exec_driver_sql(
        "INSERT INTO noted_sign_in (txn_id, login, at) VALUES (?, ?, ?)",
        (new_id().bytes, login, to_microseconds(now)),
    )
    return SignedIn(actor)


def _alone_for(glance: Glance, now: datetime) -> int:
    """Return the days without the centre, as `domain.people.offline` counts them; there SQLAlchemy is needed."""
    heard = list(glance.exec_driver_sql("SELECT heard_at FROM centre_contact"))
    if not heard:
        return 0
    newest = list(glance.exec_driver_sql("SELECT at FROM change_log ORDER BY position DESC LIMIT 1"))
    return alone(heard[0][0], newest[0][0] if newest else None, now)


def _one(glance: Glance, statement: Statement, login: str) -> dict[str, Any] | None:
    found = rows_of(statement, list(glance.exec_driver_sql(*statement.filled({"login": login}))))
    return found[0] if found else None


def _attempts(state: dict[str, Any]) -> Attempts:
    last, until = (
        None if state[name] is None else from_microseconds(state[name])
        for name in ("last_failure_at", "locked_until")
    )
    return Attempts(state["failures"] or 0, state["locks"] or 0, last, until)


def _subtree(glance: Glance, statement: Statement, root: Id) -> frozenset[Id]:
    children: dict[bytes | None, list[bytes]] = defaultdict(list)
    for row in rows_of(statement, list(glance.exec_driver_sql(*statement.filled({})))):
        children[row["parent_id"]].append(row["id"])
    found, waiting = {root.bytes}, [root.bytes]
    while waiting:
        for child in children[waiting.pop()]:
            if child not in found:
                found.add(child)
                waiting.append(child)
    return frozenset(uuid.UUID(bytes=one) for one in found)
