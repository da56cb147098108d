"""Whether two tubes carry one number: noted by an event, cleared by a later one."""

from sqlalchemy import bindparam, or_, select

from domain.biobank.records import EventKind, Specimen, SpecimenEvent
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import UnitOfWork

_E = SpecimenEvent.__table__.c
_LAST = Prepared(
    select(_E.id, _E.kind)
    .where(
        _E.specimen_id == bindparam("tube"),
        or_(_E.kind == EventKind.DUPLICATED.value, _E.kind == EventKind.CLEARED.value),
    )
    .order_by(_E.occurred_at.desc(), _E.id.desc())
    .limit(1)
)
"""Asked at every scan, and nearly always for nothing."""


def doubt_about(work: UnitOfWork, tube: Specimen) -> SpecimenEvent | None:
    """Return the note that a second tube has this number, None when there is none or it was cleared."""
    found = _LAST.first(work.connection, tube=tube.id.bytes)
    if found is None or found[1] != EventKind.DUPLICATED.value:
        return None
    return work.get(SpecimenEvent, Id(bytes=found[0]))


def refuse_doubtful(work: UnitOfWork, tube: Specimen) -> None:
    """Let nothing be done with a tube whose number a second one carries.

    Raises:
        DomainError: ``specimen.duplicated`` with who noted it.
    """
    doubt = doubt_about(work, tube)
    if doubt is not None:
        raise DomainError("specimen.duplicated", field="number", number=tube.number, name=doubt.staff_name)
