"""The tubes of a research visit: labelled as the protocol wants them, drawn, or given up with one key."""

from sqlalchemy import select

from domain.biobank.commands import TubeReceipt, new_number, receipt_of
from domain.biobank.records import Specimen
from domain.biobank.workflow import specimen_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.records import SpecimenRequirement
from domain.studies.subject_commands import standing_subject
from domain.studies.subject_records import ExpectedSpecimen, MissingCause, SubjectVisit


@command("study.plan_tubes", "准备研究采集管", permission="study.visit")
class PlanTubes:
    """A tube with a number of its own for everything the visit is to bring."""

    subject_visit_id: Id = ask("研究访视", kind=Kind.HIDDEN)


@handles(PlanTubes)
def plan_tubes(order: PlanTubes, work: UnitOfWork) -> list[TubeReceipt]:
    """Return the tubes, those planned before too: asking twice makes no second set.

    Raises:
        DomainError: ``study.visit_not_begun``; ``study.subject_gone``.
    """
    visit = work.require(SubjectVisit, order.subject_visit_id, "subject_visit_id")
    subject = standing_subject(work, visit.subject_id)
    if visit.state != "going_on":
        raise DomainError("study.visit_not_begun", field="subject_visit_id", name=visit.name)
    made = []
    for one in work.list(select(ExpectedSpecimen).where(ExpectedSpecimen.subject_visit_id == visit.id)):
        kind = work.require(SpecimenRequirement, one.requirement_id, "subject_visit_id")
        there = list(
            work.list(select(Specimen).where(Specimen.expected_id == one.id, Specimen.parent_id.is_(None)))
        )
        for _ in range(one.expected - len(there)):
            tube = Specimen(
                org_id=visit.org_id, number=new_number(work), type=one.type, container=kind.container,
                patient_id=visit.patient_id, visit_id=visit.visit_id, subject_id=subject.id, expected_id=one.id,
            )  # fmt: skip
            work.start(specimen_life, tube)
            there.append(work.add(tube))
        made += [receipt_of(tube) for tube in there]
    return made


@command("study.not_collected", "登记未留原因", permission="study.visit")
class NoteMissing:
    """Tubes of one kind were not obtained: the reason is one key, with the tube still in hand."""

    expected_id: Id = ask("应留标本", kind=Kind.HIDDEN)
    cause: MissingCause = ask("未留原因", kind=Kind.CHOICE)
    note: str | None = ask("说明", default=None, max_length=1000)


@handles(NoteMissing)
def note_missing(order: NoteMissing, work: UnitOfWork) -> int:
    """Return how many tubes of the visit are still open.

    Raises:
        DomainError: ``study.all_collected`` where nothing is missing; ``study.cause_told`` (``note``) for another
            reason that is not told.
    """
    expected = work.require(ExpectedSpecimen, order.expected_id, "expected_id")
    missing = expected.expected - expected.collected
    if missing <= 0:
        raise DomainError("study.all_collected", field="expected_id", name=expected.name)
    if order.cause is MissingCause.OTHER and not (order.note or "").strip():
        raise DomainError("study.cause_told", field="note")
    visit = work.require(SubjectVisit, expected.subject_visit_id, "expected_id")
    if expected.cause is None:
        visit.open_tubes = max(visit.open_tubes - missing, 0)
    expected.cause, expected.note, expected.settled_at = order.cause, order.note, work.now
    expected.staff_id, expected.staff_name = work.actor.staff_id, work.actor.name
    return visit.open_tubes
