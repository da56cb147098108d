"""The rights somebody has now: the shipped role with what was adjusted for it, the person and the place."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.kernel.authority import Role
from domain.kernel.commands import commands
from domain.kernel.ids import Id
from domain.kernel.worklists import worklists
from domain.people.records import Organization, Staff
from domain.rights.records import RightsChange, RightsEffect
from domain.rights.scopes import reaching

POWERFUL_AREAS = frozenset({"staff", "privacy", "security", "workstation", "organization", "audit", "rights"})
POWERFUL = frozenset({
    "document.export_identified", "alert.rules", "content.sign", "people.share", "study.identify", "care.sign",
    "risk.decide", "critical_limit.edit", "report.first_review", "report.second_review", "report.final_review",
})  # fmt: skip
"""What lets somebody give rights, see everybody's deeds, take data out in clear, or decide about a client: a second
person has to approve it."""


def is_powerful(permission: str) -> bool:
    """Tell whether granting a permission takes two people."""
    return permission in POWERFUL or permission.partition(".")[0] in POWERFUL_AREAS


def known_permissions() -> dict[str, list[str]]:
    """Return every permission that something asks for, with the names of what it opens."""
    found: dict[str, list[str]] = {}
    for command in commands().values():
        if command.permission and command.place != "internal" and not command.permission.startswith("own."):
            found.setdefault(command.permission, []).append(command.label)
    for listing in worklists().values():
        found.setdefault(listing.permission, []).append(listing.label)
    return found


def above(connection: Connection, org_id: Id) -> set[Id]:
    """Return an organisation and those above it; a loop in the data does not hang it."""
    table = Organization.__table__
    parents = {row.id: row.parent_id for row in connection.execute(select(table.c.id, table.c.parent_id))}
    found: set[Id] = set()
    here: Id | None = org_id
    while here is not None and here not in found:
        found.add(here)
        here = parents.get(here)
    return found


def adjustments(connection: Connection, staff: Any, now: datetime) -> Iterator[Any]:
    """Yield the adjustments in force for a member of staff (`id`, `role`, `org_id`), the oldest first.

    One that was passed on ends with the account of whoever passed it on.
    """
    table, giver = RightsChange.__table__, Staff.__table__
    query = (
        select(table, giver.c.active.label("giver_active"))
        .outerjoin_from(table, giver, giver.c.id == table.c.given_by)
        .where(
            or_(table.c.staff_id == staff.id, table.c.role == staff.role),
            table.c.state == "in_force",
            or_(table.c.until.is_(None), table.c.until > now),
        )
        .order_by(table.c.state_since, table.c.id)
    )
    rows = connection.execute(query).all()
    if not rows:
        return
    places = above(connection, staff.org_id)
    for row in rows:
        if row.org_id in places and not (row.delegated and row.giver_active is False):
            yield row


def adjusted(connection: Connection, role: Role, staff: Any, now: datetime) -> Role:
    """Return the rights of a member of staff: `role` itself where nothing was adjusted.

    What withdraws wins over what grants, whichever came first.
    """
    return laid_over(role, adjustments(connection, staff, now))


def laid_over(role: Role, changes: Iterable[Any]) -> Role:
    """Return a role with adjustments laid over it; what nothing knows is passed over, the later reach holds."""
    granted: list[str] = []
    withdrawn: list[str] = []
    known = known_permissions()
    for change in changes:
        if change.effect == RightsEffect.SET:
            role = reaching(role, change.permission, change.value)
        elif change.permission in known:
            (granted if change.effect == RightsEffect.GRANT else withdrawn).append(change.permission)
    if not granted and not withdrawn:
        return role
    permissions = [*role.permissions, *(p for p in dict.fromkeys(granted) if p not in role.permissions)]
    return dataclasses.replace(
        role,
        permissions=[p for p in permissions if p not in withdrawn],
        withdrawn=list(dict.fromkeys(withdrawn)),
    )
