"""The visits of a study side by side: which of them hold results that are too much alike. Reads alone.

A writer would wait half a minute for twenty thousand visits; so this reads, and `KeepPairs` keeps what it found.
"""

import dataclasses
from typing import Any

from sqlalchemy import Connection, select

from domain.kernel.ids import Id
from domain.research.choosing import subjects_of
from domain.research.likeness import coded, compare
from domain.research.reading import ITEM, LAB, Reader, VisitValues
from domain.research.records import DataKind
from domain.studies.records import ProtocolVisit

MOST_PAIRS = 2000
"""Pairs kept of one comparison, the likest first; more are one cause, which is told by the first."""


@dataclasses.dataclass(frozen=True, slots=True)
class AlikeVisits:
    """Two visits, the one with the smaller id first, as `SimilarPair` keeps them."""

    first_visit_id: Id
    second_visit_id: Id
    patient_id: Id
    first: str
    second: str
    same_subject: bool
    compared: int
    equal: int
    likeness: float


def alike_visits(connection: Connection, study_id: Id) -> list[AlikeVisits]:
    """Return the visits of a study more than 70 % alike, the likest first, at most `MOST_PAIRS`."""
    visits = _read(connection, study_id)
    matrix, _names = coded([values_of(visit) for visit in visits])
    numbers = {number: at for at, number in enumerate(sorted({one.subject.number for one in visits}))}
    found = compare(matrix, [numbers[one.subject.number] for one in visits]).pairs
    made = []
    for pair in sorted(found, key=lambda one: -one.likeness)[:MOST_PAIRS]:
        first, second = sorted((visits[pair.first], visits[pair.second]), key=lambda one: one.id)
        made.append(
            AlikeVisits(
                first.id, second.id, first.subject.patient_id, _named(first), _named(second),
                first.subject.id == second.subject.id, pair.compared, pair.equal, pair.likeness,
            )
        )  # fmt: skip
    return made


def values_of(visit: VisitValues) -> dict[str, Any]:
    """Return a visit's results and answers by variable, corrections laid over."""
    found: dict[str, Any] = {
        f"{LAB}.{item}": result.text if result.number is None else result.number
        for item, result in visit.results.items()
    }
    for response in visit.responses:
        for link_id, values in response.answers.items():
            found[f"{ITEM}.{response.form}.{link_id}"] = ";".join(str(value) for _kind, value in values)
    for name, (_original, value) in visit.corrections.items():
        if name in found:
            found[name] = _like(found[name], value)
    return {name: value for name, value in found.items() if value is not None}


def _like(recorded: Any, value: str | None) -> Any:
    if value is None or not isinstance(recorded, float):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _read(connection: Connection, study_id: Id) -> list[VisitValues]:
    plans = connection.execute(
        select(ProtocolVisit.__table__.c.id).where(ProtocolVisit.__table__.c.study_id == study_id)
    ).scalars()
    kinds = (DataKind.RESULTS, DataKind.QUESTIONNAIRES)
    reader = Reader(connection, list(plans), kinds)
    return [
        visit
        for chunk in reader.chunks(subjects_of(connection, study_id))
        for visit in chunk
        if visit.results or visit.responses
    ]


def _named(visit: VisitValues) -> str:
    return f"{visit.subject.number} {visit.name}"
