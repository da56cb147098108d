"""What may lie in a box: kinds and studies, said of the box or of the nearest container it stands in."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, select

from domain.biobank.course import bench_content
from domain.biobank.records import Specimen, SpecimenType, StorageContainer
from domain.biobank.rules import refuse_wrong_box
from domain.kernel.errors import DomainError
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.records import Study
from domain.studies.subject_records import StudySubject

_C, _S, _T = StorageContainer.__table__.c, StudySubject.__table__.c, Study.__table__.c
_ABOVE = Prepared(select(_C.parent_id, _C.types, _C.studies).where(_C.id == bindparam("own")))
"""Past circles on purpose: a limit holds for whoever stands before the freezer."""
_STUDY = Prepared(select(_T.code).where(_S.id == bindparam("subject"), _S.study_id == _T.id))
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class BoxLimits:
    """Kinds and codes of studies that may lie there; empty for all."""

    types: Sequence[str] = ()
    studies: Sequence[str] = ()


def limits_of(work: UnitOfWork, box: StorageContainer) -> BoxLimits:
    """Return what may lie in a box; each of the two is said by the nearest level that says it."""
    types, studies, up = box.types or (), box.studies or (), box.parent_id
    for _ in range(DEEPEST):
        if up is None or (types and studies):
            break
        row = _ABOVE.first(work.connection, own=up.bytes)
        if row is None:
            break
        types = types or (msgspec.json.decode(row[1]) if row[1] else None) or ()
        studies = studies or (msgspec.json.decode(row[2]) if row[2] else None) or ()
        up = None if row[0] is None else type(up)(bytes=row[0])
    return BoxLimits(types, studies)


def refuse_unfit(work: UnitOfWork, tube: Specimen, box: StorageContainer) -> None:
    """Let no tube into a box that is kept for others, or of a temperature its protocol does not allow.

    Raises:
        DomainError: As `refuse_wrong_box`; ``container.wrong_study`` with the studies the box is kept for.
    """
    limits = limits_of(work, box)
    refuse_wrong_box(tube, box, limits.types, bench_content(work))
    if not limits.studies:
        return
    row = None if tube.subject_id is None else _STUDY.first(work.connection, subject=tube.subject_id.bytes)
    if row is None or row[0] not in limits.studies:
        raise DomainError(
            "container.wrong_study", field="container", box=box.name, studies="、".join(limits.studies),
            study="—" if row is None else row[0],
        )  # fmt: skip


def checked_limits(
    work: UnitOfWork, types: Sequence[str] | None, studies: Sequence[str] | None
) -> tuple[list[str] | None, list[str] | None]:
    """Return kinds and codes of studies as they are kept; what is none would keep every tube out.

    Raises:
        DomainError: ``container.no_such_type`` (``types``); ``study.unknown`` (``studies``).
    """
    kinds, codes = (
        [one.strip().upper() for one in types or ()],
        [one.strip().upper() for one in studies or ()],
    )
    for kind in kinds:
        if kind not in {known.value for known in SpecimenType}:
            raise DomainError(
                "container.no_such_type", field="types", value=kind, known="、".join(SpecimenType)
            )
    for code in codes:
        if work.find(Study, code=code) is None:
            raise DomainError("study.unknown", field="studies", value=code)
    return kinds or None, codes or None
