"""What happened to a tube and to those it was made of, as far as its code needs it."""

from datetime import datetime

from domain.biobank.protocols import BIOBANK, BiobankContent
from domain.biobank.records import EventKind, Specimen, SpecimenEvent
from domain.biobank.sprec import Course, Sprec, sprec_of
from domain.kernel.columns import from_microseconds
from domain.kernel.prepared import among
from domain.kernel.unit_of_work import UnitOfWork

_NEEDED = frozenset({EventKind.COLLECTED.value, EventKind.PROCESSED.value})
_EVENTS = among(SpecimenEvent, ("specimen_id", "kind", "occurred_at", "protocol", "id"))
"""Asked for each tube that is stored, 96 at a time."""
LONGEST_LINE = 8
"""Generations looked back; an aliquot is one away from what was collected."""


def bench_content(work: UnitOfWork) -> BiobankContent:
    """Return protocols, limits and code lists."""
    content: BiobankContent = work.content[BIOBANK]
    return content


def protocol_of(work: UnitOfWork, tube: Specimen) -> str | None:
    """Return the protocol a tube itself was last processed by."""
    rows = [
        row for row in _EVENTS.rows(work.connection, [tube.id.bytes]) if row[1] == EventKind.PROCESSED.value
    ]
    return max(rows, key=lambda row: (row[2], row[4]))[3] if rows else None


def code_of(work: UnitOfWork, tube: Specimen, stored_at: datetime, temperature: str) -> Sprec:
    """Return the pre-analytical code of a tube that is stored now, from its own events and its ancestors'."""
    line, next_up = [tube.id], tube.parent_id
    container = tube.container
    while next_up is not None and len(line) < LONGEST_LINE:
        parent = work.require(Specimen, next_up)
        line.append(parent.id)
        container, next_up = parent.container, parent.parent_id
    events = sorted(
        (row for row in _EVENTS.rows(work.connection, [own.bytes for own in line]) if row[1] in _NEEDED),
        key=lambda row: (row[2], row[4]),
    )
    last = {kind: (from_microseconds(at), protocol) for _, kind, at, protocol, _ in events}
    collected, processed = last.get(EventKind.COLLECTED.value), last.get(EventKind.PROCESSED.value)
    course = Course(
        type=tube.type.value,
        container=container.value,
        collected_at=collected[0] if collected else None,
        processed_at=processed[0] if processed else None,
        stored_at=stored_at,
        protocol=processed[1] if processed else None,
        volume_ul=tube.remaining_ul,
        temperature=temperature,
    )
    return sprec_of(course, bench_content(work))
