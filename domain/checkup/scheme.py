"""The review scheme in force: the roles of a level, its time, and whether there are people for every level."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.checkup.records import Report
from domain.checkup.scheme_records import ReviewScheme
from domain.checkup.workflow import report_review
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.workflow import Hands

LEVELS = {"first_review": "first", "second_review": "second", "final_review": "final"}
"""States that are levels, and what the fields of a scheme begin with for them."""
RIGHTS = {
    "first_review": "report.first_review",
    "second_review": "report.second_review",
    "final_review": "report.final_review",
}
_TIMES = {
    "drafting": "drafting_hours", "first_review": "first_hours", "second_review": "second_hours",
    "final_review": "final_hours", "returned": "returned_hours",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Scheme:
    """What counts at a site: roles by level, hours by state; what ships where nothing was set (`number` 0)."""

    number: int = 0
    roles: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    hours: Mapping[str, int] = dataclasses.field(default_factory=dict)
    urgent_hours: int = 2
    accept_minutes: int = 120

    def limit(self, state: str, urgency: int) -> timedelta | None:
        """Return the time for a state, None where the workflow's own counts."""
        if state not in self.hours:
            return None
        own = self.hours[state]
        return timedelta(hours=min(own, self.urgent_hours) if urgency else own)


SHIPPED = Scheme()


def scheme_of(connection: Connection, org_id: Id | None) -> Scheme:
    """Return the scheme in force at a site: its own, else the one for all sites, else what ships."""
    s = ReviewScheme.__table__.c
    query = (
        select(ReviewScheme.__table__)
        .where(or_(s.site_id == org_id, s.site_id.is_(None)))
        .order_by(s.site_id.is_(None), s.number.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return SHIPPED if found is None else scheme_from(found)


def scheme_from(row: Any) -> Scheme:
    """Return a row of `ReviewScheme` as what counts."""
    return Scheme(
        number=row.number,
        roles={level: tuple(getattr(row, f"{name}_roles")) for level, name in LEVELS.items()},
        hours={state: getattr(row, field) for state, field in _TIMES.items()},
        urgent_hours=row.urgent_hours,
        accept_minutes=row.accept_minutes,
    )


def check_level(work: UnitOfWork, report: Report, level: str) -> None:
    """Refuse an act at a level to roles the site's scheme leaves out.

    Raises:
        DomainError: ``report.level_role`` with the level and the roles that act at it.
    """
    wanted = scheme_of(work.connection, report.org_id).roles.get(level)
    if wanted and work.actor.staff_id is not None and work.actor.role not in wanted:
        authority = work.content.get("authority")
        labels = [authority.roles[r].label if authority and r in authority.roles else r for r in wanted]
        raise DomainError(
            "report.level_role",
            field="report_id",
            level=report_review.label_of(level),
            roles="、".join(labels),
        )


def move_report(work: UnitOfWork, report: Report, move: str, hands: Hands | None = None) -> None:
    """Make a move of the review; the time of the state it enters is that of the site's scheme."""
    work.move(report_review, report, move, hands)
    time_report(work, report)


def time_report(work: UnitOfWork, report: Report) -> None:
    """Write by when the state a report is in must be left, as the site's scheme has it."""
    limit = scheme_of(work.connection, report.org_id).limit(report.state, report.urgency)
    if limit is not None and report.due_at is not None:
        report.due_at = report.state_since + limit


def people_for(levels: Mapping[str, Collection[Id]]) -> list[str]:
    """Return the levels that are left without a person when each is another's; empty where all have one.

    Args:
        levels: Who may act at each, the author's first; a few levels, any number of people.
    """
    given: dict[Id, str] = {}

    def find(level: str, seen: set[Id]) -> bool:
        for person in levels[level]:
            if person in seen:
                continue
            seen.add(person)
            if person not in given or find(given[person], seen):
                given[person] = level
                return True
        return False

    return [level for level in levels if not find(level, set())]


def ancestors(parents: Mapping[Id, Id | None], org_id: Id) -> Sequence[Id]:
    """Return an organisation and those above it; a loop in the data ends the way."""
    found: list[Id] = []
    here: Id | None = org_id
    while here is not None and here not in found:
        found.append(here)
        here = parents.get(here)
    return found
