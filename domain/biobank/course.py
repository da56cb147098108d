"""What happened to a tube and to those it was made of, as far as its code needs it."""

from datetime import datetime

from sqlalchemy import select

from domain.biobank.protocols import BIOBANK, BiobankContent
from domain.biobank.records import EventKind, Specimen, SpecimenEvent
from domain.biobank.sprec import Course, Sprec, sprec_of
from domain.kernel.unit_of_work import UnitOfWork

_NEEDED = (EventKind.COLLECTED, EventKind.PROCESSED)
LONGEST_LINE = 8
"""Generations looked back; an aliquot is one away from what was collected."""


def bench_content(work: UnitOfWork) -> BiobankContent:
    """Return protocols, limits and code lists."""
    content: BiobankContent = work.content[BIOBANK]
    return content


def code_of(work: UnitOfWork, tube: Specimen, stored_at: datetime, temperature: str) -> Sprec:
    """Return the pre-analytical code of a tube that is stored now, from its own events and its ancestors'."""
    line, next_up = [tube.id], tube.parent_id
    container = tube.container
    while next_up is not None and len(line) < LONGEST_LINE:
        parent = work.require(Specimen, next_up)
        line.append(parent.id)
        container, next_up = parent.container, parent.parent_id
    events = work.list(
        select(SpecimenEvent)
        .where(SpecimenEvent.specimen_id.in_(line), SpecimenEvent.kind.in_(_NEEDED))
        .order_by(SpecimenEvent.occurred_at, SpecimenEvent.id)
    )
    last = {event.kind: event for event in events}
    collected, processed = last.get(EventKind.COLLECTED), last.get(EventKind.PROCESSED)
    course = Course(
        type=tube.type.value,
        container=container.value,
        collected_at=collected.occurred_at if collected else None,
        processed_at=processed.occurred_at if processed else None,
        stored_at=stored_at,
        protocol=processed.protocol if processed else None,
        volume_ul=tube.remaining_ul,
        temperature=temperature,
    )
    return sprec_of(course, bench_content(work))
