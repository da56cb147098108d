"""Tubes of who left a study: all of them and whatever was made of them are frozen, and no command uses them any more.

Frozen twice: the tube bears a mark, and every use looks at its subject as well. A branch that was cut off when
somebody left therefore refuses from the moment the subject's row arrives, before its reader has marked the tubes made
there meanwhile.
"""

from collections.abc import Sequence

from sqlalchemy import select

from domain.biobank.records import Specimen
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.subject_records import StudySubject

FINAL = ("used_up", "discarded")


def freeze_subject(work: UnitOfWork, subject_id: Id, reason: str) -> int:
    """Freeze every tube of a subject and its descendants; returns how many were not frozen yet."""
    work.flush()
    layer: Sequence[Specimen] = work.list(select(Specimen).where(Specimen.subject_id == subject_id))
    frozen, seen = 0, set()
    while layer:
        for tube in layer:
            seen.add(tube.id)
            if tube.frozen_at is None and tube.state not in FINAL:
                tube.frozen_at, tube.frozen_reason = work.now, reason[:1000]
                frozen += 1
        children = work.list(select(Specimen).where(Specimen.parent_id.in_([tube.id for tube in layer])))
        layer = [tube for tube in children if tube.id not in seen]
    return frozen


def refuse_frozen(work: UnitOfWork, tube: Specimen) -> None:
    """Refuse to use a tube that is frozen, or whose subject left.

    Raises:
        DomainError: ``specimen.frozen`` with when and why.
    """
    at, reason = tube.frozen_at, tube.frozen_reason
    if at is None and tube.subject_id is not None:
        # Past circles on purpose: whoever holds the tube is refused, member of the study or not.
        own = StudySubject.__table__.c
        query = select(own.state_since, own.reason).where(own.id == tube.subject_id, own.state == "withdrawn")
        found = work.connection.execute(query).first()
        if found is not None:
            at, reason = found.state_since, found.reason
    if at is not None:
        raise DomainError("specimen.frozen", field="number", number=tube.number, reason=reason or "退出研究")
