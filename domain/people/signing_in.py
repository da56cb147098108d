"""Signing in on a store: the password is checked outside the write door, the outcome is a command."""

import dataclasses
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import Actor, Authority, system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.people.organizations import subtree
from domain.people.passwords import hash_password, needs_rehash, password_matches
from domain.people.records import Staff
from domain.people.staff_commands import SignIn
from domain.rights.reading import adjusted


@dataclasses.dataclass(frozen=True, slots=True)
class SignedIn:
    """The actor, or why there is none: `code` is a text with its `facts`."""

    actor: Actor | None
    code: str = ""
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    must_change: bool = False


def sign_in(
    dispatcher: Dispatcher,
    authority: Authority,
    login: str,
    password: str,
    *,
    device_id: Id,
    org_id: Id,
    code: str | None = None,
) -> SignedIn:
    """Check a login and its password on this store; works without the network.

    Takes about 0.1 s by design (Argon2id), as long for an unknown login: call it off the UI thread.

    Args:
        dispatcher: Runs the command that notes the attempt.
        authority: Roles in force.
        login: Login name.
        password: Password as typed.
        device_id: Installation the person sits at.
        org_id: Organisation of the installation.
        code: What was typed for the second factor; only the centre asks for it.
    """
    table = Staff.__table__
    with dispatcher.store.read() as connection:
        staff = connection.execute(select(table).where(table.c.login == login.strip())).one_or_none()
        if staff is None and connection.execute(select(table.c.id).limit(1)).first() is None:
            return SignedIn(None, "sign_in.no_accounts")  # joined a moment ago: nobody's password is wrong
    verified = password_matches(None if staff is None else staff.password_hash, password)
    renewed = None
    if verified and staff is not None and needs_rehash(staff.password_hash):
        renewed = hash_password(password)
    noted = dispatcher.run(
        SignIn(login=login.strip(), verified=verified, renewed=renewed, code=code),
        system_actor(org_id, device_id),
    ).receipt
    if noted.staff_id is None or staff is None:
        return SignedIn(None, noted.code, noted.facts)
    return SignedIn(actor_of(dispatcher, authority, staff, device_id), must_change=noted.must_change)


def actor_of(dispatcher: Dispatcher, authority: Authority, staff: Any, device_id: Id) -> Actor:
    """Return a person as who may do what: the role with what was adjusted, at the place of the account.

    Args:
        dispatcher: Whose store and clock count.
        authority: Roles in force.
        staff: Row of the account.
        device_id: Installation the person sits at.
    """
    with dispatcher.store.read() as connection:
        below = subtree(connection, staff.org_id)
        rights = adjusted(connection, authority.role(staff.role), staff, dispatcher.clock())
    return authority.actor(
        staff_id=staff.id, name=staff.name, role=staff.role, org_id=staff.org_id, device_id=device_id,
        subtree=below, rights=rights, clock=dispatcher.clock,
    )  # fmt: skip
