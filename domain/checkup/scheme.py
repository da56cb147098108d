"""The review scheme in force: the roles of a level, its time, and whether there are people for every level."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.checkup.records import Report, ReviewAction, ReviewStep
from domain.checkup.scheme_records import ReviewScheme
from domain.checkup.workflow import HEAD_OFFICE, LEVELS, report_review
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.workflow import Hands

FIELDS = {level: level.removesuffix("_review") for level in LEVELS}
"""What the fields of a scheme begin with, for each level."""
USUAL = ("first_review", "second_review", "final_review")
RIGHTS = dict.fromkeys(LEVELS, "report.second_review") | {
    "first_review": "report.first_review",
    "final_review": "report.final_review",
}
_TIMES = {level: f"{name}_hours" for level, name in FIELDS.items()} | {
    "drafting": "drafting_hours",
    "returned": "returned_hours",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Scheme:
    """What counts at a site: levels, roles by level, hours by state; what ships is `number` 0."""

    number: int = 0
    levels: tuple[str, ...] = USUAL
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

    def after(self, state: str) -> str:
        """Return the level that follows a state; also where the scheme has changed since the report came there."""
        at = LEVELS.index(state) if state in LEVELS else -1
        return next((level for level in self.levels if LEVELS.index(level) > at), LEVELS[-1])

    def again(self, returned_at: str | None) -> str:
        """Return where a corrected text is read again: by the branch that returned it, else by all of head office."""
        if returned_at == "first_review" and returned_at in self.levels:
            return returned_at
        return next(level for level in self.levels if level in HEAD_OFFICE)


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
        levels=tuple(row.levels),
        roles={level: tuple(getattr(row, f"{name}_roles")) for level, name in FIELDS.items()},
        hours={state: getattr(row, field) for state, field in _TIMES.items()},
        urgent_hours=row.urgent_hours,
        accept_minutes=row.accept_minutes,
    )


def reviews_at(actor: Actor, state: str) -> bool:
    """Tell whether a person has the right of a level; False for states that are none."""
    return state in RIGHTS and actor.may(RIGHTS[state])


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
    """Make a move of the review: the level it leads to, and the time there, are those of the site's scheme."""
    to = None
    if len(report_review.ends[move]) > 1 and report_review.allows(report.state, move):
        scheme = scheme_of(work.connection, report.org_id)
        to = scheme.again(_returned_at(work, report)) if move == "resubmit" else scheme.after(report.state)
    work.move(report_review, report, move, hands, to)
    time_report(work, report)


def _returned_at(work: UnitOfWork, report: Report) -> str | None:
    s = ReviewStep.__table__.c
    query = (
        select(s.level)
        .where(s.report_id == report.id, s.action == ReviewAction.RETURN)
        .order_by(s.acted_at.desc(), s.id.desc())
    )
    return work.connection.execute(query.limit(1)).scalar()


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
