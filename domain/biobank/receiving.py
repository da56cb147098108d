"""Tubes taken in against a list: whatever takes a tube in ticks its line, and a tube off the list is refused."""

import re

from sqlalchemy import select

from domain.biobank.receiving_records import ReceivingLine, ReceivingList, ReceivingState
from domain.biobank.records import Specimen, SpecimenType
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

_WORDS = {
    SpecimenType.SERUM: ("血清", "serum"),
    SpecimenType.BLOOD: ("全血", "wholeblood", "blood"),
    SpecimenType.PLASMA: ("血浆", "plasma"),
    SpecimenType.BUFFY_COAT: ("白膜层", "buffycoat"),
    SpecimenType.URINE: ("尿液", "尿", "urine"),
    SpecimenType.STOOL: ("粪便", "stool"),
    SpecimenType.SALIVA: ("唾液", "saliva"),
}
"""Words of lists beside SPREC's codes; what is none of them says nothing that could differ."""


def type_said(text: str) -> SpecimenType | None:
    """Return the kind of specimen a list means, None where it says none that is known."""
    plain = re.sub(r"[\s_-]", "", text).lower()
    for kind, words in _WORDS.items():
        if plain in words:
            return kind
    return next((kind for kind in SpecimenType if kind.value.lower() == plain), None)


def expected_line(work: UnitOfWork, tube: Specimen, list_id: Id | None) -> ReceivingLine | None:
    """Return the line a tube that is taken in stands on, None where no open list has it.

    Args:
        work: Of the command that takes the tube in.
        tube: The tube.
        list_id: The list somebody receives by; then a tube that is not on it as it should be is refused.

    Raises:
        DomainError: ``receiving.not_listed``, ``receiving.doubtful_line`` or ``receiving.type_differs``.
    """
    if list_id is None:
        return work.find(ReceivingLine, number=tube.number, state=ReceivingState.WAITING)
    listed = work.require(ReceivingList, list_id, "list_id")
    line = work.find(ReceivingLine, number=tube.number, list_id=list_id)
    if line is None:
        raise DomainError("receiving.not_listed", field="number", number=tube.number, list=listed.number)
    if line.state is ReceivingState.DOUBTFUL:
        raise DomainError("receiving.doubtful_line", field="number", number=tube.number, remark=line.remark)
    kind = type_said(line.said_type or "")
    if kind is not None and kind is not tube.type:
        raise DomainError(
            "receiving.type_differs", field="number", number=tube.number, said=line.said_type, row=line.row
        )
    return line


def tick(work: UnitOfWork, line: ReceivingLine | None) -> None:
    """Note that the tube of a line has been taken in, now."""
    if line is not None:
        line.state, line.at, line.staff_name = ReceivingState.ARRIVED, work.now, work.actor.name


def waiting_lines(work: UnitOfWork, list_id: Id) -> list[ReceivingLine]:
    """Return the lines of a list whose tubes have not come."""
    query = select(ReceivingLine).where(
        ReceivingLine.list_id == list_id, ReceivingLine.state == ReceivingState.WAITING
    )
    return list(work.list(query.order_by(ReceivingLine.row)))
