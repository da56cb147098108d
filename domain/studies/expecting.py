"""Which tubes a visit is to bring, and noting each as it is drawn or given up."""

from datetime import date

from sqlalchemy import func, select

from domain.biobank.records import Specimen
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.records import SpecimenRequirement
from domain.studies.subject_records import ExpectedSpecimen, SubjectVisit


def expect_tubes(work: UnitOfWork, visit: SubjectVisit, day: date) -> int:
    """Expect the tubes the protocol wants at a visit, as far as quotas go; returns how many in all."""
    wanted = work.list(
        select(SpecimenRequirement).where(
            SpecimenRequirement.plan_id == visit.plan_id, SpecimenRequirement.retired_at.is_(None)
        )
    )
    total = 0
    for one in wanted:
        tubes = min(one.tubes, _left(work, one))
        if tubes <= 0:
            continue
        total += tubes
        work.add(
            ExpectedSpecimen(
                id=stable_id("expected_specimen", visit.id, one.id), org_id=visit.org_id, study_id=visit.study_id,
                subject_id=visit.subject_id, subject_visit_id=visit.id, requirement_id=one.id,
                patient_id=visit.patient_id, name=one.name, type=one.type, day=day, expected=tubes,
            )
        )  # fmt: skip
    visit.open_tubes = total
    return total


def _left(work: UnitOfWork, wanted: SpecimenRequirement) -> int:
    """Return how many tubes the quota still allows, as far as this store knows.

    A tube given up for good frees its place; what other branches expect comes with the next contact, so two of them
    may go over a quota by what they drew in between.
    """
    if wanted.quota is None:
        return wanted.tubes
    expected = ExpectedSpecimen
    taken = work.value(
        select(func.sum(expected.expected)).where(
            expected.study_id == wanted.study_id,
            expected.requirement_id == wanted.id,
            expected.cause.is_(None),
        )
    )
    return wanted.quota - int(taken or 0)


def note_collected(work: UnitOfWork, tube: Specimen) -> None:
    """Count a tube that was drawn just now for its visit; clinical tubes are nobody's expectation."""
    if tube.subject_id is None or tube.expected_id is None:
        return
    expected = work.get(ExpectedSpecimen, tube.expected_id) or _past_circles(work, tube)
    if expected is None:
        return
    given_up = expected.cause is not None
    expected.collected = min(expected.collected + 1, expected.expected)
    expected.staff_id, expected.staff_name = work.actor.staff_id, work.actor.name
    if expected.collected >= expected.expected:
        expected.settled_at, expected.cause, expected.note = work.now, None, None
    for visit in work.list(select(SubjectVisit).where(SubjectVisit.id == expected.subject_visit_id)):
        visit.open_tubes = max(visit.open_tubes - (not given_up), 0)


def _past_circles(work: UnitOfWork, tube: Specimen) -> ExpectedSpecimen | None:
    """Return the expectation for who draws a research tube without being a member of the study."""
    found = work.list(select(ExpectedSpecimen).where(ExpectedSpecimen.id == tube.expected_id))
    return found[0] if found else None
