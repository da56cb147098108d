"""Who takes a task: whoever looks after the client, else by skill and load; and the reason is kept."""

import dataclasses
from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from domain.followup.task_records import CareStaff, FollowTask
from domain.followup.workflow import OPEN_TASKS
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may take a task: what they are good at, what they have, and how much they take."""

    staff_id: Id
    name: str
    skills: frozenset[str]
    open_tasks: int
    limit: int
    on_duty: bool = True

    @property
    def has_room(self) -> bool:
        return self.on_duty and self.open_tasks < self.limit


@dataclasses.dataclass(frozen=True, slots=True)
class Pick:
    """Who takes it and why: ``bound``, ``skill``, ``least_load`` or ``asked``."""

    staff_id: Id
    name: str
    why: str


def pick(candidates: Sequence[Candidate], bound: Id | None, topics: Collection[str]) -> Pick | None:
    """Return who takes a task; None where nobody on duty is below the limit.

    Whoever is bound to the client comes first, then who knows most of its topics, then who has least.
    """
    free = [one for one in candidates if one.has_room]
    for one in free:
        if one.staff_id == bound:
            return Pick(one.staff_id, one.name, "bound")
    if not free:
        return None
    wanted = set(topics)
    best = min(free, key=lambda one: (-len(one.skills & wanted), one.open_tasks, one.name, str(one.staff_id)))
    return Pick(best.staff_id, best.name, "skill" if best.skills & wanted else "least_load")


def candidates_of(work: UnitOfWork, org_id: Id, role: str, default_limit: int) -> list[Candidate]:
    """Return the active people of a role in an organisation, with what they have now."""
    people = work.list(
        select(Staff).where(Staff.org_id == org_id, Staff.role == role, Staff.active.is_(True))
    )
    load = open_tasks_of(work, [one.id for one in people])
    return [_candidate(work, one, load.get(one.id, 0), default_limit) for one in people]


def candidate_of(work: UnitOfWork, staff: Staff, default_limit: int) -> Candidate:
    """Return one person with what they have now."""
    return _candidate(work, staff, open_tasks_of(work, [staff.id]).get(staff.id, 0), default_limit)


def _candidate(work: UnitOfWork, staff: Staff, load: int, default_limit: int) -> Candidate:
    kept = work.find(CareStaff, staff_id=staff.id)
    if kept is None:
        return Candidate(staff.id, staff.name, frozenset(), load, default_limit)
    return Candidate(staff.id, staff.name, frozenset(kept.skills), load, kept.task_limit, kept.on_duty)


def open_tasks_of(work: UnitOfWork, staff_ids: Sequence[Id]) -> dict[Id, int]:
    """Return how many open tasks each person has: a range of an index for each, whatever is stored."""
    if not staff_ids:
        return {}
    work.flush()
    columns = FollowTask.__table__.c
    query = (
        select(columns.owner_id, func.count())
        .where(columns.owner_id.in_(staff_ids), columns.state.in_(OPEN_TASKS))
        .group_by(columns.owner_id)
    )
    return {row[0]: row[1] for row in work.connection.execute(query)}
