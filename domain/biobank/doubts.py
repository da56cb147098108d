"""Whether two tubes carry one number: noted by an event, cleared by a later one."""

from sqlalchemy import select

from domain.biobank.records import EventKind, Specimen, SpecimenEvent
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork


def doubt_about(work: UnitOfWork, tube: Specimen) -> SpecimenEvent | None:
    """Return the note that a second tube has this number, None when there is none or it was cleared."""
    last = (
        select(SpecimenEvent)
        .where(
            SpecimenEvent.specimen_id == tube.id,
            SpecimenEvent.kind.in_([EventKind.DUPLICATED, EventKind.CLEARED]),
        )
        .order_by(SpecimenEvent.occurred_at.desc(), SpecimenEvent.id.desc())
        .limit(1)
    )
    found = work.list(last)
    return found[0] if found and found[0].kind == EventKind.DUPLICATED else None


def refuse_doubtful(work: UnitOfWork, tube: Specimen) -> None:
    """Let nothing be done with a tube whose number a second one carries.

    Raises:
        DomainError: ``specimen.duplicated`` with who noted it.
    """
    doubt = doubt_about(work, tube)
    if doubt is not None:
        raise DomainError("specimen.duplicated", field="number", number=tube.number, name=doubt.staff_name)
