"""Whose a conflict is: its author, who knows what was meant, and the lead of the branch, who answers for it.

Both are read from what is there, never stored: a lead who leaves hands on what is open without anybody's doing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.kernel.ids import Id
from domain.people.records import Organization, Staff

LEAD_ROLE = "department_head"


@dataclass(frozen=True, slots=True)
class Owner:
    """Names: of the author, empty for nobody known here; of the leads of the branch, or of the one above it."""

    author: str
    leads: tuple[str, ...]


def owners_of(connection: Connection, conflicts: Iterable[tuple[Id, Id, Id | None]]) -> Mapping[Id, Owner]:
    """Return the owner of each of some conflicts: (conflict, its organisation, who wrote what came later)."""
    wanted = list(conflicts)
    staff = Staff.__table__
    authors = {by for _, _, by in wanted if by is not None}
    names = {
        row.id: str(row.name)
        for row in connection.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(authors)))
    }
    leads: dict[Id, list[str]] = {}
    query = select(staff.c.org_id, staff.c.name).where(staff.c.role == LEAD_ROLE, staff.c.active.is_(True))
    for row in connection.execute(query.order_by(staff.c.name)):
        leads.setdefault(row.org_id, []).append(str(row.name))
    org = Organization.__table__
    above = {row.id: row.parent_id for row in connection.execute(select(org.c.id, org.c.parent_id))}

    def leads_of(org_id: Id | None) -> tuple[str, ...]:
        seen: set[Id] = set()
        while org_id is not None and org_id not in seen:
            if org_id in leads:
                return tuple(leads[org_id])
            seen.add(org_id)
            org_id = above.get(org_id)
        return ()

    return {
        conflict: Owner(names.get(by, "") if by is not None else "", leads_of(org_id))
        for conflict, org_id, by in wanted
    }
