"""Who answers for a client's critical value: found without being asked, with the reason kept.

In this order: who writes the report of the visit; the physician the client is bound to; the head of the department of
the place, then of the places above it. Each has to be an active member of staff who may receive critical values.
"""

import dataclasses
from collections.abc import Iterator

from sqlalchemy import select

from domain.checkup.records import Observation, Report
from domain.followup.group_records import CareProfile
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, Staff

PHYSICIANS = frozenset({"physician", "chief_physician", "department_head"})
HEAD = "department_head"
MOST_LEVELS = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Responsible:
    """A member of staff and why they were found: ``report``, ``binding`` or ``head``."""

    staff_id: Id
    name: str
    why: str


def responsible_physician(work: UnitOfWork, observation: Observation) -> Responsible | None:
    """Return who answers for a result, None where nobody is known here; a few lookups by key."""
    for staff_id, why in _bound(work, observation):
        person = work.get(Staff, staff_id)
        if person is not None and person.active and person.role in PHYSICIANS:
            return Responsible(person.id, person.name, why)
    return _head(work, observation.org_id if observation.org_id is not None else work.actor.org_id)


def _bound(work: UnitOfWork, observation: Observation) -> Iterator[tuple[Id, str]]:
    report = work.find(Report, visit_id=observation.visit_id) if observation.visit_id else None
    if report is not None and report.author_id is not None:
        yield report.author_id, "report"
    profile = work.find(CareProfile, patient_id=observation.patient_id)
    if profile is not None and profile.expert_id is not None:
        yield profile.expert_id, "binding"


def _head(work: UnitOfWork, org_id: Id) -> Responsible | None:
    here: Id | None = org_id
    for _ in range(MOST_LEVELS):
        heads = work.list(
            select(Staff)
            .where(Staff.org_id == here, Staff.role == HEAD, Staff.active)
            .order_by(Staff.login)
            .limit(1)
        )
        if heads:
            return Responsible(heads[0].id, heads[0].name, "head")
        org = work.get(Organization, here) if here is not None else None
        here = org.parent_id if org is not None else None
        if here is None:
            return None
    return None
